package dev.weft.internal.receive;

import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.time.TimeLimitExceededException;
import dev.weft.internal.time.TurnQuota;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The bytes that have been received and not yet parsed. A connection that waits between frames never holds a pooled buffer: one
 * is borrowed when bytes have arrived, and a larger one while the peer fills it at each read. If the transport can wait only
 * inside a read, the connection waits with its own small buffer, and a large one is borrowed when that is full. The small
 * one is also used when the budget for large ones is spent. What is read ahead stays in a small buffer if it is little. For the
 * connection's thread.
 */
public final class InboundBuffer {
    /** Large enough for a chat message or an echo; every idle connection may hold this many bytes. */
    private static final int SMALL = 128;
    /** The maximum ratio of capacity to content of a buffer that waits for the rest of a payload. */
    private static final int MOST_ROOM = 16;
    /** The maximum number of bytes of one read: they stay in the processor's cache for the next step. */
    private static final int READ_LENGTH = 1 << 17;
    /** Returned instead of a number of bytes: there is no room for bytes that may have arrived. */
    static final int NO_ROOM = -2;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Transport transport;
    private final BufferPool pool;
    private ByteBuffer small;
    private ByteBuffer pooled;
    private ByteBuffer current = NOTHING;
    /** The bytes that were read ahead, up to its position; {@code null} if there are none. */
    private volatile ByteBuffer ahead;
    private int aheadFrom;
    private boolean aheadIsPooled;
    /** The number of messages that are not yet counted: all those of a region are counted at once. */
    private byte messages;
    /** Whether the last reads almost filled a buffer of the usual size. */
    private boolean plenty;
    private final boolean hasRates;
    /** The work done in this turn, as {@link TurnQuota} counts it. */
    private int spent;
    /** Whether the last {@link #fill} has waited. */
    private boolean waited;

    /** An empty input. */
    public InboundBuffer(Transport transport, BufferPool pool) {
        this.transport = transport;
        this.pool = pool;
        this.hasRates = transport.hasRates();
    }

    /**
     * Waits for bytes; the previous region must be consumed, and is no longer valid. Afterwards {@link #array()} holds the new
     * region from 0 to {@link #length()}.
     *
     * @return false at the end of the bytes
     */
    public boolean fill() throws IOException {
        return fill(TimeLimit.NONE);
    }

    /**
     * Waits for bytes like {@link #fill()}, but no longer than the limit.
     *
     * @throws TimeLimitExceededException if none came in time
     */
    public boolean fill(TimeLimit limit) throws IOException {
        release();
        waited = false;
        if (ahead != null) {
            takeAheadOver();
            return true;
        }
        boolean mayWait = !limit.hasPassed();
        while (transport.awaitReadable(limit)) {
            if (mayWait) {
                // Other threads could run while this thread waited.
                waited = true;
                spent = 0;
            }
            int count = counted(transport.readNow(borrow()));
            if (count != 0) {
                noteAmount(count);
                return count > 0;
            }
            release();
            if (limit.hasPassed()) {
                throw new TimeLimitExceededException();
            }
        }
        return fillSmall(limit);
    }

    /** Whether the last {@link #fill} has waited for the peer, so that other threads could run; false if that is not known. */
    boolean hasWaited() {
        return waited;
    }

    private boolean fillSmall(TimeLimit limit) throws IOException {
        current = small();
        int count = read(small, limit);
        if (count == SMALL) {
            readMore();
        }
        return count > 0;
    }

    /**
     * The small buffer is full, so more bytes may have arrived: one region should hold them all, if a large buffer is
     * available.
     */
    private void readMore() throws IOException {
        pooled = pool.borrowWithoutRelief(usualSize(), transport.place());
        if (pooled != null) {
            current = pooled.put(small.flip());
            noteAmount(SMALL + counted(transport.readNow(pooled)));
        }
    }

    /** A pooled buffer, or, if the budget is spent, the small one: small messages can still be received. */
    private ByteBuffer borrow() {
        pooled = pool.borrowWithoutRelief(usualSize(), transport.place());
        current = pooled == null ? small() : pooled;
        return current;
    }

    private int counted(int count) {
        if (count > 0) {
            pool.traffic().receivedBytes(transport.place(), count);
        }
        return count;
    }

    /** Counts compressed bytes that were received, and plain ones that were recovered from them. */
    void countDecompressed(int compressed, int plain) {
        pool.traffic().decompressed(transport.place(), compressed, plain);
    }

    /** Counts a message of which these bytes are, at the latest when the region is released. */
    void countMessage() {
        if (++messages == Byte.MAX_VALUE) {
            countMessages();
        }
    }

    private void countMessages() {
        if (messages > 0) {
            pool.traffic().receivedMessages(transport.place(), messages);
            messages = 0;
        }
    }

    private int usualSize() {
        return plenty ? pool.largerSize() : pool.bufferSize();
    }

    private void noteAmount(int count) {
        plenty = plenty ? count > pool.bufferSize() / 2 : count == pool.bufferSize();
    }

    private ByteBuffer small() {
        if (small == null) {
            small = ByteBuffer.allocate(SMALL);
        }
        return small.clear();
    }

    /**
     * Whether the buffer that holds the region has room for this number of bytes from this offset on, and is not far larger
     * than its content.
     */
    boolean hasRoom(int offset, long bytes) {
        return bytes <= current.capacity() - offset && current.capacity() <= (long) MOST_ROOM * current.position();
    }

    /**
     * Waits for bytes, no longer than the limit, and appends them to the region, in the same buffer.
     *
     * @return false at the end of the bytes
     * @throws TimeLimitExceededException if none came in time
     */
    boolean fillAfter(TimeLimit limit) throws IOException {
        if (ahead != null) {
            takeAhead(current, current.remaining());
            return true;
        }
        return read(current, limit) > 0;
    }

    private int read(ByteBuffer target, TimeLimit limit) throws IOException {
        int count = counted(transport.read(target, limit));
        if (count == 0) {
            throw new TimeLimitExceededException();
        }
        return count;
    }

    /**
     * Waits for bytes, no longer than the limit, and reads them directly into the target, but not too many at once. Call it
     * only if the region is consumed and the next bytes are payload.
     *
     * @return the number of bytes, or -1 at the end of the bytes
     * @throws TimeLimitExceededException if none came in time
     */
    int read(ByteBuffer target, long most, TimeLimit limit) throws IOException {
        release();
        if (ahead != null) {
            return takeAhead(target, (int) Math.min(target.remaining(), most));
        }
        int end = target.limit();
        target.limit(target.position() + (int) Math.min(Math.min(target.remaining(), READ_LENGTH), most));
        try {
            return read(target, limit);
        } finally {
            target.limit(end);
        }
    }

    // Reading ahead of the thread that receives.

    /**
     * Reads the bytes that have arrived, and appends them to those that were read ahead before. Does not wait.
     *
     * @param most the maximum number of bytes that may be read ahead in all
     * @return the number of bytes, 0 if none have arrived, -1 at the end of the bytes, or {@link #NO_ROOM}
     */
    int readAhead(int most) throws IOException {
        if (ahead == null) {
            ByteBuffer borrowed = pool.borrowWithoutRelief(most, transport.place());
            aheadIsPooled = borrowed != null;
            ahead = aheadIsPooled ? borrowed : ByteBuffer.allocate(SMALL);
            aheadFrom = 0;
        }
        try {
            if (!ahead.hasRemaining()) {
                dropTaken();
            }
            if (!ahead.hasRemaining() && !aheadIsPooled) {
                enlargeAhead(most);
            }
            return ahead.hasRemaining() ? counted(transport.poll(ahead)) : NO_ROOM;
        } finally {
            if (ahead.position() == 0) {
                releaseAhead();
            }
        }
    }

    /** Removes the bytes that were already taken from the read-ahead buffer. */
    private void dropTaken() {
        if (aheadFrom > 0) {
            ahead.flip().position(aheadFrom).compact();
            aheadFrom = 0;
        }
    }

    private void enlargeAhead(int most) {
        ByteBuffer larger = most > SMALL ? pool.borrowWithoutRelief(most, transport.place()) : null;
        if (larger != null) {
            ahead = larger.put(ahead.flip());
            aheadIsPooled = true;
        }
    }

    /** Moves bytes that were read ahead to a small buffer, if they are few: they may lie there for long. */
    void shrinkAhead() {
        if (ahead != null && aheadIsPooled && ahead.capacity() > SMALL && ahead.position() - aheadFrom < SMALL) {
            ByteBuffer shrunk = ByteBuffer.allocate(SMALL).put(ahead.array(), aheadFrom, ahead.position() - aheadFrom);
            releaseAhead();
            ahead = shrunk;
            aheadFrom = 0;
            aheadIsPooled = false;
        }
    }

    /** Whether there are bytes that were read ahead and are not in the region. */
    boolean hasAhead() {
        return ahead != null;
    }

    /** The bytes that were read ahead, up to {@link #aheadLength()}. */
    byte[] aheadArray() {
        return ahead.array();
    }

    /** The offset in {@link #aheadArray()} of the bytes that were read ahead. */
    int aheadOffset() {
        return aheadFrom;
    }

    /** The offset after the bytes that were read ahead. */
    int aheadLength() {
        return ahead.position();
    }

    /** Whether nothing can be read ahead before some of it is received. For any thread. */
    boolean isAheadFull() {
        ByteBuffer held = ahead;
        return held != null && !held.hasRemaining();
    }

    /** Makes the bytes that were read ahead the region, in the buffer that holds them. */
    private void takeAheadOver() {
        dropTaken();
        ByteBuffer taken = ahead;
        ahead = null;
        current = taken;
        if (aheadIsPooled) {
            pooled = taken;
        }
    }

    /** Moves bytes that were read ahead to the target. */
    private int takeAhead(ByteBuffer target, int most) {
        int count = Math.min(ahead.position() - aheadFrom, most);
        target.put(ahead.array(), aheadFrom, count);
        aheadFrom += count;
        if (aheadFrom == ahead.position()) {
            releaseAhead();
        }
        return count;
    }

    /** Drops what was read ahead. */
    void releaseAhead() {
        ByteBuffer held = ahead;
        ahead = null;
        if (held != null && aheadIsPooled) {
            pool.giveBack(held, transport.place());
        }
    }

    /** Whether the transport must be told of messages. */
    boolean hasRates() {
        return hasRates;
    }

    /** The transport that this reads from. */
    Transport transport() {
        return transport;
    }

    /** Returns all buffers to the pool, when nothing is read any more. */
    public void end() {
        release();
        releaseAhead();
    }

    /** Counts bytes that the reading thread has processed, and yields to other threads after enough of them. */
    void spend(int bytes) {
        spent = TurnQuota.spend(spent, bytes);
    }

    /** The bytes of the buffers that are held, counted in the budget. For any thread; may be slightly out of date. */
    public int heldBytes() {
        ByteBuffer held = pooled;
        ByteBuffer heldAhead = ahead;
        return (held == null ? 0 : held.capacity()) + (heldAhead == null ? 0 : heldAhead.capacity());
    }

    /** Makes bytes that were taken from this input the region again, in their own array. */
    public void restore(byte[] bytes) {
        release();
        current = ByteBuffer.wrap(bytes).position(bytes.length);
    }

    /** Returns the pooled buffer, if there is one; the region is no longer valid. */
    public void release() {
        countMessages();
        current = NOTHING;
        if (pooled != null) {
            pool.giveBack(pooled, transport.place());
            pooled = null;
        }
    }

    /** The array that holds the region. */
    public byte[] array() {
        return current.array();
    }

    /** The offset at which the region ends. */
    public int length() {
        return current.position();
    }
}
