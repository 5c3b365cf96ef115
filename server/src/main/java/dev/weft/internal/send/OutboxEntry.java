package dev.weft.internal.send;

import dev.weft.parser.Opcode;
import dev.weft.parser.deflate.SharedMessage;
import java.util.Arrays;

/**
 * A message or the Close frame in an {@link OutboxList}. The message of an entry with a key can be replaced until the consumer
 * claims the entry; the list's lock guards that.
 */
final class OutboxEntry {
    /** Bytes that a message counts for in addition to its payload: its list entry and its frame's header. */
    private static final int OVERHEAD = 64;
    /** Further bytes of a message with a key: its place in the map of the keys. */
    private static final int KEY_OVERHEAD = 64;

    private Opcode opcode;
    private byte[] payload;
    private int from;
    private int to;
    private SharedMessage shared;
    private final Object key;
    /** What was pushed before this entry, or, when reversed, after it. */
    OutboxEntry next;

    /**
     * An entry that is on no list.
     *
     * @param shared whose bytes these are, or {@code null} if they are of this connection alone
     * @param key    a later message with the same key replaces this one; {@code null} for none
     */
    OutboxEntry(Opcode opcode, byte[] payload, int from, int to, SharedMessage shared, Object key) {
        this.opcode = opcode;
        this.payload = payload;
        this.from = from;
        this.to = to;
        this.shared = shared;
        this.key = key;
    }

    /** A Close frame with this payload. */
    static OutboxEntry close(byte[] payload, int length) {
        return new OutboxEntry(Opcode.CLOSE, payload, 0, length, null, null);
    }

    Opcode opcode() {
        return opcode;
    }

    byte[] payload() {
        return payload;
    }

    int from() {
        return from;
    }

    int to() {
        return to;
    }

    /** The message if it is for several connections, else {@code null}. */
    SharedMessage shared() {
        return shared;
    }

    /** The key, or {@code null}. */
    Object key() {
        return key;
    }

    boolean isClose() {
        return opcode == Opcode.CLOSE;
    }

    /** The number of bytes that the message counts for; 0 for a Close frame. */
    long bytes() {
        return isClose() ? 0 : (long) to - from + OVERHEAD + (key == null ? 0 : KEY_OVERHEAD);
    }

    /** Copies the bytes from the caller's array. Before the entry is on a list. */
    void copyPayload() {
        payload = Arrays.copyOfRange(payload, from, to);
        to -= from;
        from = 0;
    }

    /** Puts another message in this place. */
    void replace(OutboxEntry latest) {
        opcode = latest.opcode;
        payload = latest.payload;
        from = latest.from;
        to = latest.to;
        shared = latest.shared;
    }
}
