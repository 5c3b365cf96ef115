package dev.weft.tools.options;

import java.util.HexFormat;

/** Makes a peer's text safe and readable for a terminal: nothing in it can move the cursor or forge other lines. */
public final class PeerText {
    private static final int ZERO_WIDTH_JOINER = 0x200d;

    private PeerText() {}

    /**
     * The text on one line. Characters that are neither visible nor a space, such as escapes, line ends and changes of
     * direction, are shown as {@code \\uXXXX}. Longer text is cut after {@code most} characters, and a note says so.
     */
    public static String line(String text, int most) {
        return shown(text, most, false);
    }

    /** Like {@link #line}, but lines end where the text has {@code }; each further line is indented, and tabs are kept. */
    public static String lines(String text, int most) {
        return shown(text, most, true);
    }

    private static String shown(String text, int most, boolean lines) {
        StringBuilder shown = new StringBuilder();
        int end = Math.min(text.length(), most);
        for (int i = 0; i < end;) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (lines && c == '\n') {
                shown.append("\n  ");
            } else if (lines && c == '\t' || isVisible(c)) {
                shown.appendCodePoint(c);
            } else {
                for (char unit : Character.toChars(c)) {
                    shown.append(String.format("\\u%04x", (int) unit));
                }
            }
        }
        if (end < text.length()) {
            shown.append(" … (").append(text.length() - end).append(" more characters)");
        }
        return shown.toString();
    }

    private static boolean isVisible(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                false;
            case Character.FORMAT -> c == ZERO_WIDTH_JOINER; // it joins emoji
            default -> true;
        };
    }

    /** The number of bytes, and the first of them in hexadecimal notation. */
    public static String binary(byte[] bytes, int most) {
        return "(" + bytes(bytes.length) + ") " + hex(bytes, most);
    }

    /** The first bytes in hexadecimal notation. */
    public static String hex(byte[] bytes, int most) {
        return HexFormat.ofDelimiter(" ").formatHex(bytes, 0, Math.min(bytes.length, most))
                + (bytes.length > most ? " …" : "");
    }

    /** A number of bytes, in words. */
    public static String bytes(int number) {
        return number == 1 ? "1 byte" : number + " bytes";
    }
}
