package dev.weft.internal.time;

import java.util.concurrent.TimeUnit;

/**
 * A clock that costs one field access to read and advances with the sweeper's steps. Its times are ints, since every connection
 * keeps several; differences are correct up to 24 days. For any thread.
 */
public final class CoarseClock {
    private volatile int now;

    /** A clock that shows the time. */
    public CoarseClock() {
        set(System.nanoTime());
    }

    /** The time of the sweeper's last step, in milliseconds from an arbitrary origin; never 0, which stands for "not". */
    public int now() {
        return now;
    }

    /** Moves the clock. */
    void set(long nanos) {
        int millis = (int) TimeUnit.NANOSECONDS.toMillis(nanos);
        now = millis == 0 ? 1 : millis;
    }
}
