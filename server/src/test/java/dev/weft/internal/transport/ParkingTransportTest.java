package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.stress.LittleStack;
import dev.weft.server.Await;
import dev.weft.server.PrivateField;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ParkingTransportTest {
    private ServerSocketChannel listener;

    @BeforeEach
    void listen() throws IOException {
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterEach
    void stopListening() throws IOException {
        listener.close();
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(listener.getLocalAddress());
    }

    private static <T> FutureTask<T> start(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        Thread.ofVirtual().start(future);
        return future;
    }

    /** A transport over a poller, and the raw channel at its other end. */
    private final class Pair implements AutoCloseable {
        private final Poller poller;
        private final SocketChannel peer;
        private final ParkingTransport transport;

        Pair(boolean pinned) throws IOException {
            poller = new Poller("poller", pinned);
            peer = connect();
            transport = poller.register(listener.accept());
        }

        @Override
        public void close() throws IOException {
            transport.close();
            peer.close();
            poller.stop();
        }
    }

    @Test
    void socketReadyBeforeRegistrationMustBeDisarmed() throws Exception {
        try (Selector selector = Selector.open();
                SocketChannel peer = connect();
                SocketChannel channel = listener.accept()) {
            peer.write(ByteBuffer.allocate(1));
            channel.configureBlocking(false);
            ParkingTransport transport = new ParkingTransport(channel,
                    new SelectorEngine(Failures.toHandler("unused")), null);
            SelectionKey key = channel.register(selector, SelectionKey.OP_READ, transport);
            for (int i = 0; i < 8; i++) {
                assertEquals(SelectionKey.OP_READ, key.interestOps());
                transport.readable(key);
            }
            assertEquals(0, key.interestOps());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readsWaitForBytesAndTheirEnd(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            FutureTask<Integer> reading = start(() -> pair.transport.read(ByteBuffer.allocate(10)));
            pair.peer.write(ByteBuffer.wrap(new byte[3]));
            assertEquals(3, reading.get());
            assertEquals(0, pair.transport.readNow(ByteBuffer.allocate(10)));
            reading = start(() -> pair.transport.read(ByteBuffer.allocate(10)));
            pair.peer.shutdownOutput();
            assertEquals(-1, reading.get());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void closeMustReleaseWaitingThreads(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            FutureTask<Integer> reading = start(() -> pair.transport.read(ByteBuffer.allocate(10)));
            FutureTask<Void> writing = start(() -> {
                pair.transport.write(ByteBuffer.allocate(1 << 26));
                return null;
            });
            pair.transport.close();
            assertCause(IOException.class, reading);
            assertCause(IOException.class, writing);
            assertThrows(IOException.class, () -> pair.transport.read(ByteBuffer.allocate(10)));
            assertThrows(AsynchronousCloseException.class, pair.transport::awaitReadable);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stopOfThePollerMustReleaseWaitingThreads(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            FutureTask<Boolean> waiting = start(pair.transport::awaitReadable);
            pair.poller.stop();
            assertCause(AsynchronousCloseException.class, waiting);
            assertThrows(ClosedSelectorException.class, () -> pair.poller.register(connect()));
        }
    }

    /** Waits until a thread is parked in the transport. */
    private static void awaitParked(Thread thread) {
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
    }

    /** Has a thread wait in this task, interrupts it, and returns when it was released with its flag set. */
    private static void interrupt(Callable<?> task) throws Exception {
        FutureTask<Boolean> waiting = new FutureTask<>(() -> {
            assertThrows(InterruptedIOException.class, task::call);
            return Thread.currentThread().isInterrupted();
        });
        Thread thread = Thread.ofVirtual().start(waiting);
        awaitParked(thread);
        thread.interrupt();
        assertTrue(waiting.get(), "the flag is set");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInterruptedReadMustLoseNothing(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            for (int i = 1; i <= 20; i++) {
                interrupt(() -> pair.transport.read(ByteBuffer.allocate(100)));
                interrupt(pair.transport::awaitReadable);
                FutureTask<Integer> reading = start(() -> pair.transport.read(ByteBuffer.allocate(100)));
                pair.peer.write(ByteBuffer.allocate(i));
                assertEquals(i, reading.get());
            }
        }
    }

    /** The poller is blocked meanwhile. Its step from REARMING to WAITING unparks no thread. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void interruptBeforeRegistrationMustReleaseTheReader(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            disarm(pair);
            CountDownLatch goOn = new CountDownLatch(1);
            pair.poller.start(() -> assertDoesNotThrow(() -> goOn.await()));
            FutureTask<InterruptedIOException> waiting = new FutureTask<>(() -> {
                Thread.currentThread().interrupt();
                return assertThrows(InterruptedIOException.class, pair.transport::awaitReadable);
            });
            Thread thread = Thread.ofVirtual().start(waiting);
            while (thread.getState() != Thread.State.TIMED_WAITING) {
                assertFalse(waiting.isDone(), "nobody watches yet");
            }
            goOn.countDown();
            waiting.get();
            FutureTask<Integer> reading = start(() -> pair.transport.read(ByteBuffer.allocate(10)));
            pair.peer.write(ByteBuffer.allocate(2));
            assertEquals(2, reading.get());
        }
    }

    /** Has a byte arrive, and reads it when the poller has stopped watching the socket. */
    private static void disarm(Pair pair) throws Exception {
        pair.peer.write(ByteBuffer.allocate(1));
        while (!new TransportVariant.Subject(TransportVariant.Kind.PARKING, null, List.of(), null)
                .describe(pair.transport)
                .contains("armed=false")) {
            Thread.onSpinWait();
        }
        assertEquals(1, pair.transport.readNow(ByteBuffer.allocate(10)));
    }

    /** Has the next request to the engine fail. */
    private static void failRequest(Pair pair) throws ReflectiveOperationException {
        PrivateField.set(pair.transport.engine(), "requests", new ConcurrentLinkedQueue<Runnable>() {
            private boolean failed;

            @Override
            public boolean add(Runnable request) {
                if (!failed) {
                    failed = true;
                    throw new OutOfMemoryError("on purpose");
                }
                return super.add(request);
            }
        });
    }

    @Test
    void readMustWaitAfterAWaitThatFoundNoMemory() throws Exception {
        try (Pair pair = new Pair(false)) {
            disarm(pair);
            failRequest(pair);
            assertThrows(OutOfMemoryError.class, pair.transport::awaitReadable);
            FutureTask<Integer> reading = new FutureTask<>(() -> pair.transport.read(ByteBuffer.allocate(10)));
            Thread thread = Thread.ofVirtual().start(reading);
            Await.until("the reader waits", () -> thread.getState() == Thread.State.WAITING);
            pair.peer.write(ByteBuffer.allocate(2));
            assertEquals(2, reading.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void readMustWaitAfterAWaitThatFoundNoStack() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (Pair pair = new Pair(false)) {
                Callable<Boolean> waiting = () -> pair.transport.awaitReadable(TimeLimit.in(Duration.ofMillis(1)));
                waiting.call();
                LittleStack.run(waiting);
                FutureTask<Integer> reading = start(() -> pair.transport.read(ByteBuffer.allocate(10)));
                pair.peer.write(ByteBuffer.allocate(2));
                assertEquals(2, reading.get(10, TimeUnit.SECONDS));
            }
        }
    }

    @Test
    void reportOfUnreadBytesMustBePossibleAfterOneThatFoundNoMemory() throws Exception {
        try (Pair pair = new Pair(false)) {
            disarm(pair);
            CountDownLatch told = new CountDownLatch(2);
            pair.transport.onUnread(told::countDown);
            failRequest(pair);
            assertThrows(OutOfMemoryError.class, pair.transport::reportUnread);
            assertFalse(pair.transport.willReportUnread());
            pair.transport.reportUnread();
            pair.peer.write(ByteBuffer.allocate(2));
            assertTrue(told.await(10, TimeUnit.SECONDS), "the listener is not called");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSetInterruptFlagMustEndAWaitAtOnceAndNotClose(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            start(() -> {
                ByteBuffer much = ByteBuffer.allocate(1 << 26);
                for (int i = 0; i < 100; i++) {
                    Thread.currentThread().interrupt();
                    assertThrows(InterruptedIOException.class, () -> pair.transport.read(ByteBuffer.allocate(10)));
                    assertTrue(Thread.currentThread().isInterrupted());
                    assertThrows(InterruptedIOException.class, () -> pair.transport.write(much));
                    assertTrue(Thread.interrupted());
                }
                pair.peer.write(ByteBuffer.allocate(2));
                assertEquals(2, pair.transport.read(ByteBuffer.allocate(10)));
                return null;
            }).get();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readyIoMustSucceedDespiteTheInterruptFlag(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            pair.peer.write(ByteBuffer.allocate(3));
            assertEquals(3, pair.transport.read(ByteBuffer.allocate(10)));
            pair.peer.write(ByteBuffer.allocate(4));
            start(() -> {
                ByteBuffer target = ByteBuffer.allocate(10);
                while (pair.transport.readNow(target) == 0) {
                    Thread.onSpinWait();
                }
                Thread.currentThread().interrupt();
                pair.transport.write(ByteBuffer.allocate(5));
                pair.transport.write(ByteBuffer.allocate(5), ByteBuffer.allocate(5));
                assertTrue(Thread.currentThread().isInterrupted());
                return null;
            }).get();
            assertEquals(15, readAll(pair.peer, 15).length);
        }
    }

    private static byte[] readAll(SocketChannel peer, int length) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(length);
        while (all.hasRemaining() && peer.read(all) >= 0) {}
        return Arrays.copyOf(all.array(), all.position());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInterruptedWriteMustSayWhatWasWritten(boolean pinned) throws Exception {
        byte[] bytes = new byte[1 << 24];
        new Random(1).nextBytes(bytes);
        try (Pair pair = new Pair(pinned)) {
            ByteBuffer source = ByteBuffer.wrap(bytes);
            interrupt(() -> {
                pair.transport.write(source);
                return null;
            });
            assertTrue(source.position() > 0 && source.hasRemaining(), source::toString);
            FutureTask<byte[]> reading = start(() -> readAll(pair.peer, bytes.length));
            pair.transport.write(source);
            assertArrayEquals(bytes, reading.get());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInterruptedWriteOfTwoBuffersMustSayWhatWasWritten(boolean pinned) throws Exception {
        byte[] bytes = new byte[1 << 24];
        new Random(2).nextBytes(bytes);
        for (int middle : new int[]{10, bytes.length - 10}) {
            try (Pair pair = new Pair(pinned)) {
                ByteBuffer first = ByteBuffer.wrap(bytes, 0, middle).slice();
                ByteBuffer second = ByteBuffer.wrap(bytes, middle, bytes.length - middle).slice();
                interrupt(() -> {
                    pair.transport.write(first, second);
                    return null;
                });
                assertTrue(first.position() > 0 && second.hasRemaining(), () -> first + " " + second);
                FutureTask<byte[]> reading = start(() -> readAll(pair.peer, bytes.length));
                pair.transport.write(first, second);
                assertArrayEquals(bytes, reading.get());
            }
        }
    }

    /**
     * Linux reports a socket writable when a third of its buffer is free. A peer that has read less than that has made
     * room, which only a further try finds.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void retryWriteMustFindRoomThatIsNotReported(boolean pinned) throws Exception {
        Poller poller = new Poller("poller", pinned);
        try (SocketChannel peer = SocketChannel.open()) {
            peer.setOption(StandardSocketOptions.SO_RCVBUF, 1 << 16);
            peer.connect(listener.getLocalAddress());
            SocketChannel accepted = listener.accept();
            accepted.setOption(StandardSocketOptions.SO_SNDBUF, 4 << 20);
            ParkingTransport transport = poller.register(accepted);
            FutureTask<Void> writing = new FutureTask<>(() -> {
                transport.write(ByteBuffer.allocate(1 << 26));
                return null;
            });
            Thread writer = Thread.ofVirtual().start(writing);
            awaitParked(writer);
            // The socket takes the late bytes before the peer reads.
            byte before;
            do {
                before = transport.writeProgress();
                for (int i = 0; i < 20; i++) {
                    transport.retryWrite();
                    awaitParked(writer);
                    LockSupport.parkNanos(1_000_000);
                }
            } while (transport.writeProgress() != before);

            readAll(peer, 80_000);
            while (transport.writeProgress() == before) {
                transport.retryWrite();
                LockSupport.parkNanos(1_000_000);
            }
            transport.close();
            assertCause(AsynchronousCloseException.class, writing);
        }
        poller.stop();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void retryWriteMustNotMatterWhileNoWriterWaits(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            pair.transport.retryWrite();
            pair.transport.write(ByteBuffer.allocate(10));
            pair.transport.retryWrite();
            assertEquals(0, pair.transport.writeProgress(), "no write had to wait");
            assertEquals(10, readAll(pair.peer, 10).length);
            pair.transport.close();
            pair.transport.retryWrite();
            assertThrows(IOException.class, () -> pair.transport.write(ByteBuffer.allocate(10)));
        }
    }

    @Test
    void writeNowMustWriteWhatTheNetworkTakesOfBothBuffers() throws Exception {
        try (Pair pair = new Pair(false)) {
            assertTrue(pair.transport.writesWithoutWaiting());
            ByteBuffer first = ByteBuffer.allocate(10);
            ByteBuffer second = ByteBuffer.allocate(1 << 26);
            pair.transport.writeNow(first, second);
            assertEquals(0, first.remaining());
            assertTrue(second.position() > 0 && second.hasRemaining(), second::toString);
            assertEquals(0, pair.transport.writeProgress());
        }
    }

    private static void assertCause(Class<? extends Exception> type, FutureTask<?> task) {
        assertTrue(type.isInstance(assertThrows(ExecutionException.class, task::get).getCause()));
    }

    /** A reader that is busy at random times, so that its socket is disarmed and armed again, misses no byte. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noWakeUpIsLost(boolean pinned) throws Exception {
        int connections = 16;
        int bytesEach = 100_000;
        FutureTask<?>[] echoes = new FutureTask<?>[connections];
        FutureTask<?>[] clients = new FutureTask<?>[connections];
        Poller poller = new Poller("poller", pinned);
        for (int i = 0; i < connections; i++) {
            int seed = i;
            SocketChannel peer = connect();
            SocketChannel accepted = listener.accept();
            // Else most of the time passes while the pieces of an echo wait for acknowledgements.
            accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
            ParkingTransport transport = poller.register(accepted);
            echoes[i] = start(() -> {
                Random random = new Random(seed);
                ByteBuffer buffer = ByteBuffer.allocate(64);
                while (transport.read(buffer.clear()) >= 0) {
                    if (random.nextInt(50) == 0) {
                        LockSupport.parkNanos(random.nextInt(300_000));
                    }
                    transport.write(buffer.flip());
                }
                transport.close();
                return null;
            });
            clients[i] = start(() -> {
                converse(peer, new Random(seed), bytesEach);
                return null;
            });
        }
        for (int i = 0; i < connections; i++) {
            clients[i].get();
            echoes[i].get();
        }
        poller.stop();
    }

    private static void converse(SocketChannel peer, Random random, int bytes) throws IOException {
        int sent = 0;
        while (sent < bytes) {
            byte[] message = new byte[1 + random.nextInt(200)];
            random.nextBytes(message);
            peer.write(ByteBuffer.wrap(message));
            ByteBuffer reply = ByteBuffer.allocate(message.length);
            while (reply.hasRemaining() && peer.read(reply) >= 0) {}
            assertArrayEquals(message, Arrays.copyOf(reply.array(), reply.position()));
            sent += message.length;
        }
        peer.close();
    }
}
