package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.weft.ConnectionClosedException;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketConnectException;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers with limits and rates on, one after another, each with peers that {@linkplain EveryEnd end in every way}, and with
 * clients that echo random messages, dribbled and compressed, and check every byte; each server is drained at its end. At the
 * end of all, the process must hold what it held after the first servers, and no thread of Weft may have been pinned.
 * <p>
 * {@code -Dweft.soak.seconds=3600} makes it longer; {@code -Dweft.soak.seed=N} repeats what was done, though not which thread was
 * first.
 */
@Timeout(value = 90 * 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LimitsSoakTest {
    private static final long SEED = Long.getLong("weft.soak.seed", System.nanoTime());
    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("weft.soak.seconds", 0));
    private static final int CLIENTS = 3;
    private static final int RESTART = 1012;
    private static final int MOST_ATTEMPTS = 10;
    /** Servers after which every class is loaded, every pool filled, and the clients' memory has its usual size. */
    private static final int WARM_UP = LENGTH.isZero() ? 1 : 8;
    private static final int LARGEST = 90_000;
    private static final long HEAP_SLACK = 8 << 20;
    private static final long NATIVE_SLACK = 48 << 20;
    private static final int SLACK = 12;

    private final AtomicLong messages = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong conversations = new AtomicLong();

    /** What the process holds, after a full collection. */
    private record Holding(long heap, long nativeMemory, long directBuffers, int threads, long descriptors) {
        static Holding now() throws IOException {
            System.gc();
            System.gc();
            long rss = 0;
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmRSS:")) {
                    rss = Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
            Runtime runtime = Runtime.getRuntime();
            long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
            return new Holding(runtime.totalMemory() - runtime.freeMemory(), rss - runtime.totalMemory(), direct,
                    ManagementFactory.getThreadMXBean().getThreadCount(),
                    ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                            .getOpenFileDescriptorCount());
        }
    }

    /** On a busy machine, handshakes take longer than their deadline; the server may end meanwhile. */
    private void visit(URI uri, WebSocketClient client, Random random) throws IOException {
        for (int i = 0; i < MOST_ATTEMPTS; i++) {
            try {
                converse(uri, client, random);
                return;
            } catch (WebSocketConnectException e) {
                LockSupport.parkNanos(100_000_000);
            }
        }
    }

    /** Echoes messages until its server ends. Everything that comes back was sent, in the same order, once. */
    private void converse(URI uri, WebSocketClient client, Random random) throws IOException {
        try (WebSocketConnection ws = client.open(uri)) {
            Deque<byte[]> sent = new ArrayDeque<>();
            while (ws.isOpen()) {
                byte[] message = new byte[random.nextInt(4) == 0 ? random.nextInt(LARGEST) : random.nextInt(500)];
                if (random.nextBoolean()) {
                    // Otherwise compressible.
                    random.nextBytes(message);
                }
                sent.add(message);
                send(ws, message, random);
                if (sent.size() > random.nextInt(5) && !receive(ws, sent)) {
                    break;
                }
            }
            // What the server received before it closed comes back.
            while (receive(ws, sent)) {
                // Until the Close frame.
            }
            conversations.incrementAndGet();
        } catch (ConnectionClosedException e) {
            // A send may find that the server has closed; nothing else may end a conversation.
            assertEquals(RESTART, e.status().code(), e::toString);
            conversations.incrementAndGet();
        }
    }

    private void send(WebSocketConnection ws, byte[] message, Random random) throws IOException {
        if (random.nextInt(4) > 0) {
            ws.send(message);
            return;
        }
        try (OutgoingMessage stream = ws.sendStream(MessageType.BINARY)) {
            for (int from = 0; from < message.length;) {
                int to = Math.min(message.length, from + 1 + random.nextInt(1 + message.length / 3));
                stream.write(message, from, to - from);
                stream.flush();
                LockSupport.parkNanos(random.nextInt(2_000_000));
                from = to;
            }
            stream.complete();
        }
    }

    private boolean receive(WebSocketConnection ws, Deque<byte[]> sent) throws IOException {
        if (!(ws.receive() instanceof Message.Binary(byte[] received))) {
            return false;
        }
        byte[] expected = sent.remove();
        if (expected.length != received.length) {
            throw new AssertionError("lost, or doubled: " + received.length + " bytes instead of " + expected.length);
        }
        assertArrayEquals(expected, received);
        messages.incrementAndGet();
        bytes.addAndGet(received.length);
        return true;
    }

    @SuppressWarnings("try") // closed before the end of its block
    private void serve(long seed) throws Exception {
        Random random = new Random(seed);
        TransportKind kind = TransportKind.values()[random.nextInt(TransportKind.values().length)];
        boolean tls = random.nextInt(3) == 0;
        Duration patience = Duration.ofSeconds(60);
        Endpoint echo = Endpoint.of(Handlers::echo).messageTimeout(patience).writeTimeout(patience)
                .pingInterval(patience).pongTimeout(patience).closeTimeout(Duration.ofSeconds(20))
                .maxCompressionRatio(1000).rateShare("gold");
        try (WebSocketServer server = EveryEnd.server(kind, tls).endpoint("/honest", echo)
                .handshakeTimeout(Duration.ofSeconds(5)).shutdownGrace(Duration.ofSeconds(30)).start();
                ServerSocketChannel listener = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
                WebSocketClient deflating = WebSocketClient.builder().tls(TestKeys.context()).build();
                WebSocketClient plain = WebSocketClient.builder().tls(TestKeys.context()).noDeflate().build()) {
            URI uri = URI.create((tls ? "wss" : "ws") + "://127.0.0.1:" + server.port() + "/honest");
            List<FutureTask<Void>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Random own = new Random(random.nextLong());
                WebSocketClient client = i % 2 == 0 ? deflating : plain;
                FutureTask<Void> task = new FutureTask<>(() -> {
                    visit(uri, client, own);
                    return null;
                });
                clients.add(task);
                Thread.ofVirtual().start(task);
            }
            for (Thread lane : ReleaseTest.visits(server, listener, random)) {
                lane.join();
            }
            server.drain(DrainSettings.builder().closing(CloseOptions.builder()
                    .spread(Duration.ofMillis(random.nextInt(500))).reason(RESTART, "restart").build())
                    .build());
            for (FutureTask<Void> client : clients) {
                client.get();
            }
            server.close();
            ReleaseTest.assertNothingIsHeld(server, false);
            // A client notices a moment later that the server has ended the TCP connection.
            Await.until("no client has a connection",
                    () -> deflating.connectionCount() + plain.connectionCount() == 0);
        }
    }

    @Test
    void nothingMustLeakOrBeLostWithLimitsOn(@TempDir Path folder) throws Exception {
        Random seeds = new Random(SEED);
        long end = System.nanoTime() + LENGTH.toNanos();
        Holding before = null;
        int servers = 0;
        try (Recording recording = new Recording()) {
            recording.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ofMillis(20)).withStackTrace();
            do {
                long seed = seeds.nextLong();
                try {
                    serve(seed);
                } catch (Throwable e) {
                    throw new AssertionError("server " + servers + " of seed " + SEED, e);
                }
                if (++servers == WARM_UP) {
                    before = Holding.now();
                    recording.start();
                }
            } while (System.nanoTime() < end || servers <= WARM_UP);
            Holding after = Holding.now();
            recording.stop();
            System.out.println("limits soak with seed " + SEED + ": " + servers + " servers, " + conversations
                    + " conversations, " + messages + " messages, " + bytes + " bytes\nbefore: " + before + "\nafter:  "
                    + after);
            assertTrue(conversations.get() > 0 && messages.get() > 0);
            assertTrue(after.heap() < before.heap() + HEAP_SLACK, "heap");
            assertTrue(after.nativeMemory() < before.nativeMemory() + NATIVE_SLACK, "native memory");
            assertTrue(after.directBuffers() < before.directBuffers() + HEAP_SLACK, "direct buffers");
            assertTrue(after.threads() <= before.threads() + SLACK, "threads");
            assertTrue(after.descriptors() <= before.descriptors() + SLACK, "descriptors");
            assertNoThreadWasPinned(recording, folder.resolve("soak.jfr"));
        }
    }

    private static void assertNoThreadWasPinned(Recording recording, Path file) throws IOException {
        recording.dump(file);
        List<RecordedEvent> pins = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("jdk.VirtualThreadPinned"))
                // A class that is loaded or initialized late pins a thread once.
                .filter(event -> !event.hasField("pinnedReason")
                        || !String.valueOf(event.getString("pinnedReason")).contains("initialization of"))
                .filter(event -> event.getStackTrace() != null && event.getStackTrace().getFrames().stream()
                        .noneMatch(frame -> frame.getMethod().getName().equals("loadClass"))
                        && event.getStackTrace().getFrames().stream()
                                .anyMatch(frame -> frame.getMethod().getType().getName()
                                        .startsWith("dev.weft.internal.")))
                .toList();
        assertEquals(List.of(), pins);
    }
}
