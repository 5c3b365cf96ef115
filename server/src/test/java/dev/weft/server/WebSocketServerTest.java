package dev.weft.server;

import static dev.weft.server.RawPeer.CLOSE_1000;
import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.weft.CloseStatus;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.BindException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server's life from start to shutdown, what it means when a handler ends, and what the server logs. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WebSocketServerTest {
    private static final String HELLO = "8105 48656c6c6f";
    private static final Duration SHORT = Duration.ofMillis(150);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    /** The platform threads that servers have; those of the loops, and the rescheduler, belong to all. */
    private static List<String> serverThreads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
                .filter(name -> name.startsWith("weft-") && !name.startsWith("weft-loop")
                        && !name.startsWith("weft-client")
                        && !name.equals("weft-rescheduler"))
                .toList();
    }

    private static void awaitNoServerThreads() {
        Await.until("no server's thread is left", () -> serverThreads().isEmpty());
    }

    private static void assertServes(WebSocketServer server) throws IOException {
        try (RawPeer peer = RawPeer.open(server)) {
            assertEquals(HELLO, peer.bytes(textFrame("Hello")).readFrame());
        }
    }

    // Start

    @Test
    void port0IsAnyFreePortOfThisMachineAlone() throws IOException {
        try (WebSocketServer one = Handlers.echoServer().port(0).start();
                WebSocketServer other = Handlers.echoServer().start()) {
            assertNotEquals(one.port(), other.port());
            assertTrue(one.port() > 0);
            assertTrue(one.address().getAddress().isLoopbackAddress());
            assertServes(one);
            assertServes(other);
        }
    }

    @Test
    void addressInUseMustThrowAndReleaseEverything() throws IOException {
        awaitNoServerThreads();
        try (WebSocketServer server = Handlers.echoServer().start()) {
            assertServes(server);
            int threads = serverThreads().size();
            assertThrows(BindException.class, () -> Handlers.echoServer().port(server.port()).start());
            Await.until("its threads have ended", () -> serverThreads().size() == threads);
            assertServes(server);
        }
    }

    @Test
    void hostWithoutAnAddressIsAnIOException() {
        WebSocketServerBuilder builder = Handlers.echoServer().host("no.such.host.invalid");
        assertThrows(UnknownHostException.class, builder::start);
    }

    @Test
    void serverWithoutAHandlerIsRefused() {
        assertThrows(IllegalStateException.class, () -> WebSocketServer.builder().start());
    }

    @Test
    void settingsMustBeCheckedWhenTheyAreSet() {
        WebSocketServerBuilder builder = WebSocketServer.builder();
        assertNames("port", () -> builder.port(65_536));
        assertNames("backlog", () -> builder.backlog(0));
        assertNames("receiveBufferSize", () -> builder.receiveBufferSize(0));
        assertNames("sendBufferSize", () -> builder.sendBufferSize(0));
        assertNames("maxMessageSize", () -> builder.maxMessageSize(0));
        assertNames("readAheadSize", () -> builder.readAheadSize(127));
        assertNames("readBufferSize", () -> builder.readBufferSize(1023));
        assertNames("pingInterval", () -> builder.pingInterval(Duration.ZERO));
        assertNames("policyTimeout", () -> builder.policyTimeout(Duration.ofDays(21)));
        assertNames("shutdownGrace", () -> builder.shutdownGrace(Duration.ofMillis(-1)));
        assertNames("maxConnections", () -> builder.maxConnections(0));
        assertNames("maxTlsHandshakes", () -> builder.maxTlsHandshakes(0));
        assertNames("subprotocol 'a b'", () -> builder.subprotocols("a b"));
        assertThrows(NullPointerException.class, () -> builder.handler(null));
    }

    private static void assertNames(String setting, Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.startsWith(setting + " "), message);
    }

    @Test
    void portIsFreeAgainAsSoonAsTheServerIsClosed() throws IOException {
        WebSocketServer first = Handlers.echoServer().shutdownGrace(Duration.ZERO).start();
        try (RawPeer peer = RawPeer.open(first)) {
            assertEquals(HELLO, peer.bytes(textFrame("Hello")).readFrame());
            // The server ends TCP first, so that its end of the connection stays for minutes.
            first.close();
            try (WebSocketServer second = Handlers.echoServer().port(first.port()).start()) {
                assertServes(second);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void stoppedServerMustLeaveNoThreads(TransportKind transport) throws IOException {
        var system = ManagementFactory.getOperatingSystemMXBean();
        awaitNoServerThreads();
        startAndStop(transport);
        awaitNoServerThreads();
        long before = system instanceof UnixOperatingSystemMXBean unix ? unix.getOpenFileDescriptorCount() : 0;
        for (int i = 0; i < 30; i++) {
            startAndStop(transport);
        }
        awaitNoServerThreads();
        if (system instanceof UnixOperatingSystemMXBean unix) {
            // Others in this JVM may open some meanwhile; each round of ours would leave at least one.
            Await.until("descriptors are closed", () -> unix.getOpenFileDescriptorCount() < before + 15);
        }
    }

    private static void startAndStop(TransportKind transport) throws IOException {
        try (WebSocketServer server = Handlers.echoServer().transport(transport).start();
                RawPeer peer = RawPeer.open(server)) {
            peer.hex(CLOSE_1000).readToEnd();
        }
    }

    // Settings

    private static Listener listener(ServerConfiguration configuration) throws IOException {
        return Listener.open(configuration.addresses().get(0), configuration.listening(),
                configuration.receiveBufferSize());
    }

    @Test
    void settingsReachTheSockets() throws IOException {
        ServerConfiguration changed = Handlers.echoServer().tcpNoDelay(false).keepAlive(true).receiveBufferSize(20_000)
                .sendBufferSize(30_000).build();
        ServerConfiguration left = Handlers.echoServer().build();
        try (Listener listener = listener(changed);
                SocketChannel peer = SocketChannel.open(listener.address());
                SocketChannel accepted = listener.accept()) {
            assertTrue(peer.isConnected());
            // The system doubles or rounds sizes, but does not reach those it would choose.
            int defaultSendBuffer = accepted.getOption(StandardSocketOptions.SO_SNDBUF);
            changed.sockets().configure(accepted);
            assertFalse(accepted.getOption(StandardSocketOptions.TCP_NODELAY));
            assertTrue(accepted.getOption(StandardSocketOptions.SO_KEEPALIVE));
            assertTrue(accepted.getOption(StandardSocketOptions.SO_RCVBUF) <= 40_000);
            assertTrue(accepted.getOption(StandardSocketOptions.SO_SNDBUF) <= 60_000);
            assertTrue(defaultSendBuffer > 60_000);
            left.sockets().configure(accepted);
            assertTrue(accepted.getOption(StandardSocketOptions.TCP_NODELAY));
        }
        try (Listener listener = listener(left);
                SocketChannel peer = SocketChannel.open(listener.address());
                SocketChannel accepted = listener.accept()) {
            assertTrue(peer.isConnected());
            left.sockets().configure(accepted);
            assertFalse(accepted.getOption(StandardSocketOptions.SO_KEEPALIVE));
        }
    }

    // Connections

    @Test
    void connectionsAreCountedFromAcceptToEnd() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().start()) {
            assertEquals(0, server.connectionCount());
            try (RawPeer open = RawPeer.open(server); RawPeer inHandshake = RawPeer.connect(server).text("GET ")) {
                assertTrue(inHandshake.socket().isConnected());
                Await.until("both are counted", () -> server.connectionCount() == 2);
                open.hex(CLOSE_1000).readToEnd();
            }
            Await.until("none is left", () -> server.connectionCount() == 0);
        }
    }

    @Test
    void connectionsFarBeyondTheLimitAreJustClosed() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().maxConnections(1).shutdownGrace(Duration.ZERO).start();
                RawPeer only = RawPeer.open(server)) {
            List<RawPeer> refused = new ArrayList<>();
            try {
                int told = 0;
                int closed = 0;
                for (int i = 0; i < 300; i++) {
                    RawPeer peer = RawPeer.connect(server);
                    refused.add(peer);
                    if (peer.readToEnd().length > 0) {
                        told++;
                    } else {
                        closed++;
                    }
                }
                assertEquals(256, told);
                assertEquals(44, closed);
                assertEquals(1, server.connectionCount());
                assertEquals(HELLO, only.bytes(textFrame("Hello")).readFrame());
            } finally {
                for (RawPeer peer : refused) {
                    peer.close();
                }
            }
            only.hex(CLOSE_1000).readToEnd();
            only.leave();
            try (RawPeer next = RawPeer.openWhenThereIsRoom(server)) {
                assertEquals(HELLO, next.bytes(textFrame("Hello")).readFrame());
            }
        }
    }

    // The end of a handler

    /** The code of the Close frame that the peer receives and answers. */
    private static int closeCodeOf(WebSocketHandler handler) throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().handler(handler).start();
                RawPeer peer = RawPeer.open(server)) {
            String frame = peer.readFrame();
            assertEquals(0, peer.hex(CLOSE_1000).readToEnd().length);
            return Integer.parseInt(frame.substring(5, 9), 16);
        }
    }

    @Test
    void returningClosesWith1000() throws IOException {
        assertEquals(1000, closeCodeOf(ws -> {}));
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    private void assertOneHandlerFailed() {
        List<String> lines = log.lines(Level.WARNING);
        assertEquals(1, lines.size(), lines.toString());
        assertTrue(lines.get(0).matches("a handler failed: /127\\.0\\.0\\.1:[0-9]+, /chat"), lines.get(0));
    }

    @Test
    void throwingClosesWith1011AndIsLogged() throws IOException {
        RuntimeException thrown = new IllegalStateException("a bug");
        assertEquals(1011, closeCodeOf(ws -> {
            throw thrown;
        }));
        assertOneHandlerFailed();
        assertEquals(List.of(thrown), log.thrown(Level.WARNING));
    }

    private static int overflow(int depth) {
        return overflow(depth + 1) + 1;
    }

    @Test
    void stackOverflowClosesWith1011() throws IOException {
        assertEquals(1011, closeCodeOf(ws -> overflow(0)));
        assertEquals(StackOverflowError.class, log.thrown(Level.WARNING).get(0).getClass());
    }

    /** As when there is no memory to look at it. */
    private static final class Unspeakable extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public Throwable getCause() {
            throw new OutOfMemoryError("test");
        }
    }

    @Test
    void failureThatCannotBeLoggedMustCloseWith1011() throws Exception {
        CompletableFuture<CloseStatus> end = new CompletableFuture<>();
        assertEquals(1011, closeCodeOf(ws -> {
            ws.onClose(end::complete);
            throw new Unspeakable();
        }));
        assertTrue(end.get().clean());
    }

    @Test
    void ioExceptionOfOtherCodeMustCloseWith1011() throws IOException {
        assertEquals(1011, closeCodeOf(ws -> {
            throw new IOException("no database");
        }));
        assertOneHandlerFailed();
    }

    @Test
    void endOfAnotherConnectionIsNotTheHandlersOwn() throws Exception {
        AtomicReference<WebSocketConnection> first = new AtomicReference<>();
        CountDownLatch firstIsOver = new CountDownLatch(1);
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            if (first.compareAndSet(null, ws)) {
                Handlers.echo(ws);
                firstIsOver.countDown();
            } else {
                firstIsOver.await();
                first.get().send("are you there?");
            }
        }).start()) {
            try (RawPeer peer = RawPeer.open(server)) {
                peer.hex(CLOSE_1000).readToEnd();
            }
            try (RawPeer peer = RawPeer.open(server)) {
                assertEquals("8802 03f3", peer.readFrame());
            }
        }
        assertOneHandlerFailed();
    }

    @Test
    void failedConnectionIsOneLineAtDebugAndNoWarning() throws Exception {
        CountDownLatch failed = new CountDownLatch(2);
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            try {
                Handlers.echo(ws);
            } finally {
                failed.countDown();
            }
        }).start()) {
            try (RawPeer reset = RawPeer.open(server)) {
                reset.socket().setSoLinger(true, 0);
            }
            try (RawPeer violating = RawPeer.open(server)) {
                assertEquals(1002, violating.hex("ffff").readCloseAndEnd());
            }
            assertTrue(failed.await(10, TimeUnit.SECONDS));
            Await.until("both are over", () -> server.connectionCount() == 0);
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
        List<String> lines = log.lines(Level.FINE);
        assertEquals(2, lines.size(), lines.toString());
        assertTrue(lines.stream().allMatch(line -> line.contains(": connection ended: unclean")), lines.toString());
    }

    @Test
    void wrappedConnectionFailureMustNotBeAWarning() throws Exception {
        CountDownLatch failed = new CountDownLatch(1);
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            try {
                Handlers.echo(ws);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                failed.countDown();
            }
        }).start()) {
            try (RawPeer reset = RawPeer.open(server)) {
                reset.socket().setSoLinger(true, 0);
            }
            assertTrue(failed.await(10, TimeUnit.SECONDS));
            Await.until("it is over", () -> server.connectionCount() == 0);
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void peersCloseReasonIsEscapedInTheLog() throws IOException {
        // A Close frame with 4000 and the reason "a", LF, ESC, U+202E.
        try (WebSocketServer server = Handlers.echoServer().start(); RawPeer peer = RawPeer.open(server)) {
            peer.hex("8888 00000000 0fa0 610a1be280ae").readToEnd();
            peer.leave();
            // Another test's connection may be logged too, when its thread ends after its server.
            Await.until("its end is logged", () -> log.lines(Level.FINE).stream().anyMatch(line -> line
                    .endsWith("received 4000 \"a\\u000a\\u001b\\u202e\", sent 4000, first REMOTE")));
        }
    }

    // Shutdown

    @Test
    void startAndStopAreOneLineEach() throws IOException {
        int port;
        try (WebSocketServer server = Handlers.echoServer().start()) {
            port = server.port();
        }
        String engine = "io_uring".equals(System.getProperty("dev.weft.engine")) ? ", io_uring" : "";
        String where = Integer.getInteger("dev.weft.loops", 1) > 0
                ? "loops: " + Runtime.getRuntime().availableProcessors() + engine
                : "the JDK's scheduler, with pollers: 1 (no loops: dev.weft.loops is 0)";
        assertEquals(List.of("listening on /127.0.0.1:" + port + "; connections run on " + where,
                "stopped listening on /127.0.0.1:" + port + "; of 0 connections 0 were aborted"),
                log.lines(Level.INFO));
    }

    @Test
    void awaitTerminationWaitsForTheEndOfClose() throws Exception {
        CountDownLatch terminated = new CountDownLatch(1);
        WebSocketServer server = Handlers.echoServer().start();
        Thread waiting = Thread.ofPlatform().start(() -> {
            try {
                server.awaitTermination();
                terminated.countDown();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Await.until("it waits", () -> waiting.getState() == Thread.State.WAITING);
        assertEquals(1, terminated.getCount());
        server.close();
        assertTrue(terminated.await(10, TimeUnit.SECONDS));
        server.awaitTermination();
    }

    @Test
    void timedAwaitTerminationMustSayWhetherTheServerIsClosed() throws Exception {
        WebSocketServer server = Handlers.echoServer().start();
        try (server) {
            assertFalse(server.awaitTermination(Duration.ZERO));
            assertFalse(server.awaitTermination(Duration.ofMillis(1)));
            assertThrows(IllegalArgumentException.class, () -> server.awaitTermination(Duration.ofMillis(-1)));
            assertThrows(IllegalArgumentException.class, () -> server.awaitTermination(Duration.ofDays(366)));
        }
        assertTrue(server.awaitTermination(Duration.ZERO));
    }

    @Test
    void closingTwiceIsClosingOnce() throws IOException {
        WebSocketServer server = Handlers.echoServer().start();
        server.close();
        server.close();
        assertEquals(2, log.lines(Level.INFO).size());
    }

    @Test
    void closeOfAnotherThreadWaitsForTheFirst() throws Exception {
        WebSocketServer server = Handlers.echoServer().shutdownGrace(Duration.ofSeconds(20)).start();
        CountDownLatch closed = new CountDownLatch(2);
        try (RawPeer peer = RawPeer.open(server)) {
            for (int i = 0; i < 2; i++) {
                Thread.ofPlatform().start(() -> {
                    server.close();
                    closed.countDown();
                });
            }
            assertEquals("8802 03e9", peer.readFrame());
            assertEquals(2, closed.getCount());
            peer.hex("8882 00000000 03e9");
            peer.readToEnd();
        }
        assertTrue(closed.await(10, TimeUnit.SECONDS));
    }

    @Test
    void interruptedCloseEndsTheGracePeriod() throws Exception {
        WebSocketServer server = Handlers.echoServer().shutdownGrace(Duration.ofMinutes(1)).start();
        BlockingQueue<Boolean> interrupted = new LinkedBlockingQueue<>();
        try (RawPeer peer = RawPeer.open(server)) {
            Thread closing = Thread.ofPlatform().start(() -> {
                server.close();
                interrupted.add(Thread.currentThread().isInterrupted());
            });
            assertEquals("8802 03e9", peer.readFrame());
            closing.interrupt();
            assertEquals(true, interrupted.poll(10, TimeUnit.SECONDS));
        }
        server.awaitTermination();
    }

    @Test
    void handlerMayCloseTheServer() throws Exception {
        AtomicReference<WebSocketServer> self = new AtomicReference<>();
        CountDownLatch known = new CountDownLatch(1);
        WebSocketServer server = WebSocketServer.builder().shutdownGrace(SHORT).handler(ws -> {
            known.await();
            self.get().close();
        }).start();
        self.set(server);
        try (RawPeer peer = RawPeer.open(server)) {
            known.countDown();
            assertEquals("8802 03e9", peer.readFrame());
            server.awaitTermination();
        }
        awaitNoServerThreads();
    }

    @Test
    void shutdownMustCloseEveryConnectionWith1001() throws Exception {
        int count = 500;
        BlockingQueue<Integer> codes = new LinkedBlockingQueue<>();
        WebSocketServer server = Handlers.echoServer().shutdownGrace(Duration.ofSeconds(20)).start();
        for (int i = 0; i < count; i++) {
            RawPeer peer = RawPeer.open(server);
            Thread.ofVirtual().start(() -> {
                try (peer) {
                    String close = peer.readFrame();
                    peer.hex("8882 00000000" + close.substring(5));
                    codes.add(peer.readToEnd().length == 0 ? Integer.parseInt(close.substring(5), 16) : -1);
                } catch (IOException e) {
                    codes.add(-2);
                }
            });
        }
        assertEquals(count, server.connectionCount());
        server.close();
        for (int i = 0; i < count; i++) {
            assertEquals(1001, codes.poll(10, TimeUnit.SECONDS));
        }
        assertTrue(log.lines(Level.INFO).getLast().endsWith("of 500 connections 0 were aborted"));
        assertEquals(0, server.connectionCount());
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void shutdownEndsHandshakesThatAreUnderWay() throws Exception {
        WebSocketServer server = Handlers.echoServer().shutdownGrace(Duration.ofSeconds(20)).start();
        try (RawPeer peer = RawPeer.connect(server).text("GET /")) {
            Await.until("it is accepted", () -> server.connectionCount() == 1);
            Thread closing = Thread.ofVirtual().start(server::close);
            assertTrue(peer.readHead().startsWith("HTTP/1.1 503 "));
            peer.halfClose().readToEnd();
            closing.join();
        }
        assertTrue(log.lines(Level.INFO).getLast().endsWith("of 1 connections 0 were aborted"));
    }

    @Test
    void connectionWithoutARequestMustNotDelayShutdown() throws Exception {
        WebSocketServer server = Handlers.echoServer().shutdownGrace(Duration.ofMinutes(10)).start();
        try (RawPeer peer = RawPeer.connect(server)) {
            Await.until("it is accepted", () -> server.connectionCount() == 1);
            server.close();
            assertTrue(peer.readHead().startsWith("HTTP/1.1 503 "));
        }
    }

    @Test
    void connectionAcceptedDuringShutdownMustGet1001() throws Exception {
        CountDownLatch deciding = new CountDownLatch(1);
        CountDownLatch decide = new CountDownLatch(1);
        WebSocketServer server = Handlers.echoServer().shutdownGrace(Duration.ofSeconds(20)).policy(request -> {
            deciding.countDown();
            decide.await();
            return HandshakeDecision.accept();
        }).start();
        try (RawPeer peer = RawPeer.connect(server).text(RawPeer.request())) {
            deciding.await();
            Thread closing = Thread.ofVirtual().start(server::close);
            Await.until("it does not listen", () -> {
                try (RawPeer late = RawPeer.connect(server)) {
                    return !late.socket().isConnected();
                } catch (IOException e) {
                    return true;
                }
            });
            decide.countDown();
            assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
            assertEquals("8802 03e9", peer.readFrame());
            peer.hex("8882 00000000 03e9").readToEnd();
            peer.leave();
            closing.join();
        }
    }

    @Test
    void peersThatDoNotCloseAreAbortedAfterTheGrace() throws Exception {
        WebSocketServer server = Handlers.echoServer().shutdownGrace(SHORT).start();
        try (RawPeer peer = RawPeer.open(server)) {
            long start = System.nanoTime();
            server.close();
            assertTrue(System.nanoTime() - start >= SHORT.toNanos());
            assertEquals("8802 03e9", peer.readFrame());
        }
        assertTrue(log.lines(Level.INFO).getLast().endsWith("of 1 connections 1 were aborted"));
        Await.until("it is over", () -> server.connectionCount() == 0);
    }

    @Test
    void endlessHandlerMustNotDelayShutdown() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        WebSocketServer server = WebSocketServer.builder().shutdownGrace(SHORT).handler(ws -> {
            running.countDown();
            while (release.getCount() > 0) {
                // Deaf to interrupts.
                Thread.interrupted();
                LockSupport.parkNanos(1_000_000);
            }
        }).start();
        try (RawPeer peer = RawPeer.open(server)) {
            assertTrue(running.await(10, TimeUnit.SECONDS));
            long start = System.nanoTime();
            server.close();
            long took = System.nanoTime() - start;
            assertTrue(took < TimeUnit.SECONDS.toNanos(5), took + " ns");
            assertEquals("8802 03e9", peer.readFrame());
            assertEquals(0, server.connectionCount(), "the handler is all that is left");
        } finally {
            release.countDown();
        }
    }

    @Test
    void waitingHandlerMustBeInterruptedAfterTheGracePeriod() throws Exception {
        BlockingQueue<String> ends = new LinkedBlockingQueue<>();
        CountDownLatch running = new CountDownLatch(1);
        WebSocketServer server = WebSocketServer.builder().shutdownGrace(SHORT).handler(ws -> {
            running.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                ends.add("interrupted");
            }
        }).start();
        try (RawPeer peer = RawPeer.open(server)) {
            assertTrue(peer.socket().isConnected());
            assertTrue(running.await(10, TimeUnit.SECONDS));
            server.close();
            assertEquals("interrupted", ends.poll(10, TimeUnit.SECONDS));
        }
    }

    /** A handler that the server itself interrupts has not failed. */
    @Test
    void shutdownMustLogOneLineForAllInterruptedHandlers() throws Exception {
        int count = 50;
        CountDownLatch running = new CountDownLatch(count);
        BlockingQueue<String> never = new LinkedBlockingQueue<>();
        WebSocketServer server = WebSocketServer.builder().shutdownGrace(Duration.ZERO).handler(ws -> {
            running.countDown();
            try {
                never.take();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }).start();
        List<RawPeer> peers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            peers.add(RawPeer.open(server));
        }
        assertTrue(running.await(10, TimeUnit.SECONDS));
        server.close();
        Await.until("all are over", () -> server.connectionCount() == 0);
        for (RawPeer peer : peers) {
            peer.close();
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
        assertEquals(2, log.lines(Level.INFO).size());
        assertTrue(log.lines(Level.INFO).getLast().endsWith("of 50 connections 50 were aborted"));
    }

    @Test
    void errorOfAnInterruptedHandlerMustBeLogged() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        WebSocketServer server = WebSocketServer.builder().shutdownGrace(Duration.ZERO).handler(ws -> {
            running.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                throw new AssertionError("a bug");
            }
        }).start();
        try (RawPeer peer = RawPeer.open(server)) {
            assertTrue(peer.socket().isConnected());
            assertTrue(running.await(10, TimeUnit.SECONDS));
            server.close();
            Await.until("it is logged", () -> log.lines(Level.WARNING).size() == 1);
        }
        assertTrue(log.lines(Level.WARNING).getFirst().startsWith("a handler failed: /127.0.0.1:"));
    }

    // Health

    @Test
    void serverIsHealthyBeforeAndAfterItsEnd() throws IOException {
        WebSocketServer server = Handlers.echoServer().start();
        assertEquals(new ServerHealth(ServerHealth.Status.HEALTHY, ""), server.health());
        server.close();
        assertEquals(ServerHealth.Status.HEALTHY, server.health().status());
    }
}
