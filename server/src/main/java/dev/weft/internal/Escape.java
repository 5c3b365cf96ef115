package dev.weft.internal;

/** Makes a peer's text safe for a log. */
public final class Escape {
    private static final int LONGEST = 200;

    private Escape() {}

    /**
     * Returns the text with each character that is not printable ASCII, and each backslash, as a Unicode escape of Java. Texts
     * of more than 200 characters are cut there.
     */
    public static String text(String text) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < text.length() && i < LONGEST; i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c <= '~' && c != '\\') {
                escaped.append(c);
            } else {
                escaped.append(String.format("\\u%04x", (int) c));
            }
        }
        return text.length() > LONGEST ? escaped.append("…").toString() : escaped.toString();
    }
}
