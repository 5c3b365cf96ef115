package dev.weft.conform.peers;

import dev.weft.MessageView;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;

/** An echo server made with Weft. Usage: WeftEcho [PORT]; prints its address. */
public final class WeftEcho {
    private WeftEcho() {}

    /** Serves until it is killed. */
    public static void main(String[] args) throws Exception {
        try (WebSocketServer server = start(args.length > 0 ? Integer.parseInt(args[0]) : 0,
                TransportKind.PARKING)) {
            System.out.println("ws://127.0.0.1:" + server.port() + "/");
            server.awaitTermination();
        }
    }

    /** Starts one that takes messages of 16 MiB. */
    public static WebSocketServer start(int port, TransportKind transport) throws Exception {
        return WebSocketServer.builder().port(port).transport(transport).maxMessageSize(16 << 20)
                .handler(connection -> {
                    while (true) {
                        MessageView message = connection.receiveView();
                        if (message.type() == MessageView.Type.CLOSE) {
                            return;
                        }
                        connection.send(message);
                    }
                }).start();
    }
}
