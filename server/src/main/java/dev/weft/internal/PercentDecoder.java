package dev.weft.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;

/** Percent-encoded UTF-8 (RFC 3986 §2.1), decoded strictly. For any thread. */
public final class PercentDecoder {
    private PercentDecoder() {}

    /**
     * Decodes the text from one index up to another: replaces each {@code %XX} with its byte, and decodes all bytes as UTF-8.
     *
     * @param plusIsSpace whether a '+' stands for a space, as in a form's data
     * @throws IllegalArgumentException if two hexadecimal digits do not follow a '%', or the bytes are not UTF-8
     */
    public static String decode(String text, int from, int to, boolean plusIsSpace) {
        String part = text.substring(from, to);
        if (part.indexOf('%') < 0) {
            return plusIsSpace ? part.replace('+', ' ') : part;
        }
        try {
            ByteBuffer encoded = UTF_8.newEncoder().encode(CharBuffer.wrap(part));
            ByteBuffer decoded = ByteBuffer.allocate(encoded.remaining());
            while (encoded.hasRemaining()) {
                byte next = encoded.get();
                if (next == '%') {
                    next = (byte) (digit(encoded) << 4 | digit(encoded));
                } else if (next == '+' && plusIsSpace) {
                    next = ' ';
                }
                decoded.put(next);
            }
            return UTF_8.newDecoder().decode(decoded.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("not UTF-8 in percent-encoding", e);
        }
    }

    private static int digit(ByteBuffer encoded) {
        int digit = encoded.hasRemaining() ? Character.digit(encoded.get(), 16) : -1;
        if (digit < 0) {
            throw new IllegalArgumentException("a '%' without two hexadecimal digits after it");
        }
        return digit;
    }
}
