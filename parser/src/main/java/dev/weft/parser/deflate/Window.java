package dev.weft.parser.deflate;

import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * The last bytes of one direction, to which back references may refer (RFC 7692 §7.1.1). It is a ring buffer that grows as
 * needed, but never beyond its size.
 */
final class Window {
    private static final byte[] NONE = {};
    private static final int SMALLEST = 256;

    private final int size;
    private byte[] ring = NONE;
    private int length;
    /** The position of the next byte. The ring wraps only once it has reached its full size. */
    private int end;

    /**
     * An empty window.
     *
     * @param size the maximum number of bytes that it holds
     */
    Window(int size) {
        this.size = size;
    }

    /** The maximum number of bytes that it holds. */
    int size() {
        return size;
    }

    int length() {
        return length;
    }

    /** The number of bytes on the heap that it retains. */
    int retained() {
        return ring.length;
    }

    void clear() {
        ring = NONE;
        length = 0;
        end = 0;
    }

    void append(byte[] array, int from, int to) {
        int at = Math.max(from, to - size);
        int count = to - at;
        makeRoom((int) Math.min(size, (long) length + count));
        while (at < to) {
            if (end == ring.length) {
                end = 0;
            }
            int piece = Math.min(to - at, ring.length - end);
            System.arraycopy(array, at, ring, end, piece);
            at += piece;
            end += piece;
        }
        length = Math.min(size, length + count);
    }

    private void makeRoom(int needed) {
        if (needed > ring.length) {
            int doubled = Integer.highestOneBit(needed - 1) << 1;
            ring = Arrays.copyOf(ring, Math.min(size, Math.max(SMALLEST, doubled)));
        }
    }

    /** Makes the last bytes the history of a codec that has none. */
    void giveTo(Deflater deflater, int count) {
        int from = end - count;
        if (from < 0) {
            deflater.setDictionary(ring, ring.length + from, -from);
            from = 0;
        }
        if (from < end) {
            deflater.setDictionary(ring, from, end - from);
        }
    }

    /** Makes all bytes the history of a codec that has none. */
    void giveTo(Inflater inflater) {
        int from = end - length;
        if (from < 0) {
            inflater.setDictionary(ring, ring.length + from, -from);
            from = 0;
        }
        if (from < end) {
            inflater.setDictionary(ring, from, end - from);
        }
    }
}
