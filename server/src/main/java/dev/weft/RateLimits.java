package dev.weft;

import dev.weft.internal.Bounds;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Limits of what may happen per second. A rate that is not set is not limited. After a pause, as much as the limit allows in
 * one second may happen at once. A peer over a limit is slowed down, not disconnected: the server reads no more from it, so
 * that TCP stops it, or waits before it sends more. No byte is lost, and no deadline of the peer runs meanwhile. Only {@link
 * Kind#HANDSHAKES} over the limit are refused. The server's clock advances in steps of up to a quarter of a second. Immutable;
 * no method waits. {@snippet class = "dev.weft.server.Snippets" region = "limits"}
 */
public final class RateLimits {
    /** Limits nothing. */
    public static final RateLimits NONE = builder().build();

    /** What is limited. */
    public enum Kind {
        /** New connections, with their TLS handshakes and requests. */
        HANDSHAKES,
        /** Bytes received, requests and frame headers included, TLS excluded. */
        RECEIVED_BYTES,
        /** Messages that the handler receives. */
        RECEIVED_MESSAGES,
        /** Bytes sent, responses and frame headers included, TLS excluded. */
        SENT_BYTES,
        /** Messages sent. */
        SENT_MESSAGES,
        /** Pings received. */
        PINGS,
        /** Bytes of compressed messages, counted after decompression. */
        INFLATED_BYTES
    }

    private final Map<Kind, Long> perSecond;

    private RateLimits(Map<Kind, Long> perSecond) {
        this.perSecond = new EnumMap<>(Kind.class);
        this.perSecond.putAll(perSecond);
    }

    /** The limit per second; empty if this is not limited. */
    public OptionalLong perSecond(Kind kind) {
        Long limit = perSecond.get(kind);
        return limit == null ? OptionalLong.empty() : OptionalLong.of(limit);
    }

    /** Whether nothing is limited. */
    public boolean isEmpty() {
        return perSecond.isEmpty();
    }

    /** Returns a builder that limits nothing. */
    public static Builder builder() {
        return new Builder(Map.of());
    }

    /** Returns a builder that is initialized with these limits. */
    public Builder toBuilder() {
        return new Builder(perSecond);
    }

    /** Whether all limits are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof RateLimits that && perSecond.equals(that.perSecond);
    }

    @Override
    public int hashCode() {
        return perSecond.hashCode();
    }

    @Override
    public String toString() {
        return "RateLimits" + perSecond;
    }

    /** Builds limits. Each limit is 1 to 10,000,000,000 per second; default none. Not thread-safe. */
    public static final class Builder {
        private static final long HIGHEST = 10_000_000_000L;

        private final Map<Kind, Long> perSecond = new EnumMap<>(Kind.class);

        private Builder(Map<Kind, Long> initial) {
            perSecond.putAll(initial);
        }

        /** Limits the new connections per second. Further ones get 429, or are closed before their TLS handshake. */
        public Builder handshakes(long perSecond) {
            return set("handshakes", Kind.HANDSHAKES, perSecond);
        }

        /** Limits the bytes received per second. */
        public Builder receivedBytes(long perSecond) {
            return set("receivedBytes", Kind.RECEIVED_BYTES, perSecond);
        }

        /** Limits the messages received per second. */
        public Builder receivedMessages(long perSecond) {
            return set("receivedMessages", Kind.RECEIVED_MESSAGES, perSecond);
        }

        /** Limits the bytes sent per second. */
        public Builder sentBytes(long perSecond) {
            return set("sentBytes", Kind.SENT_BYTES, perSecond);
        }

        /**
         * Limits the messages sent per second. Messages that are sent in one write may exceed the limit; later ones
         * then wait longer.
         */
        public Builder sentMessages(long perSecond) {
            return set("sentMessages", Kind.SENT_MESSAGES, perSecond);
        }

        /**
         * Limits the pings received per second. Pings that arrive in one read may exceed the limit; the next read then
         * waits longer.
         */
        public Builder pings(long perSecond) {
            return set("pings", Kind.PINGS, perSecond);
        }

        /**
         * Limits the decompressed bytes per second. One message may exceed the limit; the next one then waits longer.
         */
        public Builder inflatedBytes(long perSecond) {
            return set("inflatedBytes", Kind.INFLATED_BYTES, perSecond);
        }

        private Builder set(String name, Kind kind, long limit) {
            Bounds.check(name, limit, 1, HIGHEST);
            perSecond.put(kind, limit);
            return this;
        }

        /** Returns the limits. */
        public RateLimits build() {
            return new RateLimits(perSecond);
        }
    }
}
