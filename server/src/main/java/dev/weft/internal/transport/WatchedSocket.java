package dev.weft.internal.transport;

import java.nio.channels.SelectionKey;

/** A socket that a {@link SelectorEngine} watches; the attachment of its key. */
interface WatchedSocket {
    /** Handles what the socket is ready for. Must not wait; for the engine's thread. */
    void ready(SelectionKey key, int operations);

    /** Closes the socket, because the engine has been closed or could not handle its readiness. Does not wait. */
    void close();
}
