package dev.weft.parser;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * XORs octets with a masking key (RFC 6455 §5.3). Masking and unmasking are the same.
 * <p>
 * A key is its four octets as a little-endian int: octet {@code i} of the payload meets bits {@code 8 * (i % 4)} and up.
 * Pure functions, for any thread.
 */
public final class Masking {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** Up to here straight-line code beats a loop, whose vectorised body has a long way in and out. */
    private static final int STRAIGHT = 128;

    private Masking() {}

    /**
     * XORs the octets from {@code from} to before {@code to} in place; never touches one beyond.
     *
     * @param key the key for the octet at {@code from}
     * @throws IndexOutOfBoundsException if the region is not within the array
     */
    public static void apply(byte[] array, int from, int to, int key) {
        Objects.checkFromToIndex(from, to, array.length);
        int length = to - from;
        if (length >= 8) {
            if (length <= STRAIGHT) {
                applyStraight(array, from, to, key);
            } else {
                applyLoop(array, from, to, key);
            }
        } else if (length >= 4) {
            // Two overlapping ints; both are read before either is written.
            int last = (int) INT.get(array, to - 4) ^ advance(key, length);
            INT.set(array, from, (int) INT.get(array, from) ^ key);
            INT.set(array, to - 4, last);
        } else {
            for (int i = from; i < to; i++) {
                array[i] ^= (byte) key;
                key >>>= 8;
            }
        }
    }

    /** The key for the octet that comes {@code octets} after the one that {@code key} is for. */
    public static int advance(int key, int octets) {
        return Integer.rotateRight(key, octets << 3);
    }

    /** 8 to 128 octets: the bits of the length choose blocks; the last eight octets are read first and written last. */
    private static void applyStraight(byte[] array, int from, int to, int key) {
        int length = to - from;
        long key8 = twice(key);
        long last = (long) LONG.get(array, to - 8) ^ twice(advance(key, length));
        int p = from;
        if ((length & 128) != 0) {
            xor32(array, p, key8);
            xor32(array, p + 32, key8);
            xor32(array, p + 64, key8);
            xor32(array, p + 96, key8);
        } else {
            if ((length & 64) != 0) {
                xor32(array, p, key8);
                xor32(array, p + 32, key8);
                p += 64;
            }
            if ((length & 32) != 0) {
                xor32(array, p, key8);
                p += 32;
            }
            if ((length & 16) != 0) {
                xor8(array, p, key8);
                xor8(array, p + 8, key8);
                p += 16;
            }
            if ((length & 8) != 0) {
                xor8(array, p, key8);
            }
        }
        LONG.set(array, to - 8, last);
    }

    /** The plain loop is the one that C2 turns into vector instructions. */
    private static void applyLoop(byte[] array, int from, int to, int key) {
        long key8 = twice(key);
        int last = to - 8;
        long lastOctets = (long) LONG.get(array, last) ^ twice(advance(key, to - from));
        for (int p = from; p < last; p += 8) {
            LONG.set(array, p, (long) LONG.get(array, p) ^ key8);
        }
        LONG.set(array, last, lastOctets);
    }

    private static void xor32(byte[] array, int p, long key8) {
        xor8(array, p, key8);
        xor8(array, p + 8, key8);
        xor8(array, p + 16, key8);
        xor8(array, p + 24, key8);
    }

    private static void xor8(byte[] array, int p, long key8) {
        LONG.set(array, p, (long) LONG.get(array, p) ^ key8);
    }

    private static long twice(int key) {
        return (key & 0xffffffffL) | (long) key << 32;
    }
}
