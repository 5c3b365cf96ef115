package dev.weft.server;

import dev.weft.internal.event.ConnectionEvents;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.RequestHead;
import org.jspecify.annotations.Nullable;

/**
 * Observes the requests of one connection, one after the other, until it is open: counts, times and
 * records opening handshakes. For the
 * session's thread; {@link #answered} also for the thread that answers in its place.
 */
final class RequestObserver {
    private static final int SWITCHING_PROTOCOLS = 101;

    private final WebSocketServer server;
    private final Transport transport;
    private long beganAt = System.nanoTime();
    /** The opening handshake that has been received and not yet answered, or {@code null}. */
    private volatile @Nullable RequestHead pending;

    /** Observes a connection whose first request begins now. */
    RequestObserver(WebSocketServer server, Transport transport) {
        this.server = server;
        this.transport = transport;
    }

    /** A further request begins. */
    void begins() {
        beganAt = System.nanoTime();
    }

    /** The head of an opening handshake has been received. */
    void handshakeReceived(RequestHead head) {
        pending = head;
    }

    /** The connection is open. */
    void accepted(ServedEndpoint endpoint) {
        ended(HandshakeOutcome.ACCEPTED, SWITCHING_PROTOCOLS, endpoint);
    }

    /**
     * A response has been written that does not open the connection.
     *
     * @param endpoint the endpoint at the request's path, or {@code null} if there is none, or it was not sought
     */
    void answered(int status, @Nullable ServedEndpoint endpoint) {
        ended(HandshakeOutcome.REFUSED, status, endpoint);
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
                    endpoint == null ? null : ConnectionCensus.label(endpoint.pattern()), head,
                    transport.remoteAddress(), nanos);
        }
    }
}
