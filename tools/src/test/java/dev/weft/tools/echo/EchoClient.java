package dev.weft.tools.echo;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The JDK's client, as blocking code. */
final class EchoClient implements WebSocket.Listener {
    private static final long LIMIT_SECONDS = 10;

    private final BlockingQueue<Object> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closeCode = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private final ByteArrayOutputStream binary = new ByteArrayOutputStream();
    private WebSocket socket;

    private EchoClient() {}

    static EchoClient connect(HttpClient http, int port, String... subprotocols) {
        return connect(http, "ws", port, subprotocols);
    }

    static EchoClient connect(HttpClient http, String scheme, int port, String... subprotocols) {
        EchoClient client = new EchoClient();
        WebSocket.Builder builder = http.newWebSocketBuilder();
        if (subprotocols.length > 0) {
            builder.subprotocols(subprotocols[0], Arrays.copyOfRange(subprotocols, 1, subprotocols.length));
        }
        client.socket = builder.buildAsync(URI.create(scheme + "://127.0.0.1:" + port + "/"), client)
                .orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
        return client;
    }

    String subprotocol() {
        return socket.getSubprotocol();
    }

    String echo(String message) {
        socket.sendText(message, true).join();
        return (String) next();
    }

    byte[] echo(byte[] message) {
        socket.sendBinary(ByteBuffer.wrap(message), true).join();
        return (byte[]) next();
    }

    private Object next() {
        try {
            Object message = messages.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("no message came");
            }
            return message;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Closes, and returns the code of the server's Close frame. */
    int close(int code) {
        socket.sendClose(code, "").join();
        return closeCode();
    }

    /** Waits for the server's Close frame. */
    int closeCode() {
        return closeCode.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            messages.add(text.toString());
            text.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        binary.writeBytes(bytes);
        if (last) {
            messages.add(binary.toByteArray());
            binary.reset();
        }
        from.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int statusCode, String reason) {
        closeCode.complete(statusCode);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closeCode.completeExceptionally(error);
    }
}
