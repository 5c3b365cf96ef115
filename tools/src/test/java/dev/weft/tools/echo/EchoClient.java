package dev.weft.tools.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.JdkListener;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** The JDK's client as blocking code. */
final class EchoClient {
    private static final long LIMIT_SECONDS = 10;

    private final JdkListener listener = new JdkListener();
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
        client.socket = builder.buildAsync(URI.create(scheme + "://127.0.0.1:" + port + "/"), client.listener)
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
            Object event = listener.next();
            if (event == null || event instanceof Throwable) {
                throw new AssertionError("no message came: " + event);
            }
            return event;
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
        String[] end = ((String) next()).split(" ");
        assertEquals("close", end[0]);
        return Integer.parseInt(end[1]);
    }
}
