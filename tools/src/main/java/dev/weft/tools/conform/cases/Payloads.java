package dev.weft.tools.conform.cases;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/** Payloads to send. */
final class Payloads {
    private static final String[] WORDS = {"warp", "weft", "loom", "heddle", "shuttle", "Fäden", "selvedge", "ткань",
            "織物", "🧵", "bobbin", "the", "and", "of", "under", "over", "0123456789"};

    private Payloads() {}

    /** Bytes from hexadecimal digits; blanks are ignored. */
    static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    /** The parts concatenated into one array. */
    static byte[] join(byte[]... parts) {
        byte[] all = new byte[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /** This number of bytes of ASCII text; adjacent bytes always differ. */
    static byte[] ascii(int length) {
        byte[] text = new byte[length];
        for (int i = 0; i < length; i++) {
            text[i] = (byte) ('a' + (i + i / 26 + i / 997) % 26);
        }
        return text;
    }

    /** This number of random bytes; the same every time. */
    static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    /** This number of bytes of words in several scripts; the text depends on the seed. */
    static byte[] words(int length, long seed) {
        Random random = new Random(seed);
        byte[] text = new byte[length];
        int at = 0;
        while (at < length) {
            byte[] word = (WORDS[random.nextInt(WORDS.length)] + ' ').getBytes(UTF_8);
            if (word.length > length - at) {
                Arrays.fill(text, at, length, (byte) '.');
                break;
            }
            System.arraycopy(word, 0, text, at, word.length);
            at += word.length;
        }
        return text;
    }

    /** A size in the usual notation: 64, 16K, 4M. */
    static String size(long bytes) {
        return bytes >= 1 << 20 && bytes % (1 << 20) == 0
                ? (bytes >> 20) + "M"
                : bytes >= 1 << 10 && bytes % (1 << 10) == 0 ? (bytes >> 10) + "K" : String.valueOf(bytes);
    }
}
