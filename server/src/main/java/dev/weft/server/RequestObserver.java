package dev.weft.server;

/**
 * Observes the requests of one connection, one after the other, until it is open: counts and times opening handshakes. For the
 * session's thread; {@link #answered} also for the thread that answers in its place.
 */
final class RequestObserver {
    private final WebSocketServer server;
    private long beganAt = System.nanoTime();
    /** Whether an opening handshake has been received and not yet answered. */
    private volatile boolean pending;

    /** Observes a connection whose first request begins now. */
    RequestObserver(WebSocketServer server) {
        this.server = server;
    }

    /** A further request begins. */
    void begins() {
        beganAt = System.nanoTime();
    }

    /** The head of an opening handshake has been received. */
    void handshakeReceived() {
        pending = true;
    }

    /** The connection is open. */
    void accepted() {
        ended(HandshakeOutcome.ACCEPTED);
    }

    /** A response has been written that does not open the connection. */
    void answered() {
        ended(HandshakeOutcome.REFUSED);
    }

    /** The connection has ended, or is about to be closed. */
    void left() {
        ended(HandshakeOutcome.ABANDONED);
    }

    private void ended(HandshakeOutcome outcome) {
        if (pending) {
            pending = false;
            server.counters().handshake(outcome, System.nanoTime() - beganAt);
        }
    }
}
