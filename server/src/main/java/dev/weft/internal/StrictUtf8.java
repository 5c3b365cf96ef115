package dev.weft.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Encodes strings as UTF-8, and refuses unpaired surrogates. */
public final class StrictUtf8 {
    private StrictUtf8() {}

    /**
     * The text encoded as UTF-8.
     *
     * @throws IllegalArgumentException if it has an unpaired surrogate, which UTF-8 cannot encode (RFC 3629 §3)
     */
    public static byte[] encode(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        // The JDK encodes an unpaired surrogate as one '?': check each character only if there is one.
        if (contains(bytes, (byte) '?')) {
            requirePairs(text);
        }
        return bytes;
    }

    private static boolean contains(byte[] bytes, byte wanted) {
        for (byte each : bytes) {
            if (each == wanted) {
                return true;
            }
        }
        return false;
    }

    private static void requirePairs(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isLowSurrogate(c) || i + 1 == text.length()
                    || !Character.isLowSurrogate(text.charAt(i + 1))) {
                throw new IllegalArgumentException("unpaired surrogate at index " + i);
            }
            i++;
        }
    }
}
