package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpResponseTest {

    private static final byte[] NO_BODY = {};

    @Test
    void textIsSentWithItsLengthInBytes() {
        assertEquals("""
                HTTP/1.1 403 Forbidden\r
                Content-Type: text/plain; charset=utf-8\r
                Connection: close\r
                Content-Length: 4\r
                \r
                \u20ac!""", new String(HttpResponse.of(403, "\u20ac!").encode(), UTF_8));
    }

    @Test
    void headersAreSentInOrder() {
        HttpResponse response = new HttpResponse(503, Headers.of("Retry-After", "10"), new byte[]{0, -1})
                .withHeader("X", "\u00e9");
        assertArrayEquals("""
                HTTP/1.1 503 Service Unavailable\r
                Retry-After: 10\r
                X: \u00e9\r
                Connection: close\r
                Content-Length: 2\r
                \r
                \0\u00ff""".getBytes(ISO_8859_1), response.encode());
    }

    @Test
    void headerReplacesTheOneOfItsName() {
        HttpResponse page = HttpResponse.of(200, "{}").withHeader("content-type", "application/json");
        assertEquals(Headers.of("Content-Type", "application/json"), page.headers());
        HttpResponse one = HttpResponse.of(200, "").withAddedHeader("X", "1").withAddedHeader("x", "2")
                .withHeader("Y", "3").withHeader("X", "4");
        assertEquals(List.of("4"), one.headers().all("X"));
        assertEquals(List.of("3"), one.headers().all("Y"));
    }

    @Test
    void addedHeaderStaysBesideTheOnesOfItsName() {
        HttpResponse response = HttpResponse.of(200, "").withAddedHeader("Set-Cookie", "a=1")
                .withAddedHeader("Set-Cookie", "b=2");
        assertEquals(List.of("a=1", "b=2"), response.headers().all("Set-Cookie"));
        assertThrows(IllegalArgumentException.class, () -> response.withAddedHeader("Connection", "x"));
    }

    @Test
    void upgradeIsNamedAsAConnectionOption() {
        assertEquals("""
                HTTP/1.1 426 Upgrade Required\r
                Upgrade: websocket\r
                Connection: Upgrade, close\r
                Content-Length: 0\r
                \r
                """, text(new HttpResponse(426, Headers.of("Upgrade", "websocket"), NO_BODY)));
    }

    @Test
    void headAloneTellsTheLengthOfTheMissingBody() {
        assertEquals("""
                HTTP/1.1 404 Not Found\r
                Content-Type: text/plain; charset=utf-8\r
                Connection: close\r
                Content-Length: 3\r
                \r
                """, new String(HttpResponse.of(404, "abc").encodeHead(), ISO_8859_1));
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void answerThatCannotHaveABodyTellsNoLength(int status) {
        String[] lines = text(new HttpResponse(status, Headers.EMPTY, NO_BODY)).split("\r\n");
        assertEquals("Connection: close", lines[1]);
        assertEquals(2, lines.length);
        assertThrows(IllegalArgumentException.class, () -> new HttpResponse(status, Headers.EMPTY, new byte[1]));
    }

    @ParameterizedTest
    @CsvSource({"200,OK", "400,Bad Request", "401,Unauthorized", "403,Forbidden", "404,Not Found",
            "405,Method Not Allowed", "408,Request Timeout", "414,URI Too Long", "426,Upgrade Required",
            "421,Misdirected Request", "429,Too Many Requests", "431,Request Header Fields Too Large",
            "500,Internal Server Error",
            "503,Service Unavailable", "505,HTTP Version Not Supported", "599,''"})
    void statusHasItsReason(int status, String reason) {
        assertEquals("HTTP/1.1 " + status + " " + reason,
                text(new HttpResponse(status, Headers.EMPTY, NO_BODY)).split("\r\n")[0]);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 99, 100, 101, 199, 600, 1000})
    void statusOutOfRangeIsRefused(int status) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.of(status, ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection", "content-length", "TRANSFER-ENCODING"})
    void headersOfTheResponseItselfAreRefused(String name) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.of(200, "").withHeader(name, "1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nb: c", "a\rb", "a\nb", "a\0", "\u010a"})
    void valueThatWouldEndTheLineIsRefused(String value) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.of(200, "").withHeader("X", value));
    }

    private static String text(HttpResponse response) {
        return new String(response.encode(), ISO_8859_1);
    }
}
