package dev.weft.server;

import dev.weft.internal.Bounds;
import dev.weft.internal.time.TimeLimit;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How a server is taken out of service: {@link WebSocketServer#drain(DrainSettings)}. Immutable.
 * {@snippet class = "dev.weft.server.Snippets" region = "drain"}
 */
public final class DrainSettings {
    /** What happens to new connections. */
    public enum NewConnections {
        /**
         * The server stops listening. The system refuses new connections, or passes them to another process that listens
         * on the same address. The file of a Unix domain socket is removed. An {@linkplain
         * WebSocketServerBuilder#listenInherited() inherited socket} stays open: new connections wait in its queue for
         * another process that shares it. A connection that had already been accepted may still complete its opening
         * handshake.
         */
        NOT_ACCEPTED,
        /**
         * The server keeps listening. Opening handshakes get 503 with {@code Retry-After}, also on connections that
         * already exist. On a new connection, plain requests also get 503, except those for the paths of
         * {@link ProbeSettings}. At most 256 connections at a time get this answer; further ones are closed. Not
         * suitable for a socket or a port that another process shares: this server would take connections away from it.
         */
        REFUSED
    }

    /** The default settings: the server stops listening at once, and its connections continue. */
    public static final DrainSettings DEFAULT = builder().build();

    private final Duration notice;
    private final NewConnections newConnections;
    private final Duration retryAfter;
    private final Optional<CloseOptions> closing;

    private DrainSettings(Builder builder) {
        this.notice = builder.notice;
        this.newConnections = builder.newConnections;
        this.retryAfter = builder.retryAfter;
        this.closing = builder.closing;
    }

    /** For how long new connections are still served while the server already reports that it is not ready. */
    public Duration notice() {
        return notice;
    }

    /** What happens to new connections after the notice. */
    public NewConnections newConnections() {
        return newConnections;
    }

    /** The time in {@code Retry-After} of each 503. */
    public Duration retryAfter() {
        return retryAfter;
    }

    /** How existing connections are closed after the notice; empty if they continue until they end by themselves. */
    public Optional<CloseOptions> closing() {
        return closing;
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these settings. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.notice = notice;
        builder.newConnections = newConnections;
        builder.retryAfter = retryAfter;
        builder.closing = closing;
        return builder;
    }

    private List<Object> values() {
        return List.of(notice, newConnections, retryAfter, closing);
    }

    /** Whether all settings are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof DrainSettings those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "DrainSettings" + values();
    }

    /**
     * Builds settings. A method that is given a value out of bounds throws an {@link IllegalArgumentException} that names
     * the setting, the value and the bounds. Not thread-safe.
     */
    public static final class Builder {
        private Duration notice = Duration.ZERO;
        private NewConnections newConnections = NewConnections.NOT_ACCEPTED;
        private Duration retryAfter = Duration.ofSeconds(1);
        private Optional<CloseOptions> closing = Optional.empty();

        private Builder() {}

        /**
         * Sets for how long new connections are still served while the server already reports that it is not ready: 0
         * to 20 days. Default 0. During this time, a load balancer detects that the server is not ready, and stops
         * sending clients to it.
         */
        public Builder notice(Duration notice) {
            Bounds.check("notice", notice, Duration.ZERO, TimeLimit.LONGEST);
            this.notice = notice;
            return this;
        }

        /** Sets what happens to new connections after the notice. Default {@link NewConnections#NOT_ACCEPTED}. */
        public Builder newConnections(NewConnections newConnections) {
            this.newConnections = Objects.requireNonNull(newConnections, "newConnections");
            return this;
        }

        /**
         * Sets the time in {@code Retry-After} of each 503, rounded up to seconds: 0 to 20 days. Default 1 s.
         */
        public Builder retryAfter(Duration retryAfter) {
            Bounds.check("retryAfter", retryAfter, Duration.ZERO, TimeLimit.LONGEST);
            this.retryAfter = retryAfter;
            return this;
        }

        /**
         * Makes the server close existing connections after the notice, and abort those that remain after the grace
         * period. Default: they continue until they end by themselves.
         */
        public Builder closing(CloseOptions closing) {
            this.closing = Optional.of(Objects.requireNonNull(closing, "closing"));
            return this;
        }

        /** Returns the settings. */
        public DrainSettings build() {
            return new DrainSettings(this);
        }
    }
}
