package dev.weft.internal.transport;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A platform thread that waits in a selector in place of a virtual thread, which would pin its carrier there. */
final class SelectorThread implements AutoCloseable {
    private final SelectorEngine engine;
    private final BooleanSupplier mayWait;
    private final Thread thread;
    /** The thread that waits for this one; {@code null} while this thread is idle. */
    private volatile Thread waiter;
    private volatile boolean closed;

    /** The result; written before the waiter is released. */
    private boolean waited;
    private Throwable failure;

    /** Creates an idle thread. */
    SelectorThread(String name, SelectorEngine engine, BooleanSupplier mayWait) {
        this.engine = engine;
        this.mayWait = mayWait;
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    /** Waits like {@link SelectorEngine#await}. For one thread at a time. */
    boolean await() throws IOException {
        waiter = Thread.currentThread();
        LockSupport.unpark(thread);
        while (waiter != null) {
            LockSupport.park(this);
        }
        if (failure != null) {
            throw new IOException("the selector thread failed", failure);
        }
        return waited;
    }

    private void takeTurns() {
        while (!closed) {
            Thread waiting = waiter;
            if (waiting == null) {
                LockSupport.park(this);
                continue;
            }
            failure = null;
            try {
                waited = engine.await(mayWait);
            } catch (Throwable e) {
                failure = e;
            }
            waiter = null;
            LockSupport.unpark(waiting);
        }
    }

    /**
     * Nothing may end this thread, because no other would wait in its place. An exception can come only from an unpark when
     * memory is exhausted.
     */
    private void run() {
        while (!closed) {
            try {
                takeTurns();
            } catch (Throwable e) {
                // The next turn wakes the waiter, or the health check notices that the waiter does not run.
            }
        }
    }

    /** Ends this thread, which must be idle. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
