package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The ways in which a server ends. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerShutdownTest {
    private static final String HELLO = "8105 48656c6c6f";
    private static final Duration AN_HOUR = Duration.ofHours(1);
    private static final Logger LOGGER = Logger.getLogger("dev.weft.server");

    private static void assertServed(RawPeer peer) throws IOException {
        assertEquals(HELLO, peer.bytes(textFrame("Hello")).readFrame());
    }

    // Options

    @Test
    void peersGetCodeAndReason() throws Exception {
        WebSocketServer server = Handlers.echoServer().start();
        try (RawPeer peer = RawPeer.open(server)) {
            Thread closing = Thread.ofPlatform()
                    .start(() -> server.close(CloseOptions.builder().reason(1012, "restart").build()));
            assertEquals("8809 03f472657374617274", peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000).leave();
            assertTrue(closing.join(Duration.ofSeconds(20)));
        }
    }

    @Test
    void graceIsThatOfTheOptions() throws Exception {
        WebSocketServer server = Handlers.echoServer().shutdownGrace(AN_HOUR).closeTimeout(AN_HOUR).start();
        try (RawPeer peer = RawPeer.open(server)) {
            assertServed(peer);
            // It never answers the Close frame.
            server.close(CloseOptions.builder().grace(Duration.ofMillis(1)).build());
            assertTrue(server.awaitTermination(Duration.ZERO));
        }
    }

    @Test
    void closesAreSpread() throws Exception {
        WebSocketServer server = Handlers.echoServer().shutdownGrace(Duration.ZERO).start();
        List<RawPeer> peers = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                peers.add(RawPeer.open(server));
                assertServed(peers.get(i));
            }
            Thread closing = Thread.ofPlatform().start(
                    () -> server.close(CloseOptions.builder().spread(AN_HOUR).grace(AN_HOUR).build()));
            Await.until("one is closed", () -> server.connectionCount() == 4 && server.shutdown().isStopping());
            int closed = 0;
            for (RawPeer peer : peers) {
                String frame = peer.bytes(textFrame("Hello")).readFrame();
                closed += frame.equals("8802 03e9") ? 1 : 0;
                assertTrue(frame.equals("8802 03e9") || frame.equals(HELLO), frame);
            }
            assertTrue(closed <= 1, () -> "more than the first");
            assertTrue(closing.isAlive());
            closing.interrupt();
            assertTrue(closing.join(Duration.ofSeconds(20)));
            assertEquals(0, server.connectionCount());
        } finally {
            for (RawPeer peer : peers) {
                peer.close();
            }
        }
    }

    @Test
    void closeFramesMustBeSentWithinTheSpread() throws Exception {
        WebSocketServer server = Handlers.echoServer().start();
        try (RawPeer first = RawPeer.open(server); RawPeer second = RawPeer.open(server)) {
            Thread closing = Thread.ofPlatform().start(
                    () -> server.close(CloseOptions.builder().spread(Duration.ofMillis(200)).grace(AN_HOUR).build()));
            for (RawPeer peer : List.of(first, second)) {
                assertEquals("8802 03e9", peer.readFrame());
                peer.hex(RawPeer.CLOSE_1000).leave();
            }
            assertTrue(closing.join(Duration.ofSeconds(20)));
        }
    }

    @Test
    void optionsMustBeCheckedWhenTheyAreSet() {
        CloseOptions.Builder builder = CloseOptions.builder();
        assertThrows(IllegalArgumentException.class, () -> builder.reason(1006, ""));
        assertThrows(IllegalArgumentException.class, () -> builder.reason(1001, "x".repeat(124)));
        assertThrows(IllegalArgumentException.class, () -> builder.grace(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> builder.spread(Duration.ofDays(366)));
        CloseOptions copy = builder.reason(4000, "x").grace(AN_HOUR).spread(AN_HOUR).build().toBuilder().build();
        assertEquals(List.of(4000, "x", AN_HOUR, AN_HOUR),
                List.of(copy.reason().code(), copy.reason().reason(), copy.grace().orElseThrow(), copy.spread()));
        CloseOptions random = copy.toBuilder().order(CloseOptions.Order.RANDOM).spacing(CloseOptions.Spacing.RANDOM)
                .build().toBuilder().build();
        assertEquals(CloseOptions.Order.RANDOM, random.order());
        assertEquals(CloseOptions.Spacing.RANDOM, random.spacing());
    }

    @Test
    void drainingServerClosesTheRest() throws Exception {
        WebSocketServer server = Handlers.echoServer().start();
        try (RawPeer peer = RawPeer.open(server)) {
            server.drain();
            Thread closing = Thread.ofPlatform().start(server::close);
            assertEquals("8802 03e9", peer.readFrame());
            peer.hex(RawPeer.CLOSE_1000).leave();
            assertTrue(closing.join(Duration.ofSeconds(20)));
            assertTrue(server.awaitDrained(Duration.ZERO));
        }
    }

    // Failures

    /** Another thread that closes the server waits for the end, as does the drain's thread, which keeps the JVM alive. */
    private static void assertEnds(WebSocketServer server) throws Exception {
        assertTrue(server.awaitTermination(Duration.ZERO));
        server.close();
        assertTrue(((Thread) PrivateField.get(server.shutdown(), "drainThread")).join(Duration.ofSeconds(20)));
    }

    /** For example, there is no memory for a thread that closes a connection. */
    @Test
    void failedShutdownMustAbortTheConnectionsAndEnd() throws Exception {
        WebSocketServer server = Handlers.echoServer().shutdownGrace(AN_HOUR).closeTimeout(AN_HOUR).start();
        try (RawPeer peer = RawPeer.open(server)) {
            assertServed(peer);
            server.drain();
            PrivateField.set(server.shutdown(), "clock", new ShutdownClock() {
                @Override
                public long nanoTime() {
                    return ShutdownClock.SYSTEM.nanoTime();
                }

                @Override
                public boolean await(CountDownLatch latch, long until) throws InterruptedException {
                    if (latch != server.shutdown().terminated()) {
                        throw new OutOfMemoryError("test");
                    }
                    return ShutdownClock.SYSTEM.await(latch, until);
                }
            });
            assertThrows(OutOfMemoryError.class, server::close);
            Await.until("the connection has ended", () -> server.connectionCount() == 0);
            assertEnds(server);
        }
    }

    @Test
    void shutdownMustEndThoughTheLogFails() throws Exception {
        Handler failing = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                if (entry.getMessage().startsWith("stopped listening on")) {
                    throw new IllegalStateException("test");
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        WebSocketServer server = Handlers.echoServer().start();
        server.drain(DrainSettings.builder().newConnections(DrainSettings.NewConnections.REFUSED).build());
        LOGGER.addHandler(failing);
        try {
            assertThrows(IllegalStateException.class, server::close);
        } finally {
            LOGGER.removeHandler(failing);
        }
        assertEnds(server);
    }

    // The shutdown hook

    /** Prints its port, and serves until it is told to end. */
    static final class Terminated {
        private Terminated() {}

        public static void main(String[] arguments) throws Exception {
            TestProcess.endWithInput();
            DrainSettings drain = DrainSettings.builder().newConnections(DrainSettings.NewConnections.REFUSED)
                    .closing(CloseOptions.builder().reason(1012, "restart").grace(Duration.ofSeconds(30)).build())
                    .build();
            WebSocketServerBuilder server = Handlers.echoServer().shutdownHook(true)
                    .shutdownGrace(Duration.ofSeconds(30));
            System.out.println((arguments[0].equals("drain") ? server.drainSettings(drain) : server).start().port());
        }
    }

    @ParameterizedTest
    @CsvSource({"close,8802 03e9", "drain,8809 03f472657374617274"})
    void terminatedProcessClosesItsConnections(String how, String frame) throws Exception {
        try (TestProcess process = TestProcess.start(
                new ProcessBuilder(TestProcess.java(List.of(), Terminated.class, how))
                        .redirectError(ProcessBuilder.Redirect.INHERIT),
                Duration.ofSeconds(50))) {
            int port = Integer.parseInt(process.process().inputReader().readLine());
            try (RawPeer peer = RawPeer.connect(port).upgraded()) {
                assertServed(peer);
                // SIGTERM; destroy() would close the streams, which ends the process as well.
                assertTrue(process.process().toHandle().destroy());
                assertEquals(frame, peer.readFrame());
                assertTrue(process.process().isAlive());
                if (how.equals("drain")) {
                    try (RawPeer other = RawPeer.connect(port)) {
                        assertEquals(503, other.text(RawPeer.request()).readAnswer().status());
                    }
                }
                peer.hex(RawPeer.CLOSE_1000).leave();
                assertTrue(process.process().waitFor(20, TimeUnit.SECONDS));
                assertEquals(128 + 15, process.process().exitValue());
            }
        }
    }

    @Test
    void hookMustBeRemovedWithTheServer() throws IOException {
        WebSocketServer closed = Handlers.echoServer().shutdownHook(true).start();
        closed.close();
        assertFalse(Runtime.getRuntime().removeShutdownHook(closed.shutdown().hook().thread()));
        try (WebSocketServer open = Handlers.echoServer().shutdownHook(true).start()) {
            assertTrue(Runtime.getRuntime().removeShutdownHook(open.shutdown().hook().thread()));
        }
    }
}
