package dev.weft.internal.rate;

import dev.weft.RateLimits;
import dev.weft.RateLimits.Kind;

/** The rates of one connection, of one address, or of a whole server. For any thread; does not wait. */
public final class Rates {
    private final TokenBucket[] buckets = new TokenBucket[Kind.values().length];

    private Rates() {}

    /** The part of these limits that is reserved for a share: of everything but handshakes. */
    static Rates share(RateLimits limits, int percent, long now) {
        Rates share = new Rates();
        for (Kind kind : Kind.values()) {
            long perSecond = limits.perSecond(kind).orElse(0) * percent / 100;
            if (perSecond > 0 && kind != Kind.HANDSHAKES) {
                share.buckets[kind.ordinal()] = new TokenBucket(perSecond, now);
            }
        }
        return share;
    }

    /** Full buckets for what is limited. */
    public Rates(RateLimits limits, long now) {
        for (Kind kind : Kind.values()) {
            limits.perSecond(kind).ifPresent(limit -> buckets[kind.ordinal()] = new TokenBucket(limit, now));
        }
    }

    /** {@code null} if this is not limited. */
    TokenBucket bucket(Kind kind) {
        return buckets[kind.ordinal()];
    }

    /** Whether another handshake may begin. */
    public boolean hasHandshake(long now) {
        TokenBucket bucket = bucket(Kind.HANDSHAKES);
        return bucket == null || bucket.hasToken(now);
    }

    /** Counts a handshake that begins, unless there are too many. */
    public boolean takeHandshake(long now) {
        TokenBucket bucket = bucket(Kind.HANDSHAKES);
        return bucket == null || bucket.tryTake(now);
    }

    /** Takes back a handshake that was counted and does not begin. */
    public void giveHandshakeBack() {
        TokenBucket bucket = bucket(Kind.HANDSHAKES);
        if (bucket != null) {
            bucket.giveBack(1);
        }
    }

    /** Whether nothing has been counted for so long that new rates would be equal. */
    boolean isIdle(long now) {
        for (TokenBucket bucket : buckets) {
            if (bucket != null && !bucket.isFull(now)) {
                return false;
            }
        }
        return true;
    }
}
