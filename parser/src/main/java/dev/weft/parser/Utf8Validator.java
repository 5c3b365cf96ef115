package dev.weft.parser;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * Checks incrementally whether bytes are UTF-8 (RFC 3629; RFC 6455 §8.1). Calls may split a sequence at any byte. It fails
 * at the first byte that cannot be part of valid text, including overlong forms, surrogates and values above U+10FFFF. Not
 * thread-safe; allocates nothing.
 */
public final class Utf8Validator {
    /*
     * One state for each kind of position within a code point (Unicode table 3-7). States are numbered in steps of six: a
     * state is the shift at which the table's entry for a byte holds the next state.
     *
     *   ACCEPT ── 00..7F ──▶ ACCEPT
     *          ── C2..DF ──▶ TAIL_1 ── 80..BF ──▶ ACCEPT
     *          ── E1..EC, EE, EF ──▶ TAIL_2 ── 80..BF ──▶ TAIL_1
     *          ── E0 ──▶ AFTER_E0 ── A0..BF ──▶ TAIL_1       (80..9F would be overlong)
     *          ── ED ──▶ AFTER_ED ── 80..9F ──▶ TAIL_1       (A0..BF would be surrogates)
     *          ── F1..F3 ──▶ TAIL_3 ── 80..BF ──▶ TAIL_2
     *          ── F0 ──▶ AFTER_F0 ── 90..BF ──▶ TAIL_2       (80..8F would be overlong)
     *          ── F4 ──▶ AFTER_F4 ── 80..8F ──▶ TAIL_2       (90..BF would be above U+10FFFF)
     *   anything else ──▶ REJECT, for good
     */
    private static final int ACCEPT = 0;
    private static final int REJECT = 6;
    private static final int TAIL_1 = 12;
    private static final int TAIL_2 = 18;
    private static final int TAIL_3 = 24;
    private static final int AFTER_E0 = 30;
    private static final int AFTER_ED = 36;
    private static final int AFTER_F0 = 42;
    private static final int AFTER_F4 = 48;
    private static final int STATE_BITS = 63;
    private static final long[] NEXT = transitions();

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080808080808080L;

    /**
     * The number of bytes to check one by one before looking for ASCII again. It is large enough for C2's unrolled loop to
     * pay off.
     */
    private static final int STRETCH = 64;

    private int state = ACCEPT;

    /** Creates a validator at the start of a text. */
    public Utf8Validator() {}

    /**
     * Checks the next bytes of the text.
     *
     * @return whether the bytes so far can be the beginning of valid text; once false, the result stays false until
     *         {@link #reset()}
     * @throws IndexOutOfBoundsException if the region is not within the array
     */
    public boolean update(byte[] array, int from, int to) {
        state = run(state, array, from, to);
        return state != REJECT;
    }

    /** Whether the bytes so far are valid text, that is, whether the last code point is complete. */
    public boolean isComplete() {
        return state == ACCEPT;
    }

    /** Begins a new text. */
    public void reset() {
        state = ACCEPT;
    }

    /** Whether these bytes are one valid text. */
    public static boolean isValid(byte[] array, int from, int to) {
        return run(ACCEPT, array, from, to) == ACCEPT;
    }

    private static int run(int state, byte[] array, int from, int to) {
        Objects.checkFromToIndex(from, to, array.length);
        int p = from;
        while (p < to) {
            // Text with little ASCII rarely has any to skip here: checking one byte is cheaper than trying to skip.
            if (state == ACCEPT && array[p] >= 0) {
                p = skipAscii(array, p, to);
            }
            // Check a stretch that has non-ASCII bytes in it, then look for ASCII again.
            int stretch = p + Math.min(to - p, STRETCH);
            long next = state;
            for (; p < stretch; p++) {
                next = NEXT[array[p] & 0xff] >>> next;
            }
            state = (int) next & STATE_BITS;
            if (state == REJECT) {
                return REJECT;
            }
        }
        return state;
    }

    private static int skipAscii(byte[] array, int from, int to) {
        int p = from;
        for (int last = to - 32; p <= last; p += 32) {
            long all = (long) LONG.get(array, p) | (long) LONG.get(array, p + 8)
                    | (long) LONG.get(array, p + 16) | (long) LONG.get(array, p + 24);
            if ((all & HIGH_BITS) != 0) {
                break;
            }
        }
        for (int last = to - 8; p <= last; p += 8) {
            long high = (long) LONG.get(array, p) & HIGH_BITS;
            if (high != 0) {
                return p + (Long.numberOfTrailingZeros(high) >>> 3);
            }
        }
        while (p < to && array[p] >= 0) {
            p++;
        }
        return p;
    }

    private static long[] transitions() {
        int[][] next = new int[AFTER_F4 / 6 + 1][256];
        for (int[] row : next) {
            Arrays.fill(row, REJECT);
        }
        put(next, ACCEPT, 0x00, 0x7f, ACCEPT);
        put(next, ACCEPT, 0xc2, 0xdf, TAIL_1);
        put(next, ACCEPT, 0xe0, 0xe0, AFTER_E0);
        put(next, ACCEPT, 0xe1, 0xef, TAIL_2);
        put(next, ACCEPT, 0xed, 0xed, AFTER_ED);
        put(next, ACCEPT, 0xf0, 0xf0, AFTER_F0);
        put(next, ACCEPT, 0xf1, 0xf3, TAIL_3);
        put(next, ACCEPT, 0xf4, 0xf4, AFTER_F4);
        put(next, TAIL_1, 0x80, 0xbf, ACCEPT);
        put(next, TAIL_2, 0x80, 0xbf, TAIL_1);
        put(next, TAIL_3, 0x80, 0xbf, TAIL_2);
        put(next, AFTER_E0, 0xa0, 0xbf, TAIL_1);
        put(next, AFTER_ED, 0x80, 0x9f, TAIL_1);
        put(next, AFTER_F0, 0x90, 0xbf, TAIL_2);
        put(next, AFTER_F4, 0x80, 0x8f, TAIL_2);

        long[] packed = new long[256];
        for (int b = 0; b < packed.length; b++) {
            for (int state = ACCEPT; state <= AFTER_F4; state += 6) {
                packed[b] |= (long) next[state / 6][b] << state;
            }
        }
        return packed;
    }

    private static void put(int[][] next, int state, int fromByte, int toByte, int target) {
        Arrays.fill(next[state / 6], fromByte, toByte + 1, target);
    }
}
