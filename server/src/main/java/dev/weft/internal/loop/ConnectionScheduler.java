package dev.weft.internal.loop;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * The scheduler of one connection's virtual threads: its own, and those that it starts, which inherit the scheduler. They run
 * on a {@link Loop}, which may change.
 * <p>
 * A scheduler is also its own entry in the loop's queue, so that scheduling the connection's thread allocates nothing. Further
 * entries are allocated only if several of its threads are ready to run at once.
 */
public final class ConnectionScheduler implements Executor {
    /** The time until another attempt if memory for an entry in the queue cannot be allocated. */
    private static final long RETRY_NANOS = 1_000_000;

    private static final AtomicReferenceFieldUpdater<ConnectionScheduler, Runnable> TASK = AtomicReferenceFieldUpdater
            .newUpdater(ConnectionScheduler.class, Runnable.class, "task");

    private volatile Loop loop;
    /** The task to run; {@code null} while this is not in a queue. */
    private volatile Runnable task;
    /**
     * The entry that was added to the queue before this one, or, once the loop has reversed the list, after it. Used only by
     * the queue.
     */
    ConnectionScheduler next;

    /** A scheduler of this loop. */
    ConnectionScheduler(Loop loop) {
        this.loop = loop;
    }

    /** Moves the threads to the loop of another scheduler; tasks that are already queued still run on the present loop. */
    public void joinLoopOf(ConnectionScheduler other) {
        loop = other.loop;
    }

    /** A builder of virtual threads that this scheduler schedules. */
    public Thread.Builder.OfVirtual threadBuilder() {
        return VirtualThreads.builder(this);
    }

    /** Schedules a turn of a virtual thread. Does not wait, or throw; from any thread. */
    @Override
    public void execute(Runnable turn) {
        Loop current = loop;
        current.add(TASK.compareAndSet(this, null, turn) ? this : another(current, turn));
    }

    /** Must not fail: the JDK considers a thread scheduled once it has called {@link #execute}. */
    private static ConnectionScheduler another(Loop loop, Runnable turn) {
        while (true) {
            try {
                ConnectionScheduler scheduler = new ConnectionScheduler(loop);
                scheduler.task = turn;
                return scheduler;
            } catch (OutOfMemoryError e) {
                pause();
            }
        }
    }

    /**
     * Pauses before another attempt to get memory, without allocating. A virtual thread is pinned here, and parking for a
     * limited time would need memory.
     */
    static void pause() {
        if (Thread.currentThread().isVirtual()) {
            Thread.onSpinWait();
        } else {
            LockSupport.parkNanos(RETRY_NANOS);
        }
    }

    /**
     * Returns the task to run. For the loop, after it has removed this from its queue; from then on this can be added again.
     */
    Runnable takeTask() {
        Runnable taken = task;
        next = null;
        task = null;
        return taken;
    }
}
