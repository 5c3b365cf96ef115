/** Connects the topics of several processes by NATS. */
@NullMarked
package dev.weft.nats;

import org.jspecify.annotations.NullMarked;
