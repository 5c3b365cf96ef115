package dev.weft.internal.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Bounds how long two things wait for user code: frames that are held back to be written with the next ones, and bytes that
 * have arrived but have not been received. An entry for them is put on a list; one to five milliseconds later this timer checks
 * it. If user code is quick, there is nothing left to do by then.
 * <p>
 * The timer is a platform thread, which sleeps while the lists are empty. Under load it checks once a millisecond without being
 * woken, because a wake-up costs two switches of threads.
 */
public final class ShortTimer {
    private static final long SOON_NANOS = 1_000_000;
    private static final long LATER_NANOS = 4_000_000;
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);
    /** The maximum number of tasks that share a thread. */
    private static final int TOGETHER = 64;

    /** Something that may wait for user code. It is on one list at most, and only once. */
    public abstract static class Entry {
        private static final AtomicIntegerFieldUpdater<Entry> WATCHED = AtomicIntegerFieldUpdater
                .newUpdater(Entry.class, "watched");

        private Entry next;
        /** 1 while this is on a list. */
        private volatile int watched;

        /**
         * Makes the timer check this in one to two milliseconds, unless it is already on a list. Does not wait or allocate. From any
         * thread.
         */
        public final void watch(ShortTimer timer) {
            watch(timer, timer.soon);
        }

        /** Makes the timer check this after about 4 ms. For entries that are many at a time; otherwise like {@link #watch}. */
        public final void watchLater(ShortTimer timer) {
            watch(timer, timer.later);
        }

        private void watch(ShortTimer timer, AtomicReference<Entry> list) {
            if (watched == 0 && WATCHED.compareAndSet(this, 0, 1)) {
                boolean added = false;
                try {
                    watchBegins();
                    timer.add(this, list);
                    added = true;
                } finally {
                    if (!added) {
                        // No stack was left for a call.
                        watched = 0;
                    }
                }
            }
            // Also if this was on a list already: no stack may have been left to wake the timer then.
            if (timer.parked) {
                timer.thread.wake();
            }
        }

        /** Allows this entry to be put on a list again. Called by {@link #look}. */
        protected final void unwatch() {
            watched = 0;
        }

        /** Called just before this is put on a list. */
        protected void watchBegins() {}

        /** Called when the time has passed and this is no longer on a list. Runs on the timer's thread and must not wait. */
        protected abstract void look(ShortTimer timer);
    }

    /** Lists through {@link Entry#next}, newest first. */
    private final AtomicReference<Entry> soon = new AtomicReference<>();
    private final AtomicReference<Entry> later = new AtomicReference<>();
    /** Whether the timer's thread must be woken for an entry. */
    private volatile boolean parked;
    /** Used only by the timer's thread: the entries of the first list that it checks when the next millisecond has passed. */
    private Entry aging;
    /** Used only by the timer's thread: when it last checked the second list. */
    private long lookedAt = System.nanoTime();
    /** Used only by the timer's thread: tasks of the entries that it is checking. */
    private SharedTasks shared = new SharedTasks();
    private final Consumer<Runnable> starter;
    private final Supplier<Thread.Builder.OfVirtual> builders;
    private final ServiceThread thread;

    /** A timer that has not been started, and whose threads the JDK schedules. */
    public ShortTimer(Consumer<Runnable> starter, Failures failures) {
        this(starter, Thread::ofVirtual, failures);
    }

    /**
     * A timer that has not been started.
     *
     * @param starter  runs the task that starts a thread, so that the thread is scheduled soon; must not block
     * @param builders builders of these threads
     * @param failures names the thread, and counts failures
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

    /** The thread of the timer. */
    public ServiceThread thread() {
        return thread;
    }

    /** Starts a virtual thread that is scheduled soon even among many busy ones. Does not wait. */
    public void startThread(Runnable body) {
        startThread(body, failure -> {});
    }

    /**
     * Starts a virtual thread that is scheduled soon even among many busy ones. Does not wait.
     *
     * @param failed called with the reason if no thread can be started
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

    /**
     * Runs a task of the entry that is being checked on a virtual thread, which it shares with tasks of other entries: after a
     * message to very many connections, each of them may have one. If no thread can be started, the tasks run on this thread.
     * For {@link Entry#look}.
     *
     * @param task must not wait
     */
    public void runWithOthers(Runnable task) {
        shared.add(task);
        if (shared.isFull()) {
            startShared();
        }
    }

    private void startShared() {
        SharedTasks tasks = shared;
        try {
            shared = new SharedTasks();
        } catch (OutOfMemoryError e) {
            tasks.accept(e);
            return;
        }
        startThread(tasks, tasks);
    }

    /** Tasks that run on one thread. They must not be lost if there is no memory for a thread, so running them allocates nothing. */
    private final class SharedTasks implements Runnable, Consumer<Throwable> {
        private final Runnable[] tasks = new Runnable[TOGETHER];
        private int count;

        void add(Runnable task) {
            tasks[count++] = task;
        }

        boolean isEmpty() {
            return count == 0;
        }

        boolean isFull() {
            return count == TOGETHER;
        }

        @Override
        public void run() {
            int all = count;
            count = 0;
            for (int i = 0; i < all; i++) {
                try {
                    tasks[i].run();
                } catch (Throwable e) {
                    thread.failures().note(e);
                }
            }
        }

        /** No thread could be started. */
        @Override
        public void accept(Throwable failure) {
            thread.failures().note(failure);
            run();
        }
    }

    /** Puts an entry that is on no list on this list. Does not wait or allocate. */
    private void add(Entry entry, AtomicReference<Entry> list) {
        Entry first;
        do {
            first = list.get();
            entry.next = first;
        } while (!list.compareAndSet(first, entry));
    }

    private void step() {
        if (aging != null || soon.get() != null) {
            thread.sleep(SOON_NANOS);
            Entry due = aging;
            // What was added within this millisecond is too young to be checked.
            aging = soon.getAndSet(null);
            look(due);
        } else {
            awaitEntry();
            aging = soon.getAndSet(null);
        }
        if (System.nanoTime() - lookedAt >= LATER_NANOS) {
            lookedAt = System.nanoTime();
            look(later.getAndSet(null));
        }
    }

    /** Parks until there is an entry to be checked soon, or until the others are to be checked. */
    private void awaitEntry() {
        parked = true;
        try {
            // A new entry ends this: it is on its list before its thread reads the flag.
            if (soon.get() == null && later.get() == null) {
                LockSupport.park(this);
                lookedAt = System.nanoTime();
            } else if (soon.get() == null) {
                LockSupport.parkNanos(this, LATER_NANOS - (System.nanoTime() - lookedAt));
            }
        } finally {
            parked = false;
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
                // The connection's next frame or next read will do the same work.
                thread.failures().note(e);
            }
            entry = next;
        }
        if (!shared.isEmpty()) {
            startShared();
        }
    }
}
