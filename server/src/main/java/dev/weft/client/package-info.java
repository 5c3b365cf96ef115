/** The client: its settings, its connections, and why one could not be opened. */
@NullMarked
package dev.weft.client;

import org.jspecify.annotations.NullMarked;
