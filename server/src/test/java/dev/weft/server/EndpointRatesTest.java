package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.RateLimits;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rates of endpoints, and the shares of the server's rates. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointRatesTest {
    private static final int PER_SECOND = 100_000;
    private static final Duration STEP = Duration.ofMillis(250);
    private static final byte[] MESSAGE = new byte[996];
    /** With its header, unmasked. */
    private static final int ON_WIRE = 1000;

    /** The bytes that have passed, by the first segment of the path. */
    private final Map<String, AtomicLong> passed = new ConcurrentHashMap<>();

    private final WebSocketHandler counting = ws -> {
        for (var view = ws.receiveView(); view != null; view = ws.receiveView()) {
            count(ws.path(), ON_WIRE);
        }
    };
    private final CountDownLatch begin = new CountDownLatch(1);
    private final WebSocketHandler flooding = ws -> {
        begin.await();
        while (ws.isOpen()) {
            ws.send(MESSAGE);
        }
    };

    private static RateLimits.Builder rates() {
        return RateLimits.builder();
    }

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().pingInterval(Duration.ofDays(1));
    }

    private void count(String path, int bytes) {
        passed.computeIfAbsent(path, any -> new AtomicLong()).addAndGet(bytes);
    }

    private long passed(String path) {
        return passed.getOrDefault(path, new AtomicLong()).get();
    }

    private long passed() {
        return passed.values().stream().mapToLong(AtomicLong::get).sum();
    }

    private static void start(FutureTask<Void> task) {
        Thread.ofVirtual().start(task);
    }

    /** Of an address that is counted, unlike those of memory. */
    private static TestConnection open(TestServer server, String path) {
        return server.request(path).from(new InetSocketAddress("192.0.2.1", 5000)).open();
    }

    /** Counts what it receives as long as there is something. */
    private WebSocketConnection reading(TestServer server, String path) {
        WebSocketConnection client = open(server, path).connection();
        start(new FutureTask<>(() -> {
            for (var view = client.receiveView(); view != null; view = client.receiveView()) {
                count(path, ON_WIRE);
            }
            return null;
        }));
        return client;
    }

    private void sending(TestConnection client) {
        start(new FutureTask<>(() -> {
            begin.await();
            while (client.connection().isOpen()) {
                client.connection().send(MESSAGE);
            }
            return null;
        }));
    }

    private void awaitStandstill() {
        long[] last = {-1};
        Await.until("nothing more passes", () -> {
            long before = last[0];
            last[0] = passed();
            LockSupport.parkNanos(2_000_000);
            return before == last[0];
        });
    }

    /** Moves the clock, as soon as everything that may pass until then has passed. Returns what has passed meanwhile. */
    private Map<String, Long> pass(TestServer server, Duration time, long perSecond) {
        Map<String, Long> before = new HashMap<>();
        passed.forEach((path, bytes) -> before.put(path, bytes.get()));
        long begin = passed();
        for (int i = 1; i <= time.dividedBy(STEP); i++) {
            server.advance(STEP);
            // Reads take tokens for more than they find; these are given back, and used later.
            long least = begin + i * perSecond / 4 - perSecond;
            Await.until("what the rate allows passes", () -> passed() >= least);
            awaitStandstill();
        }
        Map<String, Long> between = new HashMap<>();
        passed.forEach((path, bytes) -> between.put(path, bytes.get() - before.getOrDefault(path, 0L)));
        return between;
    }

    /** Lets them begin. Each connection has saved a second's tokens at its beginning: these are used up, and all are waiting. */
    private void settle(TestServer server) {
        begin.countDown();
        pass(server, Duration.ofSeconds(4), PER_SECOND);
    }

    private static void assertNear(long expected, long actual) {
        assertTrue(Math.abs(expected - actual) <= expected / 10 + PER_SECOND / 4, actual + " instead of " + expected);
    }

    @Test
    void anEndpointMustReplaceTheRatesOfItsConnections() {
        try (TestServer server = TestServer.of(builder().rateLimits(rates().receivedMessages(1000).build())
                .endpoint("/usual", counting)
                .endpoint("/slow", Endpoint.of(counting).rateLimits(rates().receivedMessages(2).build()))
                .endpoint("/free", Endpoint.of(counting).rateLimits(RateLimits.NONE)).build())) {
            for (String path : List.of("/usual", "/slow", "/free")) {
                TestConnection client = server.open(path);
                start(new FutureTask<>(() -> {
                    for (int i = 0; i < 3000; i++) {
                        client.connection().send(MESSAGE);
                    }
                    return null;
                }));
            }
            Await.until("the first ones are received",
                    () -> passed("/free") == 3000 * ON_WIRE && passed("/usual") == 1000 * ON_WIRE
                            && passed("/slow") == 2 * ON_WIRE);
            server.advance(Duration.ofSeconds(1));
            Await.until("further ones are received",
                    () -> passed("/usual") == 2000 * ON_WIRE && passed("/slow") == 4 * ON_WIRE);
        }
    }

    @Test
    void connectionsOfAnEndpointMustShareItsRate() {
        try (TestServer server = TestServer.of(builder()
                .endpoint("/all", Endpoint.of(flooding).totalRateLimits(rates().sentBytes(PER_SECOND).build()))
                .endpoint("/free", flooding).build())) {
            for (int i = 0; i < 3; i++) {
                reading(server, "/all");
            }
            settle(server);
            assertNear(10 * PER_SECOND, pass(server, Duration.ofSeconds(10), PER_SECOND).get("/all"));
            reading(server, "/free");
            Await.until("others are not limited", () -> passed("/free") > 50 * PER_SECOND);
        }
    }

    @Test
    void handshakesOfAnEndpointMustBeLimited() {
        try (TestServer server = TestServer.of(builder()
                .endpoint("/login", Endpoint.of(counting).totalRateLimits(rates().handshakes(2).build()))
                .endpoint("/other", counting)
                .addressLimits(AddressLimits.builder().exempt(List.of("10.0.0.0/8")).build()).build())) {
            open(server, "/login");
            open(server, "/login");
            assertEquals("1", server.request("/login").from(new InetSocketAddress("192.0.2.1", 5000))
                    .expectRefusal(429).headers().first("Retry-After").orElseThrow());
            open(server, "/other");
            server.request("/login").from(new InetSocketAddress("10.0.0.1", 5000)).open();
            server.advance(Duration.ofSeconds(1));
            open(server, "/login");
        }
    }

    // Shares.

    private WebSocketServerBuilder sharing(RateLimits.Builder limits, WebSocketHandler handler) {
        return builder().totalRateLimits(limits.build()).rateShares(Map.of("live", 70, "unused", 10))
                .endpoint("/live", Endpoint.of(handler).rateShare("live")).endpoint("/files", handler);
    }

    @Test
    void sharesOfWhatIsSentMustHoldWhateverTheNumberOfConnections() {
        try (TestServer server = TestServer.of(sharing(rates().sentBytes(PER_SECOND), flooding).build())) {
            reading(server, "/live");
            for (int i = 0; i < 5; i++) {
                reading(server, "/files");
            }
            settle(server);
            Map<String, Long> between = pass(server, Duration.ofSeconds(20), PER_SECOND);
            // 70% and 20% are theirs, where one of six would get 17% without shares; all compete for the 10% that nobody uses.
            assertTrue(between.get("/live") >= 12 * PER_SECOND, between::toString);
            assertTrue(between.get("/files") >= 3.5 * PER_SECOND, between::toString);
            assertNear(20 * PER_SECOND, between.get("/live") + between.get("/files"));
        }
    }

    @Test
    void sharesOfWhatIsReceivedMustHoldWhateverTheNumberOfConnections() {
        assertSharesHoldForWhatIsReceived(rates().receivedBytes(PER_SECOND));
    }

    @Test
    void sharesMustHoldForMessages() {
        assertSharesHoldForWhatIsReceived(rates().receivedMessages(100));
    }

    private void assertSharesHoldForWhatIsReceived(RateLimits.Builder limits) {
        try (TestServer server = TestServer.of(sharing(limits, counting).build())) {
            sending(open(server, "/live"));
            for (int i = 0; i < 5; i++) {
                sending(open(server, "/files"));
            }
            settle(server);
            Map<String, Long> between = pass(server, Duration.ofSeconds(20), PER_SECOND);
            assertTrue(between.get("/live") >= 12 * PER_SECOND, between::toString);
            assertTrue(between.get("/files") >= 3.5 * PER_SECOND, between::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/live", "/files"})
    void whatAShareDoesNotUseMustGoToOthers(String alone) throws Exception {
        try (TestServer server = TestServer.of(sharing(rates().sentBytes(PER_SECOND), flooding).build())) {
            reading(server, alone);
            WebSocketConnection other = reading(server, alone.equals("/live") ? "/files" : "/live");
            settle(server);
            other.abort();
            Await.until("it has ended", () -> server.connectionCount() == 1);
            settle(server);
            assertNear(10 * PER_SECOND, pass(server, Duration.ofSeconds(10), PER_SECOND).get(alone));
        }
    }

    @Test
    void aPolicyMustBeAbleToChooseTheShare() {
        HandshakePolicy policy = request -> request.path().equals("/files/gold")
                ? HandshakeDecision.accept().withRateShare("live")
                : HandshakeDecision.accept();
        try (TestServer server = TestServer.of(sharing(rates().sentBytes(PER_SECOND), flooding)
                .endpoint("/files/{name}", Endpoint.of(flooding).policy(policy)).build())) {
            reading(server, "/files/gold");
            for (int i = 0; i < 5; i++) {
                reading(server, "/files/other");
            }
            settle(server);
            Map<String, Long> between = pass(server, Duration.ofSeconds(20), PER_SECOND);
            assertTrue(between.get("/files/gold") >= 12 * PER_SECOND, between::toString);
        }
    }

    @Test
    void aShareThatDoesNotExistMustFailWhereItIsNamed() throws IOException {
        HandshakePolicy policy = request -> HandshakeDecision.accept().withRateShare("golden");
        WebSocketServerBuilder builder = sharing(rates().sentBytes(PER_SECOND), counting)
                .endpoint("/golden", Endpoint.of(counting).policy(policy));
        try (TestServer server = TestServer.of(builder.build())) {
            server.request("/golden").expectRefusal(500);
        }
        try (TestServer server = TestServer.of(builder().endpoint("/golden", Endpoint.of(counting).policy(policy))
                .build())) {
            server.request("/golden").expectRefusal(500);
        }
        Endpoint wrong = Endpoint.of(counting).rateShare("golden");
        try (WebSocketServer server = builder.start()) {
            assertThrows(IllegalArgumentException.class, () -> server.addEndpoint("/wrong", wrong));
            server.addEndpoint("/right", Endpoint.of(counting).rateShare("live"));
        }
        builder.endpoint("/wrong", wrong);
        assertThrows(IllegalArgumentException.class, builder::build);
    }

    @Test
    void sharesMustBePartsOfARate() {
        assertThrows(IllegalArgumentException.class, () -> builder().rateShares(Map.of("a", 0)));
        assertThrows(IllegalArgumentException.class, () -> builder().rateShares(Map.of("a", 60, "b", 41)));
        WebSocketServerBuilder noRates = builder().handler(counting).rateShares(Map.of("a", 60, "b", 40))
                .totalRateLimits(rates().handshakes(5).build());
        assertThrows(IllegalStateException.class, noRates::build);
        assertEquals(Map.of("a", 60, "b", 40), noRates.totalRateLimits(rates().pings(5).build()).build().rateShares());
    }

    /** Connections that exist could not be limited. */
    @Test
    void anEndpointWithRatesMustNotBeAddedToAServerWithoutAny() throws IOException {
        Endpoint limited = Endpoint.of(counting).rateLimits(rates().pings(5).build());
        try (WebSocketServer server = builder().handler(counting).start()) {
            assertThrows(IllegalArgumentException.class, () -> server.addEndpoint("/limited", limited));
            server.addEndpoint("/limited", Endpoint.of(counting).rateLimits(RateLimits.NONE));
        }
        try (WebSocketServer server = builder().endpoint("/", limited).start()) {
            server.addEndpoint("/limited", limited);
        }
    }
}
