package dev.weft.server;

import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import java.io.IOException;

/** Handlers of the servers under test. */
public final class Handlers {
    private Handlers() {}

    /** Sends every message back until the peer closes. */
    public static void echo(WebSocketConnection ws) throws IOException {
        for (MessageView view = ws.receiveView(); view != null; view = ws.receiveView()) {
            ws.send(view);
        }
    }

    /** A server's settings, with the echo as its handler. */
    public static WebSocketServerBuilder echoServer() {
        return WebSocketServer.builder().handler(Handlers::echo);
    }
}
