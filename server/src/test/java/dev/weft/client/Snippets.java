package dev.weft.client;

import dev.weft.Message;
import dev.weft.parser.http.Headers;
import java.io.IOException;
import java.net.URI;
import java.util.function.Consumer;
import java.util.function.Supplier;

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

    static ReconnectingClient reconnect(WebSocketClient client, URI uri, Supplier<String> token,
            Consumer<String> prices) {
        // @start region="reconnect"
        var feed = ReconnectingClient.builder(client, uri)
                .headers(() -> Headers.of("Authorization", "Bearer " + token.get()))
                .start(ws -> {
                    ws.send("subscribe");
                    while (ws.receive() instanceof Message.Text text) {
                        prices.accept(text.text());
                    }
                });
        // @end
        return feed;
    }
}
