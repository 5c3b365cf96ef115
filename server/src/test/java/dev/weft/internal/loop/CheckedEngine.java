package dev.weft.internal.loop;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/** Notices when two threads drive an engine at once, or one drives it after its close. */
public final class CheckedEngine implements Engine {
    /** Much less than from one regular look of a watchdog to the next. */
    private static final long AT_ONCE_NANOS = 2_000_000;

    private final Engine engine;
    private final AtomicReference<Thread> driver = new AtomicReference<>();
    private final AtomicReference<String> misuse = new AtomicReference<>();
    private volatile boolean closed;
    private volatile Runnable surprise;
    private volatile long askedAt;

    public CheckedEngine(Engine engine) {
        this.engine = engine;
    }

    @Override
    public void poll(BooleanSupplier mayWait) throws IOException {
        enter();
        try {
            engine.poll(mayWait);
        } finally {
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
        engine.wakeUp();
    }

    @Override
    public boolean isWaiting() {
        boolean waiting = engine.isWaiting();
        long now = System.nanoTime();
        boolean again = now - askedAt < AT_ONCE_NANOS;
        askedAt = now;
        Runnable action = surprise;
        if (waiting && again && action != null) {
            surprise = null;
            action.run();
        }
        return waiting;
    }

    @Override
    public void close() {
        enter();
        engine.close();
        closed = true;
        driver.set(null);
    }

    /** Has a thread that asks twice at once whether the loop waits do this after its second look: then it is about to sleep. */
    public void surprise(Runnable action) {
        surprise = action;
    }

    public boolean isClosed() {
        return closed;
    }

    /** The rule of use that was broken; {@code null} if none was. */
    public String misuse() {
        return misuse.get();
    }
}
