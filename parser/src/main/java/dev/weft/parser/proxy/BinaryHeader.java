package dev.weft.parser.proxy;

import dev.weft.parser.proxy.ForwardedAddress.Family;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The header of version 2 (PROXY protocol §2.2):
 *
 * <pre>
 *   0            12          13                14             16
 *   ┌────────────┬─────┬─────┬────────┬────────┬──────────────┬───────────┬─────────────────────────────┐
 *   │ signature  │  2  │ cmd │ family │ socket │ length (u16) │ addresses │ type, length (u16), value … │
 *   └────────────┴─────┴─────┴────────┴────────┴──────────────┴───────────┴─────────────────────────────┘
 * </pre>
 */
final class BinaryHeader {
    static final byte[] SIGNATURE = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
    /** The size of the part before the addresses. */
    static final int FIXED = 16;
    static final int UNIX_PATH = 108;

    private static final int COMMAND = 12;
    private static final int FAMILY = 13;
    private static final int LENGTH = 14;
    private static final int VERSION = 0x20;
    private static final int STREAM = 1;
    private static final int DATAGRAM = 2;
    private static final int TLV_HEADER = 3;
    private static final int CHECKSUM = 4;

    private BinaryHeader() {}

    /** The size of the header whose fixed part is complete. */
    static int size(byte[] header) {
        return FIXED + unsigned(header, LENGTH);
    }

    /** The number of bytes that are missing: from the fixed part, or, once that is complete, from the header. */
    static int missing(byte[] header, int length) {
        return (length < FIXED ? FIXED : size(header)) - length;
    }

    /** Checks the bytes of the fixed part from an offset on. */
    static void check(byte[] header, int from, int to, int maxSize) throws ProxyHeaderException {
        int end = Math.min(to, SIGNATURE.length);
        if (from < end && !Arrays.equals(header, from, end, SIGNATURE, from, end)) {
            throw new ProxyHeaderException("no PROXY header: it is not the signature of version 2");
        }
        if (to > COMMAND && (header[COMMAND] & ~1) != VERSION) {
            throw malformed("version and command " + (header[COMMAND] & 0xff));
        }
        if (to > FAMILY && ((header[FAMILY] & 0xf0) > 0x30 || (header[FAMILY] & 0xf) > DATAGRAM)) {
            throw malformed("address family and protocol " + (header[FAMILY] & 0xff));
        }
        if (to >= FIXED && size(header) > maxSize) {
            throw new ProxyHeaderException("PROXY header of " + size(header) + " bytes, the limit is " + maxSize
                    + " (maxProxyHeaderSize)");
        }
    }

    /** The header that these bytes are. */
    static ProxyHeader parse(byte[] header, int length) throws ProxyHeaderException {
        if ((header[COMMAND] & 1) == 0) {
            return ProxyHeader.local(2);
        }
        int addressSize = switch (header[FAMILY] >> 4) {
            case 1 -> 4;
            case 2 -> 16;
            case 3 -> UNIX_PATH;
            // Unspecified: then it is not specified either where the additional values would begin.
            default -> 0;
        };
        if (addressSize == 0) {
            return ProxyHeader.unknown(2, List.of());
        }
        int ports = FIXED + 2 * addressSize;
        int end = addressSize == UNIX_PATH ? ports : ports + 4;
        if (end > length) {
            throw malformed("a length of " + (length - FIXED) + " bytes, too short for its addresses");
        }
        List<ProxyTlv> tlvs = tlvs(header, end, length);
        if ((header[FAMILY] & 0xf) != STREAM) {
            return ProxyHeader.unknown(2, tlvs);
        }
        return ProxyHeader.proxied(2, address(header, FIXED, addressSize, ports),
                address(header, FIXED + addressSize, addressSize, ports + 2), tlvs);
    }

    private static ForwardedAddress address(byte[] header, int from, int size, int port) {
        byte[] bytes = Arrays.copyOfRange(header, from, from + size);
        if (size == UNIX_PATH) {
            int end = size;
            while (end > 0 && bytes[end - 1] == 0) {
                end--;
            }
            return new ForwardedAddress(Family.UNIX, Arrays.copyOf(bytes, end), 0);
        }
        return new ForwardedAddress(size == 4 ? Family.IPV4 : Family.IPV6, bytes, unsigned(header, port));
    }

    private static List<ProxyTlv> tlvs(byte[] header, int from, int to) throws ProxyHeaderException {
        List<ProxyTlv> tlvs = new ArrayList<>();
        boolean verified = false;
        int at = from;
        while (at < to) {
            int begin = at + TLV_HEADER;
            int end = begin > to ? to + 1 : begin + unsigned(header, at + 1);
            if (end > to) {
                throw malformed("an additional value ends beyond the header");
            }
            ProxyTlv tlv = new ProxyTlv(header[at] & 0xff, Arrays.copyOfRange(header, begin, end));
            if (tlv.type() == ProxyTlv.CRC32C) {
                if (verified || end - begin != CHECKSUM) {
                    throw malformed("two checksums, or one that has not four bytes");
                }
                verify(header, begin, to);
                verified = true;
            }
            tlvs.add(tlv);
            at = end;
        }
        return tlvs;
    }

    /** §2.2.3: the checksum of the header in which the checksum's own bytes are zero. */
    private static void verify(byte[] header, int at, int to) throws ProxyHeaderException {
        CRC32C checksum = new CRC32C();
        checksum.update(header, 0, at);
        checksum.update(new byte[CHECKSUM]);
        checksum.update(header, at + CHECKSUM, to - at - CHECKSUM);
        long expected = (long) unsigned(header, at) << 16 | unsigned(header, at + 2);
        if (checksum.getValue() != expected) {
            throw malformed("wrong checksum");
        }
    }

    private static int unsigned(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    private static ProxyHeaderException malformed(String what) {
        return new ProxyHeaderException("malformed PROXY header: " + what);
    }
}
