package dev.weft.internal.time;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The time until which a wait may last. Immutable, for any thread. */
public final class TimeLimit {
    /** No limit. */
    public static final TimeLimit NONE = new TimeLimit(0);
    /** The longest that can be set. */
    public static final Duration LONGEST = Duration.ofDays(20);

    /** As {@link System#nanoTime()} counts. */
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

    /** The nanoseconds that are left, 0 if none are; for a wait with a limit. */
    public long left() {
        return Math.max(0, end - System.nanoTime());
    }

    /** The milliseconds that are left, rounded up; for a wait with a limit. */
    public int leftMillis() {
        return 1 + (int) TimeUnit.NANOSECONDS.toMillis(left());
    }

    /** Parks this thread, until the limit passes at most; as {@link LockSupport#park(Object)} otherwise. */
    public void park(Object blocker) {
        if (this == NONE) {
            LockSupport.park(blocker);
        } else {
            LockSupport.parkNanos(blocker, left());
        }
    }
}
