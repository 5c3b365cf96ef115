package dev.weft.parser;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * XORs bytes with a masking key (RFC 6455 §5.3). Masking and unmasking are the same operation.
 * <p>
 * A key is its four bytes as a little-endian int: byte {@code i} of the payload is XORed with the eight bits from bit
 * {@code 8 * (i % 4)} upwards. Pure functions, for any thread.
 */
public final class Masking {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** Up to this length straight-line code is as fast as a loop: a vectorised loop has a long prologue and epilogue. */
    private static final int STRAIGHT = 128;

    private Masking() {}

    /**
     * XORs the bytes from {@code from} (inclusive) to {@code to} (exclusive) in place; does not touch other bytes.
     *
     * @param key the key for the byte at {@code from}
     * @throws IndexOutOfBoundsException if the region is not within the array
     */
    public static void apply(byte[] array, int from, int to, int key) {
        Objects.checkFromToIndex(from, to, array.length);
        xor(array, from, to, key);
    }

    /** {@link #apply} for a region that is known to be within the array. */
    static void xor(byte[] array, int from, int to, int key) {
        int length = to - from;
        // Computed here and not where it is needed, because C2 does not inline a call in a rarely taken branch.
        long key8 = (key & 0xffffffffL) * 0x1_0000_0001L;
        if (length > STRAIGHT) {
            xorLoop(array, from, to, key8);
        } else if (length > 16) {
            xorStraight(array, from, to, key8);
        } else if (length >= 8) {
            // Two overlapping longs; both are read before either is written.
            long last = (long) LONG.get(array, to - 8) ^ Long.rotateRight(key8, length << 3);
            LONG.set(array, from, (long) LONG.get(array, from) ^ key8);
            LONG.set(array, to - 8, last);
        } else {
            xorFew(array, from, to, key);
        }
    }

    /** Returns the key for the byte that is {@code bytes} positions after the byte for which {@code key} is. */
    public static int advance(int key, int bytes) {
        return Integer.rotateRight(key, bytes << 3);
    }

    /**
     * 17 to 128 bytes: the last 16 are read first and written last; for the bytes before them, the bits of the length
     * select blocks, of which the last may overlap the 16 but not go beyond them. Because it is unrolled, this method is
     * too long for C2 to inline into a parsing loop, where it would use up C2's inlining budget.
     */
    private static void xorStraight(byte[] array, int from, int to, long key8) {
        long lastKey8 = Long.rotateRight(key8, to - from << 3);
        long lastButOne = (long) LONG.get(array, to - 16) ^ lastKey8;
        long last = (long) LONG.get(array, to - 8) ^ lastKey8;
        int blocks = to - from - 1;
        int p = from;
        if ((blocks & 64) != 0) {
            LONG.set(array, p, (long) LONG.get(array, p) ^ key8);
            LONG.set(array, p + 8, (long) LONG.get(array, p + 8) ^ key8);
            LONG.set(array, p + 16, (long) LONG.get(array, p + 16) ^ key8);
            LONG.set(array, p + 24, (long) LONG.get(array, p + 24) ^ key8);
            LONG.set(array, p + 32, (long) LONG.get(array, p + 32) ^ key8);
            LONG.set(array, p + 40, (long) LONG.get(array, p + 40) ^ key8);
            LONG.set(array, p + 48, (long) LONG.get(array, p + 48) ^ key8);
            LONG.set(array, p + 56, (long) LONG.get(array, p + 56) ^ key8);
            p += 64;
        }
        if ((blocks & 32) != 0) {
            LONG.set(array, p, (long) LONG.get(array, p) ^ key8);
            LONG.set(array, p + 8, (long) LONG.get(array, p + 8) ^ key8);
            LONG.set(array, p + 16, (long) LONG.get(array, p + 16) ^ key8);
            LONG.set(array, p + 24, (long) LONG.get(array, p + 24) ^ key8);
            p += 32;
        }
        if ((blocks & 16) != 0) {
            LONG.set(array, p, (long) LONG.get(array, p) ^ key8);
            LONG.set(array, p + 8, (long) LONG.get(array, p + 8) ^ key8);
        }
        LONG.set(array, to - 16, lastButOne);
        LONG.set(array, to - 8, last);
    }

    /** C2 vectorises only a plain loop such as this one. */
    private static void xorLoop(byte[] array, int from, int to, long key8) {
        int last = to - 8;
        long lastBytes = (long) LONG.get(array, last) ^ Long.rotateRight(key8, to - from << 3);
        for (int p = from; p < last; p += 8) {
            LONG.set(array, p, (long) LONG.get(array, p) ^ key8);
        }
        LONG.set(array, last, lastBytes);
    }

    /** XORs fewer than 8 bytes. */
    private static void xorFew(byte[] array, int from, int to, int key) {
        if (to - from >= 4) {
            int last = (int) INT.get(array, to - 4) ^ advance(key, to - from);
            INT.set(array, from, (int) INT.get(array, from) ^ key);
            INT.set(array, to - 4, last);
        } else {
            for (int i = from; i < to; i++) {
                array[i] ^= (byte) key;
                key >>>= 8;
            }
        }
    }
}
