package dev.weft.internal.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The timer of a server's deadlines: advances the clock and checks every connection, about once a second. A platform thread, so
 * that deadlines hold even while handlers keep every carrier of virtual threads busy.
 * <p>
 * If the whole process was stopped for a while, the peers are not to blame for bytes that are unread, so the clock does not
 * count this time.
 */
public final class Sweeper {
    /** Checks everything that has a deadline; must not block. */
    @FunctionalInterface
    public interface Sweep {
        /** Checks everything once, at this time of the coarse clock. */
        void at(int now);
    }

    private static final Duration LONGEST_STEP = Duration.ofSeconds(1);
    private static final Duration SHORTEST_STEP = Duration.ofMillis(1);
    /** The maximum number of steps that the clock advances at a time, however late this thread is. */
    private static final int MOST_STEPS = 2;

    private final CoarseClock clock;
    private final AtomicLong step;
    private final Sweep sweep;
    private final ServiceThread thread;

    /** For the thread itself: the time that the clock shows, and when it was set. */
    private long time;
    private long before;

    /**
     * A sweeper that has not been started, and reports its failures as uncaught exceptions.
     *
     * @param shortestDeadline a step lasts a quarter of it, but at least a millisecond and at most a second
     */
    public Sweeper(String name, CoarseClock clock, Duration shortestDeadline, Sweep sweep) {
        this(clock, shortestDeadline, sweep, Failures.toHandler(name));
    }

    /**
     * A sweeper that is not yet started.
     *
     * @param failures has the name of the thread
     */
    public Sweeper(CoarseClock clock, Duration shortestDeadline, Sweep sweep, Failures failures) {
        this.clock = clock;
        this.sweep = sweep;
        this.step = new AtomicLong(stepFor(shortestDeadline));
        this.thread = new ServiceThread(failures.what(), this::step, failures, SHORTEST_STEP, true);
    }

    private static long stepFor(Duration shortestDeadline) {
        return Math.clamp(shortestDeadline.toNanos() / 4, SHORTEST_STEP.toNanos(), LONGEST_STEP.toNanos());
    }

    /** Makes the steps, from the next one on, short enough for a deadline of this length. For any thread. */
    public void shorten(Duration deadline) {
        step.accumulateAndGet(stepFor(deadline), Math::min);
    }

    /** Starts sweeping. */
    public void start() {
        time = System.nanoTime();
        before = time;
        thread.start();
    }

    /** Ends sweeping; does not wait. */
    public void stop() {
        thread.stop();
    }

    /**
     * Does the thread's work without starting the thread: advances the clock by this duration, in steps no longer than the
     * thread's, and checks every connection after each step. For one thread at a time; does not wait.
     *
     * @param afterStep called after each step
     */
    public void advance(Duration duration, Runnable afterStep) {
        Duration shown = Duration.ofMillis(clock.now());
        Duration end = shown.plus(duration);
        while (shown.compareTo(end) < 0) {
            Duration next = shown.plusNanos(step.get());
            shown = next.compareTo(end) < 0 ? next : end;
            clock.set(shown.toNanos());
            sweep.at(clock.now());
            afterStep.run();
        }
    }

    /** The thread that sweeps. */
    public ServiceThread thread() {
        return thread;
    }

    /** A failed check must not end the sweeper: no connection would have deadlines from then on. */
    private void step() {
        long length = step.get();
        thread.sleep(length);
        if (!thread.isStopped()) {
            long now = System.nanoTime();
            time += Math.min(now - before, MOST_STEPS * length);
            before = now;
            clock.set(time);
            sweep.at(clock.now());
        }
    }
}
