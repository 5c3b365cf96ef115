package dev.weft.conform.peers;

import dev.weft.MessageView;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;

/** An echo server made with Weft. Usage: WeftEcho [PORT]; prints its address. */
public final class WeftEcho {
    private WeftEcho() {}

    /** Serves until it is killed. */
    public static void main(String[] args) throws Exception {
        WebSocketServerBuilder builder = builder().port(args.length > 0 ? Integer.parseInt(args[0]) : 0);
        try (WebSocketServer server = builder.start()) {
            System.out.println("ws://127.0.0.1:" + server.port() + "/");
            server.awaitTermination();
        }
    }

    /** Of one that takes messages of 16 MiB. */
    public static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().maxMessageSize(16 << 20).handler(connection -> {
            for (MessageView message = connection.receiveView(); message != null; message = connection.receiveView()) {
                connection.send(message);
            }
        });
    }
}
