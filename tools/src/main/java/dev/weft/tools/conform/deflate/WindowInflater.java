package dev.weft.tools.conform.deflate;

import java.util.Arrays;

/**
 * Inflates (RFC 1951) with a window of exactly 2^bits bytes, which {@code java.util.zip} cannot do: a reference that reaches
 * back further is an error, as it is for a peer with such a small window. It is simple rather than fast, and shares no code
 * with zlib. Not thread-safe.
 */
public final class WindowInflater {
    private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff};
    private static final int[] LENGTH_BASE = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59,
            67, 83, 99, 115, 131, 163, 195, 227, 258};
    private static final int[] LENGTH_EXTRA = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4,
            5, 5, 5, 5, 0};
    private static final int[] DISTANCE_BASE = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385,
            513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    private static final int[] DISTANCE_EXTRA = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10,
            10, 11, 11, 12, 12, 13, 13};
    private static final int[] CODE_LENGTH_ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

    private final int window;
    private byte[] history = {};

    private byte[] in;
    private int at;
    private int bits;
    private int bitCount;
    /** The history, followed by the output of the current message. */
    private byte[] out;
    private int outAt;
    private long outLimit;

    /** An inflater with an empty window. */
    public WindowInflater(int windowBits) {
        this.window = 1 << windowBits;
    }

    /** Clears the window. */
    public void reset() {
        history = new byte[0];
    }

    /**
     * Inflates a message whose last four bytes, 00 00 FF FF, were removed (RFC 7692 §7.2.2).
     *
     * @throws IllegalArgumentException if the data is malformed, or longer than {@code limit}
     */
    public byte[] inflate(byte[] payload, long limit) {
        in = Arrays.copyOf(payload, payload.length + TAIL.length);
        System.arraycopy(TAIL, 0, in, payload.length, TAIL.length);
        at = 0;
        bits = 0;
        bitCount = 0;
        out = Arrays.copyOf(history, history.length + Math.max(256, 3 * payload.length));
        outAt = history.length;
        outLimit = limit + history.length;
        while (at < in.length || bitCount >= 8) {
            block();
        }
        byte[] message = Arrays.copyOfRange(out, history.length, outAt);
        history = Arrays.copyOfRange(out, Math.max(0, outAt - window), outAt);
        out = null;
        return message;
    }

    private void block() {
        boolean last = take(1) == 1;
        switch (take(2)) {
            case 0 -> stored();
            case 1 -> {
                int[] lengths = new int[288];
                Arrays.fill(lengths, 0, 144, 8);
                Arrays.fill(lengths, 144, 256, 9);
                Arrays.fill(lengths, 256, 280, 7);
                Arrays.fill(lengths, 280, 288, 8);
                int[] distances = new int[30];
                Arrays.fill(distances, 5);
                compressed(table(lengths), table(distances));
            }
            case 2 -> dynamic();
            default -> throw new IllegalArgumentException("block of type 3");
        }
        if (last) {
            align(); // RFC 7692 §7.2.3.4: data after a final block begins at a byte boundary
        }
    }

    private void stored() {
        align();
        int length = take(16);
        if (take(16) != (~length & 0xffff)) {
            throw new IllegalArgumentException("the two lengths of a stored block do not match");
        }
        for (int i = 0; i < length; i++) {
            put((byte) take(8));
        }
    }

    private void dynamic() {
        int literals = take(5) + 257;
        int distances = take(5) + 1;
        int codes = take(4) + 4;
        int[] codeLengths = new int[19];
        for (int i = 0; i < codes; i++) {
            codeLengths[CODE_LENGTH_ORDER[i]] = take(3);
        }
        int[] table = table(codeLengths);
        int[] lengths = new int[literals + distances];
        for (int i = 0; i < lengths.length;) {
            int symbol = symbol(table);
            if (symbol < 16) {
                lengths[i++] = symbol;
                continue;
            }
            if (symbol == 16 && i == 0) {
                throw new IllegalArgumentException("nothing to repeat");
            }
            int value = symbol == 16 ? lengths[i - 1] : 0;
            int times = symbol == 16 ? 3 + take(2) : symbol == 17 ? 3 + take(3) : 11 + take(7);
            if (i + times > lengths.length) {
                throw new IllegalArgumentException("too many code lengths");
            }
            Arrays.fill(lengths, i, i + times, value);
            i += times;
        }
        compressed(table(Arrays.copyOf(lengths, literals)),
                table(Arrays.copyOfRange(lengths, literals, lengths.length)));
    }

    private void compressed(int[] literals, int[] distances) {
        while (true) {
            int symbol = symbol(literals);
            if (symbol < 256) {
                put((byte) symbol);
            } else if (symbol == 256) {
                return;
            } else {
                int index = symbol - 257;
                if (index >= LENGTH_BASE.length) {
                    throw new IllegalArgumentException("length symbol " + symbol);
                }
                int length = LENGTH_BASE[index] + take(LENGTH_EXTRA[index]);
                int code = symbol(distances);
                if (code >= DISTANCE_BASE.length) {
                    throw new IllegalArgumentException("distance symbol " + code);
                }
                copy(length, DISTANCE_BASE[code] + take(DISTANCE_EXTRA[code]));
            }
        }
    }

    private void copy(int length, int distance) {
        if (distance > window) {
            throw new IllegalArgumentException("distance " + distance + " exceeds the window of " + window);
        }
        if (distance > outAt) {
            throw new IllegalArgumentException("distance " + distance + " goes back before the window's beginning, of "
                    + outAt + " bytes");
        }
        for (int i = 0; i < length; i++) {
            put(out[outAt - distance]);
        }
    }

    private void put(byte b) {
        if (outAt == out.length) {
            if (outAt >= outLimit) {
                throw new IllegalArgumentException("longer than any message that was sent");
            }
            out = Arrays.copyOf(out, (int) Math.min(outLimit, 2L * out.length + 1024));
        }
        out[outAt++] = b;
    }

    /**
     * The table of a code. It is indexed by the next bits; each entry is a symbol and, in its low four bits, the length of the
     * code.
     */
    private static int[] table(int[] lengths) {
        int longest = Arrays.stream(lengths).max().orElse(0);
        int[] counts = new int[17];
        for (int length : lengths) {
            counts[length]++;
        }
        counts[0] = 0;
        int[] next = new int[17];
        for (int length = 1; length <= longest; length++) {
            next[length + 1] = next[length] + counts[length] << 1;
            if (next[length] + counts[length] > 1 << length) {
                throw new IllegalArgumentException("over-subscribed code");
            }
        }
        int[] table = new int[1 << longest];
        for (int symbol = 0; symbol < lengths.length; symbol++) {
            int length = lengths[symbol];
            if (length > 0) {
                int code = Integer.reverse(next[length]++) >>> 32 - length;
                for (int i = code; i < table.length; i += 1 << length) {
                    table[i] = symbol << 4 | length;
                }
            }
        }
        return table;
    }

    private int symbol(int[] table) {
        int longest = Integer.numberOfTrailingZeros(table.length);
        while (bitCount < longest && at < in.length) {
            bits |= (in[at++] & 0xff) << bitCount;
            bitCount += 8;
        }
        int entry = table[bits & table.length - 1];
        int length = entry & 15;
        if (length == 0) {
            throw new IllegalArgumentException("invalid code");
        }
        if (length > bitCount) {
            throw new IllegalArgumentException("truncated");
        }
        bits >>>= length;
        bitCount -= length;
        return entry >> 4;
    }

    private int take(int count) {
        while (bitCount < count) {
            if (at == in.length) {
                throw new IllegalArgumentException("truncated");
            }
            bits |= (in[at++] & 0xff) << bitCount;
            bitCount += 8;
        }
        int value = bits & (1 << count) - 1;
        bits >>>= count;
        bitCount -= count;
        return value;
    }

    private void align() {
        bits >>>= bitCount & 7;
        bitCount -= bitCount & 7;
    }
}
