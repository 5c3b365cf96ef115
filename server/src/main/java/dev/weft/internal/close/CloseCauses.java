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
        return status.cause().flatMap(cause -> cause instanceof ProtocolViolationException violation
                ? violation.limit()
                : Optional.empty());
    }

    /** The cause of the end of a connection with this status. */
    public static CloseCause of(CloseStatus status) {
        boolean failedHere = status.closedFirst().equals(Optional.of(Side.LOCAL))
                && status.sent().map(CloseReason::code).orElse(0) == CloseCode.INTERNAL_ERROR;
        if (failedHere) {
            return CloseCause.INTERNAL_ERROR;
        }
        return switch (status.cause().orElse(null)) {
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
