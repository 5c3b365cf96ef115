package dev.weft.internal.transport;

import java.io.IOException;

/** A socket for which an {@link IoUringEngine} makes requests to the system. For the engine's thread. */
interface IoUringSocket {
    /**
     * A request has completed.
     *
     * @param kind   the kind that was given to {@link IoUringSockets#key}
     * @param result as {@link Ring#result()}
     */
    void completed(Ring ring, int kind, int result) throws IOException;

    /** Closes the socket, because the engine ends. Does not wait. */
    void close();

    /** The engine has failed to serve the socket, perhaps for lack of memory. */
    void fail();
}
