package dev.weft.parser;

import java.util.BitSet;

/** UTF-8 by its definition: a list of the encodings of all code points. {@link Utf8Validator} is compared with it. */
final class NaiveUtf8 {
    /** The encodings, and the beginnings of longer ones, by their number of bytes. */
    private static final BitSet[] COMPLETE = {new BitSet(), new BitSet(), new BitSet(), new BitSet()};
    private static final BitSet[] BEGUN = {new BitSet(), new BitSet(), new BitSet(), new BitSet()};

    static {
        for (int codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
            if (codePoint < 0xd800 || codePoint > 0xdfff) {
                byte[] bytes = encode(codePoint);
                for (int length = 1; length < bytes.length; length++) {
                    BEGUN[length - 1].set(number(bytes, 0, length));
                }
                COMPLETE[bytes.length - 1].set(number(bytes, 0, bytes.length));
            }
        }
    }

    private NaiveUtf8() {}

    /** The shortest form of any value of up to 21 bits, allowed or not. */
    static byte[] encode(int codePoint) {
        if (codePoint < 0x80) {
            return new byte[]{(byte) codePoint};
        }
        if (codePoint < 0x800) {
            return new byte[]{(byte) (0xc0 | codePoint >> 6), tail(codePoint)};
        }
        if (codePoint < 0x10000) {
            return new byte[]{(byte) (0xe0 | codePoint >> 12), tail(codePoint >> 6), tail(codePoint)};
        }
        return new byte[]{(byte) (0xf0 | codePoint >> 18), tail(codePoint >> 12), tail(codePoint >> 6),
                tail(codePoint)};
    }

    private static byte tail(int bits) {
        return (byte) (0x80 | bits & 0x3f);
    }

    /** The offset of the first byte that cannot be part of valid text, or -1. */
    static int firstImpossible(byte[] bytes, int from, int to) {
        int start = from;
        for (int p = from; p < to; p++) {
            if (is(COMPLETE, bytes, start, p + 1)) {
                start = p + 1;
            } else if (!is(BEGUN, bytes, start, p + 1)) {
                return p;
            }
        }
        return -1;
    }

    /** Whether these bytes, none of which is invalid, end with a complete code point. */
    static boolean isComplete(byte[] bytes, int from, int to) {
        int start = from;
        for (int p = from; p < to; p++) {
            if (is(COMPLETE, bytes, start, p + 1)) {
                start = p + 1;
            }
        }
        return start == to;
    }

    private static boolean is(BitSet[] set, byte[] bytes, int from, int to) {
        return set[to - from - 1].get(number(bytes, from, to));
    }

    /** The bytes as one number; of the first of four bytes, only the three bits in which F0 to F7 differ. */
    private static int number(byte[] bytes, int from, int to) {
        int number = 0;
        for (int i = from; i < to; i++) {
            number = number << 8 | bytes[i] & 0xff;
        }
        return to - from < 4 ? number : number & 0x07ffffff;
    }
}
