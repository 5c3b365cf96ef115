package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.weft.TestProcess;
import dev.weft.WebSocketHandler;
import dev.weft.parser.FrameParser;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.LogCapture;
import dev.weft.server.RawPeer;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attacks 21 to 23 and 35, over the wire: harmful handlers, failures to accept, shutdown, and the log. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerAttacksTest {
    private static final Duration GRACE = Duration.ofMillis(500);
    private static final Duration PROCESS_LIMIT = Duration.ofSeconds(80);
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    @RegisterExtension
    final LogCapture log = new LogCapture();

    /** With a handler that echoes, but for the path /attack. */
    private static WebSocketServerBuilder server(TransportKind kind, WebSocketHandler attacked) {
        return WebSocketServer.builder().transport(kind).handler(ws -> {
            if (ws.request().target().equals("/attack")) {
                attacked.handle(ws);
            } else {
                Handlers.echo(ws);
            }
        });
    }

    private static RawPeer attack(WebSocketServer server) throws IOException {
        RawPeer peer = RawPeer.connect(server);
        assertTrue(peer.text(attackRequest()).readHead().startsWith("HTTP/1.1 101 "));
        return peer;
    }

    private static String attackRequest() {
        return RawPeer.request().replace("/chat", "/attack");
    }

    private static int depth(int sofar) {
        return depth(sofar + 1) + 1;
    }

    // 21: handlers that fail

    @ParameterizedTest
    @EnumSource
    void attack21_failingHandlersMustCloseWith1011(TransportKind kind) throws Exception {
        List<WebSocketHandler> failing = List.of(ws -> {
            throw new IllegalStateException("a handler's own fault");
        }, ws -> {
            throw new IOException("of something else");
        }, ws -> {
            throw new AssertionError("an error");
        }, ws -> ws.send("" + depth(0)));
        for (WebSocketHandler handler : failing) {
            Bystander.beside(server(kind, handler), server -> {
                for (int i = 0; i < 3; i++) {
                    try (RawPeer peer = attack(server)) {
                        assertEquals(1011, WireFrame.read(peer.input()).closeCode());
                        peer.hex("8882 00000000 03f3");
                        assertEquals(0, peer.readToEnd().length);
                    }
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void attack21_stuckHandlersMustNotDelayTheShutdown(TransportKind kind) throws Exception {
        AtomicBoolean released = new AtomicBoolean();
        CountDownLatch started = new CountDownLatch(4);
        WebSocketServer server = server(kind, ws -> {
            started.countDown();
            while (!released.get()) {
                // Interrupts are of no use.
                Thread.interrupted();
                LockSupport.parkNanos(1_000_000);
            }
        }).shutdownGrace(GRACE).start();
        List<RawPeer> peers = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                peers.add(attack(server));
            }
            assertTrue(started.await(10, TimeUnit.SECONDS));
            long start = System.nanoTime();
            server.close();
            assertTrue(System.nanoTime() - start < GRACE.toNanos() + PATIENCE_NANOS);
            for (RawPeer peer : peers) {
                // Told, and then left.
                assertEquals(1001, WireFrame.read(peer.input()).closeCode());
            }
        } finally {
            released.set(true);
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
        Await.until("the handlers have ended", () -> server.connectionCount() == 0);
    }

    // 22: accepting fails

    /** A server whose process may have few descriptors; it says where it listens, and ends when its input does. */
    static final class FewDescriptors {
        private FewDescriptors() {}

        /** Listens with the transport that the argument names. */
        public static void main(String[] arguments) throws Exception {
            loadAll(WebSocketServer.class);
            loadAll(FrameParser.class);
            try (WebSocketServer server = Handlers.echoServer().transport(TransportKind.valueOf(arguments[0])).start();
                    RawPeer first = RawPeer.open(server)) {
                // Loads the classes that the JDK needs.
                Bystander.assertEchoes(first, "first");
                System.out.println(server.port());
                while (System.in.read() >= 0) {}
            }
        }

        /** Loads all classes that lie in the same folder as this one: to open a class file takes a descriptor. */
        private static void loadAll(Class<?> one) throws Exception {
            Path root = Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI());
            if (Files.isRegularFile(root)) {
                // A jar, which stays open.
                return;
            }
            List<Path> files;
            try (Stream<Path> found = Files.walk(root)) {
                files = found.filter(file -> file.toString().endsWith(".class")
                        && !file.endsWith("module-info.class") && !file.startsWith(root.resolve("META-INF"))).toList();
            }
            for (Path file : files) {
                String name = root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), ".");
                Class.forName(name.substring(0, name.length() - ".class".length()), false, one.getClassLoader());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void attack22_acceptingThatFailsMustRecover(TransportKind kind) throws Exception {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "ulimit -n 100 && exec \"$0\" \"$@\""));
        command.addAll(TestProcess.java(List.of("-Xmx64m"), FewDescriptors.class, kind.name()));
        List<RawPeer> peers = new ArrayList<>();
        try (TestProcess started = TestProcess.start(
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD), PROCESS_LIMIT);
                BufferedReader output = started.process().inputReader(StandardCharsets.UTF_8)) {
            int port = Integer.parseInt(output.readLine());
            RawPeer early = RawPeer.connect(port).upgraded();
            peers.add(early);
            for (int i = 0; i < 150; i++) {
                // Those that are too many wait in the backlog.
                peers.add(RawPeer.connect(port).text(RawPeer.request()));
            }
            Await.until("descriptors have run out", () -> descriptors(started.process()) >= 99);
            Bystander.assertEchoes(early, "while accepting fails");
            assertFalse(peers.getLast().hasAnswer());
            for (RawPeer peer : peers.subList(1, 100)) {
                peer.leave();
            }
            assertTrue(peers.getLast().readHead().startsWith("HTTP/1.1 101 "));
            Bystander.assertEchoes(peers.getLast(), "recovered");
            try (RawPeer late = RawPeer.connect(port).upgraded()) {
                Bystander.assertEchoes(late, "late");
            }
            Bystander.assertEchoes(early, "early");
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    private static long descriptors(Process process) {
        String[] open = Path.of("/proc", Long.toString(process.pid()), "fd").toFile().list();
        return open == null ? 0 : open.length;
    }

    @ParameterizedTest
    @EnumSource
    void attack22_connectionsThatAreTooManyMustGet503(TransportKind kind) throws Exception {
        try (WebSocketServer server = Handlers.echoServer().transport(kind).maxConnections(2)
                .shutdownGrace(Duration.ZERO).start();
                RawPeer one = RawPeer.open(server);
                RawPeer two = RawPeer.open(server)) {
            for (int i = 0; i < 20; i++) {
                try (RawPeer third = RawPeer.connect(server)) {
                    assertEquals(503, third.text(RawPeer.request()).readAnswer().status());
                }
            }
            Bystander.assertEchoes(one, "one");
            two.leave();
            try (RawPeer third = RawPeer.openWhenThereIsRoom(server)) {
                Bystander.assertEchoes(third, "three");
            }
        }
    }

    // 23: shutdown

    @ParameterizedTest
    @EnumSource
    void attack23_shutdownMustTellEachOfManyConnections(TransportKind kind) throws Exception {
        int count = kind == TransportKind.PARKING ? Math.min(10_000, (freeDescriptors() - 1000) / 2) : 1000;
        Duration grace = Duration.ofSeconds(30);
        List<RawPeer> peers = Collections.synchronizedList(new ArrayList<>());
        List<FutureTask<Void>> told = new ArrayList<>();
        WebSocketServer server = Handlers.echoServer().transport(kind).shutdownGrace(grace).closeTimeout(grace).start();
        try {
            Semaphore atATime = new Semaphore(100);
            CountDownLatch open = new CountDownLatch(count);
            for (int i = 0; i < count; i++) {
                FutureTask<Void> task = new FutureTask<>(() -> {
                    atATime.acquire();
                    RawPeer peer = RawPeer.open(server);
                    peers.add(peer);
                    peer.socket().setSoTimeout(60_000);
                    atATime.release();
                    open.countDown();
                    assertEquals(1001, WireFrame.read(peer.input()).closeCode());
                    peer.hex("8882 00000000 03e9");
                    assertEquals(0, peer.readToEnd().length);
                    peer.leave();
                    return null;
                });
                told.add(task);
                Thread.startVirtualThread(task);
            }
            assertTrue(open.await(60, TimeUnit.SECONDS), "all are open");
            assertEquals(count, server.connectionCount());
            server.close();
            assertEquals(0, server.connectionCount());
            for (FutureTask<Void> task : told) {
                task.get(10, TimeUnit.SECONDS);
            }
            String stopped = log.lines(Level.INFO).getLast();
            assertTrue(stopped.contains(" 0 were aborted"), stopped);
        } finally {
            server.close();
            for (RawPeer peer : List.copyOf(peers)) {
                peer.leave();
            }
        }
    }

    private static int freeDescriptors() {
        UnixOperatingSystemMXBean system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return (int) Math.min(1 << 20, system.getMaxFileDescriptorCount() - system.getOpenFileDescriptorCount());
    }

    @ParameterizedTest
    @EnumSource
    void attack23_shutdownMustEndThoseWhoDoNotClose(TransportKind kind) throws Exception {
        WebSocketServer server = Handlers.echoServer().transport(kind).sendBufferSize(16_384).shutdownGrace(GRACE)
                .start();
        try (RawPeer silent = RawPeer.open(server);
                RawPeer deaf = RawPeer.connect(server, new SlowSocket(4096)).upgraded()) {
            // Its echo is stuck.
            deaf.bytes(RawPeer.frame(0x82, new byte[1 << 20]));
            deaf.readByte();
            long start = System.nanoTime();
            server.close();
            assertTrue(System.nanoTime() - start < GRACE.toNanos() + PATIENCE_NANOS);
            assertEquals(1001, WireFrame.read(silent.input()).closeCode());
            Await.until("both have ended", () -> server.connectionCount() == 0);
        }
    }

    // 35: the log

    @Test
    void attack35_failuresMustBeLoggedInOneLineEach() throws Exception {
        for (boolean ofPolicy : new boolean[]{false, true}) {
            HandshakePolicy policy = request -> {
                if (ofPolicy && request.path().equals("/attack")) {
                    throw new IllegalStateException("fault");
                }
                return HandshakePolicy.anyOrigin().decide(request);
            };
            Bystander.beside(server(TransportKind.PARKING, ws -> {
                throw new IllegalStateException("fault");
            }).policy(policy), server -> {
                int before = log.lines(Level.WARNING).size();
                try (RawPeer peer = RawPeer.connect(server)) {
                    String head = peer.text(attackRequest()).readHead();
                    assertTrue(head.startsWith(ofPolicy ? "HTTP/1.1 500 " : "HTTP/1.1 101 "), head);
                    Await.until("it is logged", () -> log.lines(Level.WARNING).size() > before);
                    String line = log.lines(Level.WARNING).get(before);
                    assertTrue(line.contains(":" + peer.socket().getLocalPort()), "the peer: " + line);
                    assertTrue(line.contains("/attack"), "the target: " + line);
                }
                Await.until("it is over", () -> server.connectionCount() == 1);
                assertEquals(before + 1, log.lines(Level.WARNING).size());
            });
        }
    }

    @Test
    void attack35_failuresMustBeLoggedAtALimitedRate() throws Exception {
        int failures = 1000;
        Bystander.beside(server(TransportKind.PARKING, ws -> {
            throw new IllegalStateException("fault");
        }), server -> {
            for (int i = 0; i < failures; i++) {
                try (RawPeer peer = attack(server)) {
                    assertEquals(1011, WireFrame.read(peer.input()).closeCode());
                }
            }
        });
        int lines = log.lines(Level.WARNING).size();
        assertTrue(lines > 0 && lines <= failures / 5, lines + " lines for " + failures + " failures");
    }

    @ParameterizedTest
    @EnumSource
    void attack35_shutdownsOwnInterruptsMustNotBeLogged(TransportKind kind) throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        List<WebSocketHandler> waiting = List.of(ws -> ws.receive(), ws -> never.await(), ws -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        for (WebSocketHandler handler : waiting) {
            CountDownLatch started = new CountDownLatch(1);
            WebSocketServer server = server(kind, ws -> {
                started.countDown();
                handler.handle(ws);
            }).shutdownGrace(Duration.ofMillis(50)).start();
            try (RawPeer peer = attack(server)) {
                assertTrue(started.await(10, TimeUnit.SECONDS));
                server.close();
                peer.leave();
                Await.until("it has ended", () -> server.connectionCount() == 0);
            } finally {
                server.close();
            }
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }
}
