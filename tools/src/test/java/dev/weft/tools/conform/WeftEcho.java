package dev.weft.tools.conform;

import dev.weft.MessageView;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;

/** An echo server made with Weft. */
final class WeftEcho {
    private WeftEcho() {}

    /** Accepts messages of up to 16 MiB. */
    static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().maxMessageSize(16 << 20).handler(connection -> {
            for (MessageView message = connection.receiveView(); message != null; message = connection.receiveView()) {
                connection.send(message);
            }
        });
    }
}
