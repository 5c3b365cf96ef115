package dev.weft.internal.connection;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.time.CoarseClock;

/**
 * What all connections of an endpoint share.
 *
 * @param limits   what one may use
 * @param timeouts how long one waits
 * @param clock    for deadlines
 * @param pool     lends buffers, and bounds what all hold together
 * @param guard    bounds how long output is held back
 */
public record ConnectionServices(ConnectionLimits limits, ConnectionTimeouts timeouts, CoarseClock clock,
        BufferPool pool, FlushGuard guard) {}
