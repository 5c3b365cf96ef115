package dev.weft.server;

import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.buffer.Tally;
import dev.weft.internal.event.ConnectionEvents;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.RequestHead;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Observes the requests of one connection, one after the other, until it is open: counts, times and records opening handshakes.
 * For the session's thread; {@link #refused} also for the thread that answers in its place.
 */
final class RequestObserver {
    private static final int SWITCHING_PROTOCOLS = 101;

    private final WebSocketServer server;
    private final Transport transport;
    /** {@code null} if there is no access log. */
    private final @Nullable AccessRecord access;
    /** The server's pool, or a form of it that also counts what the connection receives and sends. */
    private final BufferPool pool;
    private volatile long beganAt = System.nanoTime();
    /** The opening handshake that has been received and not yet answered, or {@code null}. */
    private volatile @Nullable RequestHead pending;

    /** Observes a connection whose first request begins now. */
    RequestObserver(WebSocketServer server, Transport transport) {
        this.server = server;
        this.transport = transport;
        Optional<AccessLog> log = server.logs().access();
        BufferPool shared = server.services().pool();
        boolean counts = log.isPresent() || server.configuration().connectionDetails();
        this.pool = counts ? shared.with(new Tally()) : shared;
        this.access = log.map(present -> new AccessRecord(present, transport, pool.traffic().tally())).orElse(null);
    }

    /** What the access log says about the connection; {@code null} if there is no access log. */
    @Nullable
    AccessRecord access() {
        return access;
    }

    /** The pool for the connection's buffers, which counts what it receives and sends. */
    BufferPool pool() {
        return pool;
    }

    /** The time since the connection was accepted, or since its last request began, or the wait for one. For any thread. */
    Duration age() {
        return Duration.ofNanos(System.nanoTime() - beganAt);
    }

    /** A further request begins, of which this number of bytes has been received. */
    void begins(int received) {
        beganAt = System.nanoTime();
        if (access != null) {
            access.begins(received);
        }
    }

    /** A head has been received. */
    void received(RequestHead head, boolean isHandshake) {
        pending = isHandshake ? head : null;
        if (access != null) {
            access.received(head);
        }
    }

    /** The connection is open. */
    void accepted(ServedEndpoint endpoint, Optional<String> subprotocol, long bytes) {
        if (access != null) {
            access.opened(label(endpoint), subprotocol, bytes);
        }
        ended(HandshakeOutcome.ACCEPTED, SWITCHING_PROTOCOLS, endpoint);
    }

    /**
     * A response of this many bytes has been written that does not open the connection, to the last request or in place of
     * one.
     *
     * @param endpoint the endpoint at the request's path, or {@code null} if there is none, or it was not sought
     */
    void refused(int status, long bytes, @Nullable ServedEndpoint endpoint) {
        answered(status, bytes, endpoint == null ? null : label(endpoint), 0);
        ended(HandshakeOutcome.REFUSED, status, endpoint);
    }

    /**
     * A plain request was answered, or as far as it could be.
     *
     * @param early the number of bytes of the next request that have been received
     */
    void answered(int status, long bytes, @Nullable String path, int early) {
        if (access != null) {
            access.answered(status, bytes, path, early);
        }
    }

    private static String label(ServedEndpoint endpoint) {
        return ConnectionCensus.label(endpoint.pattern());
    }

    /** The connection has ended, or is about to be closed. */
    void left() {
        ended(HandshakeOutcome.ABANDONED, 0, null);
    }

    private void ended(HandshakeOutcome outcome, int status, @Nullable ServedEndpoint endpoint) {
        RequestHead head = pending;
        if (head != null) {
            pending = null;
            long nanos = System.nanoTime() - beganAt;
            server.counters().handshake(outcome, nanos);
            ConnectionEvents.get().handshake(outcome, status,
                    endpoint == null ? null : label(endpoint), head,
                    transport.remoteAddress(), nanos);
        }
    }
}
