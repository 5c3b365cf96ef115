package dev.weft.internal.rate;

/** Whose rates hold for a connection. */
enum Level {
    /** The connection's own. */
    CONNECTION,
    /** Those of its client's address. */
    ADDRESS,
    /** Those of all connections of its endpoint. */
    ENDPOINT,
    /** Those of all connections of the server. */
    TOTAL,
    /** The part of the server's rates that is reserved for its share: no limit, but a way around the queue of the others. */
    SHARE;

    /** All levels. */
    static final Level[] ALL = values();
    /** The levels that nothing gets around. */
    static final Level[] LIMITS = {CONNECTION, ADDRESS, ENDPOINT};
}
