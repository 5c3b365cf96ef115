package dev.weft.internal.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The buffers from which the ring of one loop sends. The buffer that was given back last is taken first, so those in use stay in
 * the processor's cache, and those never used occupy no memory. For any thread; nothing waits: a thread that finds no buffer
 * writes to the socket directly.
 * <p>
 * The free buffers are a list, whose head also counts the changes: otherwise a thread that takes the first one could put its
 * successor at the head although that was taken meanwhile.
 */
final class SendBuffers {
    static final int SIZE = 8192;
    private static final int COUNT = 1024;
    private static final int NONE = -1;
    private static final long CHANGE = 1L << 32;

    private final SendBuffer[] all = new SendBuffer[COUNT];
    private final int[] next = new int[COUNT];
    private final AtomicLong head = new AtomicLong();

    SendBuffers(Ring ring) throws IOException {
        ByteBuffer memory = ring.allocate(COUNT * SIZE);
        for (int i = 0; i < COUNT; i++) {
            ByteBuffer slice = memory.slice(i * SIZE, SIZE);
            all[i] = new SendBuffer(this, i, slice, ring.address(slice));
            next[i] = i + 1 < COUNT ? i + 1 : NONE;
        }
    }

    /** Takes an empty buffer; returns {@code null} if none is left. */
    SendBuffer take() {
        long current;
        int first;
        do {
            current = head.get();
            first = (int) current;
            if (first == NONE) {
                return null;
            }
        } while (!head.compareAndSet(current, withFirst(current, next[first])));
        SendBuffer taken = all[first];
        taken.bytes.clear();
        return taken;
    }

    /** Gives a buffer back; the caller must not use it any more. */
    void giveBack(SendBuffer buffer) {
        long current;
        do {
            current = head.get();
            next[buffer.index] = (int) current;
        } while (!head.compareAndSet(current, withFirst(current, buffer.index)));
    }

    private static long withFirst(long current, int first) {
        return (current & -CHANGE) + CHANGE | first & 0xffffffffL;
    }
}
