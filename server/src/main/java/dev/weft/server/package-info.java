/** The server: its settings, its policy for handshakes, its handlers. */
@NullMarked
package dev.weft.server;

import org.jspecify.annotations.NullMarked;
