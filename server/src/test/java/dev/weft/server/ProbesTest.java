package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestProcess;
import dev.weft.Installed;
import dev.weft.TestKeys;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.DrainSettings.NewConnections;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Liveness, readiness and health by plain HTTP. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProbesTest {
    private static final ProbeSettings PROBES = ProbeSettings.builder().liveness("/livez").readiness("/readyz")
            .health("/health").build();
    private static final ProbeSettings OWN = PROBES.toBuilder().listen("127.0.0.1", 0).build();
    private static final DrainSettings REFUSED = DrainSettings.builder().newConnections(NewConnections.REFUSED)
            .build();

    /** A response: status, a space and the body. */
    private static String get(InetSocketAddress address, String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            java.net.http.HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path))
                            .timeout(Duration.ofSeconds(20)).build(),
                    BodyHandlers.ofString());
            return response.statusCode() + " " + response.body().strip();
        }
    }

    @Test
    void readyServerAnswers200() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().probeSettings(PROBES).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("alive\n", peer.get("/livez").body());
            assertEquals("no-store", peer.get("/readyz").header("Cache-Control"));
            // HAProxy's default method.
            assertEquals(200, peer.request("OPTIONS", "/readyz").read().status());
            assertEquals(200, peer.head("/readyz").status());
            HttpPeer.Response health = peer.get("/health");
            assertEquals("application/json", health.header("Content-Type"));
            assertEquals(
                    "{\"status\":\"HEALTHY\",\"reason\":\"\",\"ready\":true,\"draining\":false,\"connections\":1}\n",
                    health.body());
            assertEquals(Optional.empty(), server.probeAddress());
        }
    }

    @Test
    void drainingServerIsAliveButNotReady() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().probeSettings(PROBES).start();
                RawPeer peer = RawPeer.open(server)) {
            server.drain(REFUSED);
            InetSocketAddress address = server.address();
            assertEquals("200 alive", get(address, "/livez"));
            assertEquals("503 the server is shutting down", get(address, "/readyz"));
            assertEquals(
                    "200 {\"status\":\"HEALTHY\",\"reason\":\"\",\"ready\":false,\"draining\":true,\"connections\":1}",
                    get(address, "/health"));
            assertTrue(get(address, "/other").startsWith("503 "));
            assertEquals(1, server.connectionCount(), peer::toString);
        }
    }

    @Test
    void fullServerIsNotReady() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().probeSettings(OWN).maxConnections(1).start();
                RawPeer peer = RawPeer.open(server)) {
            assertEquals("503 too many connections", get(server.probeAddress().orElseThrow(), "/readyz"));
            peer.leave();
            Await.until("there is room", server::isReady);
            assertEquals("200 ready", get(server.probeAddress().orElseThrow(), "/readyz"));
        }
    }

    /** Otherwise a supervisor would end the process, with all its connections, because it has many of them. */
    @ParameterizedTest
    @CsvSource({"LOOPS, false", "PARKING, false", "BLOCKING, false", "LOOPS, true"})
    void fullServerIsAlive(TransportKind transport, boolean tls) throws Exception {
        WebSocketServerBuilder builder = Handlers.echoServer().transport(transport).probeSettings(PROBES)
                .metrics("/metrics").http("/other", request -> HttpResponse.text(200, "other")).maxConnections(1);
        if (tls) {
            builder.tls(TestKeys.context());
        }
        try (WebSocketServer server = builder.start(); RawPeer open = RawPeer.open(server)) {
            for (int i = 0; i < 3; i++) {
                try (HttpPeer peer = HttpPeer.connect(server)) {
                    assertEquals("alive\n", peer.get("/livez").body());
                    assertTrue(peer.isEnded(), "it keeps no place");
                }
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                HttpPeer.Response response = peer.get("/readyz");
                assertEquals("503 too many connections\n", response.status() + " " + response.body());
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                assertTrue(peer.get("/health").body().contains("\"connections\":1}"));
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                assertTrue(peer.get("/metrics").body().contains("weft_connections"));
            }
            assertEquals(0, server.refusals().get(RefusalReason.SERVER_FULL));
            int refused = 0;
            for (String request : List.of(RawPeer.request(), RawPeer.request().replace("/chat", "/livez"),
                    "GET /other HTTP/1.1\r\nHost: a\r\n\r\n", "POST /livez/ HTTP/1.1\r\nHost: a\r\n\r\n")) {
                RawPeer.Answer answer = RawPeer.answerOf(server, request);
                assertEquals(503, answer.status(), request);
                assertTrue(answer.hasLine("Retry-After: 1"), answer.head());
                assertEquals("too many connections\n", answer.rest());
                assertEquals(++refused, server.refusals().get(RefusalReason.SERVER_FULL));
            }
            assertEquals(1, server.connectionCount());
            open.leave();
            RawPeer.openWhenThereIsRoom(server).close();
        }
    }

    @Test
    void fullServerMustEndWithItsRefusedConnections() throws Exception {
        WebSocketServer server = Handlers.echoServer().probeSettings(PROBES).maxConnections(1)
                .handshakeTimeout(Duration.ofMinutes(5)).shutdownGrace(Duration.ZERO).start();
        List<RawPeer> silent = new ArrayList<>();
        try (RawPeer open = RawPeer.open(server)) {
            assertTrue(open.socket().isConnected());
            for (int i = 0; i < 300; i++) {
                silent.add(RawPeer.connect(server.port()));
            }
            // Only 256 wait, and the others are closed at once.
            Await.until("the others are closed", () -> server.refusals().get(RefusalReason.SERVER_FULL) == 300 - 256);
            assertEquals(1, server.connectionCount());
            server.close();
            server.awaitTermination();
        } finally {
            for (RawPeer peer : silent) {
                peer.close();
            }
        }
    }

    @Test
    void endpointsMustChangeBesideProbes() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().probeSettings(PROBES).metrics("/metrics").start()) {
            server.addEndpoint("/a", Endpoint.of(Handlers::echo));
            server.replaceEndpoint("/a", Endpoint.of(Handlers::echo));
            server.addHttp("/b", HttpEndpoint.of(request -> HttpResponse.text(200, "b")));
            assertEquals(Set.of("/a"), server.configuration().endpoints().keySet());
            assertEquals(Set.of("/b"), server.configuration().httpEndpoints().keySet());
            assertEquals(Set.of("/b"), server.httpEndpoints().keySet());
            server.configuration().toBuilder().build();
            assertThrows(IllegalArgumentException.class,
                    () -> server.addHttp("/livez", HttpEndpoint.of(request -> HttpResponse.text(200, "no"))));
            assertTrue(server.removeHttp("/b"));
            assertEquals("200 alive", get(server.address(), "/livez"));
            assertTrue(get(server.address(), "/metrics").startsWith("200 # "));
        }
    }

    @Test
    void ownListenerServesProbesAndMetricsOnly() throws Exception {
        WebSocketServer server = Handlers.echoServer().probeSettings(OWN).metrics("/metrics")
                .http("/other", request -> HttpResponse.text(200, "other")).start();
        InetSocketAddress own = server.probeAddress().orElseThrow();
        try {
            assertEquals("200 ready", get(own, "/readyz"));
            assertTrue(get(own, "/metrics").startsWith("200 # "));
            assertTrue(get(own, "/other").startsWith("404 "));
            assertEquals("200 other", get(server.address(), "/other"));
            assertTrue(get(server.address(), "/metrics").startsWith("426 "));
            server.drain();
            // The server listens no more, but the probes do.
            assertThrows(ConnectException.class, () -> RawPeer.connect(server));
            assertEquals("200 alive", get(own, "/livez"));
            assertEquals("503 the server is shutting down", get(own, "/readyz"));
        } finally {
            server.close();
        }
        assertThrows(ConnectException.class, () -> RawPeer.connect(own.getPort()));
    }

    @Test
    void configurationMustHaveTheHttpEndpointsAtPathsOfAnotherListener() throws Exception {
        HttpEndpoint none = HttpEndpoint.of(request -> HttpResponse.empty(204));
        try (WebSocketServer server = Handlers.echoServer().probeSettings(OWN).metrics("/metrics")
                .http("/metrics", none).http("/livez", none).start()) {
            server.addHttp("/more", none);
            assertEquals(Set.of("/metrics", "/livez", "/more"), server.httpEndpoints().keySet());
            assertEquals(server.httpEndpoints(), server.configuration().httpEndpoints());
        }
    }

    @Test
    void takenPortFailsTheStart() throws IOException {
        try (WebSocketServer other = Handlers.echoServer().start()) {
            ProbeSettings same = PROBES.toBuilder().listen("127.0.0.1", other.port()).build();
            assertThrows(IOException.class, () -> Handlers.echoServer().probeSettings(same).start());
        }
    }

    @Test
    void curlReadsStatusAndRetryAfter() throws Exception {
        String curl = Installed.program("curl");
        try (WebSocketServer server = Handlers.echoServer().probeSettings(PROBES).start()) {
            server.drain(REFUSED.toBuilder().retryAfter(Duration.ofSeconds(7)).build());
            try (TestProcess process = TestProcess.start(new ProcessBuilder(curl, "-sS", "-o", "/dev/null", "-w",
                    "%{http_code} %header{retry-after}", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H",
                    "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: " + RawPeer.KEY,
                    "http://127.0.0.1:" + server.port() + "/").redirectErrorStream(true), Duration.ofSeconds(30))) {
                assertEquals("503 7", new String(process.process().getInputStream().readAllBytes()));
            }
        }
    }

    @Test
    void settingsMustBeCheckedWhenTheyAreSet() {
        ProbeSettings.Builder builder = ProbeSettings.builder();
        for (String path : List.of("livez", "/{which}", "/probes/**")) {
            assertThrows(IllegalArgumentException.class, () -> builder.liveness(path), path);
        }
        assertThrows(IllegalArgumentException.class, () -> builder.listen("127.0.0.1", 65_536));
        WebSocketServerBuilder taken = Handlers.echoServer().probeSettings(PROBES).http("/livez",
                request -> HttpResponse.empty(204));
        assertThrows(IllegalArgumentException.class, taken::build);
        taken.probeSettings(OWN).build();
        WebSocketServerBuilder twice = Handlers.echoServer().metrics("/livez").probeSettings(OWN);
        assertThrows(IllegalArgumentException.class, twice::build);
        WebSocketServerBuilder nothing = Handlers.echoServer()
                .probeSettings(ProbeSettings.builder().listen("127.0.0.1", 0).build());
        assertThrows(IllegalStateException.class, nothing::build);
        assertEquals(9002, Snippets.probes().address().orElseThrow().getPort());
        assertFalse(Snippets.probes().paths().isEmpty());
    }

    @Test
    void jsonMustBeEscaped() {
        assertEquals("a \\\"b\\\" \\\\ \\u000a", Probes.escaped("a \"b\" \\ \n"));
    }
}
