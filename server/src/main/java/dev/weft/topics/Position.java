package dev.weft.topics;

import java.util.Objects;

/**
 * The place of a message among all messages of its topic. It consists of an epoch and an offset. When a topic begins
 * anew, for example because the process was restarted, it gets a new epoch, so that old positions are recognized. The
 * offset counts the messages of one epoch, from 1; with a {@link Backplane}, it may leave out numbers. Immutable.
 * <p>
 * {@link #toString()} and {@link #parse} use the form {@code epoch:offset}, in which a client can store a position.
 */
public final class Position {
    private static final int RADIX = 36;

    private final long epoch;
    private final long offset;

    Position(long epoch, long offset) {
        this.epoch = epoch;
        this.offset = offset;
    }

    /** Creates a position, for a {@link Backplane}. */
    public static Position of(long epoch, long offset) {
        return new Position(epoch, offset);
    }

    /**
     * Reads a position that {@link #toString()} has written.
     *
     * @throws IllegalArgumentException if the text has another form
     */
    public static Position parse(String text) {
        int colon = text.indexOf(':');
        try {
            return new Position(Long.parseUnsignedLong(text.substring(0, colon), RADIX),
                    Long.parseLong(text.substring(colon + 1)));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new IllegalArgumentException("a position has the form epoch:offset", e);
        }
    }

    /** Differs each time that the topic begins anew. Epochs do not show which of two is later. */
    public long epoch() {
        return epoch;
    }

    /** Grows with each message of one epoch; 0 before the first. Without a {@link Backplane}, it grows by 1. */
    public long offset() {
        return offset;
    }

    /** Whether both have the same epoch and offset. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Position that && epoch == that.epoch && offset == that.offset;
    }

    @Override
    public int hashCode() {
        return Objects.hash(epoch, offset);
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(epoch, RADIX) + ":" + offset;
    }
}
