/** The client: its settings, its connections, and the failures of opening one. */
@NullMarked
package dev.weft.client;

import org.jspecify.annotations.NullMarked;
