package dev.weft.examples;

import dev.weft.JdkListener;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The JDK's WebSocket client as blocking code, in which no wait takes longer than 30 s. */
public final class TestClient implements AutoCloseable {
    public static final JsonMapper JSON = new JsonMapper();

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String CLOSE = "close ";

    private final JdkListener events = new JdkListener();
    private WebSocket socket;
    /** 0: not received yet. */
    private int closeCode;

    private TestClient() {}

    /** Connects with these headers: name, value, name, value. */
    public static TestClient connect(HttpClient http, int port, String target, String... headers) {
        TestClient client = new TestClient();
        WebSocket.Builder builder = http.newWebSocketBuilder();
        for (int i = 0; i < headers.length; i += 2) {
            builder.header(headers[i], headers[i + 1]);
        }
        client.socket = await(builder.buildAsync(URI.create("ws://127.0.0.1:" + port + target), client.events));
        return client;
    }

    /** The status with which a handshake is refused. */
    public static int refusal(HttpClient http, int port, String target, String... headers) {
        try {
            connect(http, port, target, headers).abort();
            throw new AssertionError("accepted: " + target);
        } catch (CompletionException e) {
            if (e.getCause() instanceof WebSocketHandshakeException refused) {
                return refused.getResponse().statusCode();
            }
            throw e;
        }
    }

    /** What a browser gets at "/". */
    public static String page(HttpClient http, int port) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                .timeout(LIMIT).build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.headers().firstValue("Content-Type").orElse("") + "\n"
                + response.body();
    }

    private static <T> T await(CompletableFuture<T> future) {
        return future.orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
    }

    public void send(String message) {
        await(socket.sendText(message, true));
    }

    /** Sends a fragment of a binary message. */
    public void send(byte[] part, boolean last) {
        await(socket.sendBinary(ByteBuffer.wrap(part), last));
    }

    /** The next message, which must be text, as JSON. */
    public JsonNode json() throws InterruptedException {
        return JSON.readTree((String) next());
    }

    /** The next message: a {@code String} or a {@code byte[]}. */
    public Object next() throws InterruptedException {
        Object message = events.next(LIMIT);
        if (message == null) {
            throw new AssertionError("no message arrived");
        }
        if (message instanceof Throwable failure) {
            throw new AssertionError(failure);
        }
        return message;
    }

    /** Drops messages until the server's Close frame arrives, and returns its code. */
    public int closeCode() throws InterruptedException {
        while (closeCode == 0) {
            if (next() instanceof String event && event.startsWith(CLOSE)) {
                closeCode = Integer.parseInt(event.split(" ")[1]);
            }
        }
        return closeCode;
    }

    /** Closes, and waits for the server's Close frame. */
    @Override
    public void close() {
        socket.sendClose(WebSocket.NORMAL_CLOSURE, ""); // fails if the server has closed first
        try {
            closeCode();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Leaves without a Close frame. */
    public void abort() {
        socket.abort();
    }
}
