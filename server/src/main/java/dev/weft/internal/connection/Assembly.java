package dev.weft.internal.connection;

import static dev.weft.parser.CloseCode.MESSAGE_TOO_BIG;
import static dev.weft.parser.CloseCode.TRY_AGAIN_LATER;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.parser.ProtocolViolationException;
import java.util.Arrays;

/**
 * One array that grows with the pieces of a message, never far ahead of what has come, whatever length was declared.
 * Belongs to the connection's thread.
 */
final class Assembly {
    private static final byte[] NOTHING = {};
    private static final int SMALLEST = 1024;

    private final int maxMessageSize;
    private final BufferBudget budget;
    private byte[] array = NOTHING;
    private int length;

    Assembly(int maxMessageSize, BufferBudget budget) {
        this.maxMessageSize = maxMessageSize;
        this.budget = budget;
    }

    /** Refuses a message of this size. */
    void requireFits(long size) throws ProtocolViolationException {
        if (size > maxMessageSize) {
            throw new ProtocolViolationException(MESSAGE_TOO_BIG, "7.4.1",
                    "message of at least " + size + " octets is over maxMessageSize " + maxMessageSize);
        }
    }

    void append(byte[] source, int from, int to) throws ProtocolViolationException {
        makeRoom(to - from, maxMessageSize);
        System.arraycopy(source, from, array, length, to - from);
        length += to - from;
    }

    /**
     * Makes room for more octets behind {@link #length()}.
     *
     * @param least    how many at the least
     * @param expected how large the whole message can become, as far as is known
     */
    void makeRoom(int least, long expected) throws ProtocolViolationException {
        long needed = (long) length + least;
        requireFits(needed);
        if (needed > array.length) {
            long doubled = Math.max(SMALLEST, 2 * needed);
            grow((int) Math.max(needed, Math.min(doubled, Math.min(expected, maxMessageSize))));
        }
    }

    private void grow(int capacity) throws ProtocolViolationException {
        if (!budget.take(capacity - array.length)) {
            throw new ProtocolViolationException(TRY_AGAIN_LATER, "10.4", "the server's bufferedOctets "
                    + budget.limit() + " are used up");
        }
        array = Arrays.copyOf(array, capacity);
    }

    /** Octets that were put behind {@link #length()} by other means belong to the message now. */
    void added(int count) {
        length += count;
    }

    byte[] array() {
        return array;
    }

    int length() {
        return length;
    }

    int capacity() {
        return array.length;
    }

    /** Drops the message. */
    void release() {
        if (array.length > 0) {
            budget.giveBack(array.length);
            array = NOTHING;
        }
        length = 0;
    }
}
