package dev.weft;

import dev.weft.internal.Escape;
import dev.weft.parser.CloseCode;
import java.util.Optional;

/**
 * How a connection ended (RFC 6455 §7.1.4–§7.1.6). {@link WebSocketConnection#closeStatus()} returns the final status.
 * The status in a {@link ConnectionClosedException} has what was known when the exception was thrown. A value: no
 * method waits.
 *
 * @param received    the content of the peer's Close frame, if one was received
 * @param sent        the content of our Close frame, if one was sent
 * @param closedFirst the end whose Close frame was first, if there was a Close frame
 * @param cause       why the connection ended, as statistics, logs and events name it
 * @param failure     why the connection failed: an I/O error, a deadline, or a protocol violation by the peer; empty if it
 *                    did not fail
 */
public record CloseStatus(Optional<CloseReason> received, Optional<CloseReason> sent, Optional<Side> closedFirst,
        CloseCause cause, Optional<Exception> failure) {
    /** One of the two ends of a connection. */
    public enum Side {
        /** This end. */
        LOCAL,
        /** The peer. */
        REMOTE
    }

    /** Whether the closing handshake was completed: each end sent a Close frame (§7.1.4). */
    public boolean clean() {
        return received.isPresent() && sent.isPresent();
    }

    /**
     * The connection's close code (§7.1.5): the code that was received, 1005 if the Close frame had none, or 1006 if no
     * Close frame was received.
     */
    public int code() {
        return received.map(CloseReason::code).orElse(CloseCode.ABNORMAL_CLOSURE);
    }

    /** Describes the status in one line for a log; text from the peer is escaped. */
    @Override
    public String toString() {
        return (clean() ? "clean" : "unclean")
                + received.map(reason -> ", received " + describe(reason)).orElse("")
                + sent.map(reason -> ", sent " + describe(reason)).orElse("")
                + closedFirst.map(side -> ", first " + side).orElse("")
                + failure.map(exception -> ", " + exception).orElse("");
    }

    private static String describe(CloseReason reason) {
        return reason.code() + (reason.reason().isEmpty() ? "" : " \"" + Escape.text(reason.reason()) + "\"");
    }
}
