package dev.weft.internal.send;

import dev.weft.parser.FrameWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Parts of a large frame's payload, masked where the writer masks; next to each other, in the order of the payload. */
final class PayloadCopies {
    private PayloadCopies() {}

    /** A part for one write. If the writer does not mask, it refers to the caller's own bytes. */
    static ByteBuffer piece(FrameWriter writer, byte[] payload, int from, int to) {
        if (!writer.masks()) {
            return ByteBuffer.wrap(payload, from, to - from);
        }
        byte[] copy = Arrays.copyOfRange(payload, from, to);
        writer.mask(copy, 0, copy.length);
        return ByteBuffer.wrap(copy);
    }

    /**
     * Copies what the network has not taken: the rest of two buffers, and a part of the payload. Returns {@code null} if it has
     * taken everything.
     */
    static ByteBuffer rest(ByteBuffer head, ByteBuffer piece, FrameWriter writer, byte[] payload, int from, int to) {
        int length = head.remaining() + piece.remaining() + to - from;
        if (length == 0) {
            return null;
        }
        ByteBuffer rest = ByteBuffer.allocate(length).put(head).put(piece);
        int at = rest.position();
        rest.put(payload, from, to - from);
        writer.mask(rest.array(), at, rest.position());
        return rest.flip();
    }
}
