package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a blocking channel reports bytes that no thread waits for. */
@Timeout(60)
class SocketTransportTest {
    /** More than the thread that waits for bytes takes. */
    private static final int LENGTH = 300;
    private static final int ROUNDS = 3000;

    private final Semaphore told = new Semaphore(0);
    private final SocketChannel peer;
    private final SocketTransport transport;

    SocketTransportTest() throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            peer = SocketChannel.open(listener.getLocalAddress());
            transport = new SocketTransport(listener.accept());
        }
        transport.onUnread(told::release);
    }

    @AfterEach
    void close() throws IOException {
        transport.close();
        peer.close();
    }

    private static ByteBuffer bytes(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        for (int i = 0; i < count; i++) {
            bytes.put(i, (byte) i);
        }
        return bytes;
    }

    private void awaitTold() throws InterruptedException {
        assertTrue(told.tryAcquire(10, TimeUnit.SECONDS), "the listener was not told");
    }

    @Test
    void listenerMustBeCalledOnceOnRequest() throws Exception {
        assertFalse(transport.willReportUnread());
        transport.reportUnread();
        transport.reportUnread();
        assertTrue(transport.willReportUnread());
        peer.write(bytes(1));
        awaitTold();
        assertFalse(transport.willReportUnread());
        // The bytes that were found are unread: the transport looks for no others.
        transport.reportUnread();
        assertFalse(transport.willReportUnread());
        assertEquals(1, transport.poll(ByteBuffer.allocate(10)));
        assertEquals(0, transport.poll(ByteBuffer.allocate(10)));
        assertEquals(0, told.availablePermits());
    }

    @Test
    void listenerMustBeCalledAtTheEnd() throws Exception {
        transport.reportUnread();
        peer.shutdownOutput();
        awaitTold();
        assertEquals(-1, transport.poll(ByteBuffer.allocate(10)));
        assertEquals(-1, transport.read(ByteBuffer.allocate(10)));
    }

    @Test
    void closeMustEndTheThreadThatWaitsForBytes() throws Exception {
        transport.reportUnread();
        transport.close();
        awaitTold();
        assertThrows(IOException.class, () -> transport.poll(ByteBuffer.allocate(10)));
    }

    @Test
    void readMustFirstTakeTheBackgroundReadersBytes() throws Exception {
        transport.reportUnread();
        FutureTask<Integer> reading = new FutureTask<>(() -> transport.read(ByteBuffer.allocate(1)));
        Thread.startVirtualThread(reading);
        peer.write(bytes(2));
        assertEquals(1, reading.get(10, TimeUnit.SECONDS));
        ByteBuffer rest = ByteBuffer.allocate(10);
        assertEquals(1, transport.read(rest));
        assertEquals(1, rest.get(0));
    }

    @Test
    void interruptedReadMustLoseNothing() throws Exception {
        transport.reportUnread();
        FutureTask<Integer> reading = new FutureTask<>(() -> transport.read(ByteBuffer.allocate(1)));
        Thread.startVirtualThread(reading).interrupt();
        assertInstanceOf(InterruptedIOException.class,
                assertThrows(ExecutionException.class, () -> reading.get(10, TimeUnit.SECONDS)).getCause());
        peer.write(bytes(1));
        awaitTold();
        assertEquals(1, transport.read(ByteBuffer.allocate(10)));
    }

    /** The bytes that the waiting thread has read precede those that are on the channel by then. */
    @Test
    void readsMustKeepTheOrderWhileBytesAreWaitedForAside() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            transport.reportUnread();
            peer.write(bytes(LENGTH));
            ByteBuffer target = ByteBuffer.allocate(LENGTH);
            while (target.hasRemaining()) {
                transport.readNow(target);
            }
            assertEquals(bytes(LENGTH), target.flip(), "round " + round);
            awaitTold();
        }
    }
}
