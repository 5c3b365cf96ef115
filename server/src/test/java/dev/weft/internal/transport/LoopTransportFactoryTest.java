package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.time.TimeLimit;
import dev.weft.server.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections over several loops. */
@Timeout(60)
class LoopTransportFactoryTest {
    private static final int CONNECTIONS = 200;
    private static final int LEFT = 10;
    private static final int BETWEEN_MOVES_NANOS = 200_000;

    private final List<Throwable> failures = new ArrayList<>();
    private ServerSocketChannel listener;
    private LoopTransportFactory looping;

    /** A connection whose thread sends back every byte, and the channel at its other end. */
    private record Echo(Transport transport, Thread thread, SocketChannel peer) {
        void check(byte value) throws IOException {
            peer.write(ByteBuffer.wrap(new byte[]{value}));
            ByteBuffer back = ByteBuffer.allocate(1);
            assertEquals(1, peer.read(back));
            assertEquals(value, back.get(0));
        }
    }

    @BeforeEach
    void open() throws IOException {
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        looping = SharedLoops.open("loops-under-test", 2, false, (what, count, latest) -> failures.add(latest));
    }

    @AfterEach
    void close() throws IOException {
        looping.close();
        listener.close();
        assertEquals(List.of(), failures);
    }

    private Echo echo() throws IOException {
        SocketChannel peer = SocketChannel.open(listener.getLocalAddress());
        Transport transport = looping.over(listener.accept());
        Thread thread = transport.threadBuilder().start(() -> sendBack(transport));
        return new Echo(transport, thread, peer);
    }

    private static void sendBack(Transport transport) {
        ByteBuffer buffer = ByteBuffer.allocate(100);
        try {
            while (transport.read(buffer.clear()) >= 0) {
                transport.write(buffer.flip());
            }
        } catch (IOException e) {
            // The end.
        }
        transport.close();
    }

    private static SocketEngine engine(Echo echo) {
        return echo.transport instanceof ParkingTransport parking
                ? parking.engine()
                : ((IoUringTransport) echo.transport).engine();
    }

    private static List<Echo> of(SocketEngine engine, List<Echo> all) {
        return all.stream().filter(each -> engine(each) == engine).toList();
    }

    @Test
    void aNewConnectionMustGetTheLoopThatHasTheFewest() throws Exception {
        List<Echo> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(echo());
        }
        assertEquals(5, of(engine(all.getFirst()), all).size());
        assertEquals(2, looping.places());
        assertEquals(5, all.stream().filter(each -> each.transport.place() == 0).count());
        assertEquals(5, all.stream().filter(each -> each.transport.place() == 1).count());
        end(all);
    }

    @Test
    void loopWithFarMoreConnectionsMustHandSomeOver() throws Exception {
        List<Echo> all = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            all.add(echo());
        }
        SocketEngine full = engine(all.getFirst());
        List<Echo> ended = all.stream().filter(each -> engine(each) != full).skip(LEFT).toList();
        end(ended);
        all.removeAll(ended);
        SocketEngine empty = all.stream().map(each -> engine(each)).filter(each -> each != full)
                .findAny().orElseThrow();
        Await.until("the ended ones are forgotten", () -> empty.size() == LEFT);
        FutureTask<Void> traffic = new FutureTask<>(() -> {
            for (int round = 0; round < 50; round++) {
                for (Echo each : all) {
                    each.check((byte) round);
                }
            }
            return null;
        });
        Thread.ofPlatform().start(traffic);
        looping.tend();
        Await.until("some were handed over", () -> of(empty, all).size() > LEFT);
        traffic.get();
        looping.tend();
        assertEquals(all.size() / 2, of(empty, all).size());
        assertEquals(all.size() / 2, all.stream().filter(each -> engine(each) == empty).count());
        Await.until("the old keys are gone", () -> full.size() + empty.size() == all.size());
        assertTrue(all.stream().allMatch(each -> each.thread.isAlive()));
        end(all);
    }

    /** Each peer sends bytes of its own, and many connections are moved again and again: often, bytes arrive meanwhile. */
    @Test
    void movesMustNeitherLoseNorMixUpBytes() throws Exception {
        List<Echo> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(echo());
        }
        List<SocketEngine> engines = all.stream().map(LoopTransportFactoryTest::engine).distinct().toList();
        AtomicBoolean over = new AtomicBoolean();
        Thread mover = Thread.ofPlatform().start(() -> {
            for (int i = 0; !over.get(); i++) {
                int from = i % 2;
                CountDownLatch begun = new CountDownLatch(1);
                engines.get(from).move(25, engines.get(1 - from), looping.scheduler(1 - from), begun::countDown);
                awaitBriefly(begun);
                LockSupport.parkNanos(BETWEEN_MOVES_NANOS);
            }
        });
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < all.size(); i++) {
                all.get(i).peer.write(ByteBuffer.wrap(new byte[]{(byte) i, (byte) round}));
            }
            for (int i = 0; i < all.size(); i++) {
                ByteBuffer back = ByteBuffer.allocate(2);
                while (back.hasRemaining() && all.get(i).peer.read(back) > 0) {}
                assertArrayEquals(new byte[]{(byte) i, (byte) round}, back.array());
            }
        }
        over.set(true);
        mover.join();
        end(all);
    }

    /** A move must not wait for a peer that reads nothing: what the peer sends must be received meanwhile. */
    @Test
    void movesMustNotStopReceivingWhileThePeerReadsNothing() throws Exception {
        Echo other = echo();
        for (int round = 0; round < 30; round++) {
            SocketChannel peer = SocketChannel.open(listener.getLocalAddress());
            Transport transport = looping.over(listener.accept());
            transport.setOption(StandardSocketOptions.SO_SNDBUF, 4096);
            peer.configureBlocking(false);
            List<SocketEngine> engines = List.of(engine(new Echo(transport, null, peer)), engine(other)).stream()
                    .distinct()
                    .toList();
            BlockingQueue<Integer> received = new LinkedBlockingQueue<>();
            Thread reader = transport.threadBuilder().start(() -> {
                ByteBuffer one = ByteBuffer.allocate(1);
                try {
                    while (transport.read(one.clear()) >= 0) {
                        received.add((int) one.get(0));
                    }
                } catch (IOException e) {
                    // The end.
                }
            });
            int pieces = 1 + round;
            Thread writer = transport.threadBuilder().start(() -> {
                try {
                    for (int i = 0; i < pieces; i++) {
                        transport.write(ByteBuffer.allocate(12_000));
                    }
                } catch (IOException e) {
                    // The end.
                }
            });
            AtomicBoolean over = new AtomicBoolean();
            Thread mover = engines.size() < 2 ? Thread.ofPlatform().start(() -> {}) : Thread.ofPlatform().start(() -> {
                for (int i = 0; !over.get(); i++) {
                    CountDownLatch begun = new CountDownLatch(1);
                    engines.get(i % 2).move(5, engines.get(1 - i % 2), looping.scheduler(1 - i % 2), begun::countDown);
                    awaitBriefly(begun);
                    transport.retryWrite();
                }
            });
            for (int i = 0; i < 20; i++) {
                peer.write(ByteBuffer.wrap(new byte[]{(byte) i}));
                assertEquals(i, received.poll(10, TimeUnit.SECONDS));
                peer.read(ByteBuffer.allocate(1000));
                LockSupport.parkNanos(BETWEEN_MOVES_NANOS);
            }
            over.set(true);
            mover.join();
            peer.close();
            transport.close();
            reader.join();
            writer.join();
        }
        end(List.of(other));
    }

    @Test
    void writeOfNothingMustNotBreakTheConnection() throws Exception {
        SocketChannel peer = SocketChannel.open(listener.getLocalAddress());
        Transport transport = looping.over(listener.accept());
        FutureTask<Void> written = new FutureTask<>(() -> {
            transport.writeNow(ByteBuffer.allocate(0));
            transport.writeNow(ByteBuffer.allocate(0), ByteBuffer.allocate(0));
            transport.write(ByteBuffer.allocate(0));
            // The loop sends what was written, at the latest before this byte comes.
            transport.read(ByteBuffer.allocate(1), TimeLimit.NONE);
            transport.write(ByteBuffer.wrap(new byte[]{7}));
            return null;
        });
        Thread thread = transport.threadBuilder().start(written);
        Await.until("the thread waits", () -> thread.getState() == Thread.State.WAITING);
        peer.write(ByteBuffer.wrap(new byte[1]));
        written.get(10, TimeUnit.SECONDS);
        ByteBuffer one = ByteBuffer.allocate(1);
        assertEquals(1, peer.read(one));
        assertEquals(7, one.get(0));
        thread.join();
        transport.close();
        peer.close();
    }

    @Test
    void whatHasArrivedMustBeReadAlsoAfterItWasMovedOutOfSharedBuffers() throws Exception {
        SocketChannel peer = SocketChannel.open(listener.getLocalAddress());
        Transport transport = looping.over(listener.accept());
        FutureTask<String> read = new FutureTask<>(() -> {
            StringBuilder all = new StringBuilder();
            ByteBuffer some = ByteBuffer.allocate(3);
            while (all.length() < 8) {
                assertTrue(transport.awaitReadable(TimeLimit.NONE));
                transport.keepArrived();
                transport.keepArrived();
                transport.readNow(some.clear());
                all.append(StandardCharsets.US_ASCII.decode(some.flip()));
            }
            return all.toString();
        });
        Thread thread = transport.threadBuilder().start(read);
        Await.until("the reader waits", () -> thread.getState() == Thread.State.WAITING);
        peer.write(ByteBuffer.wrap("abcdef".getBytes(StandardCharsets.US_ASCII)));
        peer.write(ByteBuffer.wrap("gh".getBytes(StandardCharsets.US_ASCII)));
        assertEquals("abcdefgh", read.get(10, TimeUnit.SECONDS));
        thread.join();
        transport.close();
        peer.close();
    }

    private static void awaitBriefly(CountDownLatch latch) {
        try {
            latch.await(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void loopsMustSayWhetherTheyUseIoUringOrWhyNot() throws Exception {
        String before = System.getProperty("dev.weft.engine");
        System.setProperty("dev.weft.engine", "io_uring");
        try (LoopTransportFactory one = SharedLoops.open("loop-of-one", 1, false, (what, count, latest) -> {})) {
            String expected = Rings.obstacle().map(why -> "loops: 1 (no io_uring: " + why + ")")
                    .orElse("loops: 1, io_uring");
            assertEquals(expected, one.description());
        } finally {
            if (before == null) {
                System.clearProperty("dev.weft.engine");
            } else {
                System.setProperty("dev.weft.engine", before);
            }
        }
    }

    private static void end(List<Echo> all) throws Exception {
        for (Echo each : all) {
            each.peer.close();
            each.thread.join();
        }
    }
}
