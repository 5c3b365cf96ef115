package dev.weft.docs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.SendResult;
import dev.weft.TestKeys;
import dev.weft.TlsFiles;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Await;
import dev.weft.server.Endpoint;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.Handlers;
import dev.weft.server.HttpHandler;
import dev.weft.server.LogCapture;
import dev.weft.server.RawPeer;
import dev.weft.server.TlsCertificates;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The code of the guides does what they say. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuidesTest {
    private static final Guides.Tokens TOKENS = token -> Optional.ofNullable(
            Map.of("t1", new Guides.User("ada", Instant.now().plusMillis(50))).get(token));
    private static final HandshakeDecision.Reject UNAUTHORIZED = HandshakeDecision.reject(401, "no");

    @Test
    void firstServerEchoes() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Thread main = Thread.ofPlatform().start(() -> {
            try {
                Echo.main(new String[]{Integer.toString(port)});
            } catch (InterruptedException e) {
                // The end of the test.
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        try (RawPeer peer = RawPeer.connectWhenListening(port)) {
            peer.text(RawPeer.request()).readHead();
            assertEquals(hex("hi"), peer.bytes(RawPeer.textFrame("hi")).readFrame());
            assertEquals(1000, peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
        }
        main.interrupt();
        main.join();
    }

    private static WebSocketServer serve(WebSocketHandler handler) throws IOException {
        return WebSocketServer.builder().handler(handler).start();
    }

    private static String hex(String text) {
        return "81%02x ".formatted(text.length()) + hexOf(text);
    }

    private static String hexOf(String text) {
        return HexFormat.of().formatHex(text.getBytes(UTF_8));
    }

    @Test
    void peerThatIsBehindMustBeClosed() {
        AtomicReference<WebSocketConnection> connection = new AtomicReference<>();
        try (TestServer server = TestServer.of(WebSocketServer.builder().maxQueuedSize(1000).handler(ws -> {
            connection.set(ws);
            ws.awaitClose();
        }).build())) {
            server.open("/");
            Await.until("the handler runs", () -> connection.get() != null);
            WebSocketConnection ws = connection.get();
            String large = "x".repeat(100_000);
            Await.until("the peer is behind", () -> {
                Guides.careful(Set.of(ws), large, address -> {
                    throw new AssertionError("the server is not full");
                });
                return !ws.isOpen();
            });
            assertEquals(SendResult.CLOSED, ws.trySend("more"));
        }
    }

    @Test
    void feedSendsTheNewestValue() throws Exception {
        Guides.LatestValue feed = new Guides.LatestValue();
        AtomicReference<Thread> handler = new AtomicReference<>();
        try (TestServer server = TestServer.of(ws -> {
            handler.set(Thread.currentThread());
            feed.handle(ws);
        })) {
            WebSocketConnection client = server.open("/").connection();
            assertEquals(new Message.Text("1"), first(client, () -> feed.publish("1")));
            client.abort();
            Await.until("the handler has ended", () -> !handler.get().isAlive());
        }
    }

    /** The first message that the client receives while a value is published again and again. */
    private static Message first(WebSocketConnection client, Runnable publish) throws IOException {
        Optional<Message> first = Optional.empty();
        while (first.isEmpty()) {
            publish.run();
            first = client.receive(Duration.ofMillis(10));
        }
        return first.get();
    }

    private static TestServer guarded(HandshakePolicy policy) {
        return TestServer.of("/", Endpoint.of(ws -> ws.awaitClose()).policy(policy));
    }

    @Test
    void tokenOpensTheConnection() {
        try (TestServer server = guarded(Guides.byQuery(TOKENS))) {
            server.open("/?token=t1");
            assertEquals("Bearer", server.request("/?token=t2").expectRefusal(401).headers()
                    .first("WWW-Authenticate").orElseThrow());
            server.request("/").expectRefusal(401);
        }
        try (TestServer server = guarded(Guides.bySubprotocol(TOKENS, UNAUTHORIZED))) {
            server.request("/").subprotocols("chat.v2", "token.t1").open();
            server.request("/").subprotocols("chat.v2", "token.t2").expectRefusal(401);
        }
        try (TestServer server = guarded(Guides.byHeader(TOKENS, UNAUTHORIZED))) {
            server.request("/").header("Authorization", "Bearer t1").open();
            server.request("/").header("Authorization", "Bearer t2").expectRefusal(401);
            server.request("/").header("Authorization", "Basic t1").expectRefusal(401);
            server.request("/").expectRefusal(401);
        }
    }

    @Test
    void connectionIsClosedWhenItsTokenExpires() {
        try (TestServer server = TestServer.of("/",
                Endpoint.of(Handlers::echo).policy(Guides.expiring(TOKENS, UNAUTHORIZED)))) {
            // The answer shows that the connection is open on the server, too, before its clock advances.
            TestConnection client = server.open("/?token=t1").send("hi").expectText("hi");
            server.advance(Duration.ofSeconds(5));
            client.expectClose(3000);
        }
    }

    @Test
    void serverSpeaksTls(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("keys.p12");
        TestKeys.write(file);
        KeyStore store = KeyStore.getInstance(file.toFile(), TestKeys.PASSWORD.toCharArray());
        try (WebSocketServer server = Guides.tls(file.toFile(), TestKeys.PASSWORD.toCharArray(),
                ws -> ws.send("secret"));
                HttpClient client = HttpClient.newBuilder().sslContext(TestKeys.contextOf(store)).build()) {
            assertEquals("secret", TextClient.open(client, "wss://localhost:" + server.port() + "/").next());
        }
    }

    @Test
    void serversShowTheirMetrics() throws Exception {
        try (WebSocketServer server = Guides.metrics(ws -> ws.send("hi"));
                WebSocketServer inner = Guides.innerMetrics(server, 0)) {
            for (WebSocketServer each : List.of(server, inner)) {
                String metrics = RawPeer.answerOf(each, "GET /metrics HTTP/1.0\r\n\r\n").rest();
                assertTrue(metrics.contains("weft_websockets_opened_total 0"), metrics);
            }
        }
    }

    @Test
    void serverShowsTheTotalsOfTopics() throws Exception {
        try (WebSocketServer server = Guides.topicMetrics(Topics.builder().build(), ws -> ws.send("hi"))) {
            String metrics = RawPeer.answerOf(server, "GET /metrics HTTP/1.0\r\n\r\n").rest();
            assertTrue(metrics.contains("weft_topics 0"), metrics);
        }
    }

    @Test
    void serverReadsPemFiles() throws Exception {
        try (WebSocketServer server = Guides.tls(TlsFiles.file("ec.pem"), TlsFiles.file("ec.key"),
                ws -> ws.send("secret"));
                HttpClient client = HttpClient.newBuilder().sslContext(TlsFiles.trusting()).build()) {
            assertEquals("secret", TextClient.open(client, "wss://localhost:" + server.port() + "/").next());
        }
    }

    @Test
    void serverHasSeveralCertificates() throws Exception {
        TlsCertificates certificates = Guides.severalCertificates(TlsFiles.FOLDER, TlsFiles.PASSWORD.toCharArray());
        assertTrue(certificates.expiresAt().isAfter(Instant.now()));
    }

    @Test
    void clientShowsItsCertificate() {
        try (TestServer server = TestServer.of(Guides.clientCertificates(TestKeys.context())
                .handler(ws -> ws.send(ws.attachment(String.class).orElseThrow())).build())) {
            server.request("/").tls(TestKeys.context()).open().expectText("CN=localhost");
        }
    }

    @Test
    void filesGoBothWays(@TempDir Path folder) throws Exception {
        Path stored = folder.resolve("stored");
        Path sent = Files.write(folder.resolve("sent"), new byte[100]);
        try (TestServer server = TestServer.of(ws -> {
            Guides.upload(ws, stored);
            Guides.download(ws, sent);
        })) {
            TestConnection client = server.open("/");
            client.connection().sendStream(MessageType.BINARY, out -> {
                out.write(new byte[2000]);
                out.write(new byte[3000]);
            });
            client.expectText("stored 5000 bytes");
            assertEquals(5000, Files.size(stored));
            client.expectBinary(new byte[100]);
        }
    }

    @Test
    void endpointsHaveTheirLimits() {
        try (TestServer server = TestServer.of(Guides.limits(ws -> ws.receive(), ws -> ws.receive()).build())) {
            server.open("/chat").send(new byte[65_537]).expectClose(1009);
        }
    }

    @Test
    void computingHandlersAnswer() throws Exception {
        WebSocketHandler computing = Guides.computing(work -> Arrays.sort(work));
        for (WebSocketServerBuilder builder : List.of(WebSocketServer.builder().handler(computing),
                Guides.platformThreads(computing))) {
            try (WebSocketServer server = builder.start(); RawPeer peer = RawPeer.open(server)) {
                assertEquals(hex("done"), peer.bytes(RawPeer.frame(0x82, new byte[10])).readFrame());
            }
        }
    }

    @Test
    void debugLogIsSwitchedOn() {
        Map<Handler, Level> before = new HashMap<>();
        Handler[] handlers = Logger.getLogger("").getHandlers();
        Arrays.stream(handlers).forEach(handler -> before.put(handler, handler.getLevel()));
        Logger logger = Guides.debugLog();
        Level own = logger.getLevel();
        logger.setLevel(null);
        try {
            assertSame(Level.FINE, own);
            assertTrue(Arrays.stream(handlers).allMatch(handler -> handler.getLevel() == Level.FINE));
        } finally {
            before.forEach(Handler::setLevel);
        }
    }

    @Test
    void serverReportsHowItIs() throws Exception {
        LogCapture log = new LogCapture();
        try (WebSocketServer server = serve(ws -> ws.receive())) {
            RawPeer.answerOf(server, RawPeer.request("Origin: https://evil.example"));
            String report = Guides.report(server);
            assertTrue(report.endsWith("connections, 1 from foreign origins"), report);
            assertTrue(log.lines(Level.FINE).toString().contains("FOREIGN_ORIGIN"), log.lines(Level.FINE).toString());
        } finally {
            log.close();
        }
    }

    @Test
    void endSaysWhyItCame() throws Exception {
        List<String> lines = new CopyOnWriteArrayList<>();
        try (WebSocketServer server = serve(Guides.diagnosing(lines::add))) {
            try (RawPeer peer = RawPeer.open(server)) {
                peer.hex("8080 00000000").readCloseAndEnd(); // §5.4: a continuation without a message
            }
            Await.until("both lines", () -> lines.size() == 2);
            assertTrue(lines.stream().anyMatch(line -> line.startsWith("not by a closing handshake: ")),
                    lines.toString());
            assertTrue(lines.stream().anyMatch(line -> line.contains("1002")), lines.toString());
        }
    }

    @Test
    void anAddedHandlerMayUseItsServer() throws Exception {
        try (WebSocketServer server = Guides.health().start()) {
            assertTrue(server.removeHttp("/health"));
            Guides.addHealth(server);
            assertEquals(200, RawPeer.answerOf(server,
                    "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").status());
        }
    }

    @Test
    void limitsOfOnePathAreLarger() {
        HttpHandler size = request -> HttpResponse.text(200, "" + request.bodyBytes().length);
        try (TestServer server = TestServer.of(Guides.uploads(size, size).http("/other", size).build())) {
            server.request("/other").send("POST", new byte[2 << 20]).expectStatus(413);
            assertEquals("2097152", server.request("/files").send("POST", new byte[2 << 20]).body());
            server.request("/files").send("PUT", "").expectStatus(405);
        }
    }

    @Test
    void requestPublishesAValue() throws Exception {
        try (TestServer server = TestServer.of(Guides.publishing(new Guides.LatestValue()).build())) {
            WebSocketConnection subscriber = server.open("/feed").connection();
            assertEquals(new Message.Text("42"),
                    first(subscriber, () -> server.request("/publish").send("POST", "42").expectStatus(204)));
        }
    }

    @Test
    void migratedChatWorks() {
        try (TestServer server = TestServer.of(Guides.chatServer().build())) {
            server.open("/chat/tea").send("hi").expectText("tea: hi");
        }
    }
}
