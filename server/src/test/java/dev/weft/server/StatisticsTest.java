package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseCause;
import dev.weft.Message;
import dev.weft.OverflowPolicy;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.internal.time.DurationCounts;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.ServerStatistics.Compression;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a server's snapshot says about its connections, beyond the counters that MetricsTest checks. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StatisticsTest {
    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().shutdownGrace(Duration.ZERO);
    }

    private static Map<ConnectionState, Integer> states(int handshake, int http, int open, int closing) {
        return new EnumMap<>(Map.of(ConnectionState.HANDSHAKE, handshake, ConnectionState.HTTP, http,
                ConnectionState.OPEN, open, ConnectionState.CLOSING, closing));
    }

    @Test
    void connectionsMustBeCountedByStateAndEndpoint() throws Exception {
        try (WebSocketServer server = builder().endpoint("/chat", ws -> ws.awaitClose())
                .endpoint("/room/{name}", ws -> ws.awaitClose()).handler(ws -> ws.awaitClose())
                .http("/page", request -> HttpResponse.text(200, "hello")).start();
                RawPeer silent = RawPeer.connect(server);
                RawPeer page = RawPeer.connect(server);
                RawPeer open = RawPeer.open(server);
                RawPeer closing = RawPeer.open(server)) {
            page.text("GET /page HTTP/1.1\r\nHost: a\r\n\r\n").readHead();
            Await.until("each has its state",
                    () -> server.statistics().connectionsByState().equals(states(1, 1, 2, 0)));
            assertEquals(Map.of("/chat", 2, "/room/{name}", 0, "*", 0), server.statistics().connectionsByEndpoint());
            assertTrue(server.removeEndpoint("/room/{name}"));
            server.sessions.connections().iterator().next().close(1000, "");
            Await.until("one is closing", () -> server.statistics().connectionsByState().equals(states(1, 1, 1, 1)));
            assertEquals(Map.of("/chat", 2, "*", 0), server.statistics().connectionsByEndpoint());
            assertEquals(4, server.statistics().connections());
            silent.leave();
            closing.leave();
            open.leave();
        }
    }

    @Test
    void handshakesMustBeCountedByOutcomeAndTimed() throws Exception {
        CountDownLatch deciding = new CountDownLatch(1);
        HandshakePolicy policy = request -> {
            if (request.headers().contains("X-Wait")) {
                deciding.countDown();
                Thread.sleep(Duration.ofSeconds(50));
            }
            return request.headers().contains("X-No")
                    ? HandshakeDecision.reject(403, "no")
                    : HandshakeDecision.accept();
        };
        try (WebSocketServer server = builder().policy(policy).handler(ws -> ws.awaitClose()).start()) {
            RawPeer.open(server).leave();
            assertEquals(403, RawPeer.answerOf(server, RawPeer.request("X-No: x")).status());
            assertEquals(400, RawPeer.answerOf(server, RawPeer.request().replace("n: Upgrade", "n: close")).status());
            // No handshake.
            assertEquals(405, RawPeer.answerOf(server, RawPeer.request().replace("GET", "POST")).status());
            assertEquals(426, RawPeer.answerOf(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").status());
            RawPeer.connect(server).leave();
            try (RawPeer peer = RawPeer.connect(server)) {
                peer.text(RawPeer.request("X-Wait: x"));
                assertTrue(deciding.await(10, TimeUnit.SECONDS));
                peer.leave();
            }
            Map<HandshakeOutcome, Long> expected = Map.of(HandshakeOutcome.ACCEPTED, 1L, HandshakeOutcome.REFUSED, 2L,
                    HandshakeOutcome.ABANDONED, 1L);
            Await.until("all have ended: " + expected, () -> server.statistics().handshakes().equals(expected));
            DurationHistogram durations = server.statistics().handshakeDurations();
            assertEquals(1, durations.count());
            assertFalse(durations.sum().isZero());
            assertFalse(durations.percentile(1).orElse(Duration.ofDays(1)).compareTo(durations.sum()) < 0);
        }
    }

    @Test
    void policyThatIsTooSlowMustCountAsARefusal() throws Exception {
        HandshakePolicy policy = request -> {
            Thread.sleep(Duration.ofSeconds(50));
            return HandshakeDecision.accept();
        };
        try (WebSocketServer server = builder().policy(policy).policyTimeout(Duration.ofMillis(50))
                .handler(ws -> ws.awaitClose()).start()) {
            assertEquals(503, RawPeer.answerOf(server, RawPeer.request()).status());
            Await.until("it is counted",
                    () -> server.statistics().handshakes().get(HandshakeOutcome.REFUSED) == 1);
            assertEquals(1L, server.statistics().limitsHit().get("policyTimeout"));
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void compressionMustBeCountedInBothDirections(TransportKind transport) throws Exception {
        String text = "compressible ".repeat(1_000);
        CompletableFuture<Integer> streamed = new CompletableFuture<>();
        try (WebSocketServer server = builder().transport(transport).handler(ws -> {
            ws.send(((Message.Text) ws.receive()).text());
            streamed.complete(ws.receiveStream().text().length());
            ws.awaitClose();
        }).start();
                WebSocketConnection client = WebSocketClient.connect(
                        URI.create("ws://127.0.0.1:" + server.port() + "/"))) {
            client.send(text);
            assertEquals(new Message.Text(text), client.receive());
            Compression received = server.statistics().receivedCompression();
            assertEquals(text.length(), received.plainBytes());
            Compression sent = server.statistics().sentCompression();
            assertEquals(text.length(), sent.plainBytes());
            assertTrue(sent.compressedBytes() > 0 && sent.compressedBytes() < 500, sent.toString());
            assertEquals(sent.compressedBytes(), received.compressedBytes(), "both ends compress alike");
            client.send(text);
            assertEquals(text.length(), streamed.get(10, TimeUnit.SECONDS));
            Compression both = server.statistics().receivedCompression();
            assertEquals(2 * text.length(), both.plainBytes());
            assertTrue(both.compressedBytes() > received.compressedBytes(), both.toString());
        }
    }

    @Test
    void messagesThatDoNotCompressMustNotBeCounted() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); RawPeer peer = RawPeer.open(server)) {
            peer.bytes(textFrame("Hello")).readFrame();
            assertEquals(new Compression(0, 0), server.statistics().receivedCompression());
            assertEquals(new Compression(0, 0), server.statistics().sentCompression());
            peer.leave();
        }
    }

    @Test
    void fullQueueMustBeCountedAlsoIfMessagesAreDropped() throws Exception {
        try (WebSocketServer server = builder().noDeflate().sendBufferSize(4096)
                .overflowPolicy(OverflowPolicy.DROP_NEWEST).handler(ws -> {
                    while (ws.trySend(new byte[50_000]) != SendResult.DROPPED) {
                        // Until the peer's buffers are full.
                    }
                    ws.awaitClose();
                }).start(); RawPeer peer = RawPeer.open(server)) {
            Await.until("a message is dropped", () -> server.statistics().droppedMessages() == 1);
            assertEquals(1L, server.statistics().limitsHit().get("maxQueuedSize"));
            peer.leave();
        }
    }

    /** The dropped messages alone do not say it: perhaps none was waiting when the first one did not fit. */
    @Test
    void fullQueueMustBeCountedAlsoIfItsConnectionIsClosed() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        try (WebSocketServer server = builder().noDeflate().sendBufferSize(4096).maxQueuedSize(0)
                .overflowPolicy(OverflowPolicy.DISCONNECT).handler(ws -> {
                    while (ws.trySend(new byte[50_000]) != SendResult.CLOSED) {
                        // Until the peer's buffers are full.
                    }
                    ws.trySend("not counted: the connection is closing");
                    closed.countDown();
                }).start(); RawPeer peer = RawPeer.open(server)) {
            assertTrue(closed.await(10, TimeUnit.SECONDS));
            assertEquals(Map.of(SendResult.PEER_BEHIND, 1L, SendResult.SERVER_FULL, 0L),
                    server.statistics().refusedSends());
            assertEquals(1 + server.statistics().droppedMessages(),
                    server.statistics().limitsHit().get("maxQueuedSize"));
            peer.leave();
        }
    }

    @Test
    void pingsAndPeersThatAreBehindMustBeCounted() throws Exception {
        CompletableFuture<Duration> latency = new CompletableFuture<>();
        CompletableFuture<Long> queued = new CompletableFuture<>();
        WebSocketServer[] self = new WebSocketServer[1];
        try (WebSocketServer server = builder().noDeflate().sendBufferSize(4096).handler(ws -> {
            latency.complete(ws.ping(Duration.ofSeconds(10)));
            while (ws.trySend(new byte[50_000]) != SendResult.PEER_BEHIND) {
                // Until the peer's buffers are full.
            }
            queued.complete(self[0].statistics().queuedBytes());
            ws.awaitClose();
        }).start()) {
            self[0] = server;
            try (RawPeer peer = RawPeer.open(server)) {
                String ping = peer.readFrame();
                peer.hex("8a88 00000000" + ping.substring(5).replace(" ", ""));
                Duration measured = latency.get(10, TimeUnit.SECONDS);
                Await.until("it is counted", () -> server.statistics().pingLatencies().count() == 1);
                assertEquals(measured, server.statistics().pingLatencies().sum());
                assertTrue(queued.get(10, TimeUnit.SECONDS) >= 50_000);
                assertEquals(Map.of(SendResult.PEER_BEHIND, 1L, SendResult.SERVER_FULL, 0L),
                        server.statistics().refusedSends());
                assertEquals(1L, server.statistics().limitsHit().get("maxQueuedSize"));
                peer.leave();
            }
        }
    }

    @Test
    void causesMustBeTold() throws Exception {
        Queue<CloseCause> told = new ConcurrentLinkedQueue<>();
        try (WebSocketServer server = builder().endpoint("/chat", ws -> {
            ws.onClose(status -> told.add(status.cause()));
            switch (((Message.Text) ws.receive()).text()) {
                case "abort" -> ws.abort();
                case "fail" -> throw new IllegalStateException("as asked");
                default -> ws.awaitClose();
            }
        }).endpoint("/ping", Endpoint.of(ws -> {
            ws.onClose(status -> told.add(status.cause()));
            ws.awaitClose();
        }).pingInterval(Duration.ofMillis(50)).pongTimeout(Duration.ofMillis(50))).start()) {
            try (RawPeer aborted = RawPeer.open(server);
                    RawPeer failed = RawPeer.open(server);
                    RawPeer wrong = RawPeer.open(server);
                    RawPeer silent = RawPeer.connect(server)) {
                aborted.bytes(textFrame("abort")).readToEnd();
                // Otherwise its Close might be answered before the handler fails.
                assertEquals("8802 03f3", failed.bytes(textFrame("fail")).readFrame());
                failed.hex(RawPeer.CLOSE_1000).readToEnd();
                wrong.hex("8180 00000000 8f80 00000000").readToEnd();
                silent.text(RawPeer.request().replace("/chat", "/ping")).readToEnd();
            }
            for (CloseCause cause : new CloseCause[]{CloseCause.ABORTED, CloseCause.INTERNAL_ERROR,
                    CloseCause.VIOLATION, CloseCause.PONG_TIMEOUT}) {
                Await.until("one has ended with " + cause, () -> server.statistics().closes().entrySet().stream()
                        .anyMatch(entry -> entry.getKey().cause() == cause && entry.getValue() == 1));
                Await.until("the application is told", () -> told.contains(cause));
            }
            assertEquals(4, told.size());
            assertEquals(1L, server.statistics().limitsHit().get("pongTimeout"));
        }
    }

    @Test
    void limitsOfMessagesMustBeCountedByTheirName() throws Exception {
        Map<String, String> attacks = Map.of(
                "maxMessageSize", "82fe 0080 00000000",
                "maxFramesPerMessage", "0280 00000000 0080 00000000 0080 00000000 0080 00000000",
                "messageTimeout", "0280 00000000",
                "maxStreamedMessageSize", "82ff 0000000000100000 00000000");
        try (WebSocketServer server = builder().handler(Handlers::echo).maxMessageSize(100).maxStreamedMessageSize(1000)
                .maxFramesPerMessage(3)
                .messageTimeout(Duration.ofMillis(100)).start()) {
            for (Map.Entry<String, String> attack : attacks.entrySet()) {
                try (RawPeer peer = RawPeer.open(server)) {
                    peer.hex(attack.getValue()).readCloseAndEnd();
                }
                Await.until(attack.getKey() + " is counted",
                        () -> server.statistics().limitsHit().get(attack.getKey()) == 1);
            }
            assertEquals(attacks.size(), server.statistics().limitsHit().values().stream().mapToLong(n -> n).sum());
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void lagMustBeMeasured(TransportKind transport) throws Exception {
        try (WebSocketServer server = builder().transport(transport).pingInterval(Duration.ofMillis(100))
                .handler(ws -> ws.awaitClose()).start()) {
            Await.until("there is a measurement", () -> server.statistics().lags().count() > 0);
            Await.until("its threads have run", () -> !server.statistics().lastLag().isZero());
        }
    }

    @Test
    void durationsMustBeCountedInTheirRanges() {
        DurationCounts counts = new DurationCounts();
        assertEquals(Optional.empty(), new DurationHistogram(counts).percentile(0.5));
        for (long micros : new long[]{-5, 100, 101, 200, 1_000_000, 100_000_000, 100_000_001}) {
            counts.record(micros * 1_000);
        }
        DurationHistogram histogram = new DurationHistogram(counts);
        assertEquals(new DurationHistogram.Bucket(Duration.ofNanos(100_000), 2), histogram.buckets().get(0));
        assertEquals(new DurationHistogram.Bucket(Duration.ofNanos(200_000), 4), histogram.buckets().get(1));
        assertEquals(new DurationHistogram.Bucket(Duration.ofSeconds(100), 6), histogram.buckets().getLast());
        assertEquals(19, histogram.buckets().size());
        assertEquals(7, histogram.count());
        assertEquals(Duration.ofNanos(201_000_402_000L), histogram.sum());
        assertEquals(Optional.of(Duration.ofNanos(200_000)), histogram.percentile(0.5));
        assertEquals(Optional.of(Duration.ofNanos(100_000)), histogram.percentile(0));
        assertEquals(Optional.empty(), histogram.percentile(1));
        assertThrows(IllegalArgumentException.class, () -> histogram.percentile(1.01));
        assertThrows(IllegalArgumentException.class, () -> histogram.percentile(Double.NaN));
    }
}
