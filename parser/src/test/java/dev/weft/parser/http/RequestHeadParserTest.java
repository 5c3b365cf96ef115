package dev.weft.parser.http;

import static dev.weft.parser.http.HeadAssertions.assertParsed;
import static dev.weft.parser.http.HeadAssertions.assertRefusedAtLastByte;
import static dev.weft.parser.http.HeadAssertions.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadParserTest {

    // What is accepted

    @Test
    void sampleHandshakeOfTheRfcIsParsed() {
        // RFC 6455 §1.2
        assertParsed("""
                GET /chat HTTP/1.1\r
                Host: server.example.com\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Origin: http://example.com\r
                Sec-WebSocket-Protocol: chat, superchat\r
                Sec-WebSocket-Version: 13\r
                \r
                """, "GET /chat", "Host=server.example.com", "Upgrade=websocket", "Connection=Upgrade",
                "Sec-WebSocket-Key=dGhlIHNhbXBsZSBub25jZQ==", "Origin=http://example.com",
                "Sec-WebSocket-Protocol=chat, superchat", "Sec-WebSocket-Version=13");
    }

    @Test
    void headWithoutHeadersIsParsed() {
        assertParsed("GET / HTTP/1.1\r\n\r\n", "GET /");
    }

    @Test
    void higherMinorVersionIsParsed() {
        assertParsed("GET / HTTP/1.9\r\n\r\n", "GET /");
    }

    @Test
    void http10IsParsed() {
        // RFC 9112 §2.3: health checks and old proxies send it; the handshake decides whether it is acceptable.
        assertParsed("GET /health HTTP/1.0\r\n\r\n", "GET /health HTTP/1.0");
    }

    @Test
    void emptyLinesBeforeTheRequestAreSkipped() {
        // RFC 9112 §2.2
        for (int lines = 1; lines <= RequestHeadParser.MAX_EMPTY_LINES; lines++) {
            String head = "\r\n".repeat(lines) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
            assertParsed(head, "GET /", "Host=a");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "http://a/b            | //a/b",
            "http://a:8080/b?c=/?d | //a:8080/b?c=/?d",
            "https://a/            | //a/",
            "ws://a/b              | //a/b",
            "wss://a:443/b         | //a:443/b",
            "hTTp://A/             | //A/",
            "WSS://a/              | //a/",
            "http://a              | //a/",
            "http://a:80           | //a:80/",
            "http://a:             | //a:/",
            "http://a?b            | //a/?b",
            "http://[::1]:80/b     | //[::1]:80/b",
            "http://127.0.0.1//b   | //127.0.0.1//b",
            "http://a/http://b@c/  | //a/http://b@c/",
            "http://%41.example/   | //%41.example/",
            "http://a:65535/       | //a:65535/",
            "http://a:0000080/     | //a:0000080/"})
    void absoluteFormGivesAuthorityAndTarget(String target, String rendered) {
        // RFC 9112 §3.2.2, RFC 6455 §4.2.1
        assertParsed("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n", "GET " + rendered, "Host=x");
    }

    @Test
    void methodMayBeAnyToken() {
        assertParsed("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\n\r\n", "!#$%&'*+-.^_`|~09azAZ /");
    }

    @Test
    void targetMayHoldAllVisibleAsciiButTheNumberSign() {
        String target = "/!\"$%&'()*+,-./0:;<=>?@AZ[\\]^_`az{|}~";
        assertParsed("GET " + target + " HTTP/1.1\r\n\r\n", "GET " + target);
    }

    @Test
    void fieldNameMayBeAnyToken() {
        assertParsed("GET / HTTP/1.1\r\n!#$%&'*+-.^_`|~09azAZ:x\r\n\r\n", "GET /", "!#$%&'*+-.^_`|~09azAZ=x");
    }

    @Test
    void fieldValueIsDecodedAsLatin1() {
        assertParsed("GET / HTTP/1.1\r\na: !~\u0080\u00e9\u00ff\r\n\r\n", "GET /", "a=!~\u0080\u00e9\u00ff");
    }

    @Test
    void whiteSpaceAroundAValueIsTrimmedAndWithinItIsKept() {
        assertParsed("GET / HTTP/1.1\r\na: \t b \t c\t \r\nd:e\r\n\r\n", "GET /", "a=b \t c", "d=e");
    }

    @Test
    void valueMayBeEmpty() {
        assertParsed("GET / HTTP/1.1\r\na:\r\nb: \t \r\nc:\t\r\n\r\n", "GET /", "a=", "b=", "c=");
    }

    @Test
    void repeatedFieldsKeepTheirOrder() {
        assertParsed("GET / HTTP/1.1\r\na: 1\r\nB: 2\r\nA: 3\r\n\r\n", "GET /", "a=1", "B=2", "A=3");
    }

    @Test
    void colonInAValueBelongsToIt() {
        assertParsed("GET / HTTP/1.1\r\nHost: a:80\r\nb::\r\n\r\n", "GET /", "Host=a:80", "b=:");
    }

    // The request line

    @Test
    void emptyLinesBeforeTheRequestAreBounded() {
        assertRefusedAtLastByte(400, "\r\n".repeat(RequestHeadParser.MAX_EMPTY_LINES) + "\r");
    }

    @Test
    void emptyLineBeforeTheRequestMustEndWithCrLf() {
        assertRefusedAtLastByte(400, "\n");
        assertRefusedAtLastByte(400, "\rG");
        assertRefusedAtLastByte(400, "\r\r");
        assertRefusedAtLastByte(400, "\r\n\n");
        assertRefusedAtLastByte(400, "\r\n ");
    }

    @Test
    void whiteSpaceBeforeTheRequestIsRefused() {
        assertRefusedAtLastByte(400, " ");
        assertRefusedAtLastByte(400, "\t");
    }

    @Test
    void leadingControlBytesAreRefused() {
        for (char c = 0; c < ' '; c++) {
            if (c != '\r') {
                assertRefusedAtLastByte(400, String.valueOf(c));
            }
        }
        assertRefusedAtLastByte(400, "\u007f");
    }

    @Test
    void tlsHelloIsRefusedAtItsFirstByte() {
        assertRefusedAtLastByte(400, "\u0016");
    }

    @Test
    void methodThatIsNoTokenIsRefused() {
        assertRefusedAtLastByte(400, "G(");
        assertRefusedAtLastByte(400, "GET\0");
        assertRefusedAtLastByte(400, "GET\t");
        assertRefusedAtLastByte(400, "GET\r");
        assertRefusedAtLastByte(400, "G\u00c9");
    }

    @Test
    void twoSpacesBetweenThePartsAreRefused() {
        assertRefusedAtLastByte(400, "GET  ");
        assertRefusedAtLastByte(400, "GET /  ");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"f", "httpx", "http:a", "http:/a", "https:// ", "wsss", "ws:/ ", "w:", "a"})
    void uriOfAnotherSchemeIsRefused(String target) {
        assertRefusedAtLastByte(400, "GET " + target);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":80", "user@a", "user:password@a", "@a", "a@", "a:b", "a:-1", "a:+80", "a:8:8",
            "a:65536",
            "a:99999999999999999999", "a%", "a%4", "a%zz", "[", "[]", "[::1", "::1", "[::1]a", "a\\b", "a,b@c", "<a>",
            "\"a\"", "a|b", "a^", "{a}"})
    void authorityMustBeAHostAndAPort(String authority) {
        for (String end : List.of("/", "?", " ")) {
            assertRefusedAtLastByte(400, "GET http://" + authority + end);
        }
    }

    @Test
    void controlAndNonAsciiBytesInTheAuthorityAreRefused() {
        for (char c = 0; c <= 0xFF; c++) {
            if (c < ' ' || c >= 0x7F || c == '#') {
                assertRefusedAtLastByte(400, "GET http://a" + c);
            }
        }
    }

    @Test
    void authorityFormIsRefused() {
        assertRefusedAtLastByte(400, "CONNECT e");
    }

    /** RFC 9112 §3.2.4. */
    @Test
    void asteriskFormIsForOptions() {
        assertParsed("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS *", "Host=x");
        assertParsed("OPTIONS http://x HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS //x*", "Host=x");
        assertParsed("OPTIONS http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS //x/", "Host=x");
        assertParsed("OPTIONS http://x?y HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS //x/?y", "Host=x");
        for (String line : List.of("GET *", "options *", "OPTIONSX *", "OPTIONS */", "OPTIONS **", "OPTIONS *?",
                "OPTIONS *\r")) {
            assertRefusedAtLastByte(400, line);
        }
    }

    @Test
    void prefaceOfHttp2IsRefused() {
        assertRefusedAtLastByte(400, "PRI *");
    }

    @Test
    void fragmentInTheTargetIsRefused() {
        assertRefusedAtLastByte(400, "GET /a#");
    }

    @Test
    void controlAndNonAsciiBytesInTheTargetAreRefused() {
        for (char c = 0; c <= 0xFF; c++) {
            if (c < ' ' || c >= 0x7F) {
                assertRefusedAtLastByte(400, "GET /a" + c);
            }
        }
    }

    @Test
    void simpleRequestOfHttp09IsRefused() {
        assertRefusedAtLastByte(400, "GET /\r");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/0.9", "HTTP/0.0", "HTTP/2.0", "HTTP/2.1", "HTTP/3.0", "HTTP/9.9"})
    void otherVersionIsNotSupported(String version) {
        assertRefusedAtLastByte(505, "GET / " + version + "\r");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r", "h", "HTTPS", "HTTP/\r", "HTTP/1\r", "HTTP/1,", "HTTP/1.\r", "HTTP/1.a", "HTTP/a",
            "HTTP/1.10", "HTTP/11", "HTTP/-", "HTTP/1.1\n", "HTTP/1.1\t", "HTTP/1.1\0"})
    void garbledVersionIsRefused(String version) {
        assertRefusedAtLastByte(400, "GET / " + version);
    }

    // Line ends

    @Test
    void bareLineFeedIsRefused() {
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\n");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\n\n");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na\n");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na:\n");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\n");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\r\n\n");
    }

    @Test
    void bareCarriageReturnIsRefused() {
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\rH");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\r");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na\r");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\rc");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\r\r");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\r\n\rc");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\n\r\r");
    }

    // Field lines

    @Test
    void nulIsRefused() {
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\n\0");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na\0");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na:\0");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\0");
    }

    @Test
    void controlBytesInAValueAreRefused() {
        for (char c = 0; c <= 0x7F; c++) {
            if (c < ' ' && c != '\t' && c != '\r' || c == 0x7F) {
                assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b" + c);
            }
        }
    }

    @Test
    void spaceBeforeColonIsRefused() {
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\nTransfer-Encoding ");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\nTransfer-Encoding\t");
    }

    @Test
    void foldedLineIsRefused() {
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\r\n ");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\r\n\t");
    }

    @Test
    void whiteSpaceBeforeTheFirstFieldIsRefused() {
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\n ");
    }

    @Test
    void emptyFieldNameIsRefused() {
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\n:");
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na: b\r\n:");
    }

    @Test
    void fieldNameThatIsNoTokenIsRefused() {
        for (char c : "\"(),/;<=>?@[\\]{}\u007f\u00e9".toCharArray()) {
            assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\na" + c);
        }
    }

    @Test
    void lineWithoutColonIsRefused() {
        assertRefusedAtLastByte(400, "GET / HTTP/1.1\r\nHost\r");
    }

    // The parser as an object

    @Test
    void onlyTheRegionIsRead() throws HttpHeadException {
        byte[] bytes = bytes("\0\0GET / HTTP/1.1\r\n\r\n\0\0");
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        assertEquals(-1, parser.parse(bytes, 2, 10));
        assertEquals(bytes.length - 2, parser.parse(bytes, 10, bytes.length - 2));
    }

    @Test
    void regionMustLieInTheArray() {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        assertThrows(IndexOutOfBoundsException.class, () -> parser.parse(new byte[4], 2, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> parser.parse(new byte[4], -1, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> parser.parse(new byte[4], 3, 2));
    }

    @Test
    void regionMayBeOverwrittenAfterwards() throws HttpHeadException {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] one = new byte[1];
        int end = -1;
        for (byte b : bytes("GET /abc HTTP/1.1\r\nHost: d\r\n\r\n")) {
            one[0] = b;
            end = parser.parse(one, 0, 1);
        }
        assertEquals(1, end);
        assertEquals("GET /abc\nHost=d", HeadAssertions.rendered(parser.head()));
    }

    @Test
    void thereIsNoHeadBeforeItIsComplete() throws HttpHeadException {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        assertThrows(IllegalStateException.class, parser::head);
        byte[] bytes = bytes("GET / HTTP/1.1\r\n\r\n");
        parser.parse(bytes, 0, bytes.length - 1);
        assertThrows(IllegalStateException.class, parser::head);
    }

    @Test
    void completeParserMustAcceptNoMoreBytes() throws HttpHeadException {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] bytes = bytes("GET / HTTP/1.1\r\n\r\n");
        parser.parse(bytes, 0, bytes.length);
        assertThrows(IllegalStateException.class, () -> parser.parse(bytes, 0, bytes.length));
    }

    @Test
    void refusedHeadStaysRefused() {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] bytes = bytes("GET / HTTP/1.1\r\n\r\n");
        assertThrows(HttpHeadException.class, () -> parser.parse(new byte[1], 0, 1));
        assertThrows(IllegalStateException.class, () -> parser.parse(bytes, 0, bytes.length));
        assertThrows(IllegalStateException.class, parser::head);
    }

    @Test
    void headSoFarMustContainTheLinesBeforeTheRefusal() throws HttpHeadException {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] bytes = bytes("GET http://b/a HTTP/1.1\r\nHost: b\r\nOrigin: c\r\n bad");
        assertEquals(-1, parser.parse(bytes, 0, 24));
        assertEquals(Optional.empty(), parser.headSoFar());
        assertThrows(HttpHeadException.class, () -> parser.parse(bytes, 24, bytes.length));
        assertEquals("GET //b/a\nHost=b\nOrigin=c", HeadAssertions.rendered(parser.headSoFar().orElseThrow()));
    }

    @Test
    void messageShowsTheByteEscaped() {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] bytes = bytes("GET /\u001b");
        HttpHeadException refusal = assertThrows(HttpHeadException.class,
                () -> parser.parse(bytes, 0, bytes.length));
        assertEquals("unexpected byte '\\x1b' in the target", refusal.getMessage());
    }
}
