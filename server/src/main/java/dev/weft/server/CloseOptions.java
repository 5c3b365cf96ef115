package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.internal.Bounds;
import dev.weft.parser.CloseCode;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How the connections of a server are closed, by {@link WebSocketServer#close(CloseOptions)} or while the server
 * {@linkplain DrainSettings#closing() drains}. Immutable.
 */
public final class CloseOptions {
    /** The order in which connections are closed. */
    public enum Order {
        /** The connection that was accepted first is closed first. */
        OLDEST_FIRST,
        /** A random order: then no group of clients loses its connections before another. */
        RANDOM
    }

    /** How the Close frames are distributed over the {@link CloseOptions#spread()}. */
    public enum Spacing {
        /** With equal pauses. */
        EVEN,
        /**
         * At random times, so that several servers that are closed together do not close connections at the same
         * moments.
         */
        RANDOM
    }

    /**
     * The default options: code 1001 without a reason, sent to all connections at once, and the grace period of the
     * server's settings.
     */
    public static final CloseOptions DEFAULT = builder().build();

    private final CloseReason reason;
    private final Optional<Duration> grace;
    private final Duration spread;
    private final Order order;
    private final Spacing spacing;

    private CloseOptions(Builder builder) {
        this.reason = builder.reason;
        this.grace = Optional.ofNullable(builder.grace);
        this.spread = builder.spread;
        this.order = builder.order;
        this.spacing = builder.spacing;
    }

    /** The code and the reason of the Close frames. */
    public CloseReason reason() {
        return reason;
    }

    /** The time to wait for connections to end by themselves; empty for the server's {@code shutdownGrace}. */
    public Optional<Duration> grace() {
        return grace;
    }

    /** The time over which the Close frames are spread. */
    public Duration spread() {
        return spread;
    }

    /** The order in which connections are closed, if the Close frames are spread. */
    public Order order() {
        return order;
    }

    /** How the Close frames are distributed over the spread. */
    public Spacing spacing() {
        return spacing;
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these options. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.reason = reason;
        builder.grace = grace.orElse(null);
        builder.spread = spread;
        builder.order = order;
        builder.spacing = spacing;
        return builder;
    }

    private List<Object> values() {
        return List.of(reason, grace, spread, order, spacing);
    }

    /** Whether all options are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof CloseOptions those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "CloseOptions" + values();
    }

    /**
     * Builds options. A method that is given a value out of bounds throws an {@link IllegalArgumentException} that says
     * so. Not thread-safe.
     */
    public static final class Builder {
        private static final Duration LONGEST = Duration.ofDays(365);

        private CloseReason reason = new CloseReason(CloseCode.GOING_AWAY, "");
        private Duration grace;
        private Duration spread = Duration.ZERO;
        private Order order = Order.OLDEST_FIRST;
        private Spacing spacing = Spacing.EVEN;

        private Builder() {}

        /**
         * Sets the code and the reason of the Close frames, with the bounds of {@link
         * dev.weft.WebSocketConnection#close(int, String)}. Default: 1001, which means that the server is going away,
         * without a reason.
         */
        public Builder reason(int code, String reason) {
            this.reason = CloseReason.sendable(code, reason);
            return this;
        }

        /**
         * Sets how long to wait, after the spread, for connections to end by themselves: 0 to 365 days. After
         * that time they are aborted. Default: the server's {@link WebSocketServerBuilder#shutdownGrace}.
         */
        public Builder grace(Duration grace) {
            Bounds.check("grace", grace, Duration.ZERO, LONGEST);
            this.grace = grace;
            return this;
        }

        /**
         * Sets the time over which the Close frames are spread, so that clients do not all connect to another server at
         * the same moment: 0 to 365 days. Default 0: all are sent at once. Opening handshakes that are in progress may
         * complete during this time; at its end, their connections are closed too.
         */
        public Builder spread(Duration spread) {
            Bounds.check("spread", spread, Duration.ZERO, LONGEST);
            this.spread = spread;
            return this;
        }

        /** Sets the order in which connections are closed. Default {@link Order#OLDEST_FIRST}. Needs a spread. */
        public Builder order(Order order) {
            this.order = Objects.requireNonNull(order, "order");
            return this;
        }

        /** Sets how the Close frames are distributed over the spread. Default {@link Spacing#EVEN}. */
        public Builder spacing(Spacing spacing) {
            this.spacing = Objects.requireNonNull(spacing, "spacing");
            return this;
        }

        /** Returns the options. */
        public CloseOptions build() {
            return new CloseOptions(this);
        }
    }
}
