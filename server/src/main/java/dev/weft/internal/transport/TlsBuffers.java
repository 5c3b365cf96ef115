package dev.weft.internal.transport;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;

/**
 * The buffers that all TLS transports of an endpoint share, within its budget of buffered bytes. For any thread. There are
 * three kinds, distinguished by their capacity: small ones, which every connection may have and which are not counted; pooled
 * ones, for two whole records; and sized ones between them, for an incomplete record.
 */
public final class TlsBuffers {
    /** Large enough for a chat message or the largest control frame, as a record of any cipher. */
    static final int SMALL = 192;

    private final int recordSize;
    private final BufferPool pool;
    private final BufferBudget budget;

    /** Used when the budget is spent; borrowed for the duration of one encryption. */
    private final ReentrantLock spareLock = new ReentrantLock();
    private ByteBuffer spare;

    /**
     * Buffers that count against the budget.
     *
     * @param recordSize room for the largest record of the engines that use them
     */
    public TlsBuffers(int recordSize, BufferBudget budget) {
        this.recordSize = recordSize;
        this.budget = budget;
        // Room for two records: an engine requires room for a whole record each time, and several small records should be sent
        // in one write. The JDK's engine also accepts records of twice the size, which some old peers sent.
        this.pool = new BufferPool(2 * recordSize, budget);
    }

    /** A pooled buffer, or {@code null} if the budget is spent. */
    ByteBuffer borrow() {
        return pool.borrow();
    }

    /** A buffer that is large enough, but not much larger; {@code null} if the budget is spent. */
    ByteBuffer sized(int bytes) {
        if (bytes <= SMALL) {
            return ByteBuffer.allocate(SMALL);
        }
        // Grows in proportion, so that each byte is copied only a few times as buffers fill up.
        int capacity = Math.min(bytes + bytes / 4, pool.bufferSize() - 1);
        return bytes <= capacity ? pool.borrow(capacity) : null;
    }

    /** Returns a buffer of any kind; its borrower must not use it again. */
    void giveBack(ByteBuffer buffer) {
        if (isPooled(buffer)) {
            pool.giveBack(buffer);
        } else if (!isSmall(buffer)) {
            budget.giveBack(buffer.capacity());
        }
    }

    static boolean isSmall(ByteBuffer buffer) {
        return buffer.capacity() == SMALL;
    }

    boolean isPooled(ByteBuffer buffer) {
        return buffer.capacity() == pool.bufferSize();
    }

    /** Puts one record in a buffer; does not block. */
    @FunctionalInterface
    interface Filler {
        void fill(ByteBuffer room) throws SSLException;
    }

    /** A buffer of exactly the size of one record, even if the budget is spent. */
    ByteBuffer unbudgeted(Filler filler) throws SSLException {
        spareLock.lock();
        try {
            if (spare == null) {
                spare = ByteBuffer.allocate(recordSize);
            }
            filler.fill(spare.clear());
            spare.flip();
            return ByteBuffer.allocate(spare.remaining()).put(spare).flip();
        } finally {
            spareLock.unlock();
        }
    }
}
