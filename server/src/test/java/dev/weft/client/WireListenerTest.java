package dev.weft.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.server.Handlers;
import dev.weft.server.WebSocketServer;
import java.io.ByteArrayOutputStream;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WireListenerTest {
    /** All that one connection has shown. */
    private static final class Recording implements WireListener {
        final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        final List<String> protocols = new CopyOnWriteArrayList<>();
        volatile SocketAddress remoteAddress;

        @Override
        public void connected(SocketAddress localAddress, SocketAddress remoteAddress,
                Optional<SSLSession> tlsSession) {
            this.remoteAddress = remoteAddress;
            protocols.add(tlsSession.map(SSLSession::getProtocol).orElse("none"));
        }

        @Override
        public void sent(ByteBuffer bytes) {
            add(sent, bytes);
        }

        @Override
        public void received(ByteBuffer bytes) {
            add(received, bytes);
        }

        private static void add(ByteArrayOutputStream all, ByteBuffer bytes) {
            assertTrue(bytes.isReadOnly());
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            all.writeBytes(copy);
        }

        /** What follows the head. */
        static byte[] frames(ByteArrayOutputStream all) {
            return all.toString(ISO_8859_1).split("\r\n\r\n", 2)[1].getBytes(ISO_8859_1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyByteMustBeShownInOrder(boolean tls) throws Exception {
        Map<URI, Recording> recordings = new ConcurrentHashMap<>();
        String large = "x".repeat(1 << 20);
        var serving = Handlers.echoServer();
        if (tls) {
            serving.tls(TestKeys.context());
        }
        var settings = WebSocketClient.builder().noDeflate()
                .wireListener(uri -> recordings.computeIfAbsent(uri, key -> new Recording()));
        if (tls) {
            settings.tls(TestKeys.context());
        }
        try (WebSocketServer server = serving.start(); WebSocketClient client = settings.build()) {
            URI uri = URI.create((tls ? "wss" : "ws") + "://localhost:" + server.port() + "/a");
            WebSocketConnection ws = client.open(uri);
            ws.send("Hello");
            assertEquals(new Message.Text("Hello"), ws.receive());
            ws.send(large);
            assertEquals(new Message.Text(large), ws.receive());
            ws.close();
            ws.receive();
            Recording shown = recordings.get(uri);
            assertEquals(ws.remoteAddress(), shown.remoteAddress);
            assertEquals(List.of(tls ? "TLSv1.3" : "none"), shown.protocols);
            assertTrue(shown.sent.toString(ISO_8859_1).startsWith("GET /a HTTP/1.1\r\nHost: localhost:"));
            assertTrue(shown.received.toString(ISO_8859_1).startsWith("HTTP/1.1 101 "));
            byte[] sent = Recording.frames(shown.sent);
            assertEquals("8185", HexFormat.of().formatHex(sent, 0, 2));
            assertEquals(2 + 4 + 5 + 10 + 4 + large.length() + 2 + 4 + 2, sent.length,
                    "two messages and a Close frame");
            byte[] received = Recording.frames(shown.received);
            assertEquals("810548656c6c6f", HexFormat.of().formatHex(received, 0, 7));
            assertEquals("880203e8", HexFormat.of().formatHex(received, received.length - 4, received.length));
        }
    }

    @Test
    void failureOfListenerMustNotFailTheConnection() throws Exception {
        List<String> calls = new CopyOnWriteArrayList<>();
        try (WebSocketServer server = Handlers.echoServer().start();
                WebSocketClient client = WebSocketClient.builder().wireListener(uri -> new WireListener() {
                    @Override
                    public void sent(ByteBuffer bytes) {
                        calls.add("sent");
                        throw new IllegalStateException("as planned");
                    }
                }).build()) {
            WebSocketConnection ws = client.open(URI.create("ws://127.0.0.1:" + server.port()));
            ws.send("Hello");
            assertEquals(new Message.Text("Hello"), ws.receive());
            assertEquals(List.of("sent"), calls);
        }
    }

    @Test
    void responseMustBeKeptOnlyIfAskedFor() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade("X-Session: 7");
            peer.readClose();
        }); WebSocketClient client = WebSocketClient.builder().build()) {
            try (WebSocketConnection ws = client.open(server.uri())) {
                assertTrue(ws.response().isEmpty());
            }
            try (WebSocketClient keeping = client.configuration().toBuilder().keepResponse(true).build();
                    WebSocketConnection ws = keeping.open(server.uri())) {
                assertEquals(101, ws.response().orElseThrow().status());
                assertEquals("7", ws.response().orElseThrow().headers().first("x-session").orElseThrow());
            }
        }
    }
}
