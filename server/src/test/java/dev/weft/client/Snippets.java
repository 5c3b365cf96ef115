package dev.weft.client;

import dev.weft.Message;
import java.io.IOException;
import java.net.URI;

/** The examples in the javadoc; {@link WebSocketClientTest} runs them. */
final class Snippets {
    private Snippets() {}

    static String connect(URI uri) throws IOException {
        // @start region="connect"
        // @replace substring="WebSocketClient.connect(uri)" replacement="WebSocketClient.connect(URI.create(\"wss://example.com/chat\"))" :
        try (var ws = WebSocketClient.connect(uri)) {
            ws.send("Hello");
            if (ws.receive() instanceof Message.Text text) {
                return text.text();
            }
        }
        // @end
        return "";
    }
}
