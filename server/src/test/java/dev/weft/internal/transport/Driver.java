package dev.weft.internal.transport;

/** The driver of the engine of a parking transport under stress. */
enum Driver {
    /** A poller, as before Java 24: a virtual thread that waits in a selector would hold its carrier. */
    PINNED_POLLER,
    /** A poller that waits in its selector itself. */
    POLLER,
    /** A loop, which runs the connection's threads too. */
    LOOP
}
