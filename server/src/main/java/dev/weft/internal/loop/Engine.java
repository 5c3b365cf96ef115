package dev.weft.internal.loop;

import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * What a {@link Loop} needs of the mechanism by which it learns that sockets are ready. All but {@link #wakeUp} belongs to
 * the thread that runs the loop; that thread may change, and the loop orders what they do.
 */
public interface Engine {
    /**
     * Looks which sockets are ready and unparks the threads that wait for them, or for some of them: the next call goes on
     * with the rest, before it looks again.
     *
     * @param mayWait asked after {@link #wakeUp} has begun to have an effect: whether to wait until a socket is ready
     */
    void poll(BooleanSupplier mayWait) throws IOException;

    /** Ends the wait of {@link #poll}, or the one that it is about to begin. Cheap if there is none. From any thread. */
    void wakeUp();

    /** Whether {@link #poll} waits, or is about to. From any thread. */
    boolean isWaiting();

    /** Lets go of all sockets. */
    void close();
}
