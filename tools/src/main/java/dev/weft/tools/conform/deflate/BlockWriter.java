package dev.weft.tools.conform.deflate;

import java.io.ByteArrayOutputStream;

/** Writes deflate blocks bit by bit (RFC 1951 §3.2), for streams that a compressor would not produce. */
public final class BlockWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int bits;
    private int bitCount;

    /** A stored block. */
    public BlockWriter stored(boolean last, byte[] bytes) {
        put(last ? 1 : 0, 1);
        put(0, 2);
        align();
        put(bytes.length, 16);
        put(~bytes.length & 0xffff, 16);
        for (byte b : bytes) {
            put(b & 0xff, 8);
        }
        return this;
    }

    /** Starts a block with the fixed codes. */
    public BlockWriter fixed(boolean last) {
        put(last ? 1 : 0, 1);
        return put(1, 2);
    }

    /** Literals of a block with the fixed codes. */
    public BlockWriter literals(byte[] bytes) {
        for (byte b : bytes) {
            int value = b & 0xff;
            if (value < 144) {
                code(0x30 + value, 8);
            } else {
                code(0x190 + value - 144, 9);
            }
        }
        return this;
    }

    /** A reference of the maximum length, 258 bytes, in a block with the fixed codes. */
    public BlockWriter longestMatch(int distance) {
        code(0xc0 + 285 - 280, 8);
        int symbol = 0;
        int base = 1;
        int extra = 0;
        while (distance >= base + (1 << extra)) {
            base += 1 << extra;
            symbol++;
            extra = Math.max(0, symbol / 2 - 1);
        }
        code(symbol, 5);
        return put(distance - base, extra);
    }

    /** Ends a block with the fixed codes. */
    public BlockWriter endOfBlock() {
        return code(0, 7);
    }

    /** Any bits, least significant bit first. */
    public BlockWriter put(int value, int count) {
        for (int i = 0; i < count; i++) {
            bits |= (value >> i & 1) << bitCount++;
            if (bitCount == 8) {
                out.write(bits);
                bits = 0;
                bitCount = 0;
            }
        }
        return this;
    }

    /** A Huffman code, most significant bit first. */
    private BlockWriter code(int code, int length) {
        return put(Integer.reverse(code) >>> 32 - length, length);
    }

    /** Pads to a byte boundary with zero bits. */
    public BlockWriter align() {
        return bitCount == 0 ? this : put(0, 8 - bitCount);
    }

    /** The bytes of a message: an empty stored block is added, and its last four bytes are removed (RFC 7692 §7.2.1). */
    public byte[] message() {
        put(0, 3);
        return align().bytes();
    }

    /** The unchanged bytes. */
    public byte[] bytes() {
        return out.toByteArray();
    }
}
