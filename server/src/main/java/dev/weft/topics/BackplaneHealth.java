package dev.weft.topics;

/**
 * Whether a backplane can reach its broker.
 *
 * @param connected whether it is connected, and all subscriptions of the node are in place
 * @param detail    one line for operators, for example the last error
 */
public record BackplaneHealth(boolean connected, String detail) {}
