package dev.weft.parser.deflate;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * RFC 1951 and RFC 7692 §7.2.2 in the simplest way, with a strict window: a reference beyond it is an error. It keeps all its
 * output.
 */
public final class NaiveInflater {
    private static final int[] LENGTH_BASE = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59,
            67,
            83, 99, 115, 131, 163, 195, 227, 258};
    private static final int[] LENGTH_EXTRA = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4,
            5,
            5, 5, 5, 0};
    private static final int[] DISTANCE_BASE = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385,
            513,
            769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    private static final int[] DISTANCE_EXTRA = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10,
            10,
            11, 11, 12, 12, 13, 13};
    private static final int[] CODE_LENGTH_ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    private static final Huffman FIXED_LITERALS = new Huffman(fixedLengths());
    private static final Huffman FIXED_DISTANCES = new Huffman(filled(30, 5));

    private final int window;
    private final boolean takeover;
    private byte[] output = new byte[1 << 16];
    private int length;
    private int contextFrom;
    private int furthest;

    private byte[] input;
    private int bit;

    public NaiveInflater(int windowBits, boolean takeover) {
        this.window = 1 << windowBits;
        this.takeover = takeover;
    }

    /** The longest distance seen so far. */
    int furthest() {
        return furthest;
    }

    /** Returns the message of this payload. */
    public byte[] message(byte[] payload) {
        int from = length;
        if (!takeover) {
            contextFrom = length;
        }
        input = Arrays.copyOf(payload, payload.length + 4);
        input[payload.length + 2] = (byte) 0xff;
        input[payload.length + 3] = (byte) 0xff;
        bit = 0;
        while (bit < 8 * input.length) {
            boolean last = bits(1) == 1;
            switch (bits(2)) {
                case 0 -> stored();
                case 1 -> compressed(FIXED_LITERALS, FIXED_DISTANCES);
                case 2 -> dynamic();
                default -> throw new AssertionError("block type 3");
            }
            if (last) {
                align();
            }
        }
        return Arrays.copyOfRange(output, from, length);
    }

    private int bits(int count) {
        int value = 0;
        for (int i = 0; i < count; i++, bit++) {
            value |= (input[bit >> 3] >> (bit & 7) & 1) << i;
        }
        return value;
    }

    private void align() {
        bit = bit + 7 & ~7;
    }

    private void stored() {
        align();
        int count = bits(16);
        require(bits(16) == (~count & 0xffff), "LEN and NLEN differ");
        for (int i = 0; i < count; i++) {
            put(bits(8));
        }
    }

    private void dynamic() {
        int literals = bits(5) + 257;
        int distances = bits(5) + 1;
        require(literals <= 286 && distances <= 30, "too many codes");
        int[] codeLengths = new int[19];
        for (int i = 0, count = bits(4) + 4; i < count; i++) {
            codeLengths[CODE_LENGTH_ORDER[i]] = bits(3);
        }
        require(room(codeLengths) == 0, "not a full code for lengths");
        Huffman lengthCode = new Huffman(codeLengths);
        int[] lengths = new int[literals + distances];
        for (int i = 0; i < lengths.length;) {
            int symbol = decode(lengthCode);
            int repeated = symbol == 16 ? lengths[i - 1] : 0;
            int count = switch (symbol) {
                case 16 -> 3 + bits(2);
                case 17 -> 3 + bits(3);
                case 18 -> 11 + bits(7);
                default -> 1;
            };
            Arrays.fill(lengths, i, i + count, symbol < 16 ? symbol : repeated);
            i += count;
        }
        int[] literalLengths = Arrays.copyOf(lengths, literals);
        int[] distanceLengths = Arrays.copyOfRange(lengths, literals, lengths.length);
        require(lengths[256] > 0, "no code for the end of the block");
        for (int[] each : new int[][]{literalLengths, distanceLengths}) {
            // RFC 1951 §3.2.7: a code with one symbol of one bit, or without symbols, may be incomplete.
            int room = room(each);
            require(room == 0 || room > 0 && Arrays.stream(each).max().getAsInt() <= 1, "not a full code");
        }
        compressed(new Huffman(literalLengths), new Huffman(distanceLengths));
    }

    /** The number of 2^15 bit patterns that a code does not use; negative if it needs more. */
    private static int room(int[] lengths) {
        return (1 << 15) - Arrays.stream(lengths).filter(each -> each > 0).map(each -> 1 << 15 - each).sum();
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    private void compressed(Huffman literals, Huffman distances) {
        while (true) {
            int symbol = decode(literals);
            if (symbol == 256) {
                return;
            }
            if (symbol < 256) {
                put(symbol);
                continue;
            }
            int count = LENGTH_BASE[symbol - 257] + bits(LENGTH_EXTRA[symbol - 257]);
            int code = decode(distances);
            int distance = DISTANCE_BASE[code] + bits(DISTANCE_EXTRA[code]);
            if (distance > window || distance > length - contextFrom) {
                throw new AssertionError("distance " + distance + " with a window of " + window + " and "
                        + (length - contextFrom) + " bytes of context");
            }
            furthest = Math.max(furthest, distance);
            for (int i = 0; i < count; i++) {
                put(output[length - distance]);
            }
        }
    }

    private void put(int b) {
        if (length == output.length) {
            output = Arrays.copyOf(output, 2 * length);
        }
        output[length++] = (byte) b;
    }

    private int decode(Huffman huffman) {
        int code = 0;
        int first = 0;
        int index = 0;
        for (int bits = 1; bits <= 15; bits++) {
            code |= bits(1);
            int count = huffman.counts[bits];
            if (code - count < first) {
                return huffman.symbols[index + code - first];
            }
            index += count;
            first = first + count << 1;
            code <<= 1;
        }
        throw new AssertionError("no such code");
    }

    private static int[] fixedLengths() {
        int[] lengths = filled(288, 8);
        Arrays.fill(lengths, 144, 256, 9);
        Arrays.fill(lengths, 256, 280, 7);
        return lengths;
    }

    private static int[] filled(int count, int value) {
        int[] lengths = new int[count];
        Arrays.fill(lengths, value);
        return lengths;
    }

    /** A canonical code: the number of symbols of each length, and the symbols by length. */
    private static final class Huffman {
        final int[] counts = new int[16];
        final int[] symbols;

        Huffman(int[] lengths) {
            symbols = new int[lengths.length];
            int next = 0;
            for (int bits = 1; bits <= 15; bits++) {
                for (int symbol = 0; symbol < lengths.length; symbol++) {
                    if (lengths[symbol] == bits) {
                        counts[bits]++;
                        symbols[next++] = symbol;
                    }
                }
            }
        }
    }

    /** For tests that need all bytes at once. */
    static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
