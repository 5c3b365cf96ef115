package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.testing.MemoryTransport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LingeringCloseTest {
    private static final int CAPACITY = 1 << 16;
    /** The maximum number of bytes that are dropped, and the bytes that the transport holds in addition. */
    private static final long MOST = (16 << 20) + 2 * CAPACITY;

    private final MemoryTransport[] ends = MemoryTransport.pair(CAPACITY);
    private final MemoryTransport here = ends[0];
    private final MemoryTransport there = ends[1];

    @Test
    void bytesInFlightMustBeReadToTheEnd() throws Exception {
        FutureTask<Void> closing = new FutureTask<>(() -> LingeringClose.close(here), null);
        Thread.startVirtualThread(closing);
        // More than the transport holds.
        there.write(ByteBuffer.allocate(10 * CAPACITY));
        assertEquals(-1, there.read(ByteBuffer.allocate(1)), "the peer has our end meanwhile");
        there.shutdownOutput();
        closing.get();
        assertThrows(IOException.class, () -> here.read(ByteBuffer.allocate(1)), "it is closed");
    }

    @Test
    void peerThatSendsWithoutEndMustBeAborted() throws Exception {
        AtomicLong sent = new AtomicLong();
        FutureTask<IOException> sending = new FutureTask<>(() -> {
            ByteBuffer bytes = ByteBuffer.allocate(CAPACITY);
            while (sent.get() <= MOST) {
                try {
                    there.write(bytes.clear());
                } catch (IOException e) {
                    return e;
                }
                sent.addAndGet(CAPACITY);
            }
            throw new AssertionError("all was taken: " + sent);
        });
        Thread.startVirtualThread(sending);
        Thread.startVirtualThread(() -> LingeringClose.close(here));
        sending.get();
        assertTrue(sent.get() >= 8 << 20, "not before much was dropped: " + sent);
    }
}
