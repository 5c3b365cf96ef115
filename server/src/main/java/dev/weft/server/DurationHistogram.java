package dev.weft.server;

import dev.weft.internal.time.DurationCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How often durations of different lengths have occurred since a server's start. Immutable. The ranges are the same for all
 * histograms and servers: their bounds are 1, 2 and 5 times a power of ten, from 0.1 ms to 100 s.
 */
public final class DurationHistogram {
    private final List<Bucket> buckets;
    private final long count;
    private final Duration sum;

    /**
     * The durations up to a bound.
     *
     * @param atMost the bound
     * @param count  the number of durations that are at most as long, including those of all smaller buckets
     */
    public record Bucket(Duration atMost, long count) {}

    DurationHistogram(DurationCounts counts) {
        // Read first: the sum then includes all durations that are counted below, and perhaps a few more.
        List<Bucket> cumulative = new ArrayList<>();
        long total = 0;
        for (int range = 0; range < counts.ranges() - 1; range++) {
            total += counts.count(range);
            cumulative.add(new Bucket(DurationCounts.bound(range), total));
        }
        this.buckets = List.copyOf(cumulative);
        this.count = total + counts.count(counts.ranges() - 1);
        this.sum = counts.sum();
    }

    /** The buckets in ascending order. Durations longer than the last bound are only in {@link #count}. Unmodifiable. */
    public List<Bucket> buckets() {
        return buckets;
    }

    /** The number of all durations. */
    public long count() {
        return count;
    }

    /** The sum of all durations. */
    public Duration sum() {
        return sum;
    }

    /**
     * The smallest bound that this share of the durations does not exceed; empty if there are no durations, or if that
     * bound would be longer than the last one.
     *
     * @param share such as 0.99; from 0 to 1
     * @throws IllegalArgumentException if the share is not from 0 to 1
     */
    public Optional<Duration> percentile(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("share is " + share + ", but must be from 0 to 1");
        }
        long needed = Math.max(1, (long) Math.ceil(share * count));
        return buckets.stream().filter(bucket -> bucket.count() >= needed).findFirst().map(Bucket::atMost);
    }

    @Override
    public String toString() {
        return "DurationHistogram[" + count + " durations, in all " + sum + "]";
    }
}
