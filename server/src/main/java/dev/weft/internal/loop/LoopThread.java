package dev.weft.internal.loop;

import java.util.concurrent.locks.LockSupport;

/**
 * A platform thread that runs loops, one at a time.
 * <pre>
 *   SPARE ── assigned a loop ──▶ RUNNING ── the loop was taken over, or has ended ──▶ SPARE, or over if there are enough
 * </pre>
 */
final class LoopThread {
    private static final long RECOVERY_NANOS = 10_000_000;

    private final Loops loops;
    private final Thread thread;

    /**
     * The loop to run; {@code null} while this thread is spare. Written by the thread that has taken this thread from the spare
     * ones.
     */
    private volatile Loop loop;
    private int term;
    private volatile boolean stopped;

    /** The next spare thread; used only by {@link Loops}. */
    LoopThread next;

    /** A thread that has not been started, and is not among the spare ones. */
    LoopThread(Loops loops, String name) {
        this.loops = loops;
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Makes this spare thread run a loop. Does not wait or allocate. */
    void assign(Loop assigned, int itsTerm) {
        term = itsTerm;
        loop = assigned;
        LockSupport.unpark(thread);
    }

    /** Ends this thread, which must be spare. */
    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    private void run() {
        boolean continues = true;
        while (continues) {
            try {
                continues = step();
            } catch (Throwable e) {
                // Even handling a failure can fail: code that runs for the first time may have to load a class.
                LockSupport.parkNanos(RECOVERY_NANOS);
            }
        }
    }

    /** Returns false if this thread should end. */
    private boolean step() {
        Loop assigned = loop;
        if (assigned != null) {
            assigned.run(term);
            loop = null;
            return loops.addSpare(this);
        }
        if (!stopped) {
            LockSupport.park(this);
        }
        return !stopped;
    }
}
