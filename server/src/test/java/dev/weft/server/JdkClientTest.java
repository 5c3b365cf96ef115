package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.JdkListener;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The JDK's own WebSocket client over a real socket. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JdkClientTest {
    private static HttpClient client;
    private static WebSocketServer server;

    private final JdkListener listener = new JdkListener();

    @BeforeAll
    static void start() throws Exception {
        client = HttpClient.newHttpClient();
        server = WebSocketServer.builder().subprotocols("chat.v2", "chat.v1").handler(ws -> {
            switch (ws.request().target()) {
                case "/close" -> ws.close(4001, "fare well, \u00fc");
                case "/subprotocol" -> ws.send(ws.subprotocol().orElse("none"));
                default -> Handlers.echo(ws);
            }
        }).start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private WebSocket connect(String path, String... subprotocols) {
        WebSocket.Builder builder = client.newWebSocketBuilder();
        if (subprotocols.length > 0) {
            builder.subprotocols(subprotocols[0], java.util.Arrays.copyOfRange(subprotocols, 1, subprotocols.length));
        }
        return builder.buildAsync(URI.create("ws://127.0.0.1:" + server.port() + path), listener).join();
    }

    private void close(WebSocket ws) throws InterruptedException {
        ws.sendClose(1000, "").join();
        assertEquals("close 1000 ", listener.next());
    }

    @Test
    void textAndBinaryAreEchoed() throws Exception {
        WebSocket ws = connect("/");
        ws.sendText("Gr\u00fc\u00dfe, \ud83d\ude00", true).join();
        assertEquals("Gr\u00fc\u00dfe, \ud83d\ude00", listener.next());
        ws.sendBinary(ByteBuffer.wrap(new byte[]{0, -1, 127}), true).join();
        assertArrayEquals(new byte[]{0, -1, 127}, (byte[]) listener.next());
        ws.sendText("", true).join();
        assertEquals("", listener.next());
        close(ws);
    }

    @Test
    void partsAreJoined() throws Exception {
        WebSocket ws = connect("/");
        ws.sendText("a", false).join();
        ws.sendPing(ByteBuffer.wrap(new byte[3])).join();
        ws.sendText("", false).join();
        ws.sendText("bc", true).join();
        assertEquals("pong 3", listener.next());
        assertEquals("abc", listener.next());
        close(ws);
    }

    @Test
    void pingsAreAnsweredInOrder() throws Exception {
        WebSocket ws = connect("/");
        for (int length : new int[]{0, 1, 125}) {
            ws.sendPing(ByteBuffer.wrap(new byte[length])).join();
            assertEquals("pong " + length, listener.next());
        }
        close(ws);
    }

    @Test
    void mebibyteIsEchoed() throws Exception {
        byte[] bytes = new byte[1 << 20];
        new Random(1).nextBytes(bytes);
        WebSocket ws = connect("/");
        ws.sendBinary(ByteBuffer.wrap(bytes), true).join();
        assertArrayEquals(bytes, (byte[]) listener.next());
        String text = "0123456789abcdef".repeat(1 << 16);
        ws.sendText(text, true).join();
        assertEquals(text, listener.next());
        close(ws);
    }

    @Test
    void closeCodesTravelBothWays() throws Exception {
        connect("/close");
        assertEquals("close 4001 fare well, \u00fc", listener.next());
        WebSocket ws = connect("/");
        ws.sendClose(4002, "enough").join();
        assertEquals("close 4002 ", listener.next());
    }

    @Test
    void tooLargeAMessageIsClosedWith1009() throws Exception {
        WebSocket ws = connect("/");
        ws.sendBinary(ByteBuffer.wrap(new byte[(1 << 20) + 1]), true).exceptionally(failure -> null).join();
        String close = (String) listener.next();
        assertTrue(close.startsWith("close 1009 "), close);
    }

    @Test
    void subprotocolIsAgreedOn() throws Exception {
        WebSocket ws = connect("/subprotocol", "chat.v3", "chat.v1", "chat.v2");
        assertEquals("chat.v1", ws.getSubprotocol());
        assertEquals("chat.v1", listener.next());
        assertEquals("close 1000 ", listener.next());
        assertEquals("", connect("/subprotocol").getSubprotocol());
        assertEquals("none", listener.next());
    }

    @Test
    void foreignOriginIsRejected() {
        var connecting = client.newWebSocketBuilder().header("Origin", "http://evil.org")
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + "/"), listener);
        CompletionException thrown = assertThrows(CompletionException.class, connecting::join);
        assertEquals(403, ((WebSocketHandshakeException) thrown.getCause()).getResponse().statusCode());
    }
}
