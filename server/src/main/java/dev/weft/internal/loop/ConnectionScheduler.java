package dev.weft.internal.loop;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * The scheduler of one connection's virtual threads: its own, and those that it starts, which inherit it. Has them run by a
 * {@link Loop}, which may change.
 * <p>
 * A scheduler is at the same time its own place in the loop's queue, so that to schedule the connection's thread allocates
 * nothing. Only where several of its threads are to run at once, further places are allocated.
 */
public final class ConnectionScheduler implements Executor {
    /** Without memory for a place in the queue, after so long another attempt is made. */
    private static final long RETRY_NANOS = 1_000_000;

    private static final AtomicReferenceFieldUpdater<ConnectionScheduler, Runnable> TASK = AtomicReferenceFieldUpdater
            .newUpdater(ConnectionScheduler.class, Runnable.class, "task");

    private volatile Loop loop;
    /** What is to run; {@code null} while this is not in a queue. */
    private volatile Runnable task;
    /** In the queue: the one that was added before, or, when the loop has reversed it, after. The queue's. */
    ConnectionScheduler next;

    /** A scheduler of this loop. */
    ConnectionScheduler(Loop loop) {
        this.loop = loop;
    }

    /** Has the loop of another scheduler run the threads; what is in the queue of the present one still runs there. */
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

    /** The JDK takes a thread for scheduled once it has called {@link #execute}, and so that must not fail. */
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

    /** A virtual thread is pinned here, and to park for a time would need memory. */
    private static void pause() {
        if (Thread.currentThread().isVirtual()) {
            Thread.onSpinWait();
        } else {
            LockSupport.parkNanos(RETRY_NANOS);
        }
    }

    /** For the loop, after it has removed this from its queue: what is to run. From then on this can be added again. */
    Runnable takeTask() {
        Runnable taken = task;
        next = null;
        task = null;
        return taken;
    }
}
