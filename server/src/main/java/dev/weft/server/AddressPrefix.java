package dev.weft.server;

import dev.weft.parser.proxy.ForwardedAddress;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * A set of IP addresses that begin alike, such as 10.0.0.0/8. An IPv4 address that is written as an IPv6 one
 * (::ffff:10.0.0.1) is an IPv4 address.
 *
 * @param network the first address of the set: 4 or 16 bytes
 * @param length  the number of bits that all its addresses share
 */
record AddressPrefix(byte[] network, int length) {
    private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

    /**
     * Parses an address, or an address and a length after a slash.
     *
     * @throws IllegalArgumentException if it is neither, or if bits after the length are set
     */
    static AddressPrefix parse(String text) {
        int slash = text.indexOf('/');
        byte[] network = ForwardedAddress.parseIp(slash < 0 ? text : text.substring(0, slash))
                .map(ForwardedAddress::bytes)
                .orElseThrow(() -> new IllegalArgumentException("not an IP address or a prefix of addresses: " + text));
        int bits = 8 * network.length;
        int length = slash < 0 ? bits : length(text.substring(slash + 1));
        if (length < 0 || length > bits) {
            throw new IllegalArgumentException("the length of a prefix is 0 to " + bits + ": " + text);
        }
        for (int i = length; i < bits; i++) {
            if ((network[i / 8] & 0x80 >> i % 8) != 0) {
                throw new IllegalArgumentException("bits after the length are set: " + text);
            }
        }
        boolean isMapped = bits == 128 && length >= 96 && Arrays.equals(network, 0, 12, MAPPED, 0, 12);
        return isMapped
                ? new AddressPrefix(Arrays.copyOfRange(network, 12, 16), length - 96)
                : new AddressPrefix(network, length);
    }

    private static int length(String digits) {
        return digits.matches("0|[1-9][0-9]{0,2}") ? Integer.parseInt(digits) : -1;
    }

    /** Whether the set has this address. */
    boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length != network.length) {
            return false;
        }
        int whole = length / 8;
        int rest = length % 8;
        return Arrays.equals(bytes, 0, whole, network, 0, whole)
                && (rest == 0 || (bytes[whole] ^ network[whole]) >> 8 - rest << 8 - rest == 0);
    }
}
