package dev.weft.internal.close;

import dev.weft.CloseCause;
import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.CloseStatus.Side;
import dev.weft.internal.time.DeadlineException;
import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;
import java.util.Optional;

/** Determines why connections ended. */
public final class CloseCauses {
    private CloseCauses() {}

    /** The limit that the peer exceeded, if that is the cause. */
    public static Optional<String> limit(CloseStatus status) {
        return status.failure().flatMap(failure -> failure instanceof ProtocolViolationException violation
                ? violation.limit()
                : Optional.empty());
    }

    /**
     * Why a connection ended.
     *
     * @param sent    the content of our Close frame, if one was sent
     * @param first   the end whose Close frame was first, if there was one
     * @param failure why the connection failed, if it did
     */
    static CloseCause of(CloseReason sent, Side first, Exception failure) {
        if (first == Side.LOCAL && sent != null && sent.code() == CloseCode.INTERNAL_ERROR) {
            return CloseCause.INTERNAL_ERROR;
        }
        return switch (failure) {
            case null -> CloseCause.CLOSED;
            case ProtocolViolationException violation ->
                violation.limit().isPresent() ? CloseCause.LIMIT : CloseCause.VIOLATION;
            case DeadlineException deadline -> switch (deadline.due()) {
                case WRITE_TIMEOUT -> CloseCause.WRITE_TIMEOUT;
                case CLOSE_TIMEOUT -> CloseCause.CLOSE_TIMEOUT;
                case MESSAGE_TIMEOUT -> CloseCause.LIMIT;
                case PONG_TIMEOUT, NOTHING, PING -> CloseCause.PONG_TIMEOUT;
            };
            case LocalEndException end -> end.isEviction() ? CloseCause.EVICTED : CloseCause.ABORTED;
            default -> CloseCause.DISCONNECTED;
        };
    }
}
