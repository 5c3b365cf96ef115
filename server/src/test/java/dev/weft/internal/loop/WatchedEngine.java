package dev.weft.internal.loop;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** An engine without sockets, which notices when two threads drive it at once, or one drives it after its close. */
public final class WatchedEngine implements Engine {
    private final AtomicReference<Thread> driver = new AtomicReference<>();
    private final AtomicReference<Thread> waiting = new AtomicReference<>();
    private final AtomicReference<String> misuse = new AtomicReference<>();
    private volatile RuntimeException failure;
    private volatile boolean closed;

    @Override
    public void poll(BooleanSupplier mayWait) {
        enter();
        Thread current = Thread.currentThread();
        waiting.set(current);
        try {
            if (failure != null) {
                throw failure;
            }
            while (waiting.get() == current && mayWait.getAsBoolean()) {
                LockSupport.park(this);
            }
        } finally {
            waiting.set(null);
            driver.set(null);
        }
    }

    private void enter() {
        Thread other = driver.compareAndExchange(null, Thread.currentThread());
        if (other != null) {
            misuse.compareAndSet(null, Thread.currentThread() + " drives the engine, and " + other + " does");
        }
        if (closed) {
            misuse.compareAndSet(null, Thread.currentThread() + " drives an engine that is closed");
        }
    }

    @Override
    public void wakeUp() {
        Thread thread = waiting.get();
        if (thread != null && waiting.compareAndSet(thread, null)) {
            LockSupport.unpark(thread);
        }
    }

    @Override
    public boolean isWaiting() {
        return waiting.get() != null;
    }

    @Override
    public void close() {
        enter();
        closed = true;
        driver.set(null);
    }

    /** Has every poll fail with this from now on; {@code null} ends it. */
    void failWith(RuntimeException e) {
        failure = e;
        wakeUp();
    }

    public boolean isClosed() {
        return closed;
    }

    /** What was done that must not be; {@code null} if nothing was. */
    public String misuse() {
        return misuse.get();
    }
}
