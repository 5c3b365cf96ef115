package dev.weft.parser.proxy;

import static dev.weft.parser.proxy.ProxyHeaders.V2;
import static dev.weft.parser.proxy.ProxyHeaders.V2_LOCAL;
import static dev.weft.parser.proxy.ProxyHeaders.hex;
import static dev.weft.parser.proxy.ProxyHeaders.line;
import static dev.weft.parser.proxy.ProxyHeaders.outcome;
import static dev.weft.parser.proxy.ProxyHeaders.outcomeOfExactReads;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.proxy.ProxyHeaders.Outcome;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The PROXY protocol, versions 1 (§2.1) and 2 (§2.2). */
class ProxyHeaderParserTest {
    private static final int LIMIT = 2048;
    /** 192.0.2.1:49152 to 198.51.100.7:443. */
    private static final String ADDRESSES_4 = "c0000201 c6336407 c000 01bb";
    private static final String ADDRESSES_6 = "20010db8000000000000000000000001 20010db8000000000000000000000002 c000 01bb";

    private static ProxyHeader parse(byte[] bytes) throws ProxyHeaderException {
        ProxyHeaderParser parser = new ProxyHeaderParser(LIMIT);
        assertEquals(bytes.length, parser.parse(bytes, 0, bytes.length));
        return parser.header();
    }

    private static byte[] with(byte[] header, String rest) {
        byte[] more = rest.getBytes(UTF_8);
        byte[] all = Arrays.copyOf(header, header.length + more.length);
        System.arraycopy(more, 0, all, header.length, more.length);
        return all;
    }

    /** A header of version 2 whose length is right. */
    private static byte[] binary(String begin, String family, String rest) {
        return hex(begin + family + String.format("%04x", hex(rest).length) + rest);
    }

    private static String unixPath(String path) {
        return java.util.HexFormat.of().formatHex(Arrays.copyOf(path.getBytes(UTF_8), 108));
    }

    /** With a checksum as the second of three additional values. */
    private static byte[] checked() {
        String before = ADDRESSES_4 + "02 0004 61622e63";
        byte[] header = binary(V2, "11", before + "03 0004 00000000" + "05 0002 1234");
        CRC32C checksum = new CRC32C();
        checksum.update(header);
        ByteBuffer.wrap(header).putInt(16 + hex(before).length + 3, (int) checksum.getValue());
        return header;
    }

    static List<byte[]> goodHeaders() {
        return List.of(line("PROXY TCP4 192.0.2.1 198.51.100.7 49152 443"),
                line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535"),
                line("PROXY TCP4 0.0.0.0 1.2.3.4 0 0"),
                line("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535"),
                line("PROXY TCP6 :: ::1 0 1"), line("PROXY TCP6 2001:DB8::1 ::ffff:192.0.2.1 5 6"),
                line("PROXY UNKNOWN"),
                line("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535"),
                line("PROXY UNKNOWN what \u00e9ver"), binary(V2, "11", ADDRESSES_4), binary(V2, "21", ADDRESSES_6),
                binary(V2, "31", unixPath("/run/a") + unixPath("/run/b")), binary(V2, "00", ""),
                binary(V2, "00", "1234"),
                binary(V2, "12", ADDRESSES_4), binary(V2, "10", ADDRESSES_4), binary(V2_LOCAL, "00", ""),
                binary(V2_LOCAL, "11", "01"),
                binary(V2, "11", ADDRESSES_4 + "04 0000" + "e0 0003 010203"), checked());
    }

    @ParameterizedTest
    @MethodSource("goodHeaders")
    void headerIsTheSameHoweverItIsCut(byte[] header) {
        byte[] bytes = with(header, "GET / HTTP/1.1\r\n");
        Outcome whole = outcome(bytes, LIMIT);
        assertEquals(header.length, whole.size(), whole::header);
        for (int first = 0; first <= header.length; first++) {
            assertEquals(whole, outcome(bytes, LIMIT, first));
            for (int second = first; second <= header.length; second++) {
                assertEquals(whole, outcome(bytes, LIMIT, first, second));
            }
            if (first < header.length) {
                assertEquals(-1, outcome(Arrays.copyOf(header, first), LIMIT).size(), "cut off at " + first);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("goodHeaders")
    void readerOfTheNeededBytesStopsAtTheEnd(byte[] header) {
        assertEquals(outcome(header, LIMIT), outcomeOfExactReads(with(header, "\u0016\u0003\u0001"), LIMIT));
    }

    @ParameterizedTest
    @CsvSource({"PROXY TCP4 192.0.2.1 198.51.100.7 49152 443, 192.0.2.1:49152 to 198.51.100.7:443",
            "PROXY TCP6 2001:db8::1 ::2 1 2, [2001:db8:0:0:0:0:0:1]:1 to [0:0:0:0:0:0:0:2]:2", "PROXY UNKNOWN, unknown",
            "PROXY UNKNOWN 192.0.2.1 198.51.100.7 1 2, unknown"})
    void lineTellsTheAddresses(String line, String addresses) throws ProxyHeaderException {
        assertEquals("ProxyHeader[version 1, " + addresses + "]", parse(line(line)).toString());
    }

    @Test
    void binaryHeaderTellsTheAddresses() throws ProxyHeaderException {
        assertEquals("ProxyHeader[version 2, 192.0.2.1:49152 to 198.51.100.7:443]",
                parse(binary(V2, "11", ADDRESSES_4)).toString());
        assertEquals("ProxyHeader[version 2, [2001:db8:0:0:0:0:0:1]:49152 to [2001:db8:0:0:0:0:0:2]:443]",
                parse(binary(V2, "21", ADDRESSES_6)).toString());
        ProxyHeader unix = parse(binary(V2, "31", unixPath("/run/a") + unixPath("")));
        assertArrayEquals("/run/a".getBytes(UTF_8), unix.source().orElseThrow().bytes());
        assertEquals(ForwardedAddress.Family.UNIX, unix.source().orElseThrow().family());
        assertEquals(0, unix.destination().orElseThrow().bytes().length);
    }

    @Test
    void localAndUnspecifiedHeadersTellNoAddresses() throws ProxyHeaderException {
        for (byte[] header : List.of(binary(V2, "00", ADDRESSES_4), binary(V2, "12", ADDRESSES_4),
                binary(V2, "20", ADDRESSES_6), binary(V2, "02", ""))) {
            assertTrue(parse(header).source().isEmpty());
            assertTrue(!parse(header).isLocal());
        }
        ProxyHeader local = parse(binary(V2_LOCAL, "11", ADDRESSES_4));
        assertTrue(local.isLocal() && local.source().isEmpty() && local.destination().isEmpty());
    }

    @Test
    void additionalValuesAreKept() throws ProxyHeaderException {
        ProxyHeader header = parse(checked());
        assertEquals(List.of(2, 3, 5), header.tlvs().stream().map(ProxyTlv::type).toList());
        assertArrayEquals("ab.c".getBytes(UTF_8), header.tlv(ProxyTlv.AUTHORITY).orElseThrow());
        assertArrayEquals(new byte[]{0x12, 0x34}, header.tlv(ProxyTlv.UNIQUE_ID).orElseThrow());
        assertTrue(header.tlv(ProxyTlv.SSL).isEmpty());
    }

    /** Every byte of the header is part of the checksum. */
    @Test
    void checksumMustBeRight() {
        byte[] good = checked();
        // The fixed part and the lengths have rules of their own; the address and the values have not.
        for (int at : new int[]{16, 20, 24, 27, 31, 34, 38, 41, 45}) {
            byte[] bad = good.clone();
            bad[at] ^= 1;
            assertEquals("malformed PROXY header: wrong checksum", outcome(bad, LIMIT).header(), "byte " + at);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"PROXY TCP4 192.0.2.1 198.51.100.7 49152", "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3",
            "PROXY  TCP4 192.0.2.1 198.51.100.7 1 2", "PROXY TCP4 192.0.2.1  198.51.100.7 1 2",
            "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 ", "PROXY TCP4 192.0.2.1 198.51.100.7 01 2",
            "PROXY TCP4 192.0.2.01 198.51.100.7 1 2", "PROXY TCP4 192.0.2.256 198.51.100.7 1 2",
            "PROXY TCP4 192.0.2 198.51.100.7 1 2", "PROXY TCP4 192.0.2.1. 198.51.100.7 1 2",
            "PROXY TCP4 192.0..1 198.51.100.7 1 2", "PROXY TCP4 192.0.2.1 198.51.100.7 65536 2",
            "PROXY TCP4 192.0.2.1 198.51.100.7 +1 2", "PROXY TCP4 192.0.2.1 198.51.100.7 -1 2",
            "PROXY TCP4 ::1 ::1 1 2", "PROXY TCP4 0x7f.0.0.1 198.51.100.7 1 2",
            "PROXY TCP4 3232235777 198.51.100.7 1 2",
            "PROXY TCP6 192.0.2.1 198.51.100.7 1 2", "PROXY TCP6 ::1::2 ::1 1 2", "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2",
            "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2", "PROXY TCP6 1:2:3:4::5:6:7:8 ::1 1 2",
            "PROXY TCP6 12345::1 ::1 1 2", "PROXY TCP6 g::1 ::1 1 2", "PROXY TCP6 [::1] ::1 1 2",
            "PROXY TCP6 fe80::1%eth0 ::1 1 2", "PROXY TCP6 :::1 ::1 1 2", "PROXY TCP6 1: ::1 1 2",
            "PROXY TCP6 ::192.0.2.1:1 ::1 1 2", "PROXY TCP6 192.0.2.1:: ::1 1 2", "PROXY TCP6 : ::1 1 2",
            "PROXY UNKNOWNX", "PROXY UDP4 192.0.2.1 198.51.100.7 1 2", "PROXY tcp4 192.0.2.1 198.51.100.7 1 2",
            "PROXY TCP4", "PROXY ", "proxy UNKNOWN", " PROXY UNKNOWN", "PROXY\tUNKNOWN", "GET / HTTP/1.1",
            "PROXY TCP4\u0000 192.0.2.1 198.51.100.7 1 2"})
    void malformedLineIsRefused(String line) {
        assertEquals(-2, outcome(line(line), LIMIT).size());
        assertEquals(-2, outcomeOfExactReads(line(line), LIMIT).size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"PROXY UNKNOWN\n", "PROXY UNKNOWN\r ", "PROXY UNKNOWN \r\r\n", "PROXY UNKNOWN a\nb\r\n"})
    void lineMustEndWithCrLf(String text) {
        assertEquals("malformed PROXY header: a CR or LF alone", outcome(text.getBytes(UTF_8), LIMIT).header());
    }

    @Test
    void lineIsLimited() {
        String longest = "PROXY UNKNOWN " + "x".repeat(107 - 16);
        assertEquals(107, outcome(line(longest), LIMIT).size());
        Outcome longer = outcome(line(longest + "x"), LIMIT);
        assertEquals("malformed PROXY header: no line end within 107 bytes", longer.header());
        // Before the rest has arrived.
        assertEquals(-2, outcome((longest + "x").getBytes(UTF_8), LIMIT).size());
    }

    /** A client that does not use the protocol is refused before it has sent more. */
    @Test
    void firstWrongByteIsRefused() {
        for (String begin : List.of("G", "\u0016", "PO", "PROXYX", "\r\n\r\n\r", "\rX")) {
            assertEquals(-2, outcome(begin.getBytes(UTF_8), LIMIT).size(), begin);
        }
        for (String hex : List.of(V2.replace(" 21", " 31"), V2.replace(" 21", " 11"), V2.replace(" 21", " 22"),
                V2 + "41", V2 + "13", V2 + "f1")) {
            assertEquals(-2, outcome(hex(hex), LIMIT).size(), hex);
        }
    }

    @Test
    void lengthMustFitTheAddresses() {
        assertEquals(-2, outcome(hex(V2 + "11 000b" + "00".repeat(11)), LIMIT).size());
        assertEquals(-2, outcome(hex(V2 + "21 0000"), LIMIT).size());
        assertEquals(-2, outcome(hex(V2 + "21 0023" + "00".repeat(35)), LIMIT).size());
        assertEquals(-2, outcome(hex(V2 + "31 00d7" + "00".repeat(215)), LIMIT).size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"01", "01 00", "01 0001", "01 0002 61", "02 ffff 61", "03 0003 000000",
            "03 0005 0000000000",
            "04 0000 01"})
    void additionalValuesMustFitTheLength(String tlvs) {
        assertEquals(-2, outcome(binary(V2, "11", ADDRESSES_4 + tlvs), LIMIT).size());
    }

    @Test
    void secondChecksumIsRefused() {
        byte[] header = checked();
        byte[] twice = binary(V2, "11",
                java.util.HexFormat.of().formatHex(header, 16, header.length) + "03 0004 00000000");
        assertEquals(-2, outcome(twice, LIMIT).size());
    }

    /** It is refused when its length is known, not when it has arrived. */
    @Test
    void sizeIsLimited() {
        byte[] fixed = hex(V2 + "11 07f1");
        assertEquals("PROXY header of 2049 bytes, the limit is 2048 (maxProxyHeaderSize)",
                outcome(fixed, LIMIT).header());
        assertEquals(-1, outcome(hex(V2 + "11 07f0"), LIMIT).size());
        assertEquals(-2, outcome(hex(V2_LOCAL + "00 ffff"), LIMIT).size());
        assertEquals(-1, outcome(hex(V2_LOCAL + "00 ffff"), ProxyHeaderParser.LARGEST_LIMIT).size());
        assertThrows(IllegalArgumentException.class, () -> new ProxyHeaderParser(231));
        assertThrows(IllegalArgumentException.class, () -> new ProxyHeaderParser(65_552));
    }

    @Test
    void parserServesOneHeader() throws ProxyHeaderException {
        ProxyHeaderParser parser = new ProxyHeaderParser(LIMIT);
        assertThrows(IllegalStateException.class, parser::header);
        byte[] line = line("PROXY UNKNOWN");
        assertEquals(line.length, parser.parse(line, 0, line.length));
        assertThrows(IllegalStateException.class, () -> parser.parse(line, 0, line.length));
        ProxyHeaderParser failed = new ProxyHeaderParser(LIMIT);
        assertThrows(ProxyHeaderException.class, () -> failed.parse(new byte[1], 0, 1));
        assertThrows(IllegalStateException.class, () -> failed.parse(line, 0, line.length));
    }
}
