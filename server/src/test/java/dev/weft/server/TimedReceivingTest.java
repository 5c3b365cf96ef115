package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.JdkListener;
import dev.weft.Message;
import dev.weft.PingTimeoutException;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.WebSocketListener;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.handshake.ServerHandshake;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Receives with a timeout, pings, and handlers that only send: over every transport, with and without TLS, with real clients.
 */
@ParameterizedClass
@MethodSource("kinds")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TimedReceivingTest {
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofSeconds(20);

    @Parameter(0)
    private TransportKind transport;
    @Parameter(1)
    private boolean tls;

    private final BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<Thread> receivers = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private WebSocketServer server;

    static Stream<Arguments> kinds() {
        return Stream.of(TransportKind.values())
                .flatMap(kind -> Stream.of(true, false).map(tls -> Arguments.of(kind, tls)));
    }

    private void start(WebSocketHandler handler) throws IOException {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(transport).handler(ws -> {
            opened.add(ws);
            handler.handle(ws);
        });
        server = (tls ? builder.tls(TestKeys.context()) : builder).start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private WebSocketConnection connection() throws InterruptedException {
        return opened.poll(10, TimeUnit.SECONDS);
    }

    private String event() throws InterruptedException {
        return events.poll(10, TimeUnit.SECONDS);
    }

    private String uri() {
        return (tls ? "wss" : "ws") + "://127.0.0.1:" + server.port() + "/";
    }

    /** Echoes messages, and polls something else in between. */
    private void echoByAndBy(WebSocketConnection ws) throws IOException {
        while (true) {
            Optional<Message> message = ws.receive(SHORT);
            if (message.isEmpty()) {
                events.add("nothing");
            } else if (message.get() instanceof Message.Text text) {
                ws.send(text.text());
            } else {
                events.add("end");
                return;
            }
        }
    }

    @Test
    void receivesThatRunOutOfTimeMustLoseNothing() throws Exception {
        start(this::echoByAndBy);
        try (RawPeer peer = RawPeer.open(server)) {
            assertEquals("nothing", event());
            byte[] frame = RawPeer.textFrame("Hello");
            for (byte each : frame) {
                events.clear();
                assertEquals("nothing", event());
                peer.bytes(new byte[]{each});
            }
            assertEquals("8105 48656c6c6f", peer.readFrame());
            peer.hex("8981 00000000 70");
            assertEquals("8a01 70", peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
        String event;
        do {
            event = event();
        } while (event.equals("nothing"));
        assertEquals("end", event);
    }

    /** A handler that receives all the time is the one that reads the pongs. */
    @Test
    void jdksClientMustAnswerPings() throws Exception {
        start(Handlers::echo);
        JdkListener listener = new JdkListener();
        try (HttpClient client = HttpClient.newBuilder().sslContext(TestKeys.context()).build()) {
            WebSocket peer = client.newWebSocketBuilder().buildAsync(URI.create(uri()), listener).join();
            WebSocketConnection ws = connection();
            assertEquals(Optional.empty(), ws.latency());
            assertPinged(ws);
            peer.sendText("still here", true).join();
            assertEquals("still here", listener.next());
            peer.sendClose(1000, "").join();
            assertEquals("close 1000 ", listener.next());
        }
    }

    private static void assertPinged(WebSocketConnection ws) throws Exception {
        for (int i = 0; i < 5; i++) {
            Duration latency = ws.ping(LONG);
            assertTrue(latency.isPositive() && latency.compareTo(LONG) < 0, latency::toString);
            assertEquals(Optional.of(latency), ws.latency());
        }
        CompletableFuture<?>[] many = Stream.generate(() -> CompletableFuture.runAsync(() -> {
            try {
                ws.ping(LONG);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }, Thread::startVirtualThread)).limit(20).toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(many).get(30, TimeUnit.SECONDS);
    }

    /** Nobody receives meanwhile: the pongs are read ahead. */
    @Test
    void handlerMustBeAbleToPing() throws Exception {
        start(ws -> {
            ws.send(ws.ping(LONG).compareTo(LONG) < 0 ? "answered" : "late");
            assertPinged(ws);
            Handlers.echo(ws);
        });
        JdkListener listener = new JdkListener();
        try (HttpClient client = HttpClient.newBuilder().sslContext(TestKeys.context()).build()) {
            WebSocket peer = client.newWebSocketBuilder().buildAsync(URI.create(uri()), listener).join();
            assertEquals("answered", listener.next());
            peer.sendText("still here", true).join();
            assertEquals("still here", listener.next());
            peer.sendClose(1000, "").join();
            assertEquals("close 1000 ", listener.next());
        }
    }

    @Test
    void okHttpMustAnswerPings() throws Exception {
        start(Handlers::echo);
        OkHttpClient client = new OkHttpClient.Builder()
                .sslSocketFactory(TestKeys.context().getSocketFactory(), TestKeys.trust()).build();
        try {
            okhttp3.WebSocket peer = client.newWebSocket(new Request.Builder().url(uri()).build(),
                    new WebSocketListener() {});
            assertPinged(connection());
            peer.close(1000, null);
        } finally {
            client.dispatcher().executorService().shutdown();
            client.connectionPool().evictAll();
        }
    }

    @Test
    void javaWebSocketMustAnswerPings() throws Exception {
        start(Handlers::echo);
        WebSocketClient client = new WebSocketClient(URI.create(uri())) {
            @Override
            public void onOpen(ServerHandshake handshake) {}

            @Override
            public void onMessage(String message) {}

            @Override
            public void onClose(int code, String reason, boolean remote) {}

            @Override
            public void onError(Exception e) {
                events.add(e.toString());
            }
        };
        if (tls) {
            client.setSocketFactory(TestKeys.context().getSocketFactory());
        }
        assertTrue(client.connectBlocking(10, TimeUnit.SECONDS));
        assertPinged(connection());
        client.closeBlocking();
        assertEquals(null, events.poll());
    }

    @Test
    void peerThatAnswersNoPingMustBeSaidSo() throws Exception {
        start(Handlers::echo);
        try (RawPeer peer = RawPeer.open(server)) {
            WebSocketConnection ws = connection();
            assertThrows(PingTimeoutException.class, () -> ws.ping(SHORT));
            assertEquals(Optional.empty(), ws.latency());
            assertTrue(peer.readFrame().startsWith("8908 "));
            assertTrue(ws.isOpen());
        }
    }

    @Test
    void handlerThatOnlySendsMustLearnOfTheEnd() throws Exception {
        CompletableFuture<CloseStatus> end = new CompletableFuture<>();
        start(ws -> {
            ws.send("news");
            end.complete(ws.awaitClose());
        });
        try (RawPeer peer = RawPeer.open(server)) {
            assertEquals("8104 6e657773", peer.readFrame());
            for (int i = 0; i < 10; i++) {
                peer.bytes(RawPeer.textFrame("nobody listens")).hex("8981 00000000 70");
                assertEquals("8a01 70", peer.readFrame());
            }
            connection().send("more");
            assertEquals("8104 6d6f7265", peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
        CloseStatus status = end.get(10, TimeUnit.SECONDS);
        assertTrue(status.clean());
        assertEquals(1000, status.code());
    }

    @Test
    void anotherThreadMayReceiveInTheHandlersPlace() throws Exception {
        start(ws -> {
            Thread receiver = Thread.ofVirtual().unstarted(() -> {
                try {
                    Handlers.echo(ws);
                } catch (IOException e) {
                    events.add(e.toString());
                }
            });
            receivers.add(receiver);
            receiver.start();
            receiver.join();
        });
        try (RawPeer peer = RawPeer.open(server)) {
            peer.bytes(RawPeer.textFrame("Hello"));
            assertEquals("8105 48656c6c6f", peer.readFrame());
            WebSocketConnection ws = connection();
            Thread receiver = receivers.take();
            Await.until("it waits for the next message", () -> receiver.getState() == Thread.State.WAITING);
            assertThrows(IllegalStateException.class, () -> ws.receive(Duration.ZERO));
            peer.bytes(RawPeer.textFrame("Hello"));
            assertEquals("8105 48656c6c6f", peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000);
            assertEquals(1000, peer.readCloseAndEnd());
        }
        assertEquals(null, events.poll());
    }

    @Test
    void peersEndMustBeFoundByReceivesThatRunOutOfTime() throws Exception {
        CompletableFuture<IOException> thrown = new CompletableFuture<>();
        start(ws -> thrown.complete(assertThrows(IOException.class, () -> {
            while (ws.receive(Duration.ZERO).isEmpty()) {
                Thread.yield();
            }
        })));
        RawPeer.open(server).close();
        assertInstanceOf(IOException.class, thrown.get(10, TimeUnit.SECONDS));
    }
}
