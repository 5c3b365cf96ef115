package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.enums.Opcode;
import org.java_websocket.framing.Framedata;
import org.java_websocket.handshake.ServerHandshake;
import org.java_websocket.protocols.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** TooTallNate's Java-WebSocket over a real socket. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JavaWebSocketClientTest {
    private static WebSocketServer server;

    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();

    private final class Client extends WebSocketClient {
        Client(String path) {
            super(URI.create("ws://127.0.0.1:" + server.port() + path), new Draft_6455(List.of(),
                    List.of(new Protocol("other"), new Protocol("chat"), new Protocol(""))));
        }

        @Override
        public void onOpen(ServerHandshake handshake) {
            events.add("open " + handshake.getFieldValue("Sec-WebSocket-Protocol"));
        }

        @Override
        public void onMessage(String message) {
            events.add(message);
        }

        @Override
        public void onMessage(ByteBuffer bytes) {
            events.add(bytes.array());
        }

        @Override
        public void onWebsocketPong(org.java_websocket.WebSocket ws, Framedata frame) {
            events.add("pong");
        }

        @Override
        public void onClose(int code, String reason, boolean remote) {
            events.add("close " + code + " " + reason);
        }

        @Override
        public void onError(Exception e) {
            events.add(e);
        }
    }

    @BeforeAll
    static void start() throws Exception {
        server = WebSocketServer.builder().subprotocols("chat").handler(ws -> {
            if (ws.request().target().equals("/close")) {
                ws.close(4001, "fare well");
            } else {
                Handlers.echo(ws);
            }
        }).start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private Object next() throws InterruptedException {
        return events.poll(10, TimeUnit.SECONDS);
    }

    private Client connect(String path) throws InterruptedException {
        Client client = new Client(path);
        client.connectBlocking(10, TimeUnit.SECONDS);
        assertEquals("open chat", next());
        return client;
    }

    private void close(Client client) throws InterruptedException {
        client.close(1000);
        assertEquals("close 1000 ", next());
    }

    @Test
    void textBinaryAndPingsAreAnswered() throws Exception {
        Client client = connect("/");
        client.send("Gr\u00fc\u00dfe, \ud83d\ude00");
        assertEquals("Gr\u00fc\u00dfe, \ud83d\ude00", next());
        client.send(new byte[]{0, -1});
        assertArrayEquals(new byte[]{0, -1}, (byte[]) next());
        client.sendPing();
        assertEquals("pong", next());
        close(client);
    }

    @Test
    void fragmentsAreJoined() throws Exception {
        Client client = connect("/");
        client.sendFragmentedFrame(Opcode.TEXT, ByteBuffer.wrap(new byte[]{'a'}), false);
        client.sendFragmentedFrame(Opcode.TEXT, ByteBuffer.wrap(new byte[]{'b'}), false);
        client.sendFragmentedFrame(Opcode.TEXT, ByteBuffer.wrap(new byte[]{'c'}), true);
        assertEquals("abc", next());
        close(client);
    }

    @Test
    void mebibyteIsEchoed() throws Exception {
        byte[] bytes = new byte[1 << 20];
        new Random(3).nextBytes(bytes);
        Client client = connect("/");
        client.send(bytes);
        assertArrayEquals(bytes, (byte[]) next());
        close(client);
    }

    @Test
    void closeCodesTravelBothWays() throws Exception {
        connect("/close");
        assertEquals("close 4001 fare well", next());
        Client client = connect("/");
        client.close(4002, "enough");
        // It reports its own reason or ours, whichever it comes across first.
        assertTrue(((String) next()).startsWith("close 4002 "));
    }
}
