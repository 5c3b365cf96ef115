package dev.weft.parser.http;

import dev.weft.parser.internal.Tokens;
import java.util.HexFormat;

/** The character classes of HTTP (RFC 9110 §5.5, §5.6.2), and escaping of untrusted text. */
final class HttpCharacters {

    static final byte CR = '\r';
    static final byte LF = '\n';
    static final byte SP = ' ';
    static final byte HTAB = '\t';

    private static final int TOKEN = 1;
    private static final int TARGET = 2;
    private static final int FIELD_VALUE = 4;
    private static final byte[] CLASSES = classes();

    private HttpCharacters() {}

    private static byte[] classes() {
        byte[] classes = new byte[256];
        for (int c = 0; c < 256; c++) {
            boolean visible = c > ' ' && c < 0x7F;
            if (Tokens.mayHave(c)) {
                classes[c] |= TOKEN;
            }
            if (visible && c != '#') {
                classes[c] |= TARGET;
            }
            if (visible || c == SP || c == HTAB || c >= 0x80) {
                classes[c] |= FIELD_VALUE;
            }
        }
        return classes;
    }

    static boolean isToken(byte b) {
        return (CLASSES[b & 0xFF] & TOKEN) != 0;
    }

    static boolean isTarget(byte b) {
        return (CLASSES[b & 0xFF] & TARGET) != 0;
    }

    static boolean isFieldValue(byte b) {
        return (CLASSES[b & 0xFF] & FIELD_VALUE) != 0;
    }

    static boolean isDigit(int b) {
        return b >= '0' && b <= '9';
    }

    /** The byte as an unsigned value, with the letters A to Z in lower case. */
    static int lowerCase(byte b) {
        return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b & 0xFF;
    }

    static boolean isWhitespace(int b) {
        return b == SP || b == HTAB;
    }

    static boolean isToken(String text) {
        return !text.isEmpty() && isAll(TOKEN, text);
    }

    /** Whether this is a target in origin form (RFC 9112 §3.2.1), query included. */
    static boolean isOriginForm(String text) {
        return text.startsWith("/") && isAll(TARGET, text);
    }

    static boolean isFieldValue(String text) {
        return isAll(FIELD_VALUE, text);
    }

    private static boolean isAll(int classBit, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > 0xFF || (CLASSES[c] & classBit) == 0) {
                return false;
            }
        }
        return true;
    }

    /** {@code text.substring(from, to)} without the white space around it. */
    static String trimmed(String text, int from, int to) {
        int first = from;
        int end = to;
        while (first < end && isWhitespace(text.charAt(first))) {
            first++;
        }
        while (end > first && isWhitespace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(first, end);
    }

    static String escaped(byte b) {
        return escaped(String.valueOf((char) (b & 0xFF)));
    }

    /** The text with printable ASCII unchanged, each backslash doubled, and everything else in hexadecimal. */
    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                escaped.append("\\\\");
            } else if (c >= ' ' && c < 0x7F) {
                escaped.append(c);
            } else if (c <= 0xFF) {
                escaped.append("\\x").append(HexFormat.of().toHexDigits((byte) c));
            } else {
                escaped.append("\\u").append(HexFormat.of().toHexDigits(c));
            }
        }
        return escaped.toString();
    }
}
