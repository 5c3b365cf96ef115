/** Connects the topics of several processes by Redis. */
@NullMarked
package dev.weft.redis;

import org.jspecify.annotations.NullMarked;
