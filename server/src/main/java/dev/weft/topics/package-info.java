/**
 * One message to many connections: topics, with history, recovery and presence, within one process, or in several
 * processes that a {@link dev.weft.topics.Backplane} connects. Begin with {@link dev.weft.topics.Topics}.
 */
@NullMarked
package dev.weft.topics;

import org.jspecify.annotations.NullMarked;
