package dev.weft.internal.connection;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.ShortTimer;

/**
 * What all connections of an endpoint share.
 *
 * @param timeouts the timeouts of one connection
 * @param sending  what their sending sides share
 */
public record ConnectionServices(ConnectionTimeouts timeouts, SendServices sending) {
    /** What one connection may use. */
    public ConnectionLimits limits() {
        return sending.limits();
    }

    /** For deadlines. */
    public CoarseClock clock() {
        return sending.clock();
    }

    /** Lends buffers, and bounds the memory of all connections together. */
    public BufferPool pool() {
        return sending.pool();
    }

    /** Bounds how long frames are held back, and starts threads. */
    public ShortTimer timer() {
        return sending.timer();
    }
}
