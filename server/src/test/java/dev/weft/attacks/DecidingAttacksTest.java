package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.HandshakeRequest;
import dev.weft.TestKeys;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HttpSettings;
import dev.weft.server.LogCapture;
import dev.weft.server.RawPeer;
import dev.weft.server.ServerInsight;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attack 32: a slow policy or HTTP handler. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DecidingAttacksTest {
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final String HELLO = "8105 48656c6c6f";

    @RegisterExtension
    final LogCapture log = new LogCapture();
    private final CountDownLatch decide = new CountDownLatch(1);
    private final BlockingQueue<String> deciding = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> interrupted = new LinkedBlockingQueue<>();

    @AfterEach
    void letDecide() {
        decide.countDown();
    }

    private HandshakeDecision await(HandshakeRequest request) throws InterruptedException {
        deciding.add("policy");
        try {
            decide.await();
        } catch (InterruptedException e) {
            interrupted.add("policy");
            throw e;
        }
        return HandshakeDecision.accept();
    }

    private WebSocketServerBuilder slowServer(TransportKind transport, boolean tls) {
        WebSocketServerBuilder builder = Handlers.echoServer().transport(transport).policy(this::await)
                .shutdownGrace(Duration.ZERO);
        return tls ? builder.tls(TestKeys.context()) : builder;
    }

    private void awaitDeciding(int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            assertEquals("policy", deciding.poll(20, TimeUnit.SECONDS));
        }
    }

    /** A server whose sweeper checks the connections often. */
    private static WebSocketServerBuilder swept(WebSocketServerBuilder builder) {
        return builder.messageTimeout(Duration.ofSeconds(1));
    }

    private static Stream<Arguments> transports() {
        return Stream.of(TransportKind.values())
                .flatMap(kind -> Stream.of(Arguments.of(kind, false), Arguments.of(kind, true)));
    }

    @ParameterizedTest
    @MethodSource("transports")
    void attack32_departedPeersGiveTheirSlotsBack(TransportKind transport, boolean tls) throws Exception {
        int slots = 49;
        try (WebSocketServer server = swept(slowServer(transport, tls)).maxConnections(slots).start()) {
            List<RawPeer> peers = new ArrayList<>();
            for (int i = 0; i < slots; i++) {
                RawPeer peer = RawPeer.connect(server).text(RawPeer.request());
                peers.add(peer);
            }
            awaitDeciding(slots);
            for (int i = 0; i < slots; i++) {
                if (i % 3 == 0 && !tls) {
                    peers.get(i).socket().setSoLinger(true, 0);
                } else if (i % 3 == 1) {
                    // Frames that a client must not send yet, and then the end.
                    peers.get(i).bytes(RawPeer.textFrame("early"));
                }
                peers.get(i).leave();
            }
            Await.until("all slots are free", () -> server.connectionCount() == 0);
            assertEquals(slots, interrupted.size());
            assertEquals(0, ServerInsight.budget(server).taken());
            try (RawPeer peer = RawPeer.connect(server).text(RawPeer.request())) {
                awaitDeciding(1);
                decide.countDown();
                assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
            }
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @ParameterizedTest
    @MethodSource("transports")
    void bytesThatComeMeanwhileAreNotLost(TransportKind transport, boolean tls) throws Exception {
        try (WebSocketServer server = swept(slowServer(transport, tls)).start();
                RawPeer peer = RawPeer.connect(server)) {
            byte[] frame = RawPeer.textFrame("Hello");
            // With the head, directly after it, and later; the last one is split.
            peer.text(RawPeer.request() + new String(frame, StandardCharsets.ISO_8859_1));
            awaitDeciding(1);
            long before = ServerInsight.budget(server).taken();
            assertEquals(frame.length, before, "no buffer is held");
            peer.bytes(frame).bytes(Arrays.copyOf(frame, 4));
            Await.until("they are kept", () -> ServerInsight.budget(server).taken() >= before + frame.length + 4);
            decide.countDown();
            assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
            peer.bytes(Arrays.copyOfRange(frame, 4, frame.length));
            for (int i = 0; i < 3; i++) {
                assertEquals(HELLO, peer.readFrame());
            }
            Await.until("nothing is held", () -> ServerInsight.budget(server).taken() == 0);
        }
    }

    @Test
    void whatIsKeptMeanwhileIsBounded() throws Exception {
        try (WebSocketServer server = swept(slowServer(TransportKind.PARKING, false)).readBufferSize(2048).start();
                RawPeer peer = RawPeer.connect(server).text(RawPeer.request())) {
            awaitDeciding(1);
            byte[] frame = RawPeer.frame(0x82, new byte[100_000]);
            peer.bytes(frame);
            Await.until("some is kept", () -> ServerInsight.budget(server).taken() == 2048);
            decide.countDown();
            assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
            assertEquals(2 * (1 + 1 + 8) + 1 + 2 * 100_000, peer.readFrame().length());
        }
    }

    /** A long head is read into a long buffer, and then more than is kept meanwhile may follow it in that buffer. */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void attack32_manyBytesRightAfterALongHead(TransportKind transport) throws Exception {
        Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown));
        byte[] frame = RawPeer.frame(0x82, new byte[12_000]);
        try (WebSocketServer server = swept(slowServer(transport, false)).readBufferSize(2048).start();
                RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request("X-Long: " + "x".repeat(3000)) + new String(frame, StandardCharsets.ISO_8859_1));
            awaitDeciding(1);
            assertTrue(ServerInsight.budget(server).taken() > 2048, "more than a read buffer holds");
            for (int i = 0; i < 2; i++) {
                // Each departure is found by another sweep.
                RawPeer leaving = RawPeer.connect(server).text(RawPeer.request());
                awaitDeciding(1);
                leaving.leave();
                Await.until("the departure is found", () -> server.connectionCount() == 1);
            }
            decide.countDown();
            assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
            assertEquals(2 * (1 + 1 + 2) + 1 + 2 * 12_000, peer.readFrame().length());
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertEquals(List.of(), List.copyOf(uncaught));
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void slowPolicyMustBeInterruptedAndThePeerGet503(TransportKind transport) throws Exception {
        try (WebSocketServer server = slowServer(transport, false).policyTimeout(SHORT).start();
                RawPeer peer = RawPeer.connect(server).text(RawPeer.request())) {
            RawPeer.Answer answer = peer.readAnswer();
            assertEquals(503, answer.status());
            assertTrue(answer.hasLine("Retry-After: 1"));
            assertEquals("policy", interrupted.poll(10, TimeUnit.SECONDS));
            peer.leave();
            Await.until("the slot is free", () -> server.connectionCount() == 0);
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void httpHandlerThatTakesTooLongIsInterruptedToo() throws Exception {
        try (WebSocketServer server = Handlers.echoServer()
                .httpSettings(HttpSettings.builder().handlerTimeout(SHORT).build()).http("/", request -> {
                    try {
                        decide.await();
                    } catch (InterruptedException e) {
                        interrupted.add("HTTP");
                    }
                    return HttpResponse.text(200, "late\n");
                }).start(); RawPeer peer = RawPeer.connect(server).text("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) {
            assertEquals(503, peer.readAnswer().status());
            assertEquals("HTTP", interrupted.poll(10, TimeUnit.SECONDS));
            peer.leave();
            Await.until("the slot is free", () -> server.connectionCount() == 0);
        }
    }

    /** Its answer is ready at about the time at which the peer has got another one. */
    @Test
    void policyThatIgnoresInterruptsMustKeepOnlyItsSlot() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer().policyTimeout(SHORT).policy(request -> {
            boolean over = false;
            while (!over) {
                try {
                    over = released.await(1, TimeUnit.MINUTES);
                } catch (InterruptedException e) {
                    interrupted.add("policy");
                }
            }
            return HandshakeDecision.accept();
        }).start(); RawPeer peer = RawPeer.connect(server).text(RawPeer.request())) {
            assertTrue(peer.readHead().startsWith("HTTP/1.1 503 "));
            assertEquals("policy", interrupted.poll(10, TimeUnit.SECONDS));
            assertEquals(1, server.connectionCount());
            released.countDown();
            peer.halfClose().readToEnd();
            Await.until("the slot is free", () -> server.connectionCount() == 0);
        }
    }

    @Test
    void policyThatTheShutdownInterruptsIsNoWarning() throws IOException, InterruptedException {
        WebSocketServer server = slowServer(TransportKind.PARKING, false).start();
        try (RawPeer peer = RawPeer.connect(server).text(RawPeer.request())) {
            assertTrue(peer.socket().isConnected());
            awaitDeciding(1);
            server.close();
            assertEquals("policy", interrupted.poll(10, TimeUnit.SECONDS));
            Await.until("it is over", () -> server.connectionCount() == 0);
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }
}
