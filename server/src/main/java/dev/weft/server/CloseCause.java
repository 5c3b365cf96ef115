package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.CloseStatus.Side;
import dev.weft.internal.close.LocalEndException;
import dev.weft.internal.time.DeadlineException;
import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;
import java.util.Optional;

/** The reason why a WebSocket connection ended, for statistics and logs. */
public enum CloseCause {
    /** One of the ends closed the connection, and the other one answered. */
    CLOSED,
    /** The handler failed, or abandoned a message: closed with 1011. Also if the application itself closed with 1011. */
    INTERNAL_ERROR,
    /** The peer violated the protocol. */
    VIOLATION,
    /** The peer exceeded a limit: a size, a number, or the time for a message. */
    LIMIT,
    /** The peer did not answer a ping within {@code pongTimeout}. */
    PONG_TIMEOUT,
    /** The peer read nothing for {@code writeTimeout}. */
    WRITE_TIMEOUT,
    /** The closing handshake took longer than {@code closeTimeout}. */
    CLOSE_TIMEOUT,
    /** The memory that the connection held was needed for others ({@code maxBufferedSize}). */
    EVICTED,
    /** The application, or the end of a shutdown, aborted the connection. */
    ABORTED,
    /** The network connection ended or failed before the closing handshake was complete. */
    DISCONNECTED;

    /** The limit that the peer exceeded, if that is the cause. */
    static Optional<String> limit(CloseStatus status) {
        return status.cause().flatMap(cause -> cause instanceof ProtocolViolationException violation
                ? violation.limit()
                : Optional.empty());
    }

    static CloseCause of(CloseStatus status) {
        boolean failedHere = status.closedFirst().equals(Optional.of(Side.LOCAL))
                && status.sent().map(CloseReason::code).orElse(0) == CloseCode.INTERNAL_ERROR;
        if (failedHere) {
            return INTERNAL_ERROR;
        }
        return switch (status.cause().orElse(null)) {
            case null -> CLOSED;
            case ProtocolViolationException violation -> violation.limit().isPresent() ? LIMIT : VIOLATION;
            case DeadlineException deadline -> switch (deadline.due()) {
                case WRITE_TIMEOUT -> WRITE_TIMEOUT;
                case CLOSE_TIMEOUT -> CLOSE_TIMEOUT;
                case MESSAGE_TIMEOUT -> LIMIT;
                case PONG_TIMEOUT, NOTHING, PING -> PONG_TIMEOUT;
            };
            case LocalEndException end -> end.isEviction() ? EVICTED : ABORTED;
            default -> DISCONNECTED;
        };
    }
}
