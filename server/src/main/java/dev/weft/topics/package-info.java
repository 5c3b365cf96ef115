/**
 * One message to many connections: topics, with history, recovery and presence, within one process. {@link dev.weft.topics.Topics}
 * is where to begin.
 */
@NullMarked
package dev.weft.topics;

import org.jspecify.annotations.NullMarked;
