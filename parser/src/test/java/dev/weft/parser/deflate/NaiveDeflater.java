package dev.weft.parser.deflate;

import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/**
 * A sender of compressed messages that owes nothing to zlib: stored blocks and blocks with the fixed Huffman code, final
 * ones among them, whose back references reach as far as the window lets them.
 */
final class NaiveDeflater {
    private final int window;
    private final boolean takeover;
    private final Random random;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private int pending;
    private int pendingBits;

    private byte[] context = {};
    /** The first place where three octets were seen: as far back as can be. */
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
            context = new byte[0];
            places.clear();
        }
        int from = context.length;
        context = NaiveInflater.joined(context, message);
        int at = from;
        while (at < context.length) {
            int to = Math.min(context.length, at + 1 + random.nextInt(5000));
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
        // §7.2.1: an empty stored block, without its last four octets.
        bits(0, 3);
        align();
        return output.toByteArray();
    }

    private void storedBlock(boolean last, int from, int to) {
        bits(last ? 1 : 0, 3);
        align();
        int length = to - from;
        bits(length, 16);
        bits(~length & 0xffff, 16);
        for (int i = from; i < to; i++) {
            bits(context[i] & 0xff, 8);
        }
    }

    private void fixedBlock(boolean last, int from, int to) {
        bits(last ? 3 : 2, 3);
        int at = from;
        while (at < to) {
            int match = match(at);
            int length = 0;
            while (match >= 0 && length < 10 && at + length < to && context[match + length] == context[at + length]) {
                length++;
            }
            if (length < 3) {
                symbol(context[at++] & 0xff);
            } else {
                symbol(257 + length - 3);
                distance(at - match);
                at += length;
            }
        }
        symbol(256);
    }

    /** The furthest place within the window with the same three octets, or -1. */
    private int match(int at) {
        if (at + 3 > context.length) {
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

    /** Huffman codes go with their most significant bit first. */
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
