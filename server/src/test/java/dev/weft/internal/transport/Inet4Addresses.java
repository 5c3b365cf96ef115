package dev.weft.internal.transport;

import dev.weft.client.WebSocketClient;
import dev.weft.server.WebSocketServer;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A process whose sockets are of IPv4: it prints the addresses of a connection as the server has them, and as the client has
 * them; for {@link AcceptedChannelTest}.
 */
final class Inet4Addresses {
    private Inet4Addresses() {}

    public static void main(String[] arguments) throws Exception {
        CompletableFuture<List<SocketAddress>> seen = new CompletableFuture<>();
        try (WebSocketServer server = WebSocketServer.builder().listen(arguments[0], 0)
                .handler(ws -> {
                    seen.complete(List.of(ws.remoteAddress(), ws.localAddress()));
                    ws.awaitClose();
                }).start();
                var client = WebSocketClient.connect(URI.create("ws://127.0.0.1:" + server.port() + "/"))) {
            System.out.println(seen.get(10, TimeUnit.SECONDS));
            System.out.println(List.of(client.localAddress(), client.remoteAddress()));
        }
    }
}
