package dev.weft.parser.proxy;

import java.util.Arrays;
import java.util.Optional;

/** An address that a proxy reports. Immutable; equal if family, bytes and port are. */
public final class ForwardedAddress {
    /** The kind of an address. */
    public enum Family {
        /** Four bytes, and a port. */
        IPV4,
        /** Sixteen bytes, and a port. */
        IPV6,
        /** The path of a Unix domain socket. */
        UNIX
    }

    private static final int HIGHEST_PORT = 65_535;

    private final Family family;
    private final byte[] bytes;
    private final int port;

    ForwardedAddress(Family family, byte[] bytes, int port) {
        this.family = family;
        this.bytes = bytes;
        this.port = port;
    }

    /**
     * Parses an IP address with or without port: {@code 192.0.2.1}, {@code 192.0.2.1:80}, {@code 2001:db8::1},
     * {@code [2001:db8::1]} or {@code [2001:db8::1]:80}. Leading zeros of decimal numbers and IPv6 zones are refused. A
     * port that begins with an underscore (RFC 7239 §6.3) counts as no port.
     *
     * @return empty if the text has none of these forms
     */
    public static Optional<ForwardedAddress> parse(String text) {
        int bracket = text.indexOf(']');
        if (text.startsWith("[") && bracket > 0) {
            return of(Family.IPV6, IpLiteral.parse6(text.substring(1, bracket)), text.substring(bracket + 1));
        }
        int colon = text.indexOf(':');
        if (colon < 0 || colon == text.lastIndexOf(':')) {
            int end = colon < 0 ? text.length() : colon;
            return of(Family.IPV4, IpLiteral.parse4(text.substring(0, end)), text.substring(end));
        }
        return parseIp(text);
    }

    /** Parses an IP address without port and brackets, otherwise as {@link #parse}. */
    public static Optional<ForwardedAddress> parseIp(String text) {
        return text.indexOf(':') < 0
                ? of(Family.IPV4, IpLiteral.parse4(text), "")
                : of(Family.IPV6, IpLiteral.parse6(text), "");
    }

    private static Optional<ForwardedAddress> of(Family family, Optional<byte[]> bytes, String port) {
        int number = port.isEmpty() || isObfuscated(port) ? 0 : port(port.substring(1));
        if (bytes.isEmpty() || number < 0 || !port.isEmpty() && port.charAt(0) != ':') {
            return Optional.empty();
        }
        return Optional.of(new ForwardedAddress(family, bytes.get(), number));
    }

    /** RFC 7239 §6.3. */
    private static boolean isObfuscated(String port) {
        return port.startsWith(":_") && port.length() > 2
                && port.chars().skip(2).allMatch(c -> ForwardedFields.isObfuscation((char) c));
    }

    /** The number that these decimal digits denote; -1 if it is no port, or has a leading zero. */
    static int port(String digits) {
        if (digits.isEmpty() || digits.length() > 5 || digits.length() > 1 && digits.charAt(0) == '0') {
            return -1;
        }
        int port = 0;
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            port = 10 * port + c - '0';
        }
        return port <= HIGHEST_PORT ? port : -1;
    }

    /** The kind of this address. */
    public Family family() {
        return family;
    }

    /** A copy of the 4 or 16 bytes of an IP address, or of the path without the zeros at its end. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** The port; 0 if it is not known, or if there is none. */
    public int port() {
        return port;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ForwardedAddress that && family == that.family && port == that.port
                && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(bytes) + port;
    }

    /** The address as text, and its port; for a Unix domain socket, only its kind. */
    @Override
    public String toString() {
        return switch (family) {
            case IPV4 -> IpLiteral.format4(bytes) + ":" + port;
            case IPV6 -> "[" + IpLiteral.format6(bytes) + "]:" + port;
            case UNIX -> "unix";
        };
    }
}
