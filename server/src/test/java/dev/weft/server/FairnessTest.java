package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.WebSocketHandler;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * No connection must wait indefinitely because of another one. Where a test measures time, only starvation can exceed its
 * limit.
 */
@Timeout(120)
class FairnessTest {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int ROUND_TRIPS = 200;
    /** An echo: a reply of eight bytes, as {@link RawPeer#readFrame} shows it. */
    private static final String REPLY = "8108 " + "31".repeat(8);

    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch busy = new CountDownLatch(1);
    private final AtomicBoolean released = new AtomicBoolean();

    /** Checks that one connection gets replies while the handler of another is busy with this behaviour. */
    private void othersGoOnWhile(TransportKind kind, WebSocketHandler behaviour) throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().transport(kind).shutdownGrace(Duration.ofMillis(1))
                .handler(ws -> {
                    if (ws.request().target().equals("/chat?busy")) {
                        behaviour.handle(ws);
                    } else {
                        Handlers.echo(ws);
                    }
                }).start(); RawPeer troublemaker = RawPeer.connect(server); RawPeer other = RawPeer.connect(server)) {
            troublemaker.text(RawPeer.request().replace("/chat", "/chat?busy")).readHead();
            troublemaker.bytes(RawPeer.textFrame("go"));
            busy.await();
            other.text(RawPeer.request()).readHead();
            roundTrips(other);
            assertEquals(false, released.get());
            released.set(true);
            release.countDown();
        }
    }

    private static void roundTrips(RawPeer peer) throws IOException {
        for (int i = 0; i < ROUND_TRIPS; i++) {
            assertEquals(REPLY, peer.bytes(RawPeer.textFrame("1".repeat(8))).readFrame());
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachOfAThousandBusyConnectionsMustGetItsTurn(TransportKind kind) throws Exception {
        try (WebSocketServer server = Handlers.echoServer().transport(kind).start();
                SaturatingClients saturation = new SaturatingClients(server, 1000)) {
            SaturatingClients.Outcome outcome = saturation.run(Duration.ofSeconds(3));
            System.out.println(kind + ": " + outcome);
            assertTrue(outcome.fewest() > 0, outcome::toString);
            assertTrue(outcome.slowest().compareTo(outcome.p99().multipliedBy(10).plusSeconds(1)) < 0,
                    outcome::toString);
        }
    }

    @ParameterizedTest
    @EnumSource
    void computingHandlerMustOccupyOnlyOneCarrier(TransportKind kind) throws Exception {
        if (Runtime.getRuntime().availableProcessors() > 1) {
            othersGoOnWhile(kind, ws -> {
                ws.receive();
                busy.countDown();
                while (!released.get()) {
                    Thread.onSpinWait();
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void sleepingHandlerMustNotDelayOthers(TransportKind kind) throws Exception {
        othersGoOnWhile(kind, ws -> {
            ws.receive();
            busy.countDown();
            release.await();
        });
    }

    @ParameterizedTest
    @EnumSource
    void handlerBlockedOnALockMustNotDelayOthers(TransportKind kind) throws Exception {
        ReentrantLock lock = new ReentrantLock();
        lock.lock();
        othersGoOnWhile(kind, ws -> {
            ws.receive();
            busy.countDown();
            // Interrupted by the shutdown.
            assertThrows(InterruptedException.class, lock::lockInterruptibly);
        });
    }

    /** All carriers compute: others wait, but no longer than that. */
    @ParameterizedTest
    @EnumSource
    void whenAllCarriersComputeOthersGoOnAfterwards(TransportKind kind) throws Exception {
        int carriers = Runtime.getRuntime().availableProcessors();
        CountDownLatch computing = new CountDownLatch(carriers);
        try (WebSocketServer server = WebSocketServer.builder().transport(kind).handler(ws -> {
            if (ws.receiveView().length() == 2) {
                computing.countDown();
                while (!released.get()) {
                    Thread.onSpinWait();
                }
            }
            ws.send("1".repeat(8));
        }).start(); RawPeer other = RawPeer.connect(server)) {
            other.text(RawPeer.request()).readHead();
            RawPeer[] peers = new RawPeer[carriers];
            for (int i = 0; i < carriers; i++) {
                peers[i] = RawPeer.connect(server);
                peers[i].text(RawPeer.request()).readHead();
            }
            for (RawPeer peer : peers) {
                peer.bytes(RawPeer.textFrame("go"));
            }
            computing.await();
            other.bytes(RawPeer.textFrame("stop?"));
            released.set(true);
            assertEquals(REPLY, other.readFrame());
            for (RawPeer peer : peers) {
                assertEquals(REPLY, peer.readFrame());
                peer.close();
            }
        }
    }

    /** More of them than carriers, so that none is left if they do not give way by themselves. */
    @ParameterizedTest
    @EnumSource
    void floodsDoNotStarveTheOthers(TransportKind kind) throws Exception {
        int floods = Runtime.getRuntime().availableProcessors() + 1;
        CountDownLatch flooding = new CountDownLatch(300 * floods);
        List<RawPeer> flooders = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        try (WebSocketServer server = Handlers.echoServer().transport(kind).shutdownGrace(Duration.ZERO).start();
                RawPeer other = RawPeer.open(server)) {
            for (int i = 0; i < floods; i++) {
                RawPeer flooder = RawPeer.open(server);
                flooders.add(flooder);
                threads.add(Thread.ofPlatform().start(() -> flood(flooder, flooding)));
                threads.add(Thread.ofPlatform().start(() -> drain(flooder)));
            }
            flooding.await();
            roundTrips(other);
        } finally {
            for (RawPeer flooder : flooders) {
                flooder.leave();
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void flood(RawPeer peer, CountDownLatch writes) {
        byte[] frame = RawPeer.frame(0x82, new byte[100]);
        byte[] frames = new byte[100 * frame.length];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = frame[i % frame.length];
        }
        try {
            while (true) {
                peer.bytes(frames);
                writes.countDown();
            }
        } catch (IOException e) {
            // It has left.
        }
    }

    private static void drain(RawPeer peer) {
        byte[] bytes = new byte[1 << 14];
        try {
            while (peer.socket().getInputStream().read(bytes) >= 0) {}
        } catch (IOException e) {
            // It has left.
        }
    }

    @ParameterizedTest
    @EnumSource
    void handlerThatNeverReadsMustNotMakeThePollerSpin(TransportKind kind) throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().transport(kind).shutdownGrace(Duration.ofMillis(1))
                .handler(ws -> {
                    busy.countDown();
                    release.await();
                }).start(); RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request()).readHead();
            busy.await();
            CountDownLatch flooding = new CountDownLatch(5);
            Thread writer = Thread.ofPlatform().start(() -> flood(peer, flooding));
            flooding.await();
            long before = cpuNanos(server);
            // While this thread spins, the poller could spin as much.
            long own = THREADS.getCurrentThreadCpuTime();
            while (THREADS.getCurrentThreadCpuTime() - own < 200_000_000) {
                Thread.onSpinWait();
            }
            long spent = cpuNanos(server) - before;
            assertTrue(spent < 20_000_000, () -> "the threads of the server took " + spent + " ns");
            release.countDown();
            peer.leave();
            writer.join();
        }
    }

    /** The CPU time of the carrier threads, and of the thread that may block in the selector. */
    private static long cpuNanos(WebSocketServer server) {
        long sum = 0;
        for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
            if (thread != null && (thread.getThreadName().startsWith("ForkJoinPool-1-worker-")
                    || thread.getThreadName().equals("weft-poller-" + server.port()))) {
                sum += THREADS.getThreadCpuTime(thread.getThreadId());
            }
        }
        assertTrue(sum > 0, "no such thread is known");
        return sum;
    }
}
