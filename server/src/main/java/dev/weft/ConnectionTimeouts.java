package dev.weft;

import dev.weft.internal.Bounds;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * How long a connection waits for its peer. Enforced by a sweep about once a second, so a deadline is early or late
 * by up to a second, or by a quarter of the shortest one if that is under four. Immutable; no
 * method waits.
 */
public final class ConnectionTimeouts {
    /** 10 s, 20 s, 20 s, 60 s, 20 s, 60 s, 5 s. */
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

    /** From the accepted connection to the end of the request head; a slower peer gets 408. */
    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /** After this much silence of the peer's a ping is sent, whatever the handler does. */
    public Duration pingInterval() {
        return pingInterval;
    }

    /**
     * After this much silence since the ping the connection is aborted. What has come from the peer and not been read, and
     * what it reads of messages to it, is no silence.
     */
    public Duration pongTimeout() {
        return pongTimeout;
    }

    /**
     * From the first byte of a message (or frame) to its last; for a streamed message, from one read of it to the next bytes.
     * A slower peer is closed with 1008.
     */
    public Duration messageTimeout() {
        return messageTimeout;
    }

    /**
     * For the network to take at least one byte of what waits to be written; a peer that reads, however slowly, is given all
     * the time it needs. Else the connection is aborted.
     */
    public Duration writeTimeout() {
        return writeTimeout;
    }

    /**
     * From the last write to an outgoing stream to the next, while another message waits for its end; else the connection
     * fails with 1011.
     */
    public Duration streamTimeout() {
        return streamTimeout;
    }

    /** From our Close frame to the peer's and the end of the peer's bytes. */
    public Duration closeTimeout() {
        return closeTimeout;
    }

    /** The shortest of all. */
    public Duration shortest() {
        return Stream.of(handshakeTimeout, pingInterval, pongTimeout, messageTimeout, writeTimeout, streamTimeout,
                closeTimeout).min(Duration::compareTo).orElseThrow();
    }

    /** A builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** A builder that begins with these timeouts. */
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

    /** Whether all values are the same. */
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
     * Collects timeouts. One under a millisecond or over twenty days is refused when it is set, by an {@link
     * IllegalArgumentException} that names the setting, the value and the bounds. Not for use by two threads at once.
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

        /** The timeouts. */
        public ConnectionTimeouts build() {
            return new ConnectionTimeouts(this);
        }
    }
}
