package dev.weft.docs;

import dev.weft.JdkListener;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** A client of text messages, over the JDK's. Its events are those of {@link JdkListener}, and "error". */
final class TextClient {
    private static final int PATIENCE_SECONDS = 10;

    private final JdkListener listener = new JdkListener();
    private WebSocket ws;

    private TextClient() {}

    /** Opens a connection; fails with a {@link CompletionException} if the handshake does. */
    static TextClient open(HttpClient client, String uri, String... header) {
        TextClient opened = new TextClient();
        WebSocket.Builder builder = client.newWebSocketBuilder();
        if (header.length > 0) {
            builder.header(header[0], header[1]);
        }
        opened.ws = builder.buildAsync(URI.create(uri), opened.listener).orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        return opened;
    }

    void send(String message) {
        ws.sendText(message, true).orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    void close() {
        ws.sendClose(1000, "").orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    /** The next event; {@code null} if none arrives in time. */
    String next() throws InterruptedException {
        return next(Duration.ofSeconds(PATIENCE_SECONDS));
    }

    /** The next event; {@code null} if none arrives within this time. */
    String next(Duration time) throws InterruptedException {
        Object event = listener.next(time);
        return event instanceof Throwable ? "error" : (String) event;
    }
}
