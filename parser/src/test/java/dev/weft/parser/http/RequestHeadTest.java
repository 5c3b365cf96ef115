package dev.weft.parser.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadTest {

    @Test
    void pathEndsAtTheFirstQuestionMark() {
        assertEquals("/a/b", target("/a/b?c?d").path());
        assertEquals("/a", target("/a").path());
        assertEquals("/", target("/?").path());
    }

    @Test
    void queryMustBeginAfterTheFirstQuestionMark() {
        assertEquals(Optional.of("c?d"), target("/a/b?c?d").query());
        assertEquals(Optional.of(""), target("/?").query());
        assertEquals(Optional.empty(), target("/a").query());
    }

    @Test
    void nothingIsDecodedOrNormalised() {
        assertEquals("/%2e%2E/../%00//", target("/%2e%2E/../%00//?%20").path());
        assertEquals(Optional.of("%20"), target("/?%20").query());
    }

    @Test
    void hostAndOriginAreReadFromTheHeaders() {
        RequestHead head = headers("host", "a:80", "ORIGIN", "null");
        assertEquals(Optional.of("a:80"), head.host());
        assertEquals(Optional.of("null"), head.origin());
        assertEquals(Optional.empty(), target("/").host());
        assertEquals(Optional.empty(), target("/").origin());
    }

    @Test
    void authorityReplacesTheHostHeader() {
        RequestHead head = new RequestHead("GET", "/", Optional.of("b:81"), 1, Headers.of("Host", "a:80"));
        assertEquals(Optional.of("b:81"), head.host());
        assertEquals(List.of("a:80"), head.headers().all("Host"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "user@a", "a:b", "a/", "a b", "a:65536"})
    void authorityMustBeAHostAndAPort(String authority) {
        assertThrows(IllegalArgumentException.class,
                () -> new RequestHead("GET", "/", Optional.of(authority), 1, Headers.EMPTY));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 10})
    void minorVersionMustBeADigit(int version) {
        assertThrows(IllegalArgumentException.class,
                () -> new RequestHead("GET", "/", Optional.empty(), version, Headers.EMPTY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "*", "http://a/", "/a b", "/a\r\n", "/a#b", "/\u00e9", "/\u0120"})
    void targetMustBeInOriginForm(String target) {
        assertThrows(IllegalArgumentException.class, () -> target(target));
    }

    @Test
    void targetMayBeAnAsteriskForOptions() {
        assertEquals("*", new RequestHead("OPTIONS", "*", Headers.EMPTY).path());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET ", "G\n", "\u0147"})
    void methodMustBeAToken(String method) {
        assertThrows(IllegalArgumentException.class, () -> new RequestHead(method, "/", Headers.EMPTY));
    }

    @Test
    void cookiesAreReadInOrder() {
        // RFC 6265 §3.1
        Map<String, String> cookies = cookies("SID=31d4d96e407aad42; lang=en-US");
        assertEquals(Map.of("SID", "31d4d96e407aad42", "lang", "en-US"), cookies);
        assertEquals(List.of("SID", "lang"), new ArrayList<>(cookies.keySet()));
    }

    @Test
    void firstCookieOfANameMustBeUsed() {
        assertEquals(Map.of("a", "1", "A", "3"), cookies("a=1; a=2; A=3"));
    }

    @Test
    void cookiesMaySpreadOverSeveralLines() {
        assertEquals(Map.of("a", "1", "b", "2"), headers("Cookie", "a=1", "cookie", "a=3; b=2").cookies());
    }

    @Test
    void cookieValueIsKeptAsItIs() {
        assertEquals(Map.of("a", "\"x y\"", "b", "", "c", "d=e%20,f"), cookies("a=\"x y\";b=;  c = d=e%20,f \t"));
    }

    @Test
    void piecesWithoutNameAreLeftOut() {
        assertEquals(Map.of("b", "2"), cookies("a; =1; ;; b=2;"));
        assertEquals(Map.of(), cookies(""));
        assertEquals(Map.of(), target("/").cookies());
    }

    @Test
    void hostileCookiesAreJustPieces() {
        assertEquals(Map.of("a", "1"), cookies(";".repeat(32_000) + "a" + " ".repeat(32_000) + "=1"));
        assertEquals(Map.of("a", "=".repeat(32_000)), cookies("a" + "=".repeat(32_001)));
    }

    @Test
    void cookiesCannotBeChanged() {
        Map<String, String> cookies = cookies("a=1");
        assertThrows(UnsupportedOperationException.class, () -> cookies.put("b", "2"));
    }

    private static Map<String, String> cookies(String value) {
        return headers("Cookie", value).cookies();
    }

    private static RequestHead target(String target) {
        return new RequestHead("GET", target, Headers.EMPTY);
    }

    private static RequestHead headers(String... namesAndValues) {
        return new RequestHead("GET", "/", Headers.of(namesAndValues));
    }
}
