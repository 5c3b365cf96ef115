package dev.weft.parser.constraints;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.http.RequestHeadParser;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** A head exactly at a limit is accepted; the first byte or line over the limit is refused, without waiting for the rest. */
class RequestHeadLimitsTest {

    private static final String REQUEST_LINE = "GET / HTTP/1.1\r\n";

    @Test
    void defaultsMustMatchTheDocumentation() {
        assertEquals(limits(8192, 8192, 100, 32_768), HttpLimits.DEFAULT);
    }

    @Test
    void limitsMustBePositive() {
        assertLimitRefused("maxRequestLineSize", 0, 1, 1, 1);
        assertLimitRefused("maxHeaderLineSize", 1, -1, 1, 1);
        assertLimitRefused("maxHeaderCount", 1, 1, 0, 1);
        assertLimitRefused("maxHeadersSize", 1, 1, 1, Integer.MIN_VALUE);
    }

    @Test
    void limitsMayBeAsLargeAsAnInteger() throws HttpHeadException {
        int max = Integer.MAX_VALUE;
        assertEquals("/", parsed(limits(max, max, max, max), REQUEST_LINE + "a: b\r\n\r\n").target());
    }

    @Test
    void requestLineMayBeAsLongAsTheLimit() throws HttpHeadException {
        // "GET " and " HTTP/1.1" are 13 bytes; the line end does not count.
        String target = "/" + "a".repeat(8192 - 13 - 1);
        assertEquals(target, parsed(HttpLimits.DEFAULT, "GET " + target + " HTTP/1.1\r\n\r\n").target());
    }

    @Test
    void requestLineOverTheLimitMustBeRefused() {
        for (int limit = 1; limit < 14; limit++) {
            HttpHeadException refusal = assertRefusedAt(limit, limits(limit, 8192, 100, 32_768), REQUEST_LINE);
            assertEquals(414, refusal.status());
            assertEquals("bytes in the request line: at least " + (limit + 1) + ", the limit is " + limit
                    + " (maxRequestLineSize)", refusal.getMessage());
        }
    }

    @Test
    void endlessRequestLineMustBeRefusedAtTheLimit() {
        assertEquals(414, assertRefusedAt(8192, HttpLimits.DEFAULT, "GET /" + "a".repeat(1 << 20)).status());
        assertEquals(414, assertRefusedAt(8192, HttpLimits.DEFAULT, "G".repeat(1 << 20)).status());
    }

    @Test
    void headerLineMayBeAsLongAsTheLimit() throws HttpHeadException {
        String value = "b".repeat(8192 - 2);
        RequestHead head = parsed(HttpLimits.DEFAULT, REQUEST_LINE + "a:" + value + "\r\nc: d\r\n\r\n");
        assertEquals(value, head.headers().first("a").orElseThrow());
    }

    @Test
    void headerLineBeyondTheLimitIsRefusedWhereverItIs() {
        String line = "name: \t value\t ";
        for (int limit = 1; limit < line.length(); limit++) {
            HttpHeadException refusal = assertRefusedAt(REQUEST_LINE.length() + limit,
                    limits(8192, limit, 100, 32_768), REQUEST_LINE + line);
            assertEquals(431, refusal.status());
            assertEquals("bytes in a header line: at least " + (limit + 1) + ", the limit is " + limit
                    + " (maxHeaderLineSize)", refusal.getMessage());
        }
    }

    @Test
    void headerOfAMebiByteIsRefusedAtTheFirstByteBeyond() {
        int beyond = REQUEST_LINE.length() + 8192;
        String mebi = "a".repeat(1 << 20);
        assertEquals(431, assertRefusedAt(beyond, HttpLimits.DEFAULT, REQUEST_LINE + "a:" + mebi).status());
        assertEquals(431, assertRefusedAt(beyond, HttpLimits.DEFAULT, REQUEST_LINE + mebi).status());
        assertEquals(431,
                assertRefusedAt(beyond, HttpLimits.DEFAULT, REQUEST_LINE + "a:" + " ".repeat(1 << 20)).status());
    }

    @Test
    void thereMayBeAsManyHeadersAsTheLimit() throws HttpHeadException {
        assertEquals(100, parsed(HttpLimits.DEFAULT, REQUEST_LINE + "a:\r\n".repeat(100) + "\r\n").headers().size());
    }

    @Test
    void oneHeaderMoreIsRefusedAtItsFirstByte() {
        int beyond = REQUEST_LINE.length() + 100 * "a:\r\n".length();
        HttpHeadException refusal = assertRefusedAt(beyond, HttpLimits.DEFAULT, REQUEST_LINE + "a:\r\n".repeat(2000));
        assertEquals(431, refusal.status());
        assertEquals("too many headers: at least 101, the limit is 100 (maxHeaderCount)", refusal.getMessage());
    }

    @Test
    void headersMayBeAsLongAsTheLimitAllTogether() throws HttpHeadException {
        // Four lines of 8,192 bytes; line ends do not count.
        String line = "a:" + "b".repeat(8190) + "\r\n";
        assertEquals(4, parsed(HttpLimits.DEFAULT, REQUEST_LINE + line.repeat(4) + "\r\n").headers().size());
    }

    @Test
    void oneByteMoreInAllHeadersIsRefused() {
        String line = "a:" + "b".repeat(8190) + "\r\n";
        HttpHeadException refusal = assertRefusedAt(REQUEST_LINE.length() + 4 * line.length(), HttpLimits.DEFAULT,
                REQUEST_LINE + line.repeat(4) + "c");
        assertEquals(431, refusal.status());
        assertEquals("bytes in all headers: at least 32769, the limit is 32768 (maxHeadersSize)", refusal.getMessage());
    }

    @Test
    void headersBeyondTheLimitAreRefusedWhereverTheyAre() {
        String lines = "ab: c\r\nd: ef\r\n";
        for (int limit = 1; limit < 10; limit++) {
            int beyond = REQUEST_LINE.length() + limit + (limit < 5 ? 0 : 2);
            assertEquals(431,
                    assertRefusedAt(beyond, limits(8192, 100, 100, limit), REQUEST_LINE + lines).status());
        }
    }

    @Test
    void byteByByteNoMoreIsAllocatedThanAFewTimesTheHead() throws HttpHeadException {
        byte[] bytes = (REQUEST_LINE + ("a:" + "b".repeat(8190) + "\r\n").repeat(4) + "\r\n").getBytes(ISO_8859_1);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        parseByteByByte(bytes);
        long before = threads.getCurrentThreadAllocatedBytes();
        parseByteByByte(bytes);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        // Quadratic would be 4 × 8 Ki × 8 Ki / 2 = 128 Mi.
        assertTrue(allocated > bytes.length && allocated < 4L * bytes.length, () -> allocated + " bytes");
    }

    private static void parseByteByByte(byte[] bytes) throws HttpHeadException {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        int end = -1;
        for (int i = 0; i < bytes.length; i++) {
            end = parser.parse(bytes, i, i + 1);
        }
        assertEquals(bytes.length, end);
    }

    private static void assertLimitRefused(String setting, int line, int header, int count, int headers) {
        var refusal = assertThrows(IllegalArgumentException.class, () -> limits(line, header, count, headers));
        assertTrue(refusal.getMessage().startsWith(setting + " "), refusal.getMessage());
    }

    private static HttpLimits limits(int line, int header, int count, int headers) {
        return HttpLimits.builder().maxRequestLineSize(line).maxHeaderLineSize(header).maxHeaderCount(count)
                .maxHeadersSize(headers).build();
    }

    private static RequestHead parsed(HttpLimits limits, String text) throws HttpHeadException {
        byte[] bytes = text.getBytes(ISO_8859_1);
        RequestHeadParser parser = new RequestHeadParser(limits);
        assertEquals(bytes.length, parser.parse(bytes, 0, bytes.length));
        RequestHeadParser slow = new RequestHeadParser(limits);
        for (int i = 0; i < bytes.length - 1; i++) {
            assertEquals(-1, slow.parse(bytes, i, i + 1));
        }
        assertEquals(bytes.length, slow.parse(bytes, bytes.length - 1, bytes.length));
        assertEquals(parser.head(), slow.head());
        return parser.head();
    }

    /**
     * All bytes before this offset are accepted, and the byte at this offset is refused, with the same message as for the whole
     * text.
     */
    private static HttpHeadException assertRefusedAt(int offset, HttpLimits limits, String text) {
        byte[] bytes = text.getBytes(ISO_8859_1);
        RequestHeadParser parser = new RequestHeadParser(limits);
        try {
            for (int i = 0; i < offset; i++) {
                assertEquals(-1, parser.parse(bytes, i, i + 1));
            }
        } catch (HttpHeadException e) {
            throw new AssertionError("refused too early", e);
        }
        HttpHeadException refusal = assertThrows(HttpHeadException.class,
                () -> parser.parse(bytes, offset, offset + 1));
        HttpHeadException whole = assertThrows(HttpHeadException.class,
                () -> new RequestHeadParser(limits).parse(bytes, 0, bytes.length));
        assertEquals(refusal.getMessage(), whole.getMessage());
        assertEquals(refusal.status(), whole.status());
        return refusal;
    }
}
