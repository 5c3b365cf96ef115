package dev.weft.internal.loop;

import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * The mechanism by which a {@link Loop} detects that sockets are ready. All methods except {@link #wakeUp} are for the thread
 * that runs the loop; that thread may change, and the loop provides the memory ordering between them.
 */
public interface Engine {
    /**
     * Selects the sockets that are ready and unparks the threads that wait for them, or for some of them: the next call
     * continues with the rest before it selects again.
     *
     * @param mayWait whether to wait until a socket is ready; called when {@link #wakeUp} can already end the wait
     */
    void poll(BooleanSupplier mayWait) throws IOException;

    /**
     * Ends the wait of {@link #poll}, also one that is about to begin. Cheap if {@code poll} does not wait. From any thread.
     */
    void wakeUp();

    /** Whether {@link #poll} waits, or is about to. From any thread. */
    boolean isWaiting();

    /** Releases all sockets. */
    void close();
}
