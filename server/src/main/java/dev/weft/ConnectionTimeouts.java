package dev.weft;

import dev.weft.internal.Bounds;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * How long a connection waits for its peer. Enforced by a sweep about once a second, so a deadline is early or late
 * by up to a second, or by a quarter of the shortest one if that is under four.
 * <p>
 * Immutable: a method that sets a duration returns a copy, and throws {@link IllegalArgumentException} if it is under a
 * millisecond or over twenty days; the message names the setting, the value and the bounds.
 */
public final class ConnectionTimeouts {
    /** 10 s, 20 s, 20 s, 60 s, 20 s, 60 s, 5 s. */
    public static final ConnectionTimeouts DEFAULT = new ConnectionTimeouts(Duration.ofSeconds(10),
            Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofSeconds(60), Duration.ofSeconds(20),
            Duration.ofSeconds(60), Duration.ofSeconds(5));

    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(20);

    private final Duration handshakeTimeout;
    private final Duration pingInterval;
    private final Duration pongTimeout;
    private final Duration messageTimeout;
    private final Duration writeTimeout;
    private final Duration streamTimeout;
    private final Duration closeTimeout;

    private ConnectionTimeouts(Duration handshakeTimeout, Duration pingInterval, Duration pongTimeout,
            Duration messageTimeout, Duration writeTimeout, Duration streamTimeout, Duration closeTimeout) {
        this.handshakeTimeout = handshakeTimeout;
        this.pingInterval = pingInterval;
        this.pongTimeout = pongTimeout;
        this.messageTimeout = messageTimeout;
        this.writeTimeout = writeTimeout;
        this.streamTimeout = streamTimeout;
        this.closeTimeout = closeTimeout;
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

    /** Sets {@link #handshakeTimeout()}. */
    public ConnectionTimeouts handshakeTimeout(Duration time) {
        return new ConnectionTimeouts(checked("handshakeTimeout", time), pingInterval, pongTimeout, messageTimeout,
                writeTimeout, streamTimeout, closeTimeout);
    }

    /** Sets {@link #pingInterval()}. */
    public ConnectionTimeouts pingInterval(Duration time) {
        return new ConnectionTimeouts(handshakeTimeout, checked("pingInterval", time), pongTimeout, messageTimeout,
                writeTimeout, streamTimeout, closeTimeout);
    }

    /** Sets {@link #pongTimeout()}. */
    public ConnectionTimeouts pongTimeout(Duration time) {
        return new ConnectionTimeouts(handshakeTimeout, pingInterval, checked("pongTimeout", time), messageTimeout,
                writeTimeout, streamTimeout, closeTimeout);
    }

    /** Sets {@link #messageTimeout()}. */
    public ConnectionTimeouts messageTimeout(Duration time) {
        return new ConnectionTimeouts(handshakeTimeout, pingInterval, pongTimeout, checked("messageTimeout", time),
                writeTimeout, streamTimeout, closeTimeout);
    }

    /** Sets {@link #writeTimeout()}. */
    public ConnectionTimeouts writeTimeout(Duration time) {
        return new ConnectionTimeouts(handshakeTimeout, pingInterval, pongTimeout, messageTimeout,
                checked("writeTimeout", time), streamTimeout, closeTimeout);
    }

    /** Sets {@link #streamTimeout()}. */
    public ConnectionTimeouts streamTimeout(Duration time) {
        return new ConnectionTimeouts(handshakeTimeout, pingInterval, pongTimeout, messageTimeout, writeTimeout,
                checked("streamTimeout", time), closeTimeout);
    }

    /** Sets {@link #closeTimeout()}. */
    public ConnectionTimeouts closeTimeout(Duration time) {
        return new ConnectionTimeouts(handshakeTimeout, pingInterval, pongTimeout, messageTimeout, writeTimeout,
                streamTimeout, checked("closeTimeout", time));
    }

    private static Duration checked(String setting, Duration time) {
        Bounds.check(setting, time, SHORTEST, LONGEST);
        return time;
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
}
