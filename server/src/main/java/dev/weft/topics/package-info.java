/**
 * One message to many connections: topics, with history, recovery and presence, within one process, or many that a {@link
 * dev.weft.topics.Backplane} connects. {@link dev.weft.topics.Topics} is where to begin.
 */
@NullMarked
package dev.weft.topics;

import org.jspecify.annotations.NullMarked;
