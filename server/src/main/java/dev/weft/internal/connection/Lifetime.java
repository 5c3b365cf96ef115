package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.parser.CloseCode;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How long a connection may last: until its authorization expires, and no longer than a connection of its endpoint may. For any
 * thread; does not wait. A connection without such an end has no object of this class; the attachment of the handshake's policy
 * is kept in it, so that no other connection has a field for it.
 */
public final class Lifetime {
    private static final CloseReason TOO_OLD = new CloseReason(CloseCode.GOING_AWAY, "maxLifetime");
    private static final Duration LONGEST = Duration.ofDays(365_000);

    private final Object attachment;
    private final LongSupplier clock;
    private final CloseReason expired;
    /** In milliseconds of the clock. */
    private final long oldAt;
    /** {@code null} if the authorization does not expire. */
    private volatile Instant expiresAt;
    private volatile long expiredAt;

    /**
     * A lifetime that begins now.
     *
     * @param attachment what the policy attached ({@link Attachments})
     * @param clock      the elapsed milliseconds
     * @param longest    how long the connection may last; {@code null} if that is not limited
     * @param expiresAt  when the authorization expires; {@code null} if it does not
     * @param expired    the code and reason of the Close frame when it has expired
     */
    public Lifetime(Object attachment, LongSupplier clock, Duration longest, Instant expiresAt, CloseReason expired) {
        this.attachment = attachment;
        this.clock = clock;
        this.expired = expired;
        this.oldAt = longest == null ? Long.MAX_VALUE : clock.getAsLong() + longest.toMillis();
        this.expiresAt = expiresAt;
        this.expiredAt = expiresAt == null ? Long.MAX_VALUE : onClock(expiresAt);
    }

    /** From now on, changes of the system's time do not matter. */
    private long onClock(Instant time) {
        Instant now = Instant.now();
        return clock.getAsLong() + (time.isAfter(now.plus(LONGEST))
                ? LONGEST.toMillis()
                : time.isBefore(now) ? 0 : Duration.between(now, time).toMillis());
    }

    /**
     * The lifetime of a connection.
     *
     * @throws IllegalStateException if it is not limited
     */
    static Lifetime of(HandshakeResult handshake) {
        Lifetime lifetime = handshake.lifetime();
        if (lifetime == null) {
            throw neverExpires();
        }
        return lifetime;
    }

    private static IllegalStateException neverExpires() {
        return new IllegalStateException("the handshake's policy has set no time at which the authorization expires");
    }

    Object attachment() {
        return attachment;
    }

    Optional<Instant> expiresAt() {
        return Optional.ofNullable(expiresAt);
    }

    /**
     * Sets when the authorization expires, instead of the time that was set before.
     *
     * @throws IllegalStateException if it does not expire
     */
    void renew(Instant time) {
        if (expiresAt == null) {
            throw neverExpires();
        }
        expiredAt = onClock(time);
        expiresAt = time;
    }

    /** The reason to close the connection now; {@code null} if there is none. */
    CloseReason end() {
        long now = clock.getAsLong();
        return now >= expiredAt ? expired : now >= oldAt ? TOO_OLD : null;
    }
}
