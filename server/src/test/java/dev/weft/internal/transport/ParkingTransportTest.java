package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
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
    void aSocketThatIsReadyBeforeItsRegistrationIsKnownIsDisarmed() throws Exception {
        try (Selector selector = Selector.open();
                SocketChannel peer = connect();
                SocketChannel channel = listener.accept()) {
            peer.write(ByteBuffer.allocate(1));
            channel.configureBlocking(false);
            ParkingTransport transport = new ParkingTransport(channel, new Poller("unused", false));
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
    void readsWaitForOctetsAndTheirEnd(boolean pinned) throws Exception {
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
    void closingFreesWhoWaits(boolean pinned) throws Exception {
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
    void stoppingThePollerFreesWhoWaits(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            FutureTask<Boolean> waiting = start(pair.transport::awaitReadable);
            pair.poller.stop();
            assertCause(AsynchronousCloseException.class, waiting);
            assertThrows(ClosedSelectorException.class, () -> pair.poller.register(connect()));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void interruptedReadMustLoseNothing(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            for (int i = 0; i < 20; i++) {
                FutureTask<Integer> reading = new FutureTask<>(() -> pair.transport.read(ByteBuffer.allocate(10)));
                Thread thread = Thread.ofVirtual().start(reading);
                thread.interrupt();
                assertCause(InterruptedIOException.class, reading);
                FutureTask<Integer> next = start(() -> pair.transport.read(ByteBuffer.allocate(10)));
                pair.peer.write(ByteBuffer.wrap(new byte[]{1, 2}));
                assertEquals(2, next.get());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void restOfAnInterruptedWriteMayBeWrittenLater(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            ByteBuffer source = ByteBuffer.allocate(1 << 24);
            for (int i = 0; i < source.capacity(); i++) {
                source.put(i, (byte) (i * 7));
            }
            FutureTask<Void> writing = write(pair, source, Thread::interrupt);
            assertCause(InterruptedIOException.class, writing);
            assertTrue(source.position() > 0 && source.hasRemaining());
            FutureTask<Void> rest = write(pair, source, thread -> {});
            ByteBuffer received = ByteBuffer.allocate(source.capacity());
            while (received.hasRemaining()) {
                assertTrue(pair.peer.read(received) >= 0);
            }
            rest.get();
            assertEquals(source.clear(), received.flip());
        }
    }

    /** Writes on a thread of its own, and does something to it when the network is full. */
    private static FutureTask<Void> write(Pair pair, ByteBuffer source, Consumer<Thread> action) throws Exception {
        FutureTask<Void> writing = new FutureTask<>(() -> {
            pair.transport.write(source);
            return null;
        });
        Thread thread = Thread.ofPlatform().start(writing);
        while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
            Thread.onSpinWait();
        }
        action.accept(thread);
        return writing;
    }

    /** Linux reports a socket writable only when a third of its buffer is free; it takes bytes before that. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void retriedWriteMustMakeProgressBeforeTheSocketIsReportedWritable(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            ByteBuffer source = ByteBuffer.allocate(1 << 26);
            FutureTask<Void> writing = write(pair, source, thread -> {});
            int written = source.position();
            byte progress = pair.transport.writeProgress();
            ByteBuffer piece = ByteBuffer.allocate(1 << 16);
            // As much as makes the peer's system open its window again, and far less than a third of what is buffered.
            for (int i = 0; i < 100 && pair.transport.writeProgress() == progress; i++) {
                piece.clear();
                pair.peer.read(piece);
                for (int tries = 0; tries < 20 && pair.transport.writeProgress() == progress; tries++) {
                    pair.transport.retryWrite();
                    LockSupport.parkNanos(1_000_000);
                }
            }
            assertTrue(pair.transport.writeProgress() != progress, "no progress after " + written + " bytes");
            pair.transport.close();
            assertCause(IOException.class, writing);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void threadWithItsInterruptFlagUpMayDoWhatNeedsNoWait(boolean pinned) throws Exception {
        try (Pair pair = new Pair(pinned)) {
            pair.peer.write(ByteBuffer.wrap(new byte[3]));
            start(() -> pair.transport.awaitReadable()).get();
            start(() -> {
                Thread.currentThread().interrupt();
                assertEquals(3, pair.transport.read(ByteBuffer.allocate(10)));
                pair.transport.write(ByteBuffer.allocate(5));
                assertTrue(Thread.interrupted());
                return null;
            }).get();
            assertEquals(5, pair.peer.read(ByteBuffer.allocate(10)));
        }
    }

    private static void assertCause(Class<? extends Exception> type, FutureTask<?> task) {
        assertTrue(type.isInstance(assertThrows(ExecutionException.class, task::get).getCause()));
    }

    /** A reader that is busy at random times, so that its socket is disarmed and armed again, misses no octet. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noWakeUpIsLost(boolean pinned) throws Exception {
        int connections = 16;
        int octetsEach = 20_000;
        FutureTask<?>[] echoes = new FutureTask<?>[connections];
        FutureTask<?>[] clients = new FutureTask<?>[connections];
        Poller poller = new Poller("poller", pinned);
        for (int i = 0; i < connections; i++) {
            int seed = i;
            SocketChannel peer = connect();
            ParkingTransport transport = poller.register(listener.accept());
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
                converse(peer, new Random(seed), octetsEach);
                return null;
            });
        }
        for (int i = 0; i < connections; i++) {
            clients[i].get();
            echoes[i].get();
        }
        poller.stop();
    }

    private static void converse(SocketChannel peer, Random random, int octets) throws IOException {
        int sent = 0;
        while (sent < octets) {
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
