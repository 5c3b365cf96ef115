/** Topics: one message to many subscribers and the latest values, and several nodes with a backplane: figures and fault runs. */
package dev.weft.bench.topics;
