package dev.weft.parser.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.parser.proxy.ForwardedAddress.Family;
import java.util.List;
import java.util.Optional;

/** The header of version 1 (PROXY protocol §2.1): one line of text. */
final class HeaderLine {
    static final byte[] PREFIX = "PROXY ".getBytes(US_ASCII);
    /** {@code PROXY UNKNOWN} and CR LF. */
    static final int SHORTEST = 15;
    /** With CR LF. */
    static final int LONGEST = 107;

    private static final String UNKNOWN = "UNKNOWN";
    /** The first byte after {@code PROXY TCP4} or {@code PROXY TCP6} and a space. */
    private static final int ADDRESSES = 11;
    /** The offset of the digit in {@code TCP4}. */
    private static final int DIGIT = 9;
    private static final int[] SHORTEST_FIELDS_4 = {7, 7, 1, 1};
    private static final int[] SHORTEST_FIELDS_6 = {2, 2, 1, 1};

    private HeaderLine() {}

    /** Checks the next byte of a line that has these bytes. */
    static void check(byte[] line, int length, byte b) throws ProxyHeaderException {
        if (length < PREFIX.length && b != PREFIX[length]) {
            throw new ProxyHeaderException("no PROXY header: byte " + (b & 0xff) + " at " + length);
        }
        boolean afterReturn = length > 0 && line[length - 1] == '\r';
        if (afterReturn != (b == '\n')) {
            throw new ProxyHeaderException("malformed PROXY header: a CR or LF alone");
        }
        if (length + (b == '\n' ? 1 : b == '\r' ? 2 : 3) > LONGEST) {
            throw new ProxyHeaderException("malformed PROXY header: no line end within " + LONGEST + " bytes");
        }
    }

    /** A number of bytes that are certainly missing from this incomplete line. */
    static int missing(byte[] line, int length) {
        if (line[length - 1] == '\r') {
            return 1;
        }
        int least = SHORTEST - length;
        if (length >= ADDRESSES && line[PREFIX.length] == 'T') {
            least = missingFields(line, length, line[DIGIT] == '4' ? SHORTEST_FIELDS_4 : SHORTEST_FIELDS_6);
        }
        return Math.max(least, 2);
    }

    private static int missingFields(byte[] line, int length, int[] shortest) {
        int field = 0;
        int begin = ADDRESSES;
        for (int i = ADDRESSES; i < length; i++) {
            if (line[i] == ' ') {
                field++;
                begin = i + 1;
            }
        }
        if (field >= shortest.length) {
            return 1; // Malformed: the next bytes will show it.
        }
        int missing = Math.max(shortest[field] - (length - begin), 0) + 2;
        for (int i = field + 1; i < shortest.length; i++) {
            missing += 1 + shortest[i];
        }
        return missing;
    }

    /** The header of a line without its end. */
    static ProxyHeader parse(String line) throws ProxyHeaderException {
        String rest = line.substring(Math.min(PREFIX.length, line.length()));
        if (rest.equals(UNKNOWN) || rest.startsWith(UNKNOWN + " ")) {
            return ProxyHeader.unknown(1, List.of());
        }
        String[] fields = rest.split(" ", -1);
        Family family = switch (fields[0]) {
            case "TCP4" -> Family.IPV4;
            case "TCP6" -> Family.IPV6;
            default -> throw new ProxyHeaderException("malformed PROXY header: neither TCP4, TCP6 nor UNKNOWN");
        };
        if (fields.length != 5) {
            throw new ProxyHeaderException("malformed PROXY header: " + fields.length + " fields after PROXY, not 5");
        }
        return ProxyHeader.proxied(1, address(family, fields[1], fields[3]), address(family, fields[2], fields[4]),
                List.of());
    }

    private static ForwardedAddress address(Family family, String text, String digits) throws ProxyHeaderException {
        Optional<byte[]> bytes = family == Family.IPV4 ? IpLiteral.parse4(text) : IpLiteral.parse6(text);
        int port = ForwardedAddress.port(digits);
        if (bytes.isEmpty() || port < 0) {
            throw new ProxyHeaderException("malformed PROXY header: an invalid address or port");
        }
        return new ForwardedAddress(family, bytes.get(), port);
    }
}
