package dev.weft.parser.http;

/**
 * The value of a Host header, and the authority of an absolute target: {@code uri-host [ ":" port ]} (RFC 9110 §7.2, RFC
 * 3986 §3.2.2). The host must not be empty, and a port must be a valid TCP port.
 */
final class HostSyntax {

    private static final int HIGHEST_PORT = 65_535;

    private HostSyntax() {}

    static boolean isValid(String value) {
        int hostEnd = value.startsWith("[") ? addressEnd(value) : nameEnd(value);
        return hostEnd > 0 && isPortOrNothing(value, hostEnd);
    }

    /**
     * The offset after a name or an IPv4 address, that is, after all characters that may occur in one; -1 if an escape is
     * malformed.
     */
    private static int nameEnd(String value) {
        int at = 0;
        while (at < value.length() && value.charAt(at) != ':') {
            char c = value.charAt(at);
            if (c == '%') {
                if (at + 2 >= value.length() || !isHex(value.charAt(at + 1)) || !isHex(value.charAt(at + 2))) {
                    return -1;
                }
            } else if (!isNameCharacter(c)) {
                return -1;
            }
            at++;
        }
        return at;
    }

    /** The offset after the bracket that closes an IPv6 address; -1 if there is none. */
    private static int addressEnd(String value) {
        int at = 1;
        while (at < value.length() && (isHex(value.charAt(at)) || value.charAt(at) == ':' || value.charAt(at) == '.')) {
            at++;
        }
        return at > 1 && at < value.length() && value.charAt(at) == ']' ? at + 1 : -1;
    }

    private static boolean isPortOrNothing(String value, int from) {
        if (from == value.length()) {
            return true;
        }
        int port = 0;
        for (int i = from + 1; i < value.length(); i++) {
            char c = value.charAt(i);
            if (!HttpCharacters.isDigit(c) || port > HIGHEST_PORT) {
                return false;
            }
            port = 10 * port + c - '0';
        }
        return value.charAt(from) == ':' && port <= HIGHEST_PORT;
    }

    /** RFC 3986 §2.2, §2.3: unreserved or sub-delims. */
    private static boolean isNameCharacter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || HttpCharacters.isDigit(c)
                || "-._~!$&'()*+,;=".indexOf(c) >= 0;
    }

    private static boolean isHex(char c) {
        return HttpCharacters.isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F';
    }
}
