package dev.weft.internal.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.transport.LingeringClose;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class MemoryTransportTest {
    private final MemoryTransport[] ends = MemoryTransport.pair(8);
    private final MemoryTransport here = ends[0];
    private final MemoryTransport there = ends[1];

    private static ByteBuffer bytes(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length);
        for (int value : values) {
            bytes.put((byte) value);
        }
        return bytes.flip();
    }

    private static byte[] read(Transport transport, int room) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(room);
        int count = transport.read(target);
        assertEquals(count, target.position());
        return Arrays.copyOf(target.array(), target.position());
    }

    private static <T> FutureTask<T> start(Callable<T> action) {
        FutureTask<T> task = new FutureTask<>(action);
        Thread.startVirtualThread(task);
        return task;
    }

    private static Throwable failure(FutureTask<?> task) {
        return assertThrows(ExecutionException.class, task::get).getCause();
    }

    @Test
    void bytesGoBothWaysAndAReadTakesWhatIsThere() throws IOException {
        here.write(bytes(1, 2, 3));
        there.write(bytes(9), bytes(8, 7));
        assertArrayEquals(new byte[]{1, 2}, read(there, 2));
        assertArrayEquals(new byte[]{3}, read(there, 10));
        assertEquals(0, there.readNow(ByteBuffer.allocate(1)));
        ByteBuffer three = ByteBuffer.allocate(10);
        assertEquals(3, here.readNow(three));
        assertEquals(bytes(9, 8, 7), three.flip());
    }

    @Test
    void aWriteWaitsWhileTheOtherEndDoesNotRead() throws Exception {
        byte[] sent = new byte[10_000];
        new Random(1).nextBytes(sent);
        FutureTask<Void> writing = start(() -> {
            here.write(ByteBuffer.wrap(sent));
            return null;
        });
        ByteBuffer received = ByteBuffer.allocate(sent.length);
        Random random = new Random(2);
        while (received.hasRemaining()) {
            assertFalse(writing.isDone() && received.remaining() > 8);
            received.put(read(there, 1 + random.nextInt(Math.min(12, received.remaining()))));
        }
        writing.get();
        assertArrayEquals(sent, received.array());
    }

    @Test
    void outputShutdownMustLetThePeerReadTheRest() throws IOException {
        here.write(bytes(1));
        here.shutdownOutput();
        assertThrows(ClosedChannelException.class, () -> here.write(bytes(2)));
        assertArrayEquals(new byte[]{1}, read(there, 4));
        assertEquals(-1, there.read(ByteBuffer.allocate(1)));
        there.write(bytes(3));
        assertArrayEquals(new byte[]{3}, read(here, 4));
    }

    @Test
    void aCloseFailsReadsAndWritesThatWait() throws Exception {
        FutureTask<Integer> reading = start(() -> here.read(ByteBuffer.allocate(1)));
        FutureTask<Void> writing = start(() -> {
            here.write(ByteBuffer.allocate(20));
            return null;
        });
        // The write is under way.
        assertEquals(1, there.read(ByteBuffer.allocate(1)));
        here.close();
        here.close();
        assertInstanceOf(AsynchronousCloseException.class, failure(reading));
        assertInstanceOf(AsynchronousCloseException.class, failure(writing));
        assertThrows(IOException.class, () -> here.write(bytes(1)));
        assertThrows(IOException.class, () -> here.read(ByteBuffer.allocate(1)));
    }

    @Test
    void aCloseWithNothingUnreadEndsTheOtherEndsInput() throws IOException {
        here.write(bytes(1));
        here.close();
        assertArrayEquals(new byte[]{1}, read(there, 4));
        assertEquals(-1, there.read(ByteBuffer.allocate(1)));
        assertThrows(IOException.class, () -> there.write(bytes(1)));
    }

    @Test
    void aCloseWithBytesUnreadResetsTheOtherEnd() throws Exception {
        there.write(bytes(1));
        here.write(bytes(2));
        here.close();
        assertThrows(IOException.class, () -> there.read(ByteBuffer.allocate(1)));
        FutureTask<Void> writing = start(() -> {
            there.write(ByteBuffer.allocate(9));
            return null;
        });
        assertInstanceOf(IOException.class, failure(writing));
    }

    @Test
    void listenerMustBeCalledForBytesThatNoThreadReads() throws Exception {
        AtomicInteger told = new AtomicInteger();
        here.write(bytes(1));
        there.onUnread(told::incrementAndGet);
        assertEquals(1, told.get());
        here.writeNow(bytes(2));
        assertEquals(2, told.get());
        here.shutdownOutput();
        assertEquals(3, told.get());
        FutureTask<Integer> reading = start(() -> here.read(ByteBuffer.allocate(1)));
        here.onUnread(told::incrementAndGet);
        there.write(bytes(3));
        assertEquals(1, reading.get());
    }

    @Test
    void whatAReadHasLeftMustBeAskedFor() throws Exception {
        there.onUnread(() -> {});
        here.write(bytes(1, 2));
        assertArrayEquals(new byte[]{1}, read(there, 1));
        assertFalse(there.willReportUnread());
        assertArrayEquals(new byte[]{2}, read(there, 1));
        assertTrue(there.willReportUnread());
    }

    @Test
    void anInterruptMustEndAWaitingReadAndLoseNothing() throws Exception {
        FutureTask<Integer> reading = new FutureTask<>(() -> here.read(ByteBuffer.allocate(1)));
        Thread thread = Thread.startVirtualThread(reading);
        thread.interrupt();
        assertInstanceOf(InterruptedIOException.class, failure(reading));
        there.write(bytes(7));
        assertArrayEquals(new byte[]{7}, read(here, 2));
    }

    @Test
    void anInterruptedWriteMustSayWhatWasWritten() throws Exception {
        ByteBuffer source = bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        FutureTask<Void> writing = new FutureTask<>(() -> {
            here.write(source);
            return null;
        });
        Thread thread = Thread.startVirtualThread(writing);
        thread.interrupt();
        assertInstanceOf(InterruptedIOException.class, failure(writing));
        assertEquals(8, source.position());
        assertArrayEquals(new byte[]{1, 2, 3, 4, 5, 6, 7, 8}, read(there, 20));
        here.write(source);
        assertArrayEquals(new byte[]{9, 10}, read(there, 20));
    }

    @Test
    void writeNowMustNotWaitAndMustTakeOfBothBuffers() throws Exception {
        ByteBuffer second = bytes(4, 5, 6, 7, 8, 9);
        here.writeNow(bytes(1, 2, 3), second);
        assertEquals(1, second.remaining());
        here.writeNow(second);
        assertEquals(1, second.remaining());
        assertArrayEquals(new byte[]{1, 2, 3, 4, 5, 6, 7, 8}, read(there, 20));
        here.writeNow(second);
        assertArrayEquals(new byte[]{9}, read(there, 20));
    }

    /** The listener reads as another thread may at that moment: nothing of the second buffer may overtake the first. */
    @Test
    void writeNowMustKeepTheOrderOfBothBuffersWhileTheOtherEndReads() throws Exception {
        ByteBuffer received = ByteBuffer.allocate(20);
        there.onUnread(() -> assertDoesNotThrow(() -> there.readNow(received)));
        ByteBuffer first = bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        ByteBuffer second = bytes(11, 12, 13);
        here.writeNow(first, second);
        here.write(first, second);
        assertEquals(bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13), received.flip());
    }

    @Test
    void onlyAWriteThatHadToWaitMustShowProgress() throws Exception {
        here.write(bytes(1, 2, 3, 4, 5, 6, 7, 8));
        assertEquals(0, here.writeProgress());
        FutureTask<Void> writing = new FutureTask<>(() -> {
            here.write(bytes(9));
            return null;
        });
        Thread thread = Thread.startVirtualThread(writing);
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        assertEquals(0, here.writeProgress());
        read(there, 1);
        writing.get();
        assertEquals(1, here.writeProgress());
    }

    @Test
    void lingeringCloseMustDropFurtherBytes() throws Exception {
        here.write(bytes(1, 2));
        FutureTask<Void> lingering = start(() -> {
            LingeringClose.close(here);
            return null;
        });
        for (int i = 0; i < 10; i++) {
            there.write(ByteBuffer.allocate(8));
        }
        there.shutdownOutput();
        lingering.get();
        assertArrayEquals(new byte[]{1, 2}, read(there, 4));
        assertEquals(-1, there.read(ByteBuffer.allocate(1)));
        assertThrows(IOException.class, () -> here.read(ByteBuffer.allocate(1)), "closed");
    }

    @Test
    void lingeringIsBoundedInBytes() throws Exception {
        MemoryTransport[] wide = MemoryTransport.pair(1 << 16);
        FutureTask<Void> lingering = start(() -> {
            LingeringClose.close(wide[0]);
            return null;
        });
        assertThrows(IOException.class, () -> {
            for (int sent = 0; sent <= 17 << 20; sent += 1 << 16) {
                wide[1].write(ByteBuffer.allocate(1 << 16));
            }
        });
        lingering.get();
    }
}
