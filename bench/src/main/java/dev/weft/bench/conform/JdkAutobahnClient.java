package dev.weft.bench.conform;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An echo client made with the JDK's HttpClient, for a fuzzing server. */
public final class JdkAutobahnClient implements WebSocket.Listener {
    private final boolean echo;
    private final CountDownLatch end = new CountDownLatch(1);
    private final StringBuilder text = new StringBuilder();
    private final ByteArrayOutputStream binary = new ByteArrayOutputStream();
    private volatile String first;

    private JdkAutobahnClient(boolean echo) {
        this.echo = echo;
    }

    /** Runs all cases of the server whose address is the argument. */
    public static void main(String[] args) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            FuzzingRun.run(args, "jdk", (uri, echo) -> visit(client, uri, echo));
        }
    }

    private static String visit(HttpClient client, URI uri, boolean echo) throws Exception {
        JdkAutobahnClient listener = new JdkAutobahnClient(echo);
        WebSocket connection = client.newWebSocketBuilder().buildAsync(uri, listener)
                .get(FuzzingRun.PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (!listener.end.await(FuzzingRun.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            connection.abort();
        }
        return listener.first;
    }

    @Override
    public CompletionStage<?> onText(WebSocket connection, CharSequence data, boolean last) {
        text.append(data);
        if (!last) {
            connection.request(1);
            return null;
        }
        String message = text.toString();
        text.setLength(0);
        first = first == null ? message : first;
        if (echo) {
            connection.sendText(message, true).thenRun(() -> connection.request(1));
        } else {
            connection.request(1);
        }
        return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket connection, ByteBuffer data, boolean last) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        binary.writeBytes(bytes);
        if (!last) {
            connection.request(1);
            return null;
        }
        ByteBuffer message = ByteBuffer.wrap(binary.toByteArray());
        binary.reset();
        connection.sendBinary(message, true).thenRun(() -> connection.request(1));
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket connection, int code, String reason) {
        end.countDown();
        return null;
    }

    @Override
    public void onError(WebSocket connection, Throwable error) {
        end.countDown();
    }
}
