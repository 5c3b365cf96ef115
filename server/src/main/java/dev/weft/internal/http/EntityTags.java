package dev.weft.internal.http;

import java.util.List;

/** The value of an If-Match or If-None-Match header field: "*", or a list of entity tags (RFC 9110 §8.8.3, §13.1). */
public final class EntityTags {
    private static final String ANY = "*";
    private static final String WEAK = "W/";

    private EntityTags() {}

    /**
     * Whether a condition names a version. A malformed list names none.
     *
     * @param lines  the values of the field's lines, which are one list together
     * @param own    the strong tag of the version, with its quotes
     * @param weakly whether a weak tag may match, too (§8.8.3.2)
     */
    public static boolean include(List<String> lines, String own, boolean weakly) {
        String list = String.join(",", lines);
        if (list.equals(ANY)) {
            return true;
        }
        boolean found = false;
        int at = nextElement(list, 0);
        while (at < list.length()) {
            int open = list.startsWith(WEAK, at) ? at + WEAK.length() : at;
            // A comma may be a part of the tag; there are no escapes.
            int close = list.startsWith("\"", open) ? list.indexOf('"', open + 1) : -1;
            if (close < 0) {
                return false;
            }
            found |= (weakly || open == at) && close + 1 - open == own.length() && list.startsWith(own, open);
            int end = skip(list, close + 1, " \t");
            if (end < list.length() && list.charAt(end) != ',') {
                return false;
            }
            at = nextElement(list, end);
        }
        return found;
    }

    /** RFC 9110 §5.6.1: empty elements are ignored. */
    private static int nextElement(String list, int from) {
        return skip(list, from, ", \t");
    }

    private static int skip(String list, int from, String skipped) {
        int at = from;
        while (at < list.length() && skipped.indexOf(list.charAt(at)) >= 0) {
            at++;
        }
        return at;
    }
}
