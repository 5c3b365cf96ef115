package dev.weft.internal.stress;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * The clock of a watchdog that looks for lives in which nothing happens any more. It tells a life that is stuck from a machine
 * that is slow: time counts only if a virtual thread that was started at the last look has had its turn, and only a short time
 * counts from one look to the next. So the clock stands still while the machine is suspended, the watchdog gets no processor,
 * or the JDK's scheduler runs no thread. For one thread.
 */
public final class StressClock {
    /** The longest time that counts between two looks. */
    static final Duration LONGEST_STEP = Duration.ofMillis(50);
    /** If no virtual thread has had a turn for this many times the patience, the stress fails. */
    static final int LONGEST_SILENCE = 6;

    private final long patience;
    private final Executor scheduler;
    private final LongSupplier nanos;
    private volatile boolean ran = true;
    private long lastLook;
    private long time;
    private long silence;

    /** A clock at 0. A life is stuck if nothing happens in it for this time of the clock. */
    public StressClock(Duration patience) {
        this(patience, Thread::startVirtualThread, System::nanoTime);
    }

    StressClock(Duration patience, Executor scheduler, LongSupplier nanos) {
        this.patience = patience.toNanos();
        this.scheduler = scheduler;
        this.nanos = nanos;
        this.lastLook = nanos.getAsLong();
    }

    /**
     * Advances the clock. Call it at each look of the watchdog.
     *
     * @throws AssertionError if virtual threads get no turns any more
     */
    public void look() {
        long now = nanos.getAsLong();
        long step = Math.min(now - lastLook, LONGEST_STEP.toNanos());
        lastLook = now;
        if (ran) {
            time += step;
            silence = 0;
            ran = false;
            scheduler.execute(() -> ran = true);
        } else {
            silence += step;
            if (silence > LONGEST_SILENCE * patience) {
                throw new AssertionError("no virtual thread gets a turn any more");
            }
        }
    }

    /** A watch over lives that follow one another. */
    public Watch watch() {
        return new Watch();
    }

    /** Remembers when something last happened. */
    public final class Watch {
        private Object life;
        private long progress;
        private long since = time;

        private Watch() {}

        /** Whether nothing has happened for too long in this life, which has made this progress so far. */
        public boolean isStuck(Object present, long progressSoFar) {
            if (present != life || progressSoFar != progress) {
                life = present;
                progress = progressSoFar;
                since = time;
            }
            return time - since > patience;
        }
    }
}
