package dev.weft.internal.send;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ServiceThread;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Bounds how long frames are held back while user code waits or computes. A sender that begins to hold frames back is put on
 * a list; about a millisecond later this timer looks at the list, and what still holds the same frames is flushed by a
 * virtual thread of its own. A sender that serves its peer quickly has flushed itself by then.
 * <p>
 * A platform thread, which sleeps while nothing is held back. A sender whose lock is taken is not watched: the thread that
 * has the lock flushes when it lets it go.
 */
public final class FlushTimer {
    private static final long PATIENCE_NANOS = 1_000_000;
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);

    /** A sender that holds frames back. */
    abstract static class Watched {
        private static final VarHandle WATCHED;

        static {
            try {
                WATCHED = MethodHandles.lookup().findVarHandle(Watched.class, "watched", boolean.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private Watched next;
        private volatile boolean watched;
        private short writesBefore;

        /** The number of writes so far; wraps around. */
        abstract short writes();

        /** Whether frames are held back now. */
        abstract boolean isHeld();

        /** Sends what is held back, if the lock is free; else the thread that has it does. */
        abstract void flushOverdue();

        /** Puts this on the timer's list, unless it is there. Does not wait. */
        final void watch(FlushTimer timer) {
            if (WATCHED.compareAndSet(this, false, true)) {
                writesBefore = writes();
                timer.add(this);
            }
        }

        private void look(FlushTimer timer) {
            boolean overdue = writes() == writesBefore;
            watched = false;
            if (isHeld()) {
                if (overdue) {
                    timer.startThread(this::flushOverdue);
                } else {
                    watch(timer);
                }
            }
        }
    }

    /** A list through {@link Watched#next}, newest first; a sender is in it at most once. */
    private final AtomicReference<Watched> watched = new AtomicReference<>();
    private final Consumer<Runnable> starter;
    private final Supplier<Thread.Builder.OfVirtual> builders;
    private final ServiceThread thread;

    /** A timer that is not yet started, and whose threads the JDK schedules. */
    public FlushTimer(Consumer<Runnable> starter, Failures failures) {
        this(starter, Thread::ofVirtual, failures);
    }

    /**
     * A timer that is not yet started.
     *
     * @param starter  runs what starts a thread, so that this gets its turn soon; must not block
     * @param builders builders of these threads
     * @param failures names the thread, and takes note of what fails
     */
    public FlushTimer(Consumer<Runnable> starter, Supplier<Thread.Builder.OfVirtual> builders, Failures failures) {
        this.starter = starter;
        this.builders = builders;
        this.thread = new ServiceThread(failures.what(), this::step, failures, LONGEST_PAUSE, true);
    }

    /** Starts the timer. */
    public void start() {
        thread.start();
    }

    /** Ends the timer; does not wait. */
    public void stop() {
        thread.stop();
    }

    /** On which the timer depends. */
    public ServiceThread thread() {
        return thread;
    }

    /** Starts a virtual thread that gets its turn even among many busy ones. Does not wait. */
    public void startThread(Runnable body) {
        startThread(body, failure -> {});
    }

    /**
     * Starts a virtual thread that gets its turn even among many busy ones. Does not wait.
     *
     * @param failed is told why if there is no thread to be had
     */
    public void startThread(Runnable body, Consumer<Throwable> failed) {
        try {
            starter.accept(() -> {
                try {
                    builders.get().start(body);
                } catch (Throwable e) {
                    failed.accept(e);
                }
            });
        } catch (Throwable e) {
            failed.accept(e);
        }
    }

    /** Puts a sender on the list, which it is not on. Does not wait or allocate. */
    private void add(Watched sender) {
        Watched first;
        do {
            first = watched.get();
            sender.next = first;
        } while (!watched.compareAndSet(first, sender));
        if (first == null) {
            thread.wake();
        }
    }

    private void step() {
        if (watched.get() == null) {
            LockSupport.park(this);
        } else {
            thread.sleep(PATIENCE_NANOS);
            look(watched.getAndSet(null));
        }
    }

    private void look(Watched first) {
        Watched sender = first;
        while (sender != null) {
            // Read before the sender can be put on the list again.
            Watched next = sender.next;
            sender.next = null;
            try {
                sender.look(this);
            } catch (Throwable e) {
                // The sender's next frame, or its connection's next read, flushes too.
                thread.failures().note(e);
            }
            sender = next;
        }
    }
}
