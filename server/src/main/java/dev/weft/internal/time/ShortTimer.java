package dev.weft.internal.time;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Bounds how long what user code leaves lying has to wait: frames that are held back to leave with the next ones, and bytes
 * that have come and are not received. Such a thing is put on a list; about a millisecond later this timer looks at all that
 * are on the list. Where user code is quick there is nothing left to do by then.
 * <p>
 * A platform thread, which sleeps while the list is empty.
 */
public final class ShortTimer {
    private static final long PATIENCE_NANOS = 1_000_000;
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);

    /** What user code may have left lying. It is on the list at most once. */
    public abstract static class Entry {
        private static final VarHandle WATCHED;

        static {
            try {
                WATCHED = MethodHandles.lookup().findVarHandle(Entry.class, "watched", boolean.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private Entry next;
        private volatile boolean watched;

        /** Puts this on the timer's list, unless it is there. Does not wait or allocate. From any thread. */
        public final void watch(ShortTimer timer) {
            if (!watched && WATCHED.compareAndSet(this, false, true)) {
                watchBegins();
                timer.add(this);
            }
        }

        /** From here on this can be put on the list again. Called by {@link #look}. */
        protected final void unwatch() {
            watched = false;
        }

        /** This is about to be put on the list. */
        protected void watchBegins() {}

        /** About a millisecond has passed, and this is no longer on the list. Must not wait. On the timer's thread. */
        protected abstract void look(ShortTimer timer);
    }

    /** A list through {@link Entry#next}, newest first. */
    private final AtomicReference<Entry> watched = new AtomicReference<>();
    private final Consumer<Runnable> starter;
    private final Supplier<Thread.Builder.OfVirtual> builders;
    private final ServiceThread thread;

    /** A timer that is not yet started, and whose threads the JDK schedules. */
    public ShortTimer(Consumer<Runnable> starter, Failures failures) {
        this(starter, Thread::ofVirtual, failures);
    }

    /**
     * A timer that is not yet started.
     *
     * @param starter  runs what starts a thread, so that this gets its turn soon; must not block
     * @param builders builders of these threads
     * @param failures names the thread, and takes note of what fails
     */
    public ShortTimer(Consumer<Runnable> starter, Supplier<Thread.Builder.OfVirtual> builders, Failures failures) {
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

    /** Puts an entry on the list, which it is not on. Does not wait or allocate. */
    private void add(Entry entry) {
        Entry first;
        do {
            first = watched.get();
            entry.next = first;
        } while (!watched.compareAndSet(first, entry));
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

    private void look(Entry first) {
        Entry entry = first;
        while (entry != null) {
            // Read before the entry can be put on the list again.
            Entry next = entry.next;
            entry.next = null;
            try {
                entry.look(this);
            } catch (Throwable e) {
                // The connection's next frame or next read serves it too.
                thread.failures().note(e);
            }
            entry = next;
        }
    }
}
