package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.internal.Bounds;
import dev.weft.parser.CloseCode;
import java.time.Duration;
import java.util.Optional;

/** How a server closes: {@link WebSocketServer#close(CloseOptions)}. Immutable. */
public final class CloseOptions {
    /** Code 1001 without a reason, to all connections at once; the grace period of the server's settings. */
    public static final CloseOptions DEFAULT = builder().build();

    private final CloseReason reason;
    private final Optional<Duration> grace;
    private final Duration spread;

    private CloseOptions(Builder builder) {
        this.reason = builder.reason;
        this.grace = Optional.ofNullable(builder.grace);
        this.spread = builder.spread;
    }

    /** Code and reason of the Close frames. */
    public CloseReason reason() {
        return reason;
    }

    /** How long to wait for connections to end by themselves; empty for the server's {@code shutdownGrace}. */
    public Optional<Duration> grace() {
        return grace;
    }

    /** Over how much time the Close frames are spread. */
    public Duration spread() {
        return spread;
    }

    /** A builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** A builder that begins with these options. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.reason = reason;
        builder.grace = grace.orElse(null);
        builder.spread = spread;
        return builder;
    }

    /**
     * Collects options. A value out of bounds is refused when it is set, by an {@link IllegalArgumentException} that says so.
     * Not for use by two threads at once.
     */
    public static final class Builder {
        private static final Duration LONGEST = Duration.ofDays(365);

        private CloseReason reason = new CloseReason(CloseCode.GOING_AWAY, "");
        private Duration grace;
        private Duration spread = Duration.ZERO;

        private Builder() {}

        /**
         * Sets code and reason of the Close frames, as {@link dev.weft.WebSocketConnection#close(int, String)} takes them.
         * Default 1001, which means that the server goes away, without a reason.
         */
        public Builder reason(int code, String reason) {
            this.reason = CloseReason.sendable(code, reason);
            return this;
        }

        /**
         * Sets how long to wait, after the last Close frame, for connections to end by themselves: 0 to 365 days; after that
         * they are aborted. Default the server's {@link WebSocketServerBuilder#shutdownGrace}.
         */
        public Builder grace(Duration grace) {
            Bounds.check("grace", grace, Duration.ZERO, LONGEST);
            this.grace = grace;
            return this;
        }

        /**
         * Sets over how much time the Close frames are spread, in equal steps, so that clients do not all connect to another
         * server at the same moment: 0 to 365 days. Default 0: all are sent at once.
         */
        public Builder spread(Duration spread) {
            Bounds.check("spread", spread, Duration.ZERO, LONGEST);
            this.spread = spread;
            return this;
        }

        /** The options. */
        public CloseOptions build() {
            return new CloseOptions(this);
        }
    }
}
