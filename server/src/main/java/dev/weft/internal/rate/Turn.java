package dev.weft.internal.rate;

import dev.weft.RateLimits.Kind;

/**
 * The place of one direction of a connection in the queues of the rates that hold for it. One thread at a time takes tokens;
 * another one may ask whether they have accrued after it has seen that the first one waits.
 * <p>
 * The rate of the server and the share of it that the connection belongs to are alternatives: a turn is due when one of them
 * allows it. Tokens of a share that has none left are borrowed from those that others leave to the server's rate.
 */
final class Turn {
    private final Kind kind;
    private final TokenBucket[] buckets = new TokenBucket[Level.ALL.length];
    private final long[] points = new long[buckets.length];
    private long taken;

    Turn(Kind kind) {
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }

    /** Takes tokens of all rates that hold for a connection. */
    void take(long tokens, ConnectionRates rates, long now) {
        taken = tokens;
        for (Level level : Level.ALL) {
            int i = level.ordinal();
            buckets[i] = rates.bucket(level, kind);
            if (buckets[i] != null) {
                points[i] = buckets[i].take(tokens, now);
            }
        }
    }

    private boolean isReached(Level level, long now) {
        TokenBucket bucket = buckets[level.ordinal()];
        return bucket == null || bucket.isReached(points[level.ordinal()], now);
    }

    /** Whether the tokens have accrued. */
    boolean isDue(long now) {
        for (Level level : Level.LIMITS) {
            if (!isReached(level, now)) {
                return false;
            }
        }
        return isReached(Level.TOTAL, now) || buckets[Level.SHARE.ordinal()] != null && isReached(Level.SHARE, now);
    }

    /** The tokens are going to be used: if they are borrowed, the share keeps its own. */
    void begin(long now) {
        int share = Level.SHARE.ordinal();
        if (!isReached(Level.SHARE, now)) {
            buckets[share].giveBack(taken);
            buckets[share] = null;
        }
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
