package dev.weft.internal.http;

import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.util.Arrays;

/**
 * The bytes that have been received, and a position in them: the bytes after a request belong to the next one. For the
 * session's thread.
 */
public final class RequestInput {
    private final InboundBuffer buffer;
    /** The offset of the first byte of the buffer's region that has not been used. */
    private int from;

    /** The input that this buffer receives. */
    public RequestInput(InboundBuffer buffer) {
        this.buffer = buffer;
    }

    /** Whether bytes have been received that have not been used. */
    public boolean hasBytes() {
        return from < buffer.length();
    }

    /** Waits for bytes like {@link InboundBuffer#fill()}; all earlier bytes must have been used. */
    public boolean fill() throws IOException {
        return fill(TimeLimit.NONE);
    }

    /** Waits for bytes like {@link InboundBuffer#fill(TimeLimit)}; all earlier bytes must have been used. */
    public boolean fill(TimeLimit limit) throws IOException {
        from = 0;
        return buffer.fill(limit);
    }

    /** The array that holds the bytes. */
    public byte[] array() {
        return buffer.array();
    }

    /** The offset of the first byte that has not been used. */
    public int from() {
        return from;
    }

    /** The offset after the last byte. */
    public int to() {
        return buffer.length();
    }

    /** Marks the bytes before this offset as used. */
    public void use(int offset) {
        from = offset;
    }

    /** Returns a copy of the unused bytes, and returns the buffer to its pool. */
    public byte[] takeRest() {
        byte[] rest = Arrays.copyOfRange(buffer.array(), from, buffer.length());
        release();
        return rest;
    }

    /** Puts back bytes that {@link #takeRest} returned. */
    public void restore(byte[] rest) {
        buffer.restore(rest);
        from = 0;
    }

    /** Drops all bytes, and returns the buffer to its pool. */
    public void release() {
        buffer.release();
        from = 0;
    }
}
