package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpResponseTest {

    @Test
    void textIsSentWithItsLengthInBytes() {
        assertEquals("""
                HTTP/1.1 403 Forbidden\r
                Content-Type: text/plain; charset=utf-8\r
                Connection: close\r
                Content-Length: 4\r
                \r
                \u20ac!""", new String(HttpResponse.text(403, "\u20ac!").encode(), UTF_8));
    }

    @Test
    void headersAreSentInOrder() {
        HttpResponse response = HttpResponse.bytes(503, "x/y", new byte[]{0, -1}).withHeader("X", "\u00e9");
        assertArrayEquals("""
                HTTP/1.1 503 Service Unavailable\r
                Content-Type: x/y\r
                X: \u00e9\r
                Connection: close\r
                Content-Length: 2\r
                \r
                \0\u00ff""".getBytes(ISO_8859_1), response.encode());
    }

    @Test
    void headerMustReplaceThoseOfTheSameName() {
        HttpResponse page = HttpResponse.text(200, "{}").withHeader("content-type", "application/json");
        assertEquals(Headers.of("Content-Type", "application/json"), page.headers());
        HttpResponse one = HttpResponse.text(200, "").withAddedHeader("X", "1").withAddedHeader("x", "2")
                .withHeader("Y", "3").withHeader("X", "4");
        assertEquals(List.of("4"), one.headers().all("X"));
        assertEquals(List.of("3"), one.headers().all("Y"));
    }

    @Test
    void addedHeaderMustKeepThoseOfTheSameName() {
        HttpResponse response = HttpResponse.text(200, "").withAddedHeader("Set-Cookie", "a=1")
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
                """, text(HttpResponse.empty(426).withHeader("Upgrade", "websocket")));
    }

    @Test
    void headAloneMustHaveTheContentLengthOfTheBody() {
        assertEquals("""
                HTTP/1.1 404 Not Found\r
                Content-Type: text/plain; charset=utf-8\r
                Connection: close\r
                Content-Length: 3\r
                \r
                """, new String(HttpResponse.text(404, "abc").encodeHead(), ISO_8859_1));
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void answerThatCannotHaveABodyTellsNoLength(int status) {
        String[] lines = text(HttpResponse.empty(status)).split("\r\n");
        assertEquals("Connection: close", lines[1]);
        assertEquals(2, lines.length);
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.text(status, "x"));
    }

    @ParameterizedTest
    @CsvSource({"200,OK", "400,Bad Request", "401,Unauthorized", "403,Forbidden", "404,Not Found",
            "405,Method Not Allowed", "408,Request Timeout", "414,URI Too Long", "426,Upgrade Required",
            "421,Misdirected Request", "429,Too Many Requests", "431,Request Header Fields Too Large",
            "500,Internal Server Error",
            "503,Service Unavailable", "505,HTTP Version Not Supported", "599,''"})
    void statusHasItsReason(int status, String reason) {
        assertEquals("HTTP/1.1 " + status + " " + reason,
                text(HttpResponse.empty(status)).split("\r\n")[0]);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 99, 100, 101, 199, 600, 1000})
    void statusOutOfRangeIsRefused(int status) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.text(status, ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection", "content-length", "TRANSFER-ENCODING"})
    void headersOfTheResponseItselfAreRefused(String name) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.text(200, "").withHeader(name, "1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nb: c", "a\rb", "a\nb", "a\0", "\u010a"})
    void valueThatWouldEndTheLineIsRefused(String value) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.text(200, "").withHeader("X", value));
    }

    // Connections that are kept, and bodies that are written to a stream

    private static String head(HttpResponse response, int minorVersion, boolean keepsConnection) {
        return new String(response.encodeHead(minorVersion, keepsConnection), ISO_8859_1);
    }

    @Test
    void keptConnectionIsNamedToHttp10Alone() {
        HttpResponse response = HttpResponse.empty(200);
        assertEquals("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", head(response, 1, true));
        assertEquals("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", head(response, 0, true));
        assertEquals("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", head(response, 1, false));
        HttpResponse upgrade = response.withHeader("Upgrade", "x");
        assertEquals("HTTP/1.1 200 OK\r\nUpgrade: x\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
                head(upgrade, 1, true));
        assertEquals("HTTP/1.1 200 OK\r\nUpgrade: x\r\nConnection: Upgrade, keep-alive\r\nContent-Length: 0\r\n\r\n",
                head(upgrade, 0, true));
    }

    @Test
    void bodyOfUnknownLengthIsChunkedButForHttp10() {
        HttpResponse response = HttpResponse.stream(200, "x/y", out -> {});
        assertTrue(response.length().isEmpty());
        assertEquals("HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nTransfer-Encoding: chunked\r\n\r\n",
                head(response, 1, true));
        assertEquals("HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nConnection: close\r\n\r\n", head(response, 0, false));
        assertThrows(IllegalArgumentException.class, () -> response.encodeHead(0, true));
        assertThrows(IllegalStateException.class, response::encode);
        assertThrows(IllegalStateException.class, response::body);
    }

    @Test
    void streamedBodyMayHaveALength() {
        HttpResponse response = HttpResponse.stream(206, "x/y", 5_000_000_000L, out -> {});
        assertEquals("HTTP/1.1 206 Partial Content\r\nContent-Type: x/y\r\nContent-Length: 5000000000\r\n\r\n",
                head(response, 1, true));
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.stream(200, "x/y", -1, out -> {}));
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.stream(304, "x/y", out -> {}));
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.stream(200, "x\r\ny", out -> {}));
    }

    private static String text(HttpResponse response) {
        return new String(response.encode(), ISO_8859_1);
    }
}
