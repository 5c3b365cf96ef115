package dev.weft.parser.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a body ends (RFC 9112 §6.3), and requests whose body could end at two positions. */
class BodyFramingTest {
    private static BodyFraming framing(int minorVersion, String lines) throws HttpHeadException {
        String text = "POST / HTTP/1." + minorVersion + "\r\nHost: a\r\n" + lines.replace("~", "\r\n") + "\r\n\r\n";
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        assertEquals(bytes.length, parser.parse(bytes, 0, bytes.length));
        return BodyFraming.of(parser.head());
    }

    @Test
    void requestWithoutFramingHasNoBody() throws HttpHeadException {
        assertEquals(BodyFraming.NONE, framing(1, "X: y"));
        assertEquals(BodyFraming.NONE, framing(0, "X: y"));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "7, 7", "007, 7", "9223372036854775806, 9223372036854775806",
            "9223372036854775807, 9223372036854775807", "9223372036854775808, 9223372036854775807",
            "99999999999999999999999999, 9223372036854775807"})
    void lengthIsANumber(String value, long length) throws HttpHeadException {
        assertEquals(new BodyFraming.Fixed(length), framing(1, "Content-Length: " + value));
        assertEquals(new BodyFraming.Fixed(length), framing(0, "content-length:\t" + value + " "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"chunked", "Chunked", "CHUNKED"})
    void codingMayBeChunked(String value) throws HttpHeadException {
        assertEquals(new BodyFraming.Chunked(), framing(1, "Transfer-Encoding: " + value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length:", "Content-Length: +5", "Content-Length: -5", "Content-Length: 5,5",
            "Content-Length: 5, 5", "Content-Length: 5 5", "Content-Length: 0x5", "Content-Length: 5a",
            "Content-Length: a",
            "Content-Length: 5.0", "Content-Length: \u00b2", "Content-Length: 5;", "Content-Length: \"5\"",
            "Content-Length: 5~Content-Length: 5", "Content-Length: 5~Content-Length: 6",
            "Content-Length: 5~content-length: 5", "Content-Length: 5~Transfer-Encoding: chunked",
            "Transfer-Encoding: chunked~Content-Length: 0", "Transfer-Encoding: chunked~Transfer-Encoding: chunked",
            "Transfer-Encoding: chunked~Transfer-Encoding: identity",
            "Transfer-Encoding: identity~Transfer-Encoding: chunked",
            "Transfer-Encoding: chunked, identity", "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: chunked,",
            "Transfer-Encoding: , chunked", "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding:", "Transfer-Encoding: chunked gzip", "Transfer-Encoding: gzip, chunked, identity",
            "Transfer-Encoding: chunked\u00a0", "Transfer-Encoding: gzip;x, chunked"})
    void framingThatIsAmbiguousOrMalformedIs400(String lines) {
        assertEquals(400, assertThrows(HttpHeadException.class, () -> framing(1, lines)).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "gzip", "xchunked", "chunkedx", "gzip, chunked", "gzip , br,chunked"})
    void unknownCodingIs501(String value) {
        assertEquals(501,
                assertThrows(HttpHeadException.class, () -> framing(1, "Transfer-Encoding: " + value)).status());
    }

    @Test
    void http10HasNoTransferCoding() {
        assertEquals(400,
                assertThrows(HttpHeadException.class, () -> framing(0, "Transfer-Encoding: chunked")).status());
    }
}
