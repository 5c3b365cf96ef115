package dev.weft.internal.time;

import java.util.concurrent.TimeUnit;

/**
 * A clock that advances with the sweeper's steps; reading it costs one field access. Its times are ints, because every
 * connection keeps several; differences are correct up to 24 days. For any thread.
 */
public final class CoarseClock {
    private volatile int now;
    private volatile int before;
    private volatile long elapsed;

    /** A clock that shows the current time. */
    public CoarseClock() {
        set(System.nanoTime());
    }

    /**
     * The time of the sweeper's last step, in milliseconds from an arbitrary origin; never 0, which callers use for "no time".
     */
    public int now() {
        return now;
    }

    /** The time of the sweeper's last step but one; before its second step, the same as {@link #now()}. */
    int before() {
        return before;
    }

    /** The milliseconds since the clock was created; unlike {@link #now()}, they never wrap around. */
    public long elapsed() {
        return elapsed;
    }

    /** Sets the clock. For one thread at a time. */
    void set(long nanos) {
        int last = now;
        int millis = (int) TimeUnit.NANOSECONDS.toMillis(nanos);
        elapsed += last == 0 ? 0 : Math.max(0, millis - last);
        now = millis == 0 ? 1 : millis;
        before = last == 0 ? now : last;
    }
}
