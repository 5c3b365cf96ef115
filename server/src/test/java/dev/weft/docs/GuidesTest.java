package dev.weft.docs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.SendResult;
import dev.weft.TestKeys;
import dev.weft.TlsFiles;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.LogCapture;
import dev.weft.server.RawPeer;
import dev.weft.server.WebSocketHandler;
import dev.weft.server.TlsCertificates;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
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
    void roomPassesMessagesToAllThatAreThere() throws Exception {
        try (WebSocketServer server = serve(Guides.room());
                RawPeer one = RawPeer.open(server);
                RawPeer other = RawPeer.open(server)) {
            Await.until("both are in the room", () -> {
                try {
                    one.bytes(RawPeer.textFrame("hello"));
                    assertEquals(hex("hello"), one.readFrame());
                    return other.input().available() > 0;
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertEquals(hex("hello"), other.readFrame());
        }
    }

    @Test
    void peerThatFallsBehindMustBeClosed() throws Exception {
        AtomicReference<WebSocketConnection> connection = new AtomicReference<>();
        try (WebSocketServer server = WebSocketServer.builder().maxQueuedSize(1000).handler(ws -> {
            connection.set(ws);
            ws.awaitClose();
        }).start(); RawPeer peer = RawPeer.open(server)) {
            Await.until("the handler runs", () -> connection.get() != null);
            WebSocketConnection ws = connection.get();
            String large = "x".repeat(100_000);
            Await.until("the peer is behind", () -> {
                Guides.careful(ws, large, address -> {
                    throw new AssertionError("the server is not full");
                });
                return !ws.isOpen();
            });
            assertEquals(SendResult.CLOSED, ws.trySend("more"));
            ws.abort();
            peer.leave();
        }
    }

    @Test
    void feedSendsTheNewestValue() throws Exception {
        Guides.LatestValue feed = new Guides.LatestValue();
        AtomicReference<Thread> handler = new AtomicReference<>();
        try (WebSocketServer server = serve(ws -> {
            handler.set(Thread.currentThread());
            feed.handle(ws);
        }); RawPeer peer = RawPeer.open(server)) {
            Await.until("a value arrives", () -> {
                feed.publish("1");
                try {
                    return peer.input().available() > 0;
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertEquals(hex("1"), peer.readFrame());
            peer.leave();
            Await.until("the handler has ended", () -> !handler.get().isAlive());
        }
    }

    @Test
    void tokenOpensTheConnection() throws Exception {
        assertEquals(101, openStatus(Guides.byQuery(TOKENS), "/?token=t1"));
        assertEquals(401, openStatus(Guides.byQuery(TOKENS), "/?token=t2"));
        assertEquals(401, openStatus(Guides.byQuery(TOKENS), "/"));
        assertEquals(101, openStatus(Guides.bySubprotocol(TOKENS), "/",
                "Sec-WebSocket-Protocol: chat.v2, token.t1"));
        assertEquals(401, openStatus(Guides.bySubprotocol(TOKENS), "/", "Sec-WebSocket-Protocol: chat.v2, token.t2"));
    }

    private static int openStatus(HandshakePolicy policy, String target, String... lines) throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().policy(policy).handler(ws -> ws.awaitClose()).start();
                RawPeer peer = RawPeer.connect(server)) {
            String head = peer.text(RawPeer.request(lines).replaceFirst("^GET \\S+ ", "GET " + target + " "))
                    .readHead();
            return Integer.parseInt(head.split(" ")[1]);
        }
    }

    @Test
    void connectionIsClosedWhenItsTokenExpires() throws Exception {
        try (ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
                WebSocketServer server = WebSocketServer.builder().policy(Guides.byQuery(TOKENS))
                        .handler(Guides.expiring(scheduler, ws -> ws.receive())).start();
                RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request().replaceFirst("^GET \\S+ ", "GET /?token=t1 ")).readHead();
            assertEquals("880f 0fa1" + hexOf("token expired"), peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000);
        }
    }

    @Test
    void policySeesTheClientBeforeTheProxy() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().policy(Guides.byProxy())
                .handler(ws -> ws.send(ws.attachment(String.class).orElseThrow())).start();
                RawPeer peer = RawPeer.open(server, "X-Forwarded-For: 192.0.2.1")) {
            assertEquals(hex("192.0.2.1"), peer.readFrame());
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
    void clientShowsItsCertificate() throws Exception {
        try (WebSocketServer server = Guides.clientCertificates(TestKeys.context())
                .handler(ws -> ws.send(ws.attachment(String.class).orElseThrow())).start();
                RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request()).readHead();
            assertEquals(hex("CN=localhost"), peer.readFrame());
        }
    }

    @Test
    void filesGoBothWays(@TempDir Path folder) throws Exception {
        Path stored = folder.resolve("stored");
        Path sent = Files.write(folder.resolve("sent"), new byte[100]);
        try (WebSocketServer server = serve(ws -> {
            Guides.upload(ws, stored);
            Guides.download(ws, sent);
        }); RawPeer peer = RawPeer.open(server)) {
            peer.bytes(RawPeer.frame(0x02, new byte[2000])).bytes(RawPeer.frame(0x80, new byte[3000]));
            assertEquals(hex("stored 5000 bytes"), peer.readFrame());
            assertEquals(5000, Files.size(stored));
            List<String> frames = new ArrayList<>();
            do {
                frames.add(peer.readFrame());
            } while (!frames.getLast().startsWith("8"));
            assertEquals(100, frames.stream().mapToInt(frame -> frame.length() - frame.indexOf(' ') - 1).sum() / 2);
        }
    }

    @Test
    void endpointsHaveTheirLimits() throws Exception {
        try (WebSocketServer server = Guides.limits(ws -> ws.receive(), ws -> ws.receive()).start();
                RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request().replaceFirst("^GET \\S+ ", "GET /chat ")).readHead();
            assertEquals(1009, peer.bytes(RawPeer.frame(0x82, new byte[65_537])).readCloseAndEnd());
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
    void requestPublishesAValue() throws Exception {
        try (WebSocketServer server = Guides.publishing(new Guides.LatestValue()).start();
                RawPeer subscriber = RawPeer.connect(server)) {
            subscriber.text(RawPeer.request().replaceFirst("^GET \\S+ ", "GET /feed ")).readHead();
            Await.until("the value arrives", () -> {
                try {
                    assertEquals(204, RawPeer.answerOf(server,
                            "POST /publish HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n42")
                            .status());
                    return subscriber.input().available() > 0;
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertEquals(hex("42"), subscriber.readFrame());
        }
    }

    @Test
    void migratedChatWorks() throws Exception {
        try (WebSocketServer server = Guides.chatServer().start(); RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request().replaceFirst("^GET \\S+ ", "GET /chat/tea ")).readHead();
            assertEquals(hex("tea: hi"), peer.bytes(RawPeer.textFrame("hi")).readFrame());
        }
    }
}
