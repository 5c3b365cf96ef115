package dev.weft.parser.proxy;

import java.util.ArrayList;
import java.util.List;

/**
 * The header fields to which each proxy appends the node from which it received the request: the last one is the peer
 * of the last proxy. Only nodes that trusted proxies have appended can be relied on; a client can invent all others.
 */
public final class ForwardedFields {
    private static final String UNKNOWN = "unknown";
    private static final String SEPARATORS = "()<>@,;:\\\"/[]?={} \t";

    private ForwardedFields() {}

    /**
     * The nodes in the values of {@code X-Forwarded-For}, which has no standard: the texts between the commas that are not
     * empty, neither parsed nor checked. {@link ForwardedAddress#parse} understands addresses.
     *
     * @param values the values of all fields with this name, in the order of the head
     */
    public static List<String> xForwardedFor(List<String> values) {
        List<String> nodes = new ArrayList<>();
        for (String value : values) {
            for (String node : value.split(",")) {
                if (!node.isBlank()) {
                    nodes.add(node.strip());
                }
            }
        }
        return nodes;
    }

    /**
     * The nodes in the values of {@code Forwarded} (RFC 7239 §4): the parameter {@code for} of each element, without
     * quotes; {@code unknown} if an element has none. Each value is parsed separately, so that a quoted string without
     * an end cannot hide the next value.
     *
     * @param values the values of all fields with this name, in the order of the head
     * @throws IllegalArgumentException if one is malformed; the exception's message contains none of its text
     */
    public static List<String> forwarded(List<String> values) {
        List<String> nodes = new ArrayList<>();
        for (String value : values) {
            new Reader(value).readInto(nodes);
        }
        return nodes;
    }

    /** RFC 7239 §6: whether a proxy hides or does not know this node: {@code unknown}, or a name like {@code _hidden}. */
    public static boolean isHidden(String node) {
        int colon = node.indexOf(':');
        String name = colon < 0 ? node : node.substring(0, colon);
        return name.equalsIgnoreCase(UNKNOWN)
                || name.length() > 1 && name.charAt(0) == '_'
                        && name.chars().allMatch(c -> isObfuscation((char) c));
    }

    /** RFC 7239 §6.3. */
    static boolean isObfuscation(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "._-".indexOf(c) >= 0;
    }

    /** Reads one value: {@code element *( "," element )}, where an element is {@code [pair] *( ";" [pair] )}. */
    private static final class Reader {
        private final String value;
        private int at;

        Reader(String value) {
            this.value = value;
        }

        void readInto(List<String> nodes) {
            do {
                readElement(nodes);
            } while (skip(','));
            if (at < value.length()) {
                throw malformed();
            }
        }

        private void readElement(List<String> nodes) {
            String node = null;
            boolean isEmpty = true;
            do {
                skipSpace();
                if (at < value.length() && ",;".indexOf(value.charAt(at)) < 0) {
                    isEmpty = false;
                    String name = readToken();
                    if (!skip('=')) {
                        throw malformed();
                    }
                    String text = at < value.length() && value.charAt(at) == '"' ? readQuoted() : readToken();
                    if (name.equalsIgnoreCase("for")) {
                        // §4: each parameter at most once.
                        if (node != null) {
                            throw malformed();
                        }
                        node = text;
                    }
                }
                skipSpace();
            } while (skip(';'));
            // RFC 9110 §5.6.1.2: empty elements of a list are ignored.
            if (!isEmpty) {
                nodes.add(node == null ? UNKNOWN : node);
            }
        }

        private String readToken() {
            int from = at;
            while (at < value.length() && value.charAt(at) > ' ' && value.charAt(at) < 0x7f
                    && SEPARATORS.indexOf(value.charAt(at)) < 0) {
                at++;
            }
            if (at == from) {
                throw malformed();
            }
            return value.substring(from, at);
        }

        private String readQuoted() {
            StringBuilder text = new StringBuilder();
            at++;
            while (true) {
                char c = next();
                if (c == '"') {
                    return text.toString();
                }
                text.append(c == '\\' ? next() : c);
            }
        }

        private char next() {
            if (at == value.length()) {
                throw malformed();
            }
            return value.charAt(at++);
        }

        private boolean skip(char c) {
            if (at < value.length() && value.charAt(at) == c) {
                at++;
                return true;
            }
            return false;
        }

        private void skipSpace() {
            while (at < value.length() && (value.charAt(at) == ' ' || value.charAt(at) == '\t')) {
                at++;
            }
        }

        private static IllegalArgumentException malformed() {
            return new IllegalArgumentException("malformed Forwarded header (RFC 7239 §4)");
        }
    }
}
