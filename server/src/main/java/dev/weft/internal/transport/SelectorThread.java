package dev.weft.internal.transport;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits in a selector, on a platform thread, in the place of a virtual one that would hold its carrier there. */
final class SelectorThread implements AutoCloseable {
    private final SelectorEngine engine;
    private final BooleanSupplier mayWait;
    private final Thread thread;
    /** Whose place this thread takes; {@code null} while it rests. */
    private volatile Thread waiter;
    private volatile boolean closed;

    /** How it went; written before the waiter is let go. */
    private boolean waited;
    private Throwable failure;

    /** One that rests. */
    SelectorThread(String name, SelectorEngine engine, BooleanSupplier mayWait) {
        this.engine = engine;
        this.mayWait = mayWait;
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    /** Waits as {@link SelectorEngine#await} does. For one thread at a time. */
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

    /** Nothing may end this thread, in whose place nobody blocks; what it can throw comes of an unpark without memory. */
    private void run() {
        while (!closed) {
            try {
                takeTurns();
            } catch (Throwable e) {
                // The waiter is woken by the next turn, or its silence is noticed.
            }
        }
    }

    /** Ends the thread, which rests. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
