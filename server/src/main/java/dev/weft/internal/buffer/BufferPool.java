package dev.weft.internal.buffer;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Buffers of one size, lent while there is something in them. Lock-free, for any thread. A few are kept for the next
 * borrower, whatever else comes back is left to the collector. A borrowed buffer is cleared but not wiped: its borrower
 * reads only what it wrote.
 */
public final class BufferPool {
    /** Few, since a buffer is lent for microseconds; a power of two. */
    private static final int SLOTS = 64;
    /** After so many slots that others were quicker at, making or dropping a buffer is the cheaper way. */
    private static final int TRIES = 8;

    private final int bufferSize;
    private final BufferBudget budget;
    private final AtomicReferenceArray<ByteBuffer> kept = new AtomicReferenceArray<>(SLOTS);

    /** A pool that counts what it lends against the budget. */
    public BufferPool(int bufferSize, BufferBudget budget) {
        this.bufferSize = bufferSize;
        this.budget = budget;
    }

    /** A buffer with an array, of the pool's size, or {@code null} if the budget is spent. */
    public ByteBuffer borrow() {
        if (!budget.take(bufferSize)) {
            return null;
        }
        int start = startingSlot();
        for (int i = 0; i < TRIES; i++) {
            int slot = start + i & SLOTS - 1;
            if (kept.getPlain(slot) != null) {
                ByteBuffer buffer = kept.getAndSet(slot, null);
                if (buffer != null) {
                    return buffer.clear();
                }
            }
        }
        return ByteBuffer.allocate(bufferSize);
    }

    /** Takes a borrowed buffer back; its borrower must not touch it again. */
    public void giveBack(ByteBuffer buffer) {
        budget.giveBack(bufferSize);
        int start = startingSlot();
        for (int i = 0; i < TRIES; i++) {
            int slot = start + i & SLOTS - 1;
            if (kept.getPlain(slot) == null && kept.compareAndSet(slot, null, buffer)) {
                return;
            }
        }
    }

    /** The size of the buffers, in octets. */
    public int bufferSize() {
        return bufferSize;
    }

    /** Threads begin at different slots, so that they seldom meet. */
    private static int startingSlot() {
        return (int) Thread.currentThread().threadId() * TRIES;
    }
}
