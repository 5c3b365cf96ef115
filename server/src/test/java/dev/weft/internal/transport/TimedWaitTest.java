package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Waits with a limit, over every transport and TLS above it. */
@ParameterizedClass
@EnumSource
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TimedWaitTest {
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofMinutes(1);

    /** The kind of the reading end. */
    enum Kind {
        MEMORY, BLOCKING, POLLER, PINNED_POLLER, LOOP, TLS_MEMORY, TLS_BLOCKING, TLS_POLLER, TLS_LOOP;

        boolean isTls() {
            return name().startsWith("TLS");
        }

        boolean isBlocking() {
            return name().endsWith("BLOCKING");
        }

        boolean hasSocket() {
            return !name().endsWith("MEMORY");
        }
    }

    private final Kind kind;
    private final BufferBudget budget = new BufferBudget(1 << 24);
    private final Transport here;
    private final Transport there;
    private AutoCloseable driver = () -> {};

    TimedWaitTest(Kind kind) throws Exception {
        this.kind = kind;
        Transport[] ends = kind.hasSocket() ? sockets() : MemoryTransport.pair(1 << 16);
        if (kind.isTls()) {
            TlsTransport server = secured(ends[0], false, budget);
            TlsTransport client = secured(ends[1], true, new BufferBudget(1 << 24));
            FutureTask<Void> shaking = start(() -> {
                server.handshake();
                return null;
            });
            client.handshake();
            shaking.get();
            ends = new Transport[]{server, client};
        }
        here = ends[0];
        there = ends[1];
    }

    private static TlsTransport secured(Transport below, boolean client, BufferBudget budget) {
        SSLEngine engine = TestKeys.context().createSSLEngine();
        engine.setUseClientMode(client);
        return new TlsTransport(below, engine, new TlsBuffers(TlsPair.RECORD, budget));
    }

    private Transport[] sockets() throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            SocketChannel peer = SocketChannel.open(listener.getLocalAddress());
            return new Transport[]{over(listener.accept()), new SocketTransport(peer)};
        }
    }

    private Transport over(SocketChannel channel) throws Exception {
        if (kind.isBlocking()) {
            return new SocketTransport(channel);
        }
        Failures.Reporter reporter = (what, count, latest) -> {
            throw new AssertionError(latest);
        };
        if (kind.name().endsWith("LOOP")) {
            LoopTransportFactory looping = SharedLoops.open("timed-wait-test", 1, false, reporter);
            driver = looping;
            return looping.over(channel);
        }
        Poller poller = new Poller("timed-wait-test", kind == Kind.PINNED_POLLER);
        driver = poller::stop;
        return poller.register(channel);
    }

    @AfterEach
    void close() throws Exception {
        here.close();
        there.close();
        driver.close();
    }

    /** On a thread such as the connection's own. */
    private <T> FutureTask<T> startHere(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        here.threadBuilder().start(future);
        return future;
    }

    private static <T> FutureTask<T> start(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.startVirtualThread(future);
        return future;
    }

    private static <T> T get(FutureTask<T> task) throws Exception {
        return task.get(30, TimeUnit.SECONDS);
    }

    private void send(int... values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length);
        for (int value : values) {
            bytes.put((byte) value);
        }
        there.write(bytes.flip());
    }

    private byte[] read(TimeLimit limit) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(100);
        int count = here.read(target, limit);
        assertEquals(Math.max(count, 0), target.position());
        return count < 0 ? null : Arrays.copyOf(target.array(), count);
    }

    @Test
    void readWithoutBytesInTimeMustLoseNothing() throws Exception {
        get(startHere(() -> {
            for (int i = 1; i <= 10; i++) {
                long before = System.nanoTime();
                assertArrayEquals(new byte[0], read(TimeLimit.in(SHORT)));
                assertTrue(System.nanoTime() - before >= SHORT.toNanos());
                send(i);
                assertArrayEquals(new byte[]{(byte) i}, read(TimeLimit.NONE));
            }
            return null;
        }));
        assertEquals(0, budget.taken());
    }

    @Test
    void bytesMustEndAReadThatHasTime() throws Exception {
        for (int i = 0; i < 10; i++) {
            FutureTask<byte[]> reading = startHere(() -> read(TimeLimit.in(LONG)));
            send(1, 2, 3);
            assertArrayEquals(new byte[]{1, 2, 3}, get(reading));
        }
    }

    @Test
    void whatIsHereMustBeReadThoughTheLimitHasPassed() throws Exception {
        send(1, 2, 3);
        get(startHere(() -> {
            byte[] read;
            do {
                read = read(TimeLimit.in(Duration.ZERO));
                Thread.yield();
            } while (read.length == 0);
            assertArrayEquals(new byte[]{1, 2, 3}, read);
            return null;
        }));
    }

    @Test
    void endMustEndAReadThatHasTime() throws Exception {
        FutureTask<byte[]> reading = startHere(() -> read(TimeLimit.in(LONG)));
        there.shutdownOutput();
        assertEquals(null, get(reading));
    }

    @Test
    void endMustBeFoundByALimitThatHasPassed() throws Exception {
        there.shutdownOutput();
        get(startHere(() -> {
            while (read(TimeLimit.in(Duration.ZERO)) != null) {
                Thread.yield();
            }
            return null;
        }));
    }

    @Test
    void closeMustFreeAReaderThatHasTime() throws Exception {
        FutureTask<byte[]> reading = new FutureTask<>(() -> read(TimeLimit.in(LONG)));
        Thread thread = here.threadBuilder().start(reading);
        awaitParked(thread);
        here.close();
        assertInstanceOf(IOException.class, assertThrows(ExecutionException.class, () -> get(reading)).getCause());
    }

    private static void awaitParked(Thread thread) {
        while (thread.getState() != Thread.State.TIMED_WAITING && thread.getState() != Thread.State.WAITING) {
            LockSupport.parkNanos(100_000);
        }
    }

    /** But over the JDK's blocking channels, which it closes. */
    @Test
    void interruptMustFreeAReaderThatHasTimeAndLoseNothing() throws Exception {
        FutureTask<IOException> reading = new FutureTask<>(
                () -> assertThrows(IOException.class, () -> read(TimeLimit.in(LONG))));
        Thread thread = here.threadBuilder().start(reading);
        awaitParked(thread);
        thread.interrupt();
        IOException thrown = get(reading);
        if (!kind.isBlocking()) {
            assertInstanceOf(InterruptedIOException.class, thrown);
            send(7);
            assertArrayEquals(new byte[]{7}, get(startHere(() -> read(TimeLimit.in(LONG)))));
        }
    }

    @Test
    void waitOutsideOfReadsMustEndWithTheLimit() throws Exception {
        get(startHere(() -> {
            if (!here.awaitReadable(TimeLimit.in(Duration.ZERO))) {
                return null;
            }
            long before = System.nanoTime();
            while (!hasPassed(before, SHORT)) {
                // It may end for nothing.
                assertTrue(here.awaitReadable(TimeLimit.in(SHORT)));
                assertEquals(0, here.readNow(ByteBuffer.allocate(10)));
            }
            send(5);
            assertTrue(here.awaitReadable(TimeLimit.in(LONG)));
            assertArrayEquals(new byte[]{5}, read(TimeLimit.in(LONG)));
            return null;
        }));
        assertEquals(0, budget.taken());
    }

    private static boolean hasPassed(long since, Duration time) {
        return System.nanoTime() - since >= time.toNanos();
    }

    /** Limits pass at any moment: just as bytes come, and while the socket is no longer watched. */
    @Test
    void everyByteMustComeOnceHoweverOftenLimitsPass() throws Exception {
        byte[] sent = new byte[60_000];
        new Random(1).nextBytes(sent);
        FutureTask<Void> sending = start(() -> {
            Random random = new Random(2);
            for (int from = 0; from < sent.length;) {
                int count = Math.min(sent.length - from, 1 + random.nextInt(random.nextInt(10) == 0 ? 2000 : 60));
                there.write(ByteBuffer.wrap(sent, from, count));
                from += count;
                if (random.nextInt(4) == 0) {
                    LockSupport.parkNanos(random.nextInt(1_000_000));
                }
            }
            there.shutdownOutput();
            return null;
        });
        FutureTask<byte[]> reading = startHere(() -> {
            Random random = new Random(3);
            ByteBuffer all = ByteBuffer.allocate(sent.length + 1);
            while (true) {
                int limit = all.limit();
                all.limit(Math.min(all.capacity(), all.position() + 1 + random.nextInt(200)));
                TimeLimit time = TimeLimit.in(Duration.ofNanos(random.nextInt(500_000)));
                int count = random.nextBoolean() && here.awaitReadable(time)
                        ? here.readNow(all)
                        : here.read(all, random.nextInt(20) == 0 ? TimeLimit.NONE : time);
                if (count < 0) {
                    return Arrays.copyOf(all.array(), all.position());
                }
                all.limit(limit);
                if (random.nextInt(50) == 0) {
                    LockSupport.parkNanos(random.nextInt(300_000));
                }
            }
        });
        get(sending);
        assertArrayEquals(sent, get(reading));
        assertEquals(0, budget.taken());
    }
}
