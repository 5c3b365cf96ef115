package dev.weft.parser.deflate;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * A sender of compressed messages that does not use zlib. It sends stored blocks and blocks with the fixed Huffman code, some
 * of them final, with references as far back as the window allows.
 */
final class NaiveDeflater {
    private final int window;
    private final boolean takeover;
    private final Random random;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private int pending;
    private int pendingBits;

    private byte[] context = new byte[1 << 10];
    private int length;
    /** The first position of each three bytes: as far back as possible. */
    private final Map<Integer, Integer> places = new HashMap<>();

    NaiveDeflater(int windowBits, boolean takeover, Random random) {
        this.window = 1 << windowBits;
        this.takeover = takeover;
        this.random = random;
    }

    /** The payload of this message. */
    byte[] payload(byte[] message) {
        output.reset();
        if (!takeover) {
            length = 0;
            places.clear();
        }
        int at = length;
        if (length + message.length > context.length) {
            context = Arrays.copyOf(context, 2 * (length + message.length));
        }
        System.arraycopy(message, 0, context, length, message.length);
        length += message.length;
        while (at < length) {
            int to = Math.min(length, at + 1 + random.nextInt(5000));
            boolean last = random.nextInt(8) == 0;
            if (random.nextInt(5) == 0) {
                storedBlock(last, at, to);
            } else {
                fixedBlock(last, at, to);
            }
            if (last) {
                align();
            }
            at = to;
        }
        // §7.2.1: an empty stored block, without its last four bytes.
        bits(0, 3);
        align();
        return output.toByteArray();
    }

    /** A block that contains only a reference to three bytes at this distance. */
    static byte[] copyOfThree(int distance) {
        NaiveDeflater deflater = new NaiveDeflater(15, true, null);
        deflater.bits(2, 3);
        deflater.symbol(257);
        deflater.distance(distance);
        deflater.symbol(256);
        deflater.align();
        return deflater.output.toByteArray();
    }

    private void storedBlock(boolean last, int from, int to) {
        bits(last ? 1 : 0, 3);
        align();
        bits(to - from, 16);
        bits(~(to - from) & 0xffff, 16);
        for (int i = from; i < to; i++) {
            bits(context[i] & 0xff, 8);
        }
    }

    private void fixedBlock(boolean last, int from, int to) {
        bits(last ? 3 : 2, 3);
        int at = from;
        while (at < to) {
            int match = match(at);
            int same = 0;
            while (match >= 0 && same < 10 && at + same < to && context[match + same] == context[at + same]) {
                same++;
            }
            if (same < 3) {
                symbol(context[at++] & 0xff);
            } else {
                symbol(257 + same - 3);
                distance(at - match);
                at += same;
            }
        }
        symbol(256);
    }

    /** The most distant position within the window with the same three bytes, or -1. */
    private int match(int at) {
        if (at + 3 > length) {
            return -1;
        }
        int key = context[at] << 16 ^ (context[at + 1] & 0xff) << 8 ^ context[at + 2] & 0xff;
        Integer place = places.get(key);
        if (place == null || at - place > window) {
            places.put(key, at);
            return -1;
        }
        return place;
    }

    /** RFC 1951 §3.2.6. */
    private void symbol(int symbol) {
        if (symbol < 144) {
            code(0x30 + symbol, 8);
        } else if (symbol < 256) {
            code(0x190 + symbol - 144, 9);
        } else {
            code(symbol - 256, 7);
        }
    }

    /** RFC 1951 §3.2.5. */
    private void distance(int distance) {
        int code = 0;
        int base = 1;
        int extra = 0;
        while (distance >= base + (1 << extra)) {
            base += 1 << extra;
            code++;
            extra = Math.max(0, code / 2 - 1);
        }
        code(code, 5);
        bits(distance - base, extra);
    }

    /** Huffman codes are sent with their most significant bit first. */
    private void code(int code, int length) {
        for (int i = length - 1; i >= 0; i--) {
            bits(code >> i & 1, 1);
        }
    }

    private void bits(int value, int count) {
        for (int i = 0; i < count; i++) {
            pending |= (value >> i & 1) << pendingBits;
            if (++pendingBits == 8) {
                align();
            }
        }
    }

    private void align() {
        if (pendingBits > 0) {
            output.write(pending);
            pending = 0;
            pendingBits = 0;
        }
    }
}
