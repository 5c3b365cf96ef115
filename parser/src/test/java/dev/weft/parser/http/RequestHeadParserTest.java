package dev.weft.parser.http;

import static dev.weft.parser.http.HeadAssertions.assertParsed;
import static dev.weft.parser.http.HeadAssertions.assertRefusedAtLastOctet;
import static dev.weft.parser.http.HeadAssertions.octets;
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
        // RFC 9112 §2.3: health checks and old proxies send it; whether it will do is the handshake's to judge.
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
        assertRefusedAtLastOctet(400, "\r\n".repeat(RequestHeadParser.MAX_EMPTY_LINES) + "\r");
    }

    @Test
    void emptyLineBeforeTheRequestMustEndWithCrLf() {
        assertRefusedAtLastOctet(400, "\n");
        assertRefusedAtLastOctet(400, "\rG");
        assertRefusedAtLastOctet(400, "\r\r");
        assertRefusedAtLastOctet(400, "\r\n\n");
        assertRefusedAtLastOctet(400, "\r\n ");
    }

    @Test
    void whiteSpaceBeforeTheRequestIsRefused() {
        assertRefusedAtLastOctet(400, " ");
        assertRefusedAtLastOctet(400, "\t");
    }

    @Test
    void leadingControlOctetsAreRefused() {
        for (char c = 0; c < ' '; c++) {
            if (c != '\r') {
                assertRefusedAtLastOctet(400, String.valueOf(c));
            }
        }
        assertRefusedAtLastOctet(400, "\u007f");
    }

    @Test
    void tlsHelloIsRefusedAtItsFirstOctet() {
        assertRefusedAtLastOctet(400, "\u0016");
    }

    @Test
    void methodThatIsNoTokenIsRefused() {
        assertRefusedAtLastOctet(400, "G(");
        assertRefusedAtLastOctet(400, "GET\0");
        assertRefusedAtLastOctet(400, "GET\t");
        assertRefusedAtLastOctet(400, "GET\r");
        assertRefusedAtLastOctet(400, "G\u00c9");
    }

    @Test
    void twoSpacesBetweenThePartsAreRefused() {
        assertRefusedAtLastOctet(400, "GET  ");
        assertRefusedAtLastOctet(400, "GET /  ");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"f", "httpx", "http:a", "http:/a", "https:// ", "wsss", "ws:/ ", "w:", "a"})
    void uriOfAnotherSchemeIsRefused(String target) {
        assertRefusedAtLastOctet(400, "GET " + target);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":80", "user@a", "user:password@a", "@a", "a@", "a:b", "a:-1", "a:+80", "a:8:8",
            "a:65536",
            "a:99999999999999999999", "a%", "a%4", "a%zz", "[", "[]", "[::1", "::1", "[::1]a", "a\\b", "a,b@c", "<a>",
            "\"a\"", "a|b", "a^", "{a}"})
    void authorityMustBeAHostAndAPort(String authority) {
        for (String end : List.of("/", "?", " ")) {
            assertRefusedAtLastOctet(400, "GET http://" + authority + end);
        }
    }

    @Test
    void controlAndNonAsciiBytesInTheAuthorityAreRefused() {
        for (char c = 0; c <= 0xFF; c++) {
            if (c < ' ' || c >= 0x7F || c == '#') {
                assertRefusedAtLastOctet(400, "GET http://a" + c);
            }
        }
    }

    @Test
    void authorityFormIsRefused() {
        assertRefusedAtLastOctet(400, "CONNECT e");
    }

    @Test
    void asteriskFormIsRefused() {
        assertRefusedAtLastOctet(400, "OPTIONS *");
    }

    @Test
    void prefaceOfHttp2IsRefused() {
        assertRefusedAtLastOctet(400, "PRI *");
    }

    @Test
    void fragmentInTheTargetIsRefused() {
        assertRefusedAtLastOctet(400, "GET /a#");
    }

    @Test
    void controlAndNonAsciiOctetsInTheTargetAreRefused() {
        for (char c = 0; c <= 0xFF; c++) {
            if (c < ' ' || c >= 0x7F) {
                assertRefusedAtLastOctet(400, "GET /a" + c);
            }
        }
    }

    @Test
    void simpleRequestOfHttp09IsRefused() {
        assertRefusedAtLastOctet(400, "GET /\r");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/0.9", "HTTP/0.0", "HTTP/2.0", "HTTP/2.1", "HTTP/3.0", "HTTP/9.9"})
    void otherVersionIsNotSupported(String version) {
        assertRefusedAtLastOctet(505, "GET / " + version + "\r");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r", "h", "HTTPS", "HTTP/\r", "HTTP/1\r", "HTTP/1,", "HTTP/1.\r", "HTTP/1.a", "HTTP/a",
            "HTTP/1.10", "HTTP/11", "HTTP/-", "HTTP/1.1\n", "HTTP/1.1\t", "HTTP/1.1\0"})
    void garbledVersionIsRefused(String version) {
        assertRefusedAtLastOctet(400, "GET / " + version);
    }

    // Line ends

    @Test
    void bareLineFeedIsRefused() {
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\n");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\n\n");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na\n");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na:\n");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\n");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\r\n\n");
    }

    @Test
    void bareCarriageReturnIsRefused() {
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\rH");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\r");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na\r");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\rc");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\r\r");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\r\n\rc");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\n\r\r");
    }

    // Field lines

    @Test
    void nulIsRefused() {
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\n\0");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na\0");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na:\0");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\0");
    }

    @Test
    void controlOctetsInAValueAreRefused() {
        for (char c = 0; c <= 0x7F; c++) {
            if (c < ' ' && c != '\t' && c != '\r' || c == 0x7F) {
                assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b" + c);
            }
        }
    }

    @Test
    void spaceBeforeColonIsRefused() {
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\nTransfer-Encoding ");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\nTransfer-Encoding\t");
    }

    @Test
    void foldedLineIsRefused() {
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\r\n ");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\r\n\t");
    }

    @Test
    void whiteSpaceBeforeTheFirstFieldIsRefused() {
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\n ");
    }

    @Test
    void emptyFieldNameIsRefused() {
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\n:");
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na: b\r\n:");
    }

    @Test
    void fieldNameThatIsNoTokenIsRefused() {
        for (char c : "\"(),/;<=>?@[\\]{}\u007f\u00e9".toCharArray()) {
            assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\na" + c);
        }
    }

    @Test
    void lineWithoutColonIsRefused() {
        assertRefusedAtLastOctet(400, "GET / HTTP/1.1\r\nHost\r");
    }

    // The parser as an object

    @Test
    void onlyTheRegionIsRead() throws HttpHeadException {
        byte[] octets = octets("\0\0GET / HTTP/1.1\r\n\r\n\0\0");
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        assertEquals(-1, parser.parse(octets, 2, 10));
        assertEquals(octets.length - 2, parser.parse(octets, 10, octets.length - 2));
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
        for (byte octet : octets("GET /abc HTTP/1.1\r\nHost: d\r\n\r\n")) {
            one[0] = octet;
            end = parser.parse(one, 0, 1);
        }
        assertEquals(1, end);
        assertEquals("GET /abc\nHost=d", HeadAssertions.rendered(parser.head()));
    }

    @Test
    void thereIsNoHeadBeforeItIsComplete() throws HttpHeadException {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        assertThrows(IllegalStateException.class, parser::head);
        byte[] octets = octets("GET / HTTP/1.1\r\n\r\n");
        parser.parse(octets, 0, octets.length - 1);
        assertThrows(IllegalStateException.class, parser::head);
    }

    @Test
    void completeParserTakesNoMore() throws HttpHeadException {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] octets = octets("GET / HTTP/1.1\r\n\r\n");
        parser.parse(octets, 0, octets.length);
        assertThrows(IllegalStateException.class, () -> parser.parse(octets, 0, octets.length));
    }

    @Test
    void refusedHeadStaysRefused() {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] octets = octets("GET / HTTP/1.1\r\n\r\n");
        assertThrows(HttpHeadException.class, () -> parser.parse(new byte[1], 0, 1));
        assertThrows(IllegalStateException.class, () -> parser.parse(octets, 0, octets.length));
        assertThrows(IllegalStateException.class, parser::head);
    }

    @Test
    void headSoFarMustBeWhatEndedBeforeTheRefusal() throws HttpHeadException {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] octets = octets("GET http://b/a HTTP/1.1\r\nHost: b\r\nOrigin: c\r\n bad");
        assertEquals(-1, parser.parse(octets, 0, 24));
        assertEquals(Optional.empty(), parser.headSoFar());
        assertThrows(HttpHeadException.class, () -> parser.parse(octets, 24, octets.length));
        assertEquals("GET //b/a\nHost=b\nOrigin=c", HeadAssertions.rendered(parser.headSoFar().orElseThrow()));
    }

    @Test
    void messageShowsTheOctetEscaped() {
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        byte[] octets = octets("GET /\u001b");
        HttpHeadException refusal = assertThrows(HttpHeadException.class,
                () -> parser.parse(octets, 0, octets.length));
        assertEquals("unexpected octet '\\x1b' in the target", refusal.getMessage());
    }
}
