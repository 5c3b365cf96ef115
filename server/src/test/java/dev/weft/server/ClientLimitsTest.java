package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.RateLimits;
import dev.weft.RateLimits.Kind;
import dev.weft.TestKeys;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.RawPeer.Answer;
import dev.weft.testing.TestServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Limits of addresses: what is counted, released and refused. Rates of open connections are in {@link ThrottlingTest}. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClientLimitsTest {
    private static final String PLAIN = "GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n";

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private static AddressLimits connections(int most) {
        return AddressLimits.builder().maxConnectionsPerAddress(most).build();
    }

    private static AddressLimits handshakes(int perSecond) {
        return AddressLimits.builder().ratesPerAddress(RateLimits.builder().handshakes(perSecond).build()).build();
    }

    private static WebSocketServerBuilder echo() {
        return Handlers.echoServer().shutdownGrace(Duration.ZERO).closeTimeout(Duration.ofSeconds(1));
    }

    private static Answer refusal(WebSocketServer server) throws IOException {
        return RawPeer.answerOf(server, RawPeer.request());
    }

    private static InetSocketAddress client(String address) {
        return new InetSocketAddress(address, 40_000);
    }

    @Test
    void connectionsOfAnAddressMustBeLimited() throws Exception {
        try (WebSocketServer server = echo().addressLimits(connections(2)).start()) {
            RawPeer first = RawPeer.open(server);
            try (RawPeer second = RawPeer.open(server)) {
                Answer refused = refusal(server);
                assertEquals(429, refused.status());
                assertTrue(refused.hasLine("Retry-After: 1"), refused::head);
                assertEquals(2, server.connectionCount());
                first.leave();
                Await.until("the place is free", () -> server.connectionCount() == 1);
                RawPeer.open(server).close();
                second.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            }
            Await.until("no address is counted", () -> server.statistics().addresses() == 0);
            assertEquals(1, server.refusals().get(RefusalReason.ADDRESS_FULL));
        }
    }

    /** Ends that are no Close: a failed handler, a refusal, a bad request, plain requests, a timeout, an abort. */
    @Test
    void everyEndMustReleaseItsPlace() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().addressLimits(connections(1))
                .shutdownGrace(Duration.ZERO)
                .policyTimeout(Duration.ofMillis(50)).closeTimeout(Duration.ofMillis(500))
                .handshakeTimeout(Duration.ofMillis(50))
                .endpoint("/chat", Endpoint.of(ws -> {
                    switch (ws.receive().toString()) {
                        case String text when text.contains("throw") ->
                            throw new IllegalStateException("planned by a test");
                        case String text when text.contains("memory") ->
                            throw new OutOfMemoryError("planned by a test");
                        case String text when text.contains("abort") -> ws.abort();
                        default -> {
                        }
                    }
                }))
                .endpoint("/no", Endpoint.of(ws -> {}).policy(request -> HandshakeDecision.reject(403, "no")))
                .endpoint("/slow", Endpoint.of(ws -> {}).policy(request -> {
                    try {
                        Thread.currentThread().join();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return HandshakeDecision.accept();
                }))
                .http("/plain", request -> HttpResponse.text(200, "ok")).start()) {
            List<String> requests = List.of(RawPeer.request().replace("/chat", "/no"),
                    RawPeer.request().replace("/chat", "/slow"), "nonsense\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: half of a", PLAIN.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
            for (String request : requests) {
                RawPeer.answerOf(server, request);
                Await.until("the place is free after " + request, () -> server.statistics().addresses() == 0);
            }
            for (String text : List.of("throw", "memory", "abort", "return")) {
                try (RawPeer peer = RawPeer.open(server).bytes(RawPeer.textFrame(text))) {
                    peer.readToEnd();
                } catch (SocketException e) {
                    // The abort resets the connection.
                }
                Await.until("the place is free after " + text, () -> server.statistics().addresses() == 0);
            }
            assertEquals(0, server.refusals().get(RefusalReason.ADDRESS_FULL));
        }
    }

    @Test
    void keptPlainConnectionsMustCountOnce() throws Exception {
        try (WebSocketServer server = echo().addressLimits(AddressLimits.builder().maxConnectionsPerAddress(1)
                .ratesPerAddress(RateLimits.builder().handshakes(1).build()).build())
                .http("/plain", request -> HttpResponse.text(200, "ok")).start();
                RawPeer peer = RawPeer.connect(server)) {
            for (int i = 0; i < 5; i++) {
                assertTrue(peer.text(PLAIN).readHead().startsWith("HTTP/1.1 200 "));
                peer.readByte();
                peer.readByte();
            }
            assertEquals(429, refusal(server).status());
            assertEquals(1, server.statistics().addresses());
        }
    }

    @Test
    void handshakesPerSecondMustBeLimited() {
        try (TestServer server = TestServer.of(Handlers.echoServer().addressLimits(handshakes(2)).build())) {
            server.request("/").from(client("192.0.2.1")).open();
            server.request("/").from(client("192.0.2.1")).open();
            assertEquals("1", server.request("/").from(client("192.0.2.1")).expectRefusal(429).headers()
                    .first("Retry-After").orElseThrow());
            server.request("/").from(client("192.0.2.2")).open();
            server.advance(Duration.ofMillis(500));
            server.request("/").from(client("192.0.2.1")).open();
            server.request("/").from(client("192.0.2.1")).expectRefusal(429);
        }
    }

    @Test
    void handshakesOfAllClientsMustBeLimited() {
        try (TestServer server = TestServer.of(Handlers.echoServer().totalRateLimits(
                RateLimits.builder().handshakes(2).build()).addressLimits(
                        AddressLimits.builder().exempt(List.of("10.0.0.0/8")).build())
                .build())) {
            server.request("/").from(client("192.0.2.1")).open();
            server.request("/").from(client("192.0.2.2")).open();
            server.request("/").from(client("192.0.2.3")).expectRefusal(429);
            server.request("/").from(client("10.1.2.3")).open();
            server.advance(Duration.ofSeconds(1));
            server.request("/").from(client("192.0.2.3")).open();
        }
    }

    @Test
    void trustedNetworksMustBeExempt() {
        try (TestServer server = TestServer.of(Handlers.echoServer().addressLimits(connections(1).toBuilder()
                .exempt(List.of("10.0.0.0/8", "2001:db8:5::/48")).build()).build())) {
            for (int i = 0; i < 3; i++) {
                server.request("/").from(client("10.0.0.1")).open();
                server.request("/").from(client("2001:db8:5::1")).open();
            }
            server.request("/").from(client("192.0.2.1")).open();
            server.request("/").from(client("192.0.2.1")).expectRefusal(429);
        }
    }

    @Test
    void clientsOfATrustedProxyMustBeCountedAndNotTheProxy() throws Exception {
        ProxySettings proxies = ProxySettings.builder().trustedProxies(List.of("127.0.0.1"))
                .clientAddressField(ClientAddressField.X_FORWARDED_FOR).build();
        try (WebSocketServer server = echo().proxySettings(proxies).addressLimits(connections(1))
                .http("/plain", request -> HttpResponse.text(200, "ok")).start();
                RawPeer kept = RawPeer.connect(server);
                RawPeer first = RawPeer.open(server, "X-Forwarded-For: 192.0.2.1");
                RawPeer second = RawPeer.open(server, "X-Forwarded-For: 192.0.2.2")) {
            assertEquals(2, server.statistics().addresses());
            String request = RawPeer.request("X-Forwarded-For: 192.0.2.1");
            assertEquals(429, RawPeer.answerOf(server, request).status());
            // A connection of the proxy counts for the client of its last request.
            for (String client : List.of("192.0.2.3", "192.0.2.4")) {
                kept.text(PLAIN.replace("\r\n\r\n", "\r\nX-Forwarded-For: " + client + "\r\n\r\n"));
                assertTrue(kept.readHead().startsWith("HTTP/1.1 200 "));
                kept.readByte();
                kept.readByte();
                assertEquals(3, server.statistics().addresses());
            }
            RawPeer.open(server, "X-Forwarded-For: 192.0.2.3").close();
            kept.text(PLAIN.replace("\r\n\r\n", "\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"));
            assertEquals(429, kept.readAnswer().status());
            kept.leave();
            first.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            second.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            Await.until("no address is counted", () -> server.statistics().addresses() == 0);
        }
    }

    @Test
    void anAddressOverItsLimitMustNotCostATlsHandshake() throws Exception {
        try (WebSocketServer server = echo().tls(TestKeys.context()).addressLimits(connections(1)).start();
                RawPeer first = RawPeer.open(server)) {
            for (int i = 0; i < 5; i++) {
                assertThrows(IOException.class, () -> RawPeer.connect(server).close());
            }
            assertEquals(1, server.statistics().tlsHandshakes());
            assertEquals(5, server.refusals().get(RefusalReason.ADDRESS_FULL));
            first.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            Await.until("the place is free", () -> server.statistics().addresses() == 0);
            RawPeer.open(server).close();
        }
    }

    @Test
    void aFailedTlsHandshakeMustReleaseItsPlace() throws Exception {
        try (WebSocketServer server = echo().tls(TestKeys.context()).addressLimits(connections(1)).start()) {
            for (int i = 0; i < 3; i++) {
                try (RawPeer peer = RawPeer.connect(server.port()).text("no ClientHello\r\n\r\n")) {
                    peer.readToEnd();
                }
                Await.until("the place is free", () -> server.statistics().addresses() == 0);
            }
            assertEquals(3, server.refusals().get(RefusalReason.TLS_FAILED));
        }
    }

    @Test
    void refusalsMustBeLoggedOnlyAFewTimes() throws Exception {
        try (WebSocketServer server = echo().addressLimits(handshakes(1)).start()) {
            for (int i = 0; i < 40; i++) {
                // Without the upgrade, which would keep the connection.
                RawPeer.answerOf(server, "nonsense\r\n\r\n");
            }
            assertTrue(server.refusals().get(RefusalReason.TOO_MANY_HANDSHAKES) >= 20, server.refusals()::toString);
            assertTrue(log.lines(Level.WARNING).stream().filter(line -> line.contains("a client is over a limit"))
                    .count() <= 20);
        }
    }

    @Test
    void handshakesAreNoRateOfAConnection() {
        RateLimits handshakes = RateLimits.builder().handshakes(1).build();
        assertThrows(IllegalArgumentException.class, () -> WebSocketServer.builder().rateLimits(handshakes));
        assertThrows(IllegalArgumentException.class, () -> RateLimits.builder().pings(0));
        assertEquals(5, RateLimits.builder().pings(5).build().toBuilder().build().perSecond(Kind.PINGS).orElseThrow());
    }
}
