/** The server: its settings, its handshake policies, its handlers. */
@NullMarked
package dev.weft.server;

import org.jspecify.annotations.NullMarked;
