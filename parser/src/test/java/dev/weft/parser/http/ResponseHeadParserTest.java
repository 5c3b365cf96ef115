package dev.weft.parser.http;

import static dev.weft.parser.http.HeadAssertions.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each head is parsed whole, cut at every byte, and byte by byte. */
class ResponseHeadParserTest {
    /** RFC 6455 §1.2. */
    private static final String SAMPLE = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
    private static final String FRAME = "\u0081\u0005Hello";

    private static ResponseHead parse(String text) throws HttpHeadException {
        return parse(HttpLimits.DEFAULT, text);
    }

    /** Parses the head, which must be the same however the bytes are cut, and must end before the first frame. */
    private static ResponseHead parse(HttpLimits limits, String text) throws HttpHeadException {
        byte[] all = bytes(text + FRAME);
        ResponseHeadParser whole = new ResponseHeadParser(limits);
        assertEquals(text.length(), whole.parse(all, 0, all.length));
        for (int cut = 1; cut < text.length(); cut++) {
            ResponseHeadParser parser = new ResponseHeadParser(limits);
            assertEquals(-1, parser.parse(all, 0, cut));
            assertThrows(IllegalStateException.class, parser::head);
            assertEquals(text.length(), parser.parse(all, cut, all.length));
            assertEquals(whole.head(), parser.head());
        }
        ResponseHeadParser byByte = new ResponseHeadParser(limits);
        for (int at = 0; at < text.length(); at++) {
            assertEquals(at == text.length() - 1 ? text.length() : -1, byByte.parse(all, at, at + 1));
        }
        assertEquals(whole.head(), byByte.head());
        return whole.head();
    }

    /** The fault of the last byte; all bytes before it are accepted. */
    private static String refusedAtLastByte(HttpLimits limits, String text) throws HttpHeadException {
        byte[] all = bytes(text);
        ResponseHeadParser parser = new ResponseHeadParser(limits);
        assertEquals(-1, parser.parse(all, 0, all.length - 1));
        String message = assertThrows(HttpHeadException.class,
                () -> parser.parse(all, all.length - 1, all.length)).getMessage();
        assertThrows(IllegalStateException.class, () -> parser.parse(all, 0, 1));
        assertEquals(message, assertThrows(HttpHeadException.class,
                () -> new ResponseHeadParser(limits).parse(all, 0, all.length)).getMessage());
        return message;
    }

    @Test
    void sampleResponseOfTheRfcMustBeParsed() throws HttpHeadException {
        ResponseHead head = parse(SAMPLE);
        assertEquals(new ResponseHead(1, 101, "Switching Protocols", Headers.of("Upgrade", "websocket", "Connection",
                "Upgrade", "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Protocol", "chat")),
                head);
        assertFalse(head.isInterim());
    }

    @Test
    void reasonMayBeEmptyOrAnyText() throws HttpHeadException {
        assertEquals(new ResponseHead(1, 200, "", Headers.EMPTY), parse("HTTP/1.1 200 \r\n\r\n"));
        assertEquals("  d\u00e9j\u00e0\tvu ", parse("HTTP/1.1 999   d\u00e9j\u00e0\tvu \r\n\r\n").reason());
    }

    @Test
    void anyMinorVersionMustBeParsed() throws HttpHeadException {
        // Proxies answer CONNECT by HTTP/1.0; whether the version is enough is decided by the handshake.
        assertEquals(0, parse("HTTP/1.0 200 Connection established\r\n\r\n").minorVersion());
        assertEquals(9, parse("HTTP/1.9 200 x\r\n\r\n").minorVersion());
    }

    @Test
    void interimResponsesMustBeKnown() throws HttpHeadException {
        assertTrue(parse("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n").isInterim());
        assertTrue(parse("HTTP/1.1 100 Continue\r\n\r\n").isInterim());
        assertFalse(parse("HTTP/1.1 200 OK\r\n\r\n").isInterim());
    }

    @ParameterizedTest
    @ValueSource(strings = {"h", "HTTP/2", "HTTP/1.x", "HTTP/1.1\t", "HTTP/1.1  ", "HTTP/1.1 0", "HTTP/1.1 x",
            "HTTP/1.1 10 ",
            "HTTP/1.1 1011", "HTTP/1.1 101\r", "HTTP/1.1 101\t", "\r", "\n", " ", "HTTP/1.1 101 OK\n",
            "HTTP/1.1 101 O\0", "HTTP/1.1 101 OK\r\r", "HTTP/1.1 101 OK\r\n ", "HTTP/1.1 101 OK\r\nA : ",
            "HTTP/1.1 101 OK\r\nA: b\n", "HTTP/1.1 101 OK\r\n\n"})
    void malformedHeadMustBeRefusedAtTheFirstWrongByte(String text) throws HttpHeadException {
        // The fault is at the last byte, or, after "A ", at the one before it.
        String cut = text.startsWith("HTTP/1.1 101 OK\r\nA ") ? text.substring(0, text.length() - 2) : text;
        refusedAtLastByte(HttpLimits.DEFAULT, cut);
    }

    @Test
    void headMayBeAsLargeAsTheLimitsAndNoLarger() throws HttpHeadException {
        HttpLimits limits = HttpLimits.builder().maxStatusLineSize(16).maxHeaderLineSize(8).maxHeaderCount(2)
                .maxHeadersSize(12).build();
        assertEquals("abc", parse(limits, "HTTP/1.1 101 abc\r\n\r\n").reason());
        assertLimit("maxStatusLineSize", limits, "HTTP/1.1 101 abcd");
        assertEquals(2, parse(limits, "HTTP/1.1 101 abc\r\na: b\r\na: 12345\r\n\r\n").headers().size());
        assertLimit("maxHeaderLineSize", limits, "HTTP/1.1 101 abc\r\na: 123456");
        assertLimit("maxHeadersSize", limits, "HTTP/1.1 101 abc\r\na: 12\r\na: 12345");
        assertLimit("maxHeaderCount", limits, "HTTP/1.1 101 abc\r\na:\r\na:\r\na");
    }

    @Test
    void endlessStatusLineMustBeRefusedWithinItsFixedPartToo() throws HttpHeadException {
        for (int size = 1; size < 13; size++) {
            assertLimit("maxStatusLineSize", HttpLimits.builder().maxStatusLineSize(size).build(),
                    "HTTP/1.1 101 ".substring(0, size + 1));
        }
    }

    private static void assertLimit(String setting, HttpLimits limits, String text) throws HttpHeadException {
        String message = refusedAtLastByte(limits, text);
        assertTrue(message.contains("(" + setting + ")"), message);
    }

    @Test
    void responseHeadMustBeValid() {
        for (List<Object> each : List.<List<Object>>of(List.of(10, 200, ""), List.of(1, 99, ""), List.of(1, 1000, ""),
                List.of(1, 200, "a\r\nb"))) {
            assertThrows(IllegalArgumentException.class,
                    () -> new ResponseHead((int) each.get(0), (int) each.get(1), (String) each.get(2), Headers.EMPTY));
        }
    }
}
