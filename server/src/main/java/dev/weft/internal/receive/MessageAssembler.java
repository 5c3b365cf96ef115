package dev.weft.internal.receive;

import static dev.weft.parser.CloseCode.MESSAGE_TOO_BIG;
import static dev.weft.parser.CloseCode.TRY_AGAIN_LATER;

import dev.weft.ConnectionLimits;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.parser.ProtocolViolationException;
import java.nio.ByteBuffer;

/**
 * One borrowed buffer that grows with the pieces of a message; it never grows far beyond what has been received, whatever
 * length was declared. For the connection's thread.
 */
public final class MessageAssembler {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final int SMALLEST = 1024;
    /** The preferred and the maximum ratio of room to what has been received. */
    private static final int GROWTH = 8;
    private static final int MOST_GROWTH = 16;

    private final ConnectionLimits limits;
    private final BufferPool pool;
    /** The message so far, up to its position. */
    private ByteBuffer buffer = NOTHING;

    /** An assembler without bytes. */
    public MessageAssembler(ConnectionLimits limits, BufferPool pool) {
        this.limits = limits;
        this.pool = pool;
    }

    /** The limits that apply to messages. */
    ConnectionLimits limits() {
        return limits;
    }

    /** Refuses a message of this size. */
    void requireFits(long size) throws ProtocolViolationException {
        if (size > limits.maxMessageSize()) {
            throw ProtocolViolationException.overLimit(MESSAGE_TOO_BIG, "7.4.1", "maxMessageSize",
                    "a message of at least " + size + " bytes is over maxMessageSize " + limits.maxMessageSize());
        }
    }

    /**
     * Appends bytes.
     *
     * @param expected how large the whole message can become, as far as is known
     * @return the number of bytes that were moved for this to a larger buffer
     */
    int append(byte[] source, int from, int to, long expected) throws ProtocolViolationException {
        int moved = makeRoom(to - from, expected);
        buffer.put(source, from, to - from);
        return moved;
    }

    /**
     * Makes room for more bytes after {@link #length()}.
     *
     * @param least    the minimum number of bytes
     * @param expected how large the whole message can become, as far as is known
     * @return the number of bytes that were moved for this to a larger buffer
     */
    int makeRoom(int least, long expected) throws ProtocolViolationException {
        long needed = (long) length() + least;
        requireFits(needed);
        if (needed <= buffer.capacity()) {
            return 0;
        }
        ByteBuffer larger = pool.borrow(capacity(needed, Math.min(expected, limits.maxMessageSize())));
        if (larger == null) {
            throw budgetIsSpent();
        }
        larger.put(buffer.flip());
        release();
        buffer = larger;
        return buffer.position();
    }

    private int capacity(long needed, long expected) {
        int kept = pool.keptSize(needed, Math.min(GROWTH * needed, expected), MOST_GROWTH * needed);
        return kept > 0 ? kept : (int) Math.max(needed, Math.min(Math.max(SMALLEST, 2 * needed), expected));
    }

    /** Counts bytes that are held elsewhere for the message, until {@link #giveBack}. */
    void take(int bytes) throws ProtocolViolationException {
        if (!pool.budget().take(bytes)) {
            throw budgetIsSpent();
        }
    }

    void giveBack(int bytes) {
        pool.budget().giveBack(bytes);
    }

    private ProtocolViolationException budgetIsSpent() {
        return ProtocolViolationException.overLimit(TRY_AGAIN_LATER, "10.4", "maxBufferedSize",
                "the server's maxBufferedSize " + pool.budget().limit() + " is used up");
    }

    /** Adds to the message the bytes that the caller has written after {@link #length()}. */
    void added(int count) {
        buffer.position(length() + count);
    }

    /** The bytes of the buffer, counted in the budget. For any thread; may be slightly out of date. */
    int heldBytes() {
        return buffer.capacity();
    }

    /** The message so far, and room after its position. */
    ByteBuffer buffer() {
        return buffer;
    }

    byte[] array() {
        return buffer.array();
    }

    int length() {
        return buffer.position();
    }

    /** Drops the message. */
    void release() {
        if (buffer != NOTHING) {
            pool.giveBack(buffer);
            buffer = NOTHING;
        }
    }
}
