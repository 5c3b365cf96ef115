package dev.weft.internal.time;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The point in time at which a wait must end. Immutable, for any thread. */
public final class TimeLimit {
    /** No limit. */
    public static final TimeLimit NONE = new TimeLimit(0);
    /** The longest that can be set. */
    public static final Duration LONGEST = Duration.ofDays(20);

    /** In terms of {@link System#nanoTime()}. */
    private final long end;

    private TimeLimit(long end) {
        this.end = end;
    }

    /** A limit that passes after this time, at most {@link #LONGEST}. */
    public static TimeLimit in(Duration time) {
        return new TimeLimit(System.nanoTime() + time.toNanos());
    }

    /** Whether the limit has passed. */
    public boolean hasPassed() {
        return this != NONE && end - System.nanoTime() <= 0;
    }

    /** The remaining nanoseconds, or 0 if the limit has passed. Only for a real limit, not {@link #NONE}. */
    public long left() {
        return Math.max(0, end - System.nanoTime());
    }

    /** The remaining milliseconds, rounded up. Only for a real limit, not {@link #NONE}. */
    public int leftMillis() {
        return 1 + (int) TimeUnit.NANOSECONDS.toMillis(left());
    }

    /** Parks this thread like {@link LockSupport#park(Object)}, but no longer than the limit. */
    public void park(Object blocker) {
        if (this == NONE) {
            LockSupport.park(blocker);
        } else {
            LockSupport.parkNanos(blocker, left());
        }
    }
}
