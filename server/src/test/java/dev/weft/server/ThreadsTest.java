package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.Fifo;
import dev.weft.attacks.Bystander;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections on threads that the application creates. */
@Timeout(60)
class ThreadsTest {
    private static final int COMPUTING = 2 * Runtime.getRuntime().availableProcessors();

    /** The handler's work until the end of the test. */
    private interface Work {
        void run() throws IOException;
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void computingPlatformThreadsMustNotDelayOthers(TransportKind transport) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        try {
            assertOthersAreServed(transport, () -> {
                while (!over.get()) {
                    Thread.onSpinWait();
                }
            });
        } finally {
            over.set(true);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void nativeCodeOnPlatformThreadsMustNotDelayOthers(TransportKind transport, @TempDir Path folder)
            throws Exception {
        Fifo fifo = Fifo.in(folder);
        try {
            assertOthersAreServed(transport, fifo::block);
        } finally {
            fifo.release();
        }
    }

    /** While more handlers than there are processors do this. */
    private static void assertOthersAreServed(TransportKind transport, Work work) throws Exception {
        CountDownLatch computing = new CountDownLatch(COMPUTING);
        List<RawPeer> peers = new ArrayList<>();
        try (WebSocketServer server = WebSocketServer.builder().transport(transport)
                .threads(Thread.ofPlatform().daemon().factory()).shutdownGrace(Duration.ofMillis(200)).handler(ws -> {
                    assertFalse(Thread.currentThread().isVirtual());
                    if (computing.getCount() > 0) {
                        computing.countDown();
                        work.run();
                    } else {
                        Handlers.echo(ws);
                    }
                }).start()) {
            for (int i = 0; i < COMPUTING; i++) {
                peers.add(RawPeer.open(server));
                long left = COMPUTING - 1 - i;
                Await.until("the handler computes", () -> computing.getCount() == left);
            }
            try (RawPeer other = RawPeer.open(server)) {
                for (int i = 0; i < 5; i++) {
                    Bystander.assertEchoes(other, "while others compute");
                }
            }
        } finally {
            for (RawPeer peer : peers) {
                peer.close();
            }
        }
    }

    @Test
    void aFactoryThatFailsMustCostNoSlot() throws Exception {
        AtomicInteger failures = new AtomicInteger(3);
        ThreadFactory factory = body -> {
            if (failures.getAndDecrement() > 0) {
                throw new IllegalStateException("no thread");
            }
            return Thread.ofPlatform().daemon().unstarted(body);
        };
        LogCapture log = new LogCapture();
        try (WebSocketServer server = Handlers.echoServer().threads(factory).maxConnections(1).start()) {
            while (failures.get() > 0) {
                try (RawPeer peer = RawPeer.connect(server)) {
                    assertEquals(-1, peer.socket().getInputStream().read());
                } catch (IOException e) {
                    // Closed by a reset.
                }
            }
            try (RawPeer peer = RawPeer.openWhenThereIsRoom(server)) {
                Bystander.assertEchoes(peer, "after the failures");
            }
        } finally {
            log.close();
        }
    }
}
