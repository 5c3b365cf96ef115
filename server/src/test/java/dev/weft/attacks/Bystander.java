package dev.weft.attacks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.weft.server.Await;
import dev.weft.server.RawPeer;
import dev.weft.server.ServerInsight;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Detects what an attack must not cause: a client that echoes small messages during the attack, and the memory that all threads
 * allocated.
 */
public final class Bystander {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Bystander() {}

    /** An attack on the server; it leaves none of its own connections open. */
    public interface Attack {
        void on(WebSocketServer server) throws Exception;
    }

    /**
     * Runs the attack on a server with these settings. Checks that another connection echoes before, during and after the
     * attack, that a new one is served afterwards, and that none of the attack's connections remains.
     */
    public static void beside(WebSocketServerBuilder settings, Attack attack) throws Exception {
        try (WebSocketServer server = settings.shutdownGrace(Duration.ZERO).start();
                RawPeer peer = RawPeer.open(server)) {
            assertEchoes(peer, "before");
            AtomicBoolean over = new AtomicBoolean();
            FutureTask<Void> during = new FutureTask<>(() -> {
                for (int i = 0; !over.get(); i++) {
                    assertEchoes(peer, "during " + i);
                    LockSupport.parkNanos(1_000_000);
                }
                return null;
            });
            Thread.ofVirtual().start(during);
            try {
                attack.on(server);
            } finally {
                over.set(true);
            }
            during.get();
            assertEchoes(peer, "after");
            Await.until("the server holds no other connection", () -> server.connectionCount() == 1);
            try (RawPeer late = RawPeer.open(server)) {
                assertEchoes(late, "late");
            }
            Await.until("nothing is left of what was buffered", () -> ServerInsight.budget(server).taken() == 0);
        }
    }

    public static void assertEchoes(RawPeer peer, String text) throws IOException {
        byte[] utf8 = text.getBytes(UTF_8);
        String frame = HexFormat.of().formatHex(new byte[]{(byte) 0x81, (byte) utf8.length}) + " "
                + HexFormat.of().formatHex(utf8);
        assertEquals(frame, peer.bytes(RawPeer.textFrame(text)).readFrame());
    }

    /** Bytes that all threads together, the tests' own included, have allocated so far. */
    public static long allocated() {
        return THREADS.getTotalThreadAllocatedBytes();
    }

    /** The number of reachable bytes on the heap, according to the garbage collector. */
    public static long retained() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }
}
