package dev.weft.bench.parser;

import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.util.Arrays;
import java.util.Random;

/**
 * An unchanged stream of masked frames that is handed out repeatedly, in regions like those of a socket's reads. A decoder
 * copies each region into its own buffer; otherwise a decoder that unmasks in place would change the bytes for the next round.
 */
final class FrameStream {
    /** A value of a payload parameter: see {@link #mixedLength}. */
    static final String MIXED = "mixed";

    private static final int LEAST_BYTES = 1 << 18;
    private static final int MIXED_FRAMES = 4_096;
    private static final int READ_SIZE = 16_384;
    private static final int LARGEST_SLICE = 1_460;
    /** A prime number, so that the slices cut the frames at different places in each round. */
    private static final int SLICES = 1_021;

    private final byte[] bytes;
    private final int frames;
    private final int[] regions;
    private int nextRegion;
    private int offset;
    private int length;

    /**
     * A stream of binary frames, each with its own key.
     *
     * @param payload the number of payload bytes in each frame, or {@link #MIXED}
     * @param feed    {@code reads}: regions of 16 KiB; {@code whole}: the stream is one region; {@code sliced}: regions of 1 to
     *                1,460 bytes, as with small TCP segments
     */
    FrameStream(String payload, String feed) {
        var random = new Random(1);
        int[] lengths = payload.equals(MIXED) ? mixedLengths(random) : equalLengths(Integer.parseInt(payload));
        var writer = new FrameWriter(Role.CLIENT, random::nextInt);
        int size = 0;
        for (int each : lengths) {
            size += writer.headerLength(each) + each;
        }
        bytes = new byte[size];
        frames = lengths.length;
        int end = 0;
        for (int each : lengths) {
            byte[] content = new byte[each];
            random.nextBytes(content);
            end = writer.writeFrame(bytes, end, true, 0, Opcode.BINARY, content, 0, each);
        }
        regions = switch (feed) {
            case "reads" -> new int[]{READ_SIZE};
            case "whole" -> new int[]{size};
            case "sliced" -> random.ints(SLICES, 1, LARGEST_SLICE + 1).toArray();
            default -> throw new IllegalArgumentException("no such feed: " + feed);
        };
    }

    private static int[] equalLengths(int payload) {
        int[] lengths = new int[Math.ceilDiv(LEAST_BYTES, payload + 6)];
        Arrays.fill(lengths, payload);
        return lengths;
    }

    private static int[] mixedLengths(Random random) {
        int[] lengths = new int[MIXED_FRAMES];
        Arrays.setAll(lengths, i -> mixedLength(random));
        return lengths;
    }

    /** A random length: of 100 messages, 60 have 20 to 125 bytes, 30 up to 1 KiB, 8 up to 16 KiB, and 2 up to 64 KiB. */
    private static int mixedLength(Random random) {
        int kind = random.nextInt(100);
        if (kind < 60) {
            return random.nextInt(20, 126);
        } else if (kind < 90) {
            return random.nextInt(126, 1 << 10);
        }
        return kind < 98 ? random.nextInt(1 << 10, 1 << 14) : random.nextInt(1 << 14, 1 << 16);
    }

    /** The bytes of the frames, including headers. */
    byte[] bytes() {
        return bytes;
    }

    /** The number of frames in the stream. */
    int frames() {
        return frames;
    }

    /** The mean number of bytes per frame, including the header. */
    double frameSize() {
        return (double) bytes.length / frames;
    }

    /** The maximum length of a region. */
    int largestRegion() {
        int largest = 0;
        for (int each : regions) {
            largest = Math.max(largest, each);
        }
        return Math.min(largest, bytes.length);
    }

    /** Moves to the next region and returns its length; after the last byte the stream begins again. */
    int next() {
        offset += length;
        if (offset == bytes.length) {
            offset = 0;
        }
        length = Math.min(regions[nextRegion], bytes.length - offset);
        if (++nextRegion == regions.length) {
            nextRegion = 0;
        }
        return length;
    }

    /** The offset of the region in {@link #bytes()}. */
    int offset() {
        return offset;
    }

    /** Copies the next region to the beginning of an array. */
    int next(byte[] target) {
        next();
        System.arraycopy(bytes, offset, target, 0, length);
        return length;
    }
}
