package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;

/**
 * The place of one direction of a connection in the queues of its own rate, that of its address, and that of the server. One
 * thread at a time takes tokens; another one may ask whether they have accrued after it has seen that the first one waits.
 */
final class Turn {
    private static final int LEVELS = 3;

    private final Kind kind;
    private final TokenBucket[] buckets = new TokenBucket[LEVELS];
    private final long[] points = new long[LEVELS];
    private long taken;

    Turn(Kind kind) {
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }

    /** Takes tokens of all three rates; any of them may be {@code null}. */
    void take(long tokens, long now, Rates own, Rates address, Rates total) {
        taken = tokens;
        take(0, own, now);
        take(1, address, now);
        take(2, total, now);
    }

    private void take(int level, Rates rates, long now) {
        TokenBucket bucket = rates == null ? null : rates.bucket(kind);
        buckets[level] = bucket;
        if (bucket != null) {
            points[level] = bucket.take(taken, now);
        }
    }

    /** Whether the tokens have accrued. */
    boolean isDue(long now) {
        for (int i = 0; i < LEVELS; i++) {
            if (buckets[i] != null && !buckets[i].isReached(points[i], now)) {
                return false;
            }
        }
        return true;
    }

    /** Returns the tokens that were not used. */
    void use(long used) {
        long unused = taken - used;
        taken = used;
        for (TokenBucket bucket : buckets) {
            if (bucket != null && unused != 0) {
                bucket.giveBack(unused);
            }
        }
    }
}
