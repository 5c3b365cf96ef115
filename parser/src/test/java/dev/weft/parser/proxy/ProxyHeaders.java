package dev.weft.parser.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;

/** Headers of the PROXY protocol as bytes, and the results of parsing bytes. */
public final class ProxyHeaders {
    /** The signature of version 2, and PROXY. */
    public static final String V2 = "0d0a0d0a 00 0d0a 51554954 0a 21";
    public static final String V2_LOCAL = "0d0a0d0a 00 0d0a 51554954 0a 20";

    private ProxyHeaders() {}

    public static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    public static byte[] line(String line) {
        return (line + "\r\n").getBytes(ISO_8859_1);
    }

    /** The result of parsing: the size of the header, or -1 if it is incomplete, or -2 if it was refused; and the header. */
    public record Outcome(int size, String header) {}

    public static Outcome outcome(byte[] bytes, int maxSize, int... cuts) {
        ProxyHeaderParser parser = new ProxyHeaderParser(maxSize);
        int from = 0;
        try {
            for (int cut : cuts) {
                int end = parser.parse(bytes, from, cut);
                if (end >= 0) {
                    return complete(parser, end);
                }
                from = cut;
            }
            int end = parser.parse(bytes, from, bytes.length);
            return end >= 0 ? complete(parser, end) : new Outcome(-1, "");
        } catch (ProxyHeaderException e) {
            assertTrue(e.getMessage().chars().allMatch(c -> c >= ' ' && c <= '~'), e.getMessage());
            return new Outcome(-2, e.getMessage());
        }
    }

    private static Outcome complete(ProxyHeaderParser parser, int end) {
        assertEquals(0, parser.needed());
        StringBuilder text = new StringBuilder(parser.header().toString());
        for (ProxyTlv tlv : parser.header().tlvs()) {
            text.append(' ').append(tlv.type()).append('=').append(HexFormat.of().formatHex(tlv.value()));
        }
        return new Outcome(end, text.toString());
    }

    /** Like a reader that must not read beyond the header: it reads only what the parser needs. */
    public static Outcome outcomeOfExactReads(byte[] bytes, int maxSize) {
        ProxyHeaderParser parser = new ProxyHeaderParser(maxSize);
        int at = 0;
        try {
            while (parser.needed() > 0 && at < bytes.length) {
                int to = Math.min(at + parser.needed(), bytes.length);
                int end = parser.parse(bytes, at, to);
                if (end >= 0) {
                    assertEquals(to, end, "it has read beyond the header");
                    return complete(parser, end);
                }
                at = to;
            }
            return new Outcome(-1, "");
        } catch (ProxyHeaderException e) {
            return new Outcome(-2, e.getMessage());
        }
    }
}
