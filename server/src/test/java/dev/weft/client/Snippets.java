package dev.weft.client;

import dev.weft.Message;
import dev.weft.parser.http.Headers;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The examples in the javadoc; {@link WebSocketClientTest} runs them. */
final class Snippets {
    private Snippets() {}

    static String connect(URI uri) throws IOException {
        // @start region="connect"
        try (var ws = WebSocketClient.connect(uri)) {
            ws.send("Hello");
            if (ws.receive() instanceof Message.Text text) {
                return text.text();
            }
        }
        // @end
        return "";
    }

    static String settings(URI uri, String token) throws IOException {
        // @start region="client-settings"
        try (var client = WebSocketClient.builder()
                .header("Origin", "https://example.com")
                .subprotocols("chat.v2")
                .connectTimeout(Duration.ofSeconds(3))
                .proxySelector(ProxySelector.getDefault())
                .build();
                var ws = client.open(uri, Headers.of("Authorization", "Bearer " + token))) {
            return ws.subprotocol().orElse("none");
        } catch (WebSocketConnectException e) {
            // Such as "HANDSHAKE", with the server's status.
            return e.step() + e.response().map(response -> " " + response.status()).orElse("");
        }
        // @end
    }

    static ReconnectingClient reconnect(WebSocketClient client, URI uri, Supplier<String> token,
            Consumer<String> prices) {
        // @start region="reconnect"
        var feed = ReconnectingClient.builder(client, uri)
                .headers(() -> Headers.of("Authorization", "Bearer " + token.get()))
                .start(ws -> {
                    ws.send("subscribe");
                    Message message = ws.receive();
                    while (!(message instanceof Message.Close)) {
                        if (message instanceof Message.Text text) {
                            prices.accept(text.text());
                        }
                        message = ws.receive();
                    }
                });
        // @end
        return feed;
    }
}
