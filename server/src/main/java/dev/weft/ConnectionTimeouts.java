package dev.weft;

import dev.weft.internal.Bounds;
import java.time.Duration;

/**
 * How long a connection waits for its peer. Enforced by a sweep about once a second, so a deadline is early or late by up to a
 * second, or by a quarter of the shortest one if that is under four.
 *
 * @param handshake    from the accepted connection to the end of the request head; a slower peer gets 408
 * @param pingInterval a ping is sent after the peer has been silent for this long, whatever the handler does
 * @param pongTimeout  the connection is aborted if the peer is silent for this long after the ping; a peer is not silent if
 *                     bytes from it have arrived and are unread, or if it reads what is sent to it
 * @param message      from the first byte of a message (or frame) to its last; for a streamed message, from one read of it to
 *                     the next bytes. A slower peer is closed with 1008
 * @param write        for the network to take at least one byte of what waits to be written, else the connection is aborted; a
 *                     peer that reads, however slowly, gets all the time it needs
 * @param stream       from the last write to an outgoing stream to the next, while another message waits for its end; else the
 *                     connection fails with 1011
 * @param close        from our Close frame to the peer's and the end of the peer's bytes
 */
public record ConnectionTimeouts(Duration handshake, Duration pingInterval, Duration pongTimeout, Duration message,
        Duration write, Duration stream, Duration close) {
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(20);

    /**
     * Checks the durations.
     *
     * @throws IllegalArgumentException if one is under a millisecond or over twenty days
     */
    public ConnectionTimeouts {
        Bounds.check("handshakeTimeout", handshake, SHORTEST, LONGEST);
        Bounds.check("pingInterval", pingInterval, SHORTEST, LONGEST);
        Bounds.check("pongTimeout", pongTimeout, SHORTEST, LONGEST);
        Bounds.check("messageTimeout", message, SHORTEST, LONGEST);
        Bounds.check("writeTimeout", write, SHORTEST, LONGEST);
        Bounds.check("streamTimeout", stream, SHORTEST, LONGEST);
        Bounds.check("closeTimeout", close, SHORTEST, LONGEST);
    }
}
