package dev.weft.internal.time;

import java.util.concurrent.TimeUnit;

/**
 * A clock that costs one field access to read and advances with the sweeper's steps. Its times are ints, since every connection
 * keeps several; differences are correct up to 24 days. For any thread.
 */
public final class CoarseClock {
    private volatile int now;
    private volatile int before;

    /** A clock that shows the time. */
    public CoarseClock() {
        set(System.nanoTime());
    }

    /** The time of the sweeper's last step, in milliseconds from an arbitrary origin; never 0, which stands for "not". */
    public int now() {
        return now;
    }

    /** The time of the sweeper's last step but one; the same as now before its second step. */
    int before() {
        return before;
    }

    /** Moves the clock. */
    void set(long nanos) {
        int last = now;
        int millis = (int) TimeUnit.NANOSECONDS.toMillis(nanos);
        now = millis == 0 ? 1 : millis;
        before = last == 0 ? now : last;
    }
}
