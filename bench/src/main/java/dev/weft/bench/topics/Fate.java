package dev.weft.bench.topics;

/** What a publisher knows about a message. */
enum Fate {
    ACCEPTED, FAILED, UNCERTAIN,
    /** A node has taken it, but a fault may have kept it from the broker, or have held it up. */
    UNCONFIRMED
}
