package dev.weft.internal.time;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * A platform thread on which many connections depend: it runs its step repeatedly until it is stopped, and survives any
 * exception or error of the step, including an OutOfMemoryError. After a failed step it pauses, twice as long each time up to a
 * limit, so that a lasting failure does not occupy a core; a successful step resets this.
 * <p>
 * Between two steps it allocates nothing. {@link #failures()} counts and reports the failures; {@link #isFailing()} returns
 * whether the last step failed.
 * <pre>
 *   step ── returns ──▶ step            any ── stop ──▶ ended, when the step returns
 *   step ── throws ──▶ note it, pause ──▶ step
 * </pre>
 */
public final class ServiceThread {
    /** One round of the work. */
    @FunctionalInterface
    public interface Step {
        /** Runs one round; may wait. Must return from time to time, so that the thread can check whether it was stopped. */
        void run() throws Exception;
    }

    private static final long SHORTEST_PAUSE = 10_000_000;

    private final Step step;
    private final Failures failures;
    private final long longestPause;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile boolean failing;
    /** Used only by the thread itself. */
    private long pause;

    /**
     * A thread that has not been started.
     *
     * @param failures     counts what the steps throw
     * @param longestPause limits the pause after a step that failed; the shortest is 10 ms
     * @param daemon       whether the JVM may end while the thread runs
     */
    public ServiceThread(String name, Step step, Failures failures, Duration longestPause, boolean daemon) {
        this.step = step;
        this.failures = failures;
        this.longestPause = longestPause.toNanos();
        this.thread = Thread.ofPlatform().name(name).daemon(daemon).unstarted(this::run);
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    /** Ends the thread after its current step; a {@link #sleep} of that step returns at once. Does not wait. */
    public void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    /** Ends a {@link #sleep} or park of the step. Does not wait or allocate; from any thread. */
    public void wake() {
        LockSupport.unpark(thread);
    }

    /** Whether {@link #stop} was called. */
    public boolean isStopped() {
        return stopped;
    }

    /**
     * Waits for the end of the thread.
     *
     * @return whether it ended in time
     */
    public boolean join(Duration longest) throws InterruptedException {
        return thread.join(longest);
    }

    /** Whether the thread has ended although it was not stopped. */
    public boolean isLost() {
        return !stopped && thread.getState() == Thread.State.TERMINATED;
    }

    /** Whether the last step failed. */
    public boolean isFailing() {
        return failing;
    }

    /** The failures so far. */
    public Failures failures() {
        return failures;
    }

    /** Waits the whole time, even if the thread is woken, unless it is stopped. Call it from the step. Does not allocate. */
    public void sleep(long nanos) {
        long until = System.nanoTime() + nanos;
        long left = nanos;
        while (left > 0 && !stopped) {
            LockSupport.parkNanos(left);
            left = until - System.nanoTime();
        }
    }

    private void run() {
        while (!stopped) {
            try {
                runStep();
            } catch (Throwable e) {
                // Even handling a failure can fail: code that runs for the first time may have to load a class.
            }
        }
    }

    private void runStep() {
        try {
            step.run();
            pause = 0;
            failing = false;
        } catch (Throwable e) {
            // Errors too: all connections depend on this thread.
            fail(e);
        }
    }

    /** A step that failed because the thread was stopped is no failure. */
    private void fail(Throwable failure) {
        if (!stopped) {
            failing = true;
            pause = Math.clamp(2 * pause, Math.min(SHORTEST_PAUSE, longestPause), longestPause);
            failures.note(failure);
            sleep(pause);
        }
    }
}
