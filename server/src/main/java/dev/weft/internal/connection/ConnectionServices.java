package dev.weft.internal.connection;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.ShortTimer;

/**
 * The services that all connections of an endpoint share.
 *
 * @param timeouts the timeouts of one connection
 * @param sending  the services that their sending sides share
 */
public record ConnectionServices(ConnectionTimeouts timeouts, SendServices sending) {
    /** The limits of each connection. */
    public ConnectionLimits limits() {
        return sending.limits();
    }

    /** The clock for deadlines. */
    public CoarseClock clock() {
        return sending.clock();
    }

    /** The pool that lends buffers, and bounds the memory of all connections together. */
    public BufferPool pool() {
        return sending.pool();
    }

    /** The timer that bounds how long frames are held back, and starts threads. */
    public ShortTimer timer() {
        return sending.timer();
    }
}
