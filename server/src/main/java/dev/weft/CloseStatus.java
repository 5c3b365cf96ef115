package dev.weft;

import dev.weft.internal.Escape;
import dev.weft.parser.CloseCode;
import java.util.Optional;

/**
 * How a connection ended (RFC 6455 §7.1.4–§7.1.6). {@link WebSocketConnection#closeStatus()} returns it once it is final. A
 * {@link ConnectionClosedException} carries what is known when it is thrown. A value: no method waits.
 *
 * @param received    what the peer's Close frame said, if one came
 * @param sent        what our Close frame said, if one was sent
 * @param closedFirst whose Close frame came first, if there was one
 * @param cause       what broke the connection: a dead wire, a deadline, a violation by the peer; empty if nothing did
 */
public record CloseStatus(Optional<CloseReason> received, Optional<CloseReason> sent, Optional<Side> closedFirst,
        Optional<Exception> cause) {
    /** One of the two ends of a connection. */
    public enum Side {
        /** This end. */
        LOCAL,
        /** The peer. */
        REMOTE
    }

    /** Whether the closing handshake was completed: a Close frame went each way (§7.1.4). */
    public boolean clean() {
        return received.isPresent() && sent.isPresent();
    }

    /** The connection's close code (§7.1.5): the received one, 1005 if it had none, 1006 if no Close frame came. */
    public int code() {
        return received.map(CloseReason::code).orElse(CloseCode.ABNORMAL_CLOSURE);
    }

    /** One line for a log, with the peer's text escaped. */
    @Override
    public String toString() {
        return (clean() ? "clean" : "unclean")
                + received.map(reason -> ", received " + describe(reason)).orElse("")
                + sent.map(reason -> ", sent " + describe(reason)).orElse("")
                + closedFirst.map(side -> ", first " + side).orElse("")
                + cause.map(exception -> ", " + exception).orElse("");
    }

    private static String describe(CloseReason reason) {
        return reason.code() + (reason.reason().isEmpty() ? "" : " \"" + Escape.text(reason.reason()) + "\"");
    }
}
