package dev.weft.bench.topics;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Connects to {@link TopicsNode}s through a load balancer, and sees that a message reaches all. For {@code scripts/three-nodes}. */
public final class TopicsProbe {
    private static final int CONNECTIONS = 9;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private TopicsProbe() {}

    /** Takes the URI. Exits with 1 if a message does not arrive. */
    public static void main(String[] arguments) throws IOException {
        URI uri = URI.create(arguments[0]);
        List<WebSocketConnection> all = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            WebSocketConnection connection = WebSocketClient.connect(uri);
            all.add(connection);
            connection.send("S probe");
            expect(connection, "S probe ");
        }
        all.getFirst().send("P 0 probe hello");
        for (WebSocketConnection each : all) {
            String line;
            do {
                line = expect(each, "");
            } while (!line.startsWith("M "));
            System.out.println(line);
            each.close();
        }
        System.exit(0);
    }

    private static String expect(WebSocketConnection connection, String start) throws IOException {
        if (connection.receive(PATIENCE).orElse(null) instanceof Message.Text(String line) && line.startsWith(start)) {
            return line;
        }
        throw new IOException("no answer that begins with '" + start + "'");
    }
}
