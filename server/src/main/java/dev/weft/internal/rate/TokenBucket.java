package dev.weft.internal.rate;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Hands out tokens at a constant rate; at most those of one second are saved up. It is also a
 * queue: a caller that takes tokens before they have accrued gets the point at which they will have, after all earlier callers.
 * Lock-free: one number is changed by compare-and-set. For any thread; does not wait. Times are milliseconds of {@link
 * dev.weft.internal.time.CoarseClock#elapsed()}.
 * <pre>
 *   tokens accrued since the clock's origin ────────────────▶
 *     ├── handed out ──┤ available, at most one second's ├── now
 *     ├── handed out, more than have accrued: the last takers wait ──── now ────┤
 * </pre>
 */
final class TokenBucket {
    private static final long MILLIS_PER_SECOND = 1000;

    private final long perSecond;
    private final AtomicLong handedOut;

    /** A full bucket. */
    TokenBucket(long perSecond, long now) {
        this.perSecond = perSecond;
        this.handedOut = new AtomicLong(accrued(now) - perSecond);
    }

    private long accrued(long now) {
        return now / MILLIS_PER_SECOND * perSecond + now % MILLIS_PER_SECOND * perSecond / MILLIS_PER_SECOND;
    }

    long perSecond() {
        return perSecond;
    }

    /**
     * Takes tokens.
     *
     * @return the point at which they have accrued, for {@link #isReached}
     */
    long take(long tokens, long now) {
        long full = accrued(now) - perSecond;
        while (true) {
            long before = handedOut.get();
            long after = Math.max(before, full) + tokens;
            if (handedOut.compareAndSet(before, after)) {
                return after;
            }
        }
    }

    /** Takes a token if there is one. */
    boolean tryTake(long now) {
        long accrued = accrued(now);
        while (true) {
            long before = handedOut.get();
            long after = Math.max(before, accrued - perSecond) + 1;
            if (after > accrued) {
                return false;
            }
            if (handedOut.compareAndSet(before, after)) {
                return true;
            }
        }
    }

    /** Returns tokens that were taken and not used. */
    void giveBack(long tokens) {
        handedOut.addAndGet(-tokens);
    }

    boolean isReached(long point, long now) {
        return accrued(now) >= point;
    }

    /** Whether all tokens that were handed out have accrued. */
    boolean isPaid(long now) {
        return isReached(handedOut.get(), now);
    }

    /** Whether there is a token for {@link #tryTake}. */
    boolean hasToken(long now) {
        return Math.max(handedOut.get(), accrued(now) - perSecond) < accrued(now);
    }

    /** Whether nothing is missing: then a new bucket would be equal. */
    boolean isFull(long now) {
        return isReached(handedOut.get() + perSecond, now);
    }
}
