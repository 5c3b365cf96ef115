package dev.weft.internal.send;

import dev.weft.ConnectionLimits;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.ShortTimer;
import java.util.function.Predicate;

/**
 * What the sending sides of all connections of an endpoint share.
 *
 * @param limits       what one connection may use
 * @param clock        for deadlines
 * @param pool         lends buffers, and bounds the memory of all connections together
 * @param timer        bounds how long frames are held back, and starts threads
 * @param hasNextFrame whether the connection that this thread serves has already received its next frame, so that what the
 *                     thread sends now may leave in one write with the answer to that frame
 */
public record SendServices(ConnectionLimits limits, CoarseClock clock, BufferPool pool, ShortTimer timer,
        Predicate<Thread> hasNextFrame) {
    /** The same services with another form of the pool, which also counts what one connection sends and receives. */
    public SendServices with(BufferPool ofConnection) {
        return new SendServices(limits, clock, ofConnection, timer, hasNextFrame);
    }

    /** The same services with other limits, for the connections of another endpoint that shares them. */
    public SendServices withLimits(ConnectionLimits others) {
        return new SendServices(others, clock, pool, timer, hasNextFrame);
    }
}
