package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionEnd;
import dev.weft.ConnectionEnd.Side;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Optional;

/**
 * The closing handshake's state (RFC 6455 §7.1): which Close frames passed, whose came first, and what broke the
 * connection, if anything did. Lock-free, for any thread.
 * <pre>
 *            our Close goes                    peer's Close comes
 *   OPEN ───────────────────▶ CLOSE_SENT ─────────────────────────▶ CLOSED
 *     │                                                               ▲
 *     │      peer's Close comes                our Close goes         │
 *     └─────────────────────▶ CLOSE_RECEIVED ─────────────────────────┘
 *
 *   any but CLOSED ── dead wire, deadline, abort ──▶ BROKEN ◀── our Close did not go ── any
 * </pre>
 */
final class Closing {
    enum State {
        /** Data may go both ways. */
        OPEN,
        /** §5.5.1: nothing more may be sent; the peer's Close is awaited. */
        CLOSE_SENT,
        /** §5.5.1: nothing more is acted on; our Close is owed. */
        CLOSE_RECEIVED,
        /** §7.1.4: the closing handshake is complete. */
        CLOSED,
        /** It will not be completed. */
        BROKEN
    }

    /** Immutable, so that a change is one compare-and-set; all open connections share one. */
    private record Status(State state, CloseReason received, CloseReason sent, Side first, Exception cause) {
        static final Status OPEN = new Status(State.OPEN, null, null, null, null);
    }

    private static final VarHandle STATUS;

    static {
        try {
            STATUS = MethodHandles.lookup().findVarHandle(Closing.class, "status", Status.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile Status status = Status.OPEN;

    State state() {
        return status.state;
    }

    boolean isOpen() {
        return status.state == State.OPEN;
    }

    /** Claims the one sending of our Close frame: true for the caller that is to send it. */
    boolean send(CloseReason reason) {
        while (true) {
            Status now = status;
            State next = switch (now.state) {
                case OPEN -> State.CLOSE_SENT;
                case CLOSE_RECEIVED -> State.CLOSED;
                case CLOSE_SENT, CLOSED, BROKEN -> null;
            };
            if (next == null) {
                return false;
            }
            Side first = now.first == null ? Side.LOCAL : now.first;
            if (STATUS.compareAndSet(this, now, new Status(next, now.received, reason, first, now.cause))) {
                return true;
            }
        }
    }

    /** Our Close frame, whose sending was claimed, did not go. */
    void sendFailed(Exception cause) {
        while (true) {
            Status now = status;
            Side first = now.received == null ? null : now.first;
            Exception why = now.cause == null ? cause : now.cause;
            if (STATUS.compareAndSet(this, now, new Status(State.BROKEN, now.received, null, first, why))) {
                return;
            }
        }
    }

    /** Notes the peer's Close frame. */
    void receive(CloseReason reason) {
        while (true) {
            Status now = status;
            State next = switch (now.state) {
                case OPEN -> State.CLOSE_RECEIVED;
                case CLOSE_SENT -> State.CLOSED;
                case CLOSE_RECEIVED, CLOSED, BROKEN -> null;
            };
            if (next == null) {
                return;
            }
            Side first = now.first == null ? Side.REMOTE : now.first;
            if (STATUS.compareAndSet(this, now, new Status(next, reason, now.sent, first, now.cause))) {
                return;
            }
        }
    }

    /** Notes why a connection that we fail was failed; the closing handshake may still be tried. */
    void blame(Exception cause) {
        while (true) {
            Status now = status;
            if (now.cause != null
                    || STATUS.compareAndSet(this, now,
                            new Status(now.state, now.received, now.sent, now.first, cause))) {
                return;
            }
        }
    }

    /** Gives up the closing handshake, unless it is complete: true if this call did so. */
    boolean breakOff(Exception cause) {
        while (true) {
            Status now = status;
            if (now.state == State.CLOSED || now.state == State.BROKEN) {
                return false;
            }
            Exception why = now.cause == null ? cause : now.cause;
            if (STATUS.compareAndSet(this, now, new Status(State.BROKEN, now.received, now.sent, now.first, why))) {
                return true;
            }
        }
    }

    /** Whether this is what broke the connection. */
    boolean isCause(Exception exception) {
        return status.cause == exception;
    }

    ConnectionEnd end() {
        Status now = status;
        return new ConnectionEnd(Optional.ofNullable(now.received), Optional.ofNullable(now.sent),
                Optional.ofNullable(now.first), Optional.ofNullable(now.cause));
    }

    ConnectionClosedException exception() {
        return new ConnectionClosedException(end());
    }
}
