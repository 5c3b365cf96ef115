package dev.weft.internal.connection;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.Role;

/**
 * The services that all connections of an endpoint share, and those of a client.
 *
 * @param role     the role of these connections
 * @param timeouts the timeouts of one connection
 * @param sending  the services that their sending sides share
 */
public record ConnectionServices(Role role, ConnectionTimeouts timeouts, SendServices sending) {
    /** The same for connections of this role. */
    public ConnectionServices as(Role role) {
        return new ConnectionServices(role, timeouts, sending);
    }

    /** The same with another form of the pool, which also counts what one connection sends and receives. */
    public ConnectionServices with(BufferPool ofConnection) {
        return new ConnectionServices(role, timeouts, sending.with(ofConnection));
    }

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
