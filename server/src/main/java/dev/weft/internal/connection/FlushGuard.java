package dev.weft.internal.connection;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Sees to it that no frame stays held back behind user code that waits or computes. An output that begins to hold frames
 * back is put on a list; about a millisecond later this guard looks at the list, and whatever still holds the same frames
 * is flushed by a virtual thread of its own. An output that serves its peer quickly has flushed itself by then.
 * <p>
 * A platform thread, asleep while nothing is held back.
 */
public final class FlushGuard {
    private static final long PATIENCE_NANOS = 1_000_000;

    /** A list through {@link SharedOutput#nextHeld}, newest first; an output is in it at most once. */
    private final AtomicReference<SharedOutput> held = new AtomicReference<>();
    private final Consumer<Runnable> starter;
    private final Thread thread;
    private volatile boolean stopped;

    /**
     * A guard that is not yet started.
     *
     * @param starter runs what starts a thread, so that this gets its turn soon; must not block
     */
    public FlushGuard(String name, Consumer<Runnable> starter) {
        this.starter = starter;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    /** Starts guarding. */
    public void start() {
        thread.start();
    }

    /** Ends guarding; does not wait. */
    public void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    /** Starts a virtual thread that gets its turn even among many busy ones. Does not block. */
    void startThread(Runnable body) {
        starter.accept(() -> Thread.startVirtualThread(body));
    }

    /** Puts an output on the list, which it is not on. Does not block or allocate. */
    void watch(SharedOutput output) {
        SharedOutput first;
        do {
            first = held.get();
            output.nextHeld = first;
        } while (!held.compareAndSet(first, output));
        if (first == null) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        while (!stopped) {
            if (held.get() == null) {
                LockSupport.park(this);
            } else {
                bePatient();
                look(held.getAndSet(null));
            }
        }
    }

    /** Sleeps the whole time, however often {@link #watch} wakes this thread. */
    private void bePatient() {
        long until = System.nanoTime() + PATIENCE_NANOS;
        long left = PATIENCE_NANOS;
        while (left > 0 && !stopped) {
            LockSupport.parkNanos(this, left);
            left = until - System.nanoTime();
        }
    }

    private void look(SharedOutput first) {
        SharedOutput output = first;
        while (output != null) {
            // Read before the output can be put on the list again.
            SharedOutput next = output.nextHeld;
            output.nextHeld = null;
            flushIfOverdue(output);
            output = next;
        }
    }

    /** No error ends the guard: the next read of the connection's thread, or its next frame, flushes too. */
    private void flushIfOverdue(SharedOutput output) {
        try {
            if (output.isOverdue()) {
                startThread(output::flushQuietly);
            }
        } catch (Throwable e) {
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }
}
