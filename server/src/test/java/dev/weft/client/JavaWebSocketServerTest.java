package dev.weft.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.Echoes;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.java_websocket.WebSocket;
import org.java_websocket.drafts.Draft_6455;
import org.java_websocket.extensions.permessage_deflate.PerMessageDeflateExtension;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.protocols.Protocol;
import org.java_websocket.server.DefaultSSLWebSocketServerFactory;
import org.java_websocket.server.WebSocketServer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The client against TooTallNate's Java-WebSocket, by TLS and compressed too. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JavaWebSocketServerTest {
    private static final class Echo extends WebSocketServer {
        private final CountDownLatch started = new CountDownLatch(1);

        Echo(boolean deflate) {
            super(new InetSocketAddress("127.0.0.1", 0), List.of(new Draft_6455(
                    deflate ? List.of(new PerMessageDeflateExtension()) : List.of(), List.of(new Protocol("chat")))));
            setReuseAddr(true);
        }

        @Override
        public void onOpen(WebSocket ws, ClientHandshake handshake) {
            if (handshake.getResourceDescriptor().equals("/close")) {
                ws.close(4001, "f\u00e4hrt");
            }
        }

        @Override
        public void onMessage(WebSocket ws, String message) {
            ws.send(message);
        }

        @Override
        public void onMessage(WebSocket ws, ByteBuffer message) {
            ws.send(message);
        }

        @Override
        public void onClose(WebSocket ws, int code, String reason, boolean remote) {
            // Nothing to do.
        }

        @Override
        public void onError(WebSocket ws, Exception e) {
            // The client sees it.
        }

        @Override
        public void onStart() {
            started.countDown();
        }
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void messagesAndEndsMustBeExchanged(boolean tls, boolean deflate) throws Exception {
        Echo server = new Echo(deflate);
        if (tls) {
            server.setWebSocketFactory(new DefaultSSLWebSocketServerFactory(TestKeys.context()));
        }
        server.start();
        try (WebSocketClient client = WebSocketClient.builder().tls(TestKeys.context()).subprotocols("other", "chat")
                .build()) {
            assertTrue(server.started.await(10, TimeUnit.SECONDS));
            String base = (tls ? "wss" : "ws") + "://localhost:" + server.getPort();
            WebSocketConnection ws = client.open(URI.create(base + "/"));
            assertEquals("chat", ws.subprotocol().orElseThrow());
            Echoes.assertEchoes(ws);
            CloseStatus status = client.open(URI.create(base + "/close")).awaitClose();
            assertEquals(4001, status.received().orElseThrow().code());
            assertEquals("f\u00e4hrt", status.received().get().reason());
        } finally {
            server.stop(1000);
        }
    }
}
