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

    /** Copies a part that the network has not taken. */
    static void put(ByteBuffer target, FrameWriter writer, byte[] payload, int from, int to) {
        int at = target.position();
        target.put(payload, from, to - from);
        writer.mask(target.array(), at, target.position());
    }
}
