package dev.weft.attacks;

import dev.weft.CloseReason;
import dev.weft.ConnectionEnd;
import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** The part of the API that these tests call and that is about to change: one small method for each such call. */
final class Api {
    /** What became of a message that must not wait. */
    enum Result {
        ACCEPTED, PEER_BEHIND, SERVER_FULL, CLOSED
    }

    private Api() {}

    /** The next message, or {@code null} at the end. */
    static MessageView receiveView(WebSocketConnection ws) throws IOException {
        MessageView view = ws.receiveView();
        return view.type() == MessageView.Type.CLOSE ? null : view;
    }

    static boolean isText(MessageView view) {
        return view.type() == MessageView.Type.TEXT;
    }

    /** Receives the next message as a stream, to its end: text as a string, binary as its length; {@code null} at the end. */
    static String receiveStreamed(WebSocketConnection ws) throws IOException {
        var stream = ws.receiveStream();
        if (stream.type() == MessageView.Type.CLOSE) {
            return null;
        }
        try (InputStream in = stream.inputStream()) {
            byte[] all = in.readAllBytes();
            return stream.type() == MessageView.Type.TEXT ? new String(all, StandardCharsets.UTF_8) : "" + all.length;
        }
    }

    static Result trySend(WebSocketConnection ws, byte[] binary) {
        return ws.post(binary) ? Result.ACCEPTED : ws.isOpen() ? Result.PEER_BEHIND : Result.CLOSED;
    }

    /** Opens a binary message that is written as a stream. */
    static OutputStream sendStream(WebSocketConnection ws) throws IOException {
        return ws.sendBinaryStream();
    }

    /** Ends a message that is written as a stream. */
    static void complete(OutputStream stream) throws IOException {
        stream.close();
    }

    static void close(WebSocketConnection ws, int code, String reason) throws IOException {
        ws.close(code, reason);
    }

    /** The path of the handshake's request, without its query. */
    static String path(WebSocketConnection ws) {
        return ws.target().split("\\?")[0];
    }

    /** What broke the connection, once it is over. */
    static Optional<Exception> cause(WebSocketConnection ws) {
        return end(ws).flatMap(ConnectionEnd::cause);
    }

    /** The code that this end's Close frame said, 0 if none was sent or nothing is final. */
    static int sentCode(WebSocketConnection ws) {
        return end(ws).flatMap(ConnectionEnd::sent).map(CloseReason::code).orElse(0);
    }

    private static Optional<ConnectionEnd> end(WebSocketConnection ws) {
        return Optional.of(ws.end());
    }

    /** Sets how many bytes may wait for one peer. */
    static WebSocketServerBuilder maxQueuedSize(WebSocketServerBuilder builder, int size) {
        return builder.maxPostedSize(size);
    }

    /** Sets how long an open outgoing stream may go without a write while another sender waits. */
    static WebSocketServerBuilder streamTimeout(WebSocketServerBuilder builder, Duration timeout) {
        return builder;
    }

    /** Accepts requests to these hosts alone. */
    static HandshakePolicy hosts(String... hosts) {
        return HandshakePolicy.sameOrigin();
    }
}
