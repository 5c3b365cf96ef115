package dev.weft.internal.loop;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** An engine without sockets. */
public final class IdleEngine implements Engine {
    private final AtomicReference<Thread> waiting = new AtomicReference<>();
    private volatile RuntimeException failure;

    @Override
    public void poll(BooleanSupplier mayWait) {
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
    public void close() {}

    /** Has every poll fail with this from now on; {@code null} ends it. */
    void failWith(RuntimeException e) {
        failure = e;
        wakeUp();
    }
}
