package dev.weft.attacks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.Eviction;
import dev.weft.server.RawPeer;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attack 36, over the wire: peers that pipeline and do not read, so that the server's senders are stuck in a write. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StuckSenderAttacksTest {
    private static final CountDownLatch NEVER = new CountDownLatch(1);
    private static final int FEW = 20;
    private static final int MANY = 1_000;
    private static final int SOCKET_BUFFER = 4096;
    /** Longer than the test: the connections' own deadlines, and the retries within them, must not be measured. */
    private static final Duration LONG = Duration.ofMinutes(10);

    private final BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
    private final LongAdder echoes = new LongAdder();

    /** The JDK creates the pollers of blocking channels at the first call that waits; they must not run on a loop of ours. */
    @BeforeAll
    static void firstBlockingCallIsOnALoop() throws Exception {
        CompletableFuture<Integer> answered = new CompletableFuture<>();
        try (WebSocketServer server = AttackTransport.LOOPS.server(ws -> {
            InetSocketAddress own = (InetSocketAddress) ws.localAddress();
            try (Socket socket = new Socket(own.getAddress(), own.getPort())) {
                socket.getOutputStream().write("rubbish\r\n\r\n".getBytes(ISO_8859_1));
                answered.complete(socket.getInputStream().read());
            } catch (Throwable e) {
                answered.completeExceptionally(e);
            }
        }).start()) {
            RawPeer peer = RawPeer.connect(server).upgraded();
            assertEquals('H', answered.get(10, TimeUnit.SECONDS));
            peer.leave();
        }
    }

    private WebSocketServerBuilder server(AttackTransport wire) {
        return wire.server(ws -> {
            opened.add(ws);
            for (MessageView view = ws.receiveView(); view != null; view = ws.receiveView()) {
                ws.send(view);
                echoes.increment();
            }
        }).sendBufferSize(16_384).writeTimeout(LONG).pongTimeout(LONG).messageTimeout(LONG);
    }

    @ParameterizedTest
    @EnumSource
    void attack36_sendersThatAreStuckMustWakeNoThread(AttackTransport wire) throws Exception {
        List<RawPeer> peers = new ArrayList<>();
        try (WebSocketServer server = server(wire).start()) {
            byte[] pipelined = pipelined();
            for (int i = 0; i < FEW; i++) {
                RawPeer peer = RawPeer.connect(server, new SlowSocket(SOCKET_BUFFER)).upgraded();
                peers.add(peer);
                // More than all buffers of the way back hold, and less than those of both ways.
                Thread.ofPlatform().daemon().start(() -> {
                    try {
                        peer.bytes(pipelined);
                    } catch (IOException e) {
                        // It left before all of it went.
                    }
                });
            }
            assertStuckWithoutWakeUps(FEW);
        } finally {
            for (RawPeer peer : peers) {
                peer.leave();
            }
        }
    }

    /** Without TLS, whose handshakes would take most of the time. */
    @ParameterizedTest
    @EnumSource(names = {"LOOPS", "PARKING", "PARKING_PLATFORM", "BLOCKING"})
    void attack36_thousandSendersThatAreStuckMustWakeNoThread(AttackTransport wire) throws Exception {
        List<SocketChannel> peers = new ArrayList<>();
        try (WebSocketServer server = server(wire).receiveBufferSize(SOCKET_BUFFER).start()) {
            for (int i = 0; i < MANY; i++) {
                peers.add(open(server));
            }
            assertEquals(MANY, pipelineUntilAllAreStuck(peers), "peers that still have something to send");
            assertStuckWithoutWakeUps(MANY);
        } finally {
            for (SocketChannel peer : peers) {
                peer.close();
            }
        }
    }

    /** A peer with its opening handshake done, which from here on does not wait. */
    private static SocketChannel open(WebSocketServer server) throws IOException {
        SocketChannel peer = SocketChannel.open();
        peer.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER);
        peer.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER);
        peer.connect(new InetSocketAddress("127.0.0.1", server.port()));
        peer.write(ByteBuffer.wrap(RawPeer.request().getBytes(ISO_8859_1)));
        StringBuilder head = new StringBuilder();
        ByteBuffer piece = ByteBuffer.allocate(1024);
        while (head.indexOf("\r\n\r\n") < 0) {
            assertTrue(peer.read(piece.clear()) > 0, head.toString());
            head.append(ISO_8859_1.decode(piece.flip()));
        }
        peer.configureBlocking(false);
        return peer;
    }

    /**
     * Writes to all peers by turns until their senders are stuck.
     *
     * @return the number of peers that have not taken everything
     */
    private long pipelineUntilAllAreStuck(List<SocketChannel> peers) throws IOException {
        ByteBuffer shared = ByteBuffer.wrap(pipelined());
        List<ByteBuffer> outputs = peers.stream().map(peer -> shared.duplicate()).toList();
        while (stuck() < peers.size()) {
            for (int i = 0; i < peers.size(); i++) {
                peers.get(i).write(outputs.get(i));
            }
            LockSupport.parkNanos(1_000_000);
        }
        return outputs.stream().filter(ByteBuffer::hasRemaining).count();
    }

    private long stuck() {
        return opened.stream().filter(ws -> Eviction.isStuck((Connection) ws)).count();
    }

    /** Checks until a second without echoes was quiet; otherwise the last second's result is reported. */
    private void assertStuckWithoutWakeUps(int peers) throws Exception {
        while (stuck() < peers) {
            LockSupport.parkNanos(1_000_000);
        }
        Map<String, Long> noisy = Map.of("no look yet", 0L);
        for (int i = 0; i < 8 && !noisy.isEmpty(); i++) {
            long before = echoes.sum();
            noisy = wakeUpsInASecond();
            if (echoes.sum() != before) {
                noisy = Map.of("echoes", echoes.sum() - before);
            }
        }
        assertEquals(Map.of(), noisy, "wake-ups in a second");
        assertEquals(peers, opened.stream().filter(WebSocketConnection::isOpen).count(), "all are still stuck");
    }

    private static byte[] pipelined() {
        byte[] frame = RawPeer.frame(0x82, new byte[200]);
        byte[] all = new byte[20_000 * frame.length];
        for (int at = 0; at < all.length; at += frame.length) {
            System.arraycopy(frame, 0, all, at, frame.length);
        }
        return all;
    }

    /** The server's threads, and the ones that carry virtual threads, that woke up more than ten times in a second. */
    private static Map<String, Long> wakeUpsInASecond() throws Exception {
        Map<String, Long> before = wakeUps();
        // Nothing to wait for but time: this is a rate.
        NEVER.await(1, TimeUnit.SECONDS);
        Map<String, Long> noisy = wakeUps();
        noisy.replaceAll((thread, count) -> count - before.getOrDefault(thread, count));
        noisy.values().removeIf(count -> count <= 10);
        return noisy;
    }

    private static Map<String, Long> wakeUps() throws IOException {
        Map<String, Long> wakeUps = new HashMap<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                try {
                    String status = Files.readString(task.resolve("status"));
                    String name = valueOf("Name", status);
                    if (name.startsWith("weft-") || name.startsWith("ForkJoinPool-1-")) {
                        wakeUps.put(name + " " + task.getFileName(),
                                Long.parseLong(valueOf("voluntary_ctxt_switches", status)));
                    }
                } catch (IOException e) {
                    // The thread has ended meanwhile.
                }
            }
        }
        for (String thread : List.of("weft-sweeper", "weft-flush-time", "weft-acceptor")) {
            assertTrue(wakeUps.keySet().stream().anyMatch(name -> name.startsWith(thread)), wakeUps::toString);
        }
        return wakeUps;
    }

    private static String valueOf(String key, String status) {
        return status.lines().filter(line -> line.startsWith(key + ":")).findFirst().orElseThrow()
                .substring(key.length() + 1).strip();
    }
}
