/** Topics: one message to very many subscribers, and the latest values for slow ones. */
package dev.weft.bench.topics;
