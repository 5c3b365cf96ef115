package dev.weft.internal.http;

import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.util.Arrays;

/**
 * The bytes that have been received, and how many of them have been used: what follows a request is the next one's. For the
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

    /** Waits for bytes as {@link InboundBuffer#fill()}; all earlier ones must have been used. */
    public boolean fill() throws IOException {
        return fill(TimeLimit.NONE);
    }

    /** Waits for bytes as {@link InboundBuffer#fill(TimeLimit)}; all earlier ones must have been used. */
    public boolean fill(TimeLimit limit) throws IOException {
        from = 0;
        return buffer.fill(limit);
    }

    /** Holds the bytes. */
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

    /** Uses the bytes before this offset. */
    public void use(int offset) {
        from = offset;
    }

    /** Takes the bytes that have not been used out of the buffer, which is given back. */
    public byte[] takeRest() {
        byte[] rest = Arrays.copyOfRange(buffer.array(), from, buffer.length());
        release();
        return rest;
    }

    /** Puts bytes that were taken out back. */
    public void restore(byte[] rest) {
        buffer.restore(rest);
        from = 0;
    }

    /** Drops all bytes, and gives the buffer back. */
    public void release() {
        buffer.release();
        from = 0;
    }
}
