package dev.weft.docs;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of text messages, over the JDK's. Its events are texts, "close" with the code, and "error". */
final class TextClient implements WebSocket.Listener {
    private static final int PATIENCE_SECONDS = 10;

    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private WebSocket ws;

    private TextClient() {}

    /** Opens a connection; fails with a {@link CompletionException} if the handshake does. */
    static TextClient open(HttpClient client, String uri, String... header) {
        TextClient opened = new TextClient();
        WebSocket.Builder builder = client.newWebSocketBuilder();
        if (header.length > 0) {
            builder.header(header[0], header[1]);
        }
        opened.ws = builder.buildAsync(URI.create(uri), opened).orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
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
        return events.poll(time.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            events.add(text.toString());
            text.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        events.add("close " + code);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        events.add("error");
    }
}
