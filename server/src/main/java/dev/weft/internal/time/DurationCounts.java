package dev.weft.internal.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;

/**
 * Counts durations in fixed ranges, whose upper bounds are 1, 2 and 5 times a power of ten: from 0.1 ms to 100 s, and beyond.
 * For any thread; {@link #record} does not wait or allocate.
 */
public final class DurationCounts {
    private static final long SMALLEST_NANOS = 100_000;
    private static final int DECADES = 6;
    /** The upper bounds of all ranges but the last, in ascending order. */
    private static final long[] BOUNDS = bounds();

    private final AtomicLongArray counts = new AtomicLongArray(BOUNDS.length + 1);
    private final LongAdder nanos = new LongAdder();

    private static long[] bounds() {
        LongStream.Builder bounds = LongStream.builder();
        long decade = SMALLEST_NANOS;
        for (int i = 0; i < DECADES; i++) {
            bounds.add(decade).add(2 * decade).add(5 * decade);
            decade *= 10;
        }
        return bounds.add(decade).build().toArray();
    }

    /** Counts a duration; a negative one as 0. */
    public void record(long duration) {
        int range = 0;
        while (range < BOUNDS.length && duration > BOUNDS[range]) {
            range++;
        }
        counts.getAndIncrement(range);
        nanos.add(Math.max(0, duration));
    }

    /** The number of ranges. */
    public int ranges() {
        return counts.length();
    }

    /** The upper bound of a range, except of the last one, which has none. */
    public static Duration bound(int range) {
        return Duration.ofNanos(BOUNDS[range]);
    }

    /** The number of durations in a range so far. */
    public long count(int range) {
        return counts.get(range);
    }

    /** The sum of all durations. */
    public Duration sum() {
        return Duration.ofNanos(nanos.sum());
    }
}
