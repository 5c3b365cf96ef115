package dev.weft.internal.loop;

import java.util.concurrent.locks.LockSupport;

/**
 * A platform thread that runs loops, one at a time.
 * <pre>
 *   SPARE ── assigned a loop ──▶ RUNNING ── the loop was taken over, or has ended ──▶ SPARE, or over if there are enough
 * </pre>
 */
public final class LoopThread extends Thread {
    private static final long RECOVERY_NANOS = 10_000_000;

    private final Loops loops;

    /**
     * The loop to run; {@code null} while this thread is spare. Written by the thread that has taken this thread from the spare
     * ones.
     */
    private volatile Loop loop;
    private int term;
    private volatile boolean stopped;
    /** See {@link #callState()}. */
    private Object callState;

    /** The next spare thread; used only by {@link Loops}. */
    LoopThread next;

    /** A thread that has not been started, and is not among the spare ones. */
    LoopThread(Loops loops, String name) {
        super(name);
        setDaemon(true);
        this.loops = loops;
    }

    /** The thread that runs the present code, perhaps as that of a virtual thread; {@code null} if it runs no loops. */
    public static LoopThread current() {
        return VirtualThreads.carrier() instanceof LoopThread current ? current : null;
    }

    /**
     * What calls of the system's functions need for each thread that makes them; {@code null} at first. For the code that this
     * thread runs, between two points at which that may wait or yield.
     */
    public Object callState() {
        return callState;
    }

    /** Sets what {@link #callState} returns. */
    public void callState(Object state) {
        callState = state;
    }

    /** Makes this spare thread run a loop. Does not wait or allocate. */
    void assign(Loop assigned, int itsTerm) {
        term = itsTerm;
        loop = assigned;
        LockSupport.unpark(this);
    }

    /** Ends this thread, which must be spare. */
    void end() {
        stopped = true;
        LockSupport.unpark(this);
    }

    /** Runs the loops that are assigned to this thread. */
    @Override
    public void run() {
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
