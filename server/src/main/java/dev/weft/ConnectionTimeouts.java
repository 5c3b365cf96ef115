package dev.weft;

import dev.weft.internal.Bounds;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * How long a connection waits for its peer. The deadlines are checked about once a second, or, if the shortest timeout
 * is under four seconds, once per quarter of that timeout. A deadline is therefore early or late by up to that
 * interval. Immutable; no method waits.
 */
public final class ConnectionTimeouts {
    /** The default timeouts, in the order of the methods below: 10 s, 20 s, 20 s, 60 s, 20 s, 60 s, 5 s. */
    public static final ConnectionTimeouts DEFAULT = builder().build();

    private final Duration handshakeTimeout;
    private final Duration pingInterval;
    private final Duration pongTimeout;
    private final Duration messageTimeout;
    private final Duration writeTimeout;
    private final Duration streamTimeout;
    private final Duration closeTimeout;

    private ConnectionTimeouts(Builder builder) {
        this.handshakeTimeout = builder.handshakeTimeout;
        this.pingInterval = builder.pingInterval;
        this.pongTimeout = builder.pongTimeout;
        this.messageTimeout = builder.messageTimeout;
        this.writeTimeout = builder.writeTimeout;
        this.streamTimeout = builder.streamTimeout;
        this.closeTimeout = builder.closeTimeout;
    }

    /** The maximum time from accepting the connection to the end of the request head. A slower peer gets 408. */
    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /** If the peer is silent for this long, a ping is sent, whatever the handler is doing. */
    public Duration pingInterval() {
        return pingInterval;
    }

    /**
     * If the peer is silent for this long after the ping, the connection is aborted. A peer does not count as silent if
     * bytes from it have arrived but have not been read yet, or if it reads messages that are being sent to it.
     */
    public Duration pongTimeout() {
        return pongTimeout;
    }

    /**
     * The maximum time from the first byte of a message (or frame) to its last; for a streamed message, from a read to
     * the arrival of the next bytes. If the peer is slower, the connection is closed with 1008.
     */
    public Duration messageTimeout() {
        return messageTimeout;
    }

    /**
     * The time within which the network must accept at least one byte of the data that waits to be written; otherwise
     * the connection is aborted. A peer that reads, however slowly, gets all the time it needs.
     */
    public Duration writeTimeout() {
        return writeTimeout;
    }

    /**
     * The maximum time between two writes to an outgoing stream while another message waits for the end of that stream.
     * If it is exceeded, the connection fails with 1011.
     */
    public Duration streamTimeout() {
        return streamTimeout;
    }

    /** The maximum time from our Close frame to the peer's Close frame and the end of the peer's input stream. */
    public Duration closeTimeout() {
        return closeTimeout;
    }

    /** The shortest of these timeouts. */
    public Duration shortest() {
        return Stream.of(handshakeTimeout, pingInterval, pongTimeout, messageTimeout, writeTimeout, streamTimeout,
                closeTimeout).min(Duration::compareTo).orElseThrow();
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these timeouts. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.handshakeTimeout = handshakeTimeout;
        builder.pingInterval = pingInterval;
        builder.pongTimeout = pongTimeout;
        builder.messageTimeout = messageTimeout;
        builder.writeTimeout = writeTimeout;
        builder.streamTimeout = streamTimeout;
        builder.closeTimeout = closeTimeout;
        return builder;
    }

    private List<Object> values() {
        return List.of(handshakeTimeout, pingInterval, pongTimeout, messageTimeout, writeTimeout, streamTimeout,
                closeTimeout);
    }

    /** Whether all timeouts are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ConnectionTimeouts those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "ConnectionTimeouts" + values();
    }

    /**
     * Builds timeouts. A method that is given less than one millisecond or more than 20 days throws an {@link
     * IllegalArgumentException} that names the setting, the value and the bounds. Not thread-safe.
     */
    public static final class Builder {
        private static final Duration SHORTEST = Duration.ofMillis(1);
        private static final Duration LONGEST = Duration.ofDays(20);

        private Duration handshakeTimeout = Duration.ofSeconds(10);
        private Duration pingInterval = Duration.ofSeconds(20);
        private Duration pongTimeout = Duration.ofSeconds(20);
        private Duration messageTimeout = Duration.ofSeconds(60);
        private Duration writeTimeout = Duration.ofSeconds(20);
        private Duration streamTimeout = Duration.ofSeconds(60);
        private Duration closeTimeout = Duration.ofSeconds(5);

        private Builder() {}

        private static Duration checked(String setting, Duration time) {
            Bounds.check(setting, time, SHORTEST, LONGEST);
            return time;
        }

        /** Sets {@link ConnectionTimeouts#handshakeTimeout()}. Default 10 s. */
        public Builder handshakeTimeout(Duration time) {
            handshakeTimeout = checked("handshakeTimeout", time);
            return this;
        }

        /** Sets {@link ConnectionTimeouts#pingInterval()}. Default 20 s. */
        public Builder pingInterval(Duration time) {
            pingInterval = checked("pingInterval", time);
            return this;
        }

        /** Sets {@link ConnectionTimeouts#pongTimeout()}. Default 20 s. */
        public Builder pongTimeout(Duration time) {
            pongTimeout = checked("pongTimeout", time);
            return this;
        }

        /** Sets {@link ConnectionTimeouts#messageTimeout()}. Default 60 s. */
        public Builder messageTimeout(Duration time) {
            messageTimeout = checked("messageTimeout", time);
            return this;
        }

        /** Sets {@link ConnectionTimeouts#writeTimeout()}. Default 20 s. */
        public Builder writeTimeout(Duration time) {
            writeTimeout = checked("writeTimeout", time);
            return this;
        }

        /** Sets {@link ConnectionTimeouts#streamTimeout()}. Default 60 s. */
        public Builder streamTimeout(Duration time) {
            streamTimeout = checked("streamTimeout", time);
            return this;
        }

        /** Sets {@link ConnectionTimeouts#closeTimeout()}. Default 5 s. */
        public Builder closeTimeout(Duration time) {
            closeTimeout = checked("closeTimeout", time);
            return this;
        }

        /** Returns the timeouts. */
        public ConnectionTimeouts build() {
            return new ConnectionTimeouts(this);
        }
    }
}
