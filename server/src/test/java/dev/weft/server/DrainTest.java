package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HttpResponse;
import dev.weft.server.DrainSettings.NewConnections;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a drain does to new and to existing connections. {@link DrainTimesTest} tests its times. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DrainTest {
    private static final String HELLO = "8105 48656c6c6f";
    private static final String RESTART = "8809 03f472657374617274";
    private static final Duration AN_HOUR = Duration.ofHours(1);
    private static final Duration A_WHILE = Duration.ofSeconds(20);
    private static final DrainSettings REFUSED = DrainSettings.builder().newConnections(NewConnections.REFUSED)
            .retryAfter(Duration.ofMillis(6001)).build();

    private static void assertServed(RawPeer peer) throws IOException {
        assertEquals(HELLO, peer.bytes(textFrame("Hello")).readFrame());
    }

    private static DrainSettings closing(CloseOptions.Builder options) {
        return DrainSettings.builder().closing(options.reason(1012, "restart").build()).build();
    }

    private static WebSocketServerBuilder withHttp() {
        return Handlers.echoServer().http("/plain", request -> HttpResponse.text(200, "plain"));
    }

    // New connections

    @Test
    void drainingServerDoesNotAccept() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); RawPeer peer = RawPeer.open(server)) {
            assertThrows(IllegalStateException.class, () -> server.awaitDrained(Duration.ZERO));
            assertTrue(server.isReady());
            server.drain();
            assertFalse(server.isReady());
            assertThrows(ConnectException.class, () -> RawPeer.connect(server));
            assertServed(peer);
            assertFalse(server.awaitDrained(Duration.ofMillis(1)));
            assertEquals(ServerHealth.Status.HEALTHY, server.health().status());
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("weft-drain-" + server.port()) && !thread.isDaemon()));
            peer.hex(RawPeer.CLOSE_1000).readToEnd();
            peer.leave();
            assertTrue(server.awaitDrained(A_WHILE));
            assertFalse(server.awaitTermination(Duration.ZERO));
        }
        Await.until("the thread has ended", () -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("weft-drain-")));
    }

    @Test
    void newConnectionsAreRefusedWithRetryAfter() throws Exception {
        WebSocketServer server = withHttp().start();
        try (RawPeer peer = RawPeer.open(server)) {
            server.drain(REFUSED);
            RawPeer.Answer answer = RawPeer.answerOf(server, RawPeer.request());
            assertEquals("HTTP/1.1 503 Service Unavailable", answer.statusLine());
            assertTrue(answer.hasLine("Retry-After: 7"), answer.head());
            assertTrue(answer.hasLine("Connection: close"), answer.head());
            assertEquals(503, RawPeer.answerOf(server, "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n").status());
            assertEquals(2, server.refusals().get(RefusalReason.SHUTTING_DOWN));
            assertEquals(1, server.connectionCount());
            assertServed(peer);
            assertFalse(server.awaitDrained(Duration.ZERO));
            peer.hex(RawPeer.CLOSE_1000).readToEnd();
            peer.leave();
            // It still listens, and a connection that is only refused does not count.
            try (RawPeer idle = RawPeer.connect(server)) {
                assertTrue(server.awaitDrained(A_WHILE));
                assertEquals(503, idle.text(RawPeer.request()).readAnswer().status());
            }
        } finally {
            server.close();
        }
        assertThrows(ConnectException.class, () -> RawPeer.connect(server));
    }

    @Test
    void newConnectionsAreServedDuringTheNotice() throws Exception {
        DrainSettings notice = REFUSED.toBuilder().notice(AN_HOUR).build();
        try (WebSocketServer server = withHttp().start(); HttpPeer kept = HttpPeer.connect(server)) {
            assertEquals("", kept.get("/plain").header("Connection"));
            server.drain(notice);
            assertFalse(server.isReady());
            HttpPeer.Response last = kept.get("/plain");
            assertEquals(200, last.status());
            assertEquals("close", last.header("Connection"));
            try (RawPeer peer = RawPeer.open(server)) {
                assertServed(peer);
                peer.hex(RawPeer.CLOSE_1000).readToEnd();
            }
            assertFalse(server.awaitDrained(Duration.ofMillis(1)));
        }
    }

    @ParameterizedTest
    @EnumSource(NewConnections.class)
    void waitingHttpConnectionsAreClosed(NewConnections how) throws Exception {
        try (WebSocketServer server = withHttp().start(); HttpPeer kept = HttpPeer.connect(server)) {
            assertEquals(200, kept.get("/plain").status());
            server.drain(DrainSettings.builder().newConnections(how).build());
            assertTrue(kept.isEnded());
            assertTrue(server.awaitDrained(A_WHILE));
        }
    }

    /** To close a socket with unread bytes resets the connection, and drops what the client has not received. */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void requestThatIsNotServedMustNotDestroyTheResponseBeforeIt(TransportKind transport) throws Exception {
        CountDownLatch written = new CountDownLatch(1);
        CompletableFuture<Void> goOn = new CompletableFuture<Void>().orTimeout(20, TimeUnit.SECONDS);
        byte[] body = new byte[200_000];
        try (WebSocketServer server = WebSocketServer.builder().transport(transport).sendBufferSize(1 << 20)
                .shutdownGrace(Duration.ZERO).http("/", request -> HttpResponse.stream(200, "text/plain", out -> {
                    out.write(body);
                    out.flush();
                    written.countDown();
                    goOn.join();
                })).start(); Socket narrow = new Socket()) {
            narrow.setReceiveBufferSize(4096);
            try (RawPeer peer = RawPeer.connect(server, narrow)) {
                peer.text("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                assertTrue(written.await(10, TimeUnit.SECONDS));
                peer.text("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                server.drain(DrainSettings.builder().build());
                goOn.complete(null);
                assertTrue(peer.readToEnd().length > body.length);
            }
            assertTrue(server.awaitDrained(A_WHILE));
        }
    }

    @ParameterizedTest
    @EnumSource(NewConnections.class)
    void adoptedConnectionsAreNotServed(NewConnections how) throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
                WebSocketServer server = Handlers.echoServer().start();
                RawPeer peer = RawPeer.connect((InetSocketAddress) listener.getLocalAddress())) {
            server.drain(DrainSettings.builder().newConnections(how).build());
            assertFalse(new ConnectionAdopter(server).adopt(listener.accept(), RawPeer.request().getBytes(ISO_8859_1)));
            assertEquals(0, peer.readToEnd().length);
            assertTrue(server.awaitDrained(A_WHILE));
        }
    }

    @Test
    void adoptedConnectionsAreClosedToo() throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
                WebSocketServer server = Handlers.echoServer().start();
                RawPeer peer = RawPeer.connect((InetSocketAddress) listener.getLocalAddress())) {
            assertTrue(new ConnectionAdopter(server).adopt(listener.accept(), RawPeer.request().getBytes(ISO_8859_1)));
            peer.readHead();
            server.drain(closing(CloseOptions.builder()));
            assertEquals(RESTART, peer.readFrame());
        }
    }

    @ParameterizedTest
    @EnumSource(NewConnections.class)
    void unixSocketIsTreatedLikeAPort(NewConnections how, @TempDir Path folder) throws Exception {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (WebSocketServer server = Handlers.echoServer().listen(address).start()) {
            server.drain(DrainSettings.builder().newConnections(how).build());
            if (how == NewConnections.NOT_ACCEPTED) {
                assertFalse(Files.exists(address.getPath()));
                return;
            }
            try (SocketChannel peer = SocketChannel.open(address)) {
                peer.write(ByteBuffer.wrap(RawPeer.request().getBytes(ISO_8859_1)));
                ByteBuffer answer = ByteBuffer.allocate(4096);
                while (peer.read(answer) >= 0) {}
                assertTrue(new String(answer.array(), ISO_8859_1).startsWith("HTTP/1.1 503 "));
            }
        }
        assertFalse(Files.exists(address.getPath()));
    }

    // Handshakes under way

    private static final String[] HALVES = {RawPeer.request().substring(0, 20), RawPeer.request().substring(20)};

    @Test
    void handshakeUnderWayIsServedIfNothingIsAccepted() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); RawPeer peer = RawPeer.connect(server)) {
            peer.text(HALVES[0]);
            Await.until("it is accepted", () -> server.connectionCount() == 1);
            server.drain();
            assertTrue(peer.text(HALVES[1]).readHead().startsWith("HTTP/1.1 101 "));
            assertServed(peer);
            assertFalse(server.awaitDrained(Duration.ZERO));
        }
    }

    @Test
    void handshakeUnderWayIsRefusedIfNewOnesAre() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); RawPeer peer = RawPeer.connect(server)) {
            peer.text(HALVES[0]);
            Await.until("it is accepted", () -> server.connectionCount() == 1);
            server.drain(REFUSED);
            assertEquals(503, peer.text(HALVES[1]).readAnswer().status());
            peer.leave();
            assertTrue(server.awaitDrained(A_WHILE));
        }
    }

    @ParameterizedTest
    @EnumSource(NewConnections.class)
    void connectionThatOpensAfterTheClosesIsClosedAtOnce(NewConnections how) throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer().policy(request -> {
            asked.countDown();
            answers.await();
            return HandshakeDecision.accept();
        }).start(); RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request());
            asked.await();
            server.drain(closing(CloseOptions.builder().grace(AN_HOUR)).toBuilder().newConnections(how).build());
            Await.until("the closes are done", () -> server.shutdown().closesAll());
            answers.countDown();
            assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
            assertEquals(RESTART, peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000).leave();
            assertTrue(server.awaitDrained(A_WHILE));
        }
    }

    // Existing connections

    @Test
    void connectionsAreClosedAndTheServerContinues() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); RawPeer peer = RawPeer.open(server)) {
            server.drain(closing(CloseOptions.builder()));
            assertEquals(RESTART, peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000).leave();
            assertTrue(server.awaitDrained(A_WHILE));
            assertFalse(server.awaitTermination(Duration.ZERO));
        }
    }

    @ParameterizedTest
    @EnumSource(NewConnections.class)
    void handlerThatIgnoresTheCloseIsInterruptedAfterTheGrace(NewConnections how) throws Exception {
        CountDownLatch runs = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            runs.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        }).closeTimeout(AN_HOUR).start(); RawPeer peer = RawPeer.open(server)) {
            runs.await();
            server.drain(closing(CloseOptions.builder().grace(Duration.ofMillis(300))).toBuilder().newConnections(how)
                    .build());
            assertEquals(RESTART, peer.readFrame());
            interrupted.await();
            assertTrue(server.awaitDrained(A_WHILE));
            if (how == NewConnections.REFUSED) {
                assertEquals(503, RawPeer.answerOf(server, RawPeer.request()).status());
            }
        }
    }

    @Test
    void secondDrainChangesNothing() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); RawPeer peer = RawPeer.open(server)) {
            server.drain(REFUSED);
            server.drain(closing(CloseOptions.builder()));
            assertServed(peer);
            assertEquals(503, RawPeer.answerOf(server, RawPeer.request()).status());
        }
    }

    @Test
    void closeTakesOverFromTheDrain() throws Exception {
        WebSocketServer server = Handlers.echoServer().start();
        try (RawPeer first = RawPeer.open(server); RawPeer second = RawPeer.open(server)) {
            assertServed(first);
            server.drain(closing(CloseOptions.builder().spread(AN_HOUR)));
            assertEquals(RESTART, first.readFrame());
            first.hex(RawPeer.CLOSE_1000).leave();
            assertServed(second);
            Thread closing = Thread.ofPlatform().start(server::close);
            assertEquals("8802 03e9", second.readFrame());
            second.hex(RawPeer.CLOSE_1000).leave();
            assertTrue(closing.join(A_WHILE));
        }
        assertTrue(server.awaitDrained(Duration.ZERO));
        server.drain();
    }

    @Test
    void closeEndsTheNotice() throws Exception {
        WebSocketServer server = Handlers.echoServer().start();
        server.drain(DrainSettings.builder().notice(AN_HOUR).build());
        server.close();
        assertTrue(server.awaitTermination(Duration.ZERO));
        assertTrue(server.awaitDrained(Duration.ZERO));
    }

    // Settings

    @Test
    void settingsMustBeCheckedWhenTheyAreSet() {
        DrainSettings.Builder builder = DrainSettings.builder();
        assertThrows(IllegalArgumentException.class, () -> builder.notice(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> builder.notice(Duration.ofDays(21)));
        assertThrows(IllegalArgumentException.class, () -> builder.retryAfter(Duration.ofMillis(-1)));
        assertThrows(NullPointerException.class, () -> builder.newConnections(null));
        DrainSettings copy = builder.notice(AN_HOUR).retryAfter(A_WHILE).newConnections(NewConnections.REFUSED)
                .closing(CloseOptions.DEFAULT).build().toBuilder().build();
        assertEquals(List.of(AN_HOUR, A_WHILE, NewConnections.REFUSED, CloseOptions.DEFAULT),
                List.of(copy.notice(), copy.retryAfter(), copy.newConnections(), copy.closing().orElseThrow()));
        assertEquals(copy, Handlers.echoServer().drainSettings(copy).build().toBuilder().build().drainSettings());
    }

    @Test
    void exampleMustBeValid() {
        assertEquals(1012, Snippets.drain().closing().orElseThrow().reason().code());
    }
}
