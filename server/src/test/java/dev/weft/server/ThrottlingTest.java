package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.RateLimits;
import dev.weft.RateLimits.Kind;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import java.io.DataInputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rates of open connections: they slow a peer down, and nothing else. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThrottlingTest {
    private static final Duration STEP = Duration.ofMillis(250);
    /** In real time, so that threads that were woken take their turns before the clock moves on. */
    private static final long PAUSE_NANOS = 2_000_000;

    private final AtomicInteger received = new AtomicInteger();

    private final WebSocketHandler counting = ws -> {
        while (!(ws.receive() instanceof Message.Close)) {
            received.incrementAndGet();
        }
    };

    private static RateLimits.Builder rates() {
        return RateLimits.builder();
    }

    private static TestServer server(WebSocketHandler handler, RateLimits.Builder limits) {
        return TestServer.of(WebSocketServer.builder().handler(handler).rateLimits(limits.build())
                .messageTimeout(Duration.ofSeconds(2)).writeTimeout(Duration.ofSeconds(2))
                .pongTimeout(Duration.ofSeconds(2)).pingInterval(Duration.ofSeconds(30)).build());
    }

    /** Moves the clock until the condition holds; returns the milliseconds that have passed on it. */
    private static long advanceUntil(TestServer server, String what, BooleanSupplier condition) {
        long passed = 0;
        while (!condition.getAsBoolean()) {
            assertTrue(passed < 300_000, () -> "never came true: " + what);
            server.advance(STEP);
            passed += STEP.toMillis();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return passed;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void messagesMustWaitForTheirRate() throws Exception {
        try (TestServer server = server(counting, rates().receivedMessages(2))) {
            TestConnection client = server.open("/");
            for (int i = 0; i < 8; i++) {
                client.send("message " + i);
            }
            Await.until("what a second allows is received", () -> received.get() == 2);
            // Control frames do not wait: the pong shows that the server has read what precedes it.
            client.connection().ping(Duration.ofSeconds(10));
            assertEquals(2, received.get());
            long passed = advanceUntil(server, "all are received", () -> received.get() == 8);
            assertTrue(passed >= 2500 && passed < 60_000, () -> passed + " ms");
        }
    }

    @Test
    void aCloseMustBeAnsweredWhileMessagesWait() {
        try (TestServer server = server(counting, rates().receivedMessages(1))) {
            TestConnection client = server.open("/");
            for (int i = 0; i < 5; i++) {
                client.send("message");
            }
            client.connection().close(1000, "");
            assertTrue(advanceUntil(server, "the connection has ended", () -> server.connectionCount() == 0) < 20_000);
            assertEquals(5, received.get());
        }
    }

    @Test
    void noDeadlineMustRunAgainstAPeerThatIsThrottled() {
        byte[] message = random(150_000);
        AtomicReference<byte[]> got = new AtomicReference<>();
        try (TestServer server = server(ws -> {
            if (ws.receive() instanceof Message.Binary(byte[] bytes)) {
                got.set(bytes);
            }
            ws.awaitClose();
        }, rates().receivedBytes(20_000))) {
            TestConnection client = server.open("/");
            Thread sender = Thread.ofVirtual().start(() -> client.send(message));
            long passed = advanceUntil(server, "the message is received", () -> got.get() != null);
            assertTrue(passed >= 6000, () -> passed + " ms");
            assertTrue(Arrays.equals(message, got.get()));
            assertTrue(client.connection().isOpen());
            sender.interrupt();
        }
    }

    @Test
    void aPeerThatStopsAfterItWasThrottledMustBeFound() throws Exception {
        try (TestServer server = server(counting, rates().receivedBytes(1000))) {
            TestConnection client = server.open("/");
            // A fragment, and no end.
            OutgoingMessage message = client.connection().sendStream(MessageType.BINARY);
            message.write(random(3000));
            message.flush();
            long passed = advanceUntil(server, "the connection has ended", () -> server.connectionCount() == 0);
            assertTrue(passed < 60_000, () -> passed + " ms");
        }
    }

    @Test
    void sendsMustWaitForTheirRateAndLoseNothing() {
        byte[] message = random(200_000);
        try (TestServer server = server(ws -> {
            ws.send(message);
            ws.awaitClose();
        }, rates().sentBytes(20_000))) {
            TestConnection client = server.open("/").within(Duration.ofSeconds(30));
            AtomicReference<byte[]> got = new AtomicReference<>();
            Thread.ofVirtual().start(() -> got.set(client.expectBinary()));
            long passed = advanceUntil(server, "the message is sent", () -> got.get() != null);
            assertTrue(passed >= 8000, () -> passed + " ms");
            assertTrue(Arrays.equals(message, got.get()));
        }
    }

    @Test
    void trySendMustQueueAndRefuseAsForAFullNetwork() throws Exception {
        List<SendResult> results = new ArrayList<>();
        CountDownLatch tried = new CountDownLatch(1);
        try (TestServer server = TestServer.of(WebSocketServer.builder().maxQueuedSize(10_000).handler(ws -> {
            for (int i = 0; i < 20; i++) {
                results.add(ws.trySend("x".repeat(990)));
            }
            tried.countDown();
            ws.awaitClose();
        }).rateLimits(rates().sentBytes(4000).build()).build())) {
            TestConnection client = server.open("/").within(Duration.ofSeconds(30));
            tried.await();
            assertEquals(new HashSet<>(List.of(SendResult.ACCEPTED, SendResult.PEER_BEHIND)), new HashSet<>(results));
            long accepted = results.stream().filter(SendResult.ACCEPTED::equals).count();
            assertTrue(accepted >= 10 && accepted < 20, results::toString);
            AtomicInteger got = new AtomicInteger();
            Thread.ofVirtual().start(() -> {
                for (int i = 0; i < accepted; i++) {
                    client.expectText("x".repeat(990));
                    got.incrementAndGet();
                }
            });
            assertTrue(advanceUntil(server, "what was accepted is sent", () -> got.get() == accepted) >= 1000);
        }
    }

    @Test
    void messagesSentMustWaitForTheirRate() {
        try (TestServer server = server(ws -> {
            for (int i = 0; i < 10; i++) {
                ws.send("message " + i);
            }
            ws.awaitClose();
        }, rates().sentMessages(2))) {
            TestConnection client = server.open("/").within(Duration.ofSeconds(30));
            AtomicInteger got = new AtomicInteger();
            Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 10; i++) {
                    client.expectText("message " + i);
                    got.incrementAndGet();
                }
            });
            long passed = advanceUntil(server, "all are sent", () -> got.get() == 10);
            assertTrue(passed >= 3000, () -> passed + " ms");
        }
    }

    @Test
    void inflatedBytesMustWaitForTheirRate() {
        try (TestServer server = server(counting, rates().inflatedBytes(100_000))) {
            TestConnection client = server.request("/").deflate().open();
            for (int i = 0; i < 8; i++) {
                client.send("x".repeat(100_000));
            }
            long passed = advanceUntil(server, "all are received", () -> received.get() == 8);
            assertTrue(passed >= 5000, () -> passed + " ms");
        }
    }

    @Test
    void connectionsOfOneAddressMustShareItsRate() {
        ConcurrentHashMap<Long, AtomicInteger> counts = new ConcurrentHashMap<>();
        WebSocketHandler handler = ws -> {
            while (!(ws.receive() instanceof Message.Close)) {
                counts.computeIfAbsent(ws.id(), id -> new AtomicInteger()).incrementAndGet();
            }
        };
        AddressLimits limits = AddressLimits.builder().ratesPerAddress(rates().receivedMessages(8).build()).build();
        try (TestServer server = TestServer
                .of(WebSocketServer.builder().handler(handler).addressLimits(limits).build())) {
            List<TestConnection> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(server.request("/").from(new InetSocketAddress("192.0.2.1", 4000 + i)).open());
            }
            for (int i = 0; i < 100; i++) {
                clients.forEach(client -> client.send("message"));
            }
            advanceUntil(server, "80 are received",
                    () -> counts.values().stream().mapToInt(AtomicInteger::get).sum() >= 80);
            assertEquals(4, counts.size());
            assertTrue(counts.values().stream().allMatch(count -> count.get() >= 10 && count.get() <= 30),
                    counts::toString);
        }
    }

    /** Over real sockets, in real time, on every transport: each byte arrives, only later. */
    @Test
    void throttlingMustLoseNothingOnAnyTransport() throws Exception {
        byte[] message = random(60_000);
        for (TransportKind kind : TransportKind.values()) {
            try (WebSocketServer server = Handlers.echoServer().transport(kind).shutdownGrace(Duration.ZERO)
                    .rateLimits(rates().receivedBytes(120_000).sentBytes(120_000).receivedMessages(200).build())
                    .start(); RawPeer peer = RawPeer.open(server)) {
                long begin = System.nanoTime();
                FutureTask<Void> sender = new FutureTask<>(() -> {
                    for (int i = 0; i < 4; i++) {
                        peer.bytes(RawPeer.frame(0x82, message));
                    }
                    return null;
                });
                Thread.ofVirtual().start(sender);
                DataInputStream in = new DataInputStream(peer.input());
                for (int i = 0; i < 4; i++) {
                    byte[] header = in.readNBytes(4);
                    assertEquals((byte) 0x82, header[0]);
                    assertTrue(Arrays.equals(message, in.readNBytes(message.length)), kind + ", message " + i);
                }
                long nanos = System.nanoTime() - begin;
                assertTrue(nanos > Duration.ofMillis(500).toNanos(), kind::toString);
                // A machine that is slower than the rate waits for nothing. If sending waits, receiving may not need to.
                Map<Kind, Long> throttles = server.statistics().throttles();
                assertTrue(nanos > Duration.ofSeconds(2).toNanos()
                        || throttles.get(Kind.RECEIVED_BYTES) + throttles.get(Kind.SENT_BYTES) > 0, kind::toString);
            }
        }
    }

    /** A handler that receives nothing reads pings ahead: they are limited too. */
    @Test
    void aFloodOfPingsMustWaitForItsRate() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        WebSocketHandler busy = (WebSocketConnection ws) -> {
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        try (WebSocketServer server = WebSocketServer.builder().handler(busy).shutdownGrace(Duration.ZERO)
                .rateLimits(rates().pings(1000).build()).start(); RawPeer peer = RawPeer.open(server)) {
            byte[] ping = RawPeer.bytes("8980 00000000");
            byte[] pings = new byte[6000 * ping.length];
            for (int i = 0; i < pings.length; i++) {
                pings[i] = ping[i % ping.length];
            }
            Thread.ofVirtual().start(new FutureTask<>(() -> peer.bytes(pings).hex("8983 00000000 656e64")));
            long begin = System.nanoTime();
            // Not every ping is answered if the network is slower than the flood, but the last one is.
            String frame = peer.readFrame();
            while (frame.equals("8a00 ")) {
                frame = peer.readFrame();
            }
            assertEquals("8a03 656e64", frame);
            assertTrue(System.nanoTime() - begin > Duration.ofMillis(500).toNanos());
        } finally {
            end.countDown();
        }
    }
}
