package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.parser.http.OpeningHandshake.NotUpgrade;
import dev.weft.parser.http.OpeningHandshake.Refused;
import dev.weft.parser.http.OpeningHandshake.Upgrade;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpeningHandshakeTest {

    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String VALID = """
            GET /chat HTTP/1.1\r
            Host: server.example.com\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            Sec-WebSocket-Version: 13\r
            \r
            """;

    // What is accepted

    @Test
    void sampleHandshakeOfTheRfcIsAnUpgrade() {
        // RFC 6455 §1.2
        assertEquals(new Upgrade(KEY, List.of("chat", "superchat"), List.of()),
                check(with("Origin: http://example.com", "Sec-WebSocket-Protocol: chat, superchat")));
    }

    @Test
    void tokensAreFoundInListsWithoutRegardToCase() {
        assertUpgrade(VALID.replace("Upgrade: websocket", "uPGRADE: h2c, , WebSocket")
                .replace("Connection: Upgrade", "connection: keep-alive ,\tupgrade"));
    }

    @Test
    void listsMaySpreadOverSeveralLines() {
        assertUpgrade(VALID.replace("Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: websocket")
                .replace("Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade"));
        assertEquals(List.of("a", "b", "c"), assertUpgrade(
                with("Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b ,c")).subprotocols());
    }

    @Test
    void extensionOffersAreHandedOutAsTheyCame() {
        assertEquals(List.of("permessage-deflate; server_max_window_bits=\"10\"", ", x"), assertUpgrade(
                with("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"10\"",
                        "sec-websocket-extensions: , x"))
                .extensionOffers());
    }

    // HTTP/1.0

    @Test
    void http10IsNeverAnUpgrade() {
        // RFC 9110 §7.8
        assertInstanceOf(NotUpgrade.class, check(VALID.replace("HTTP/1.1", "HTTP/1.0")));
        assertInstanceOf(NotUpgrade.class, check(VALID.replace("GET", "POST").replace("HTTP/1.1", "HTTP/1.0")));
    }

    @Test
    void http10NeedsNoHost() {
        assertInstanceOf(NotUpgrade.class, check("GET / HTTP/1.0\r\n\r\n"));
        assertInstanceOf(NotUpgrade.class, check("GET / HTTP/1.0\r\nHost: a\r\n\r\n"));
        assertRefused(400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n");
        assertRefused(400, "GET / HTTP/1.0\r\nHost: a b\r\n\r\n");
    }

    // Host

    @Test
    void absoluteTargetNeedsAHostToo() {
        // RFC 9112 §3.2: its value is ignored then, but it must be present.
        String absolute = VALID.replace("GET /chat", "GET ws://elsewhere:8080/chat");
        assertUpgrade(absolute);
        assertRefused(400, absolute.replace("Host: server.example.com\r\n", ""));
        assertRefused(400, absolute.replace("Host: ", "Host: user@"));
        assertRefused(400, absolute.replace("Upgrade: websocket", "Upgrade: websocket\r\nHost: elsewhere:8080"));
    }

    @Test
    void exactlyOneHostIsRequired() {
        assertRefused(400, VALID.replace("Host: server.example.com\r\n", ""));
        assertRefused(400, with("Host: server.example.com"));
        assertRefused(400, with("hOsT: other"));
    }

    @Test
    void hostIsRequiredOfPlainRequestsToo() {
        assertRefused(400, "GET / HTTP/1.1\r\n\r\n");
        assertRefused(400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a:80", "a:", "127.0.0.1:65535", "[::1]", "[::ffff:1.2.3.4]:443", "x_y-z.~!$&'()*+,;=",
            "%c3%A9.example", "EXAMPLE.com."})
    void validHostsAreAccepted(String host) {
        assertUpgrade(VALID.replace("server.example.com", host));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":80", "a b", "a, b", "user@a", "http://a", "a/b", "a\\b", "a?b", "a#b", "a:b", "a:8:8",
            "a:-1", "a:65536", "a:99999999999999999999", "a%", "a%4", "a%zz", "a%4:", "[", "[]", "[::1", "::1",
            "[::1]a", "[::1%25eth0]", "[g]", "a[",
            "\u00e9", "<a>", "\"a\"", "a^", "a|", "a`"})
    void invalidHostsAreRefused(String host) {
        assertRefused(400, VALID.replace("server.example.com", host));
    }

    // Upgrade and Connection

    @Test
    void requestWithoutUpgradeIsNotAnUpgrade() {
        assertInstanceOf(NotUpgrade.class, check("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        assertInstanceOf(NotUpgrade.class, check("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"));
        assertInstanceOf(NotUpgrade.class, check(VALID.replace("Upgrade: websocket\r\n", "")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"h2c", "websocket/13", "websockets", "web socket", "x-websocket", ""})
    void anotherProtocolIsNotAnUpgrade(String protocol) {
        assertInstanceOf(NotUpgrade.class, check(VALID.replace("Upgrade: websocket", "Upgrade: " + protocol)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"X: y", "Connection: close", "Connection:", "Connection: keep-alive, upgrades",
            "Connection: Up grade"})
    void connectionMustNameUpgrade(String line) {
        assertRefused(400, VALID.replace("Connection: Upgrade", line));
    }

    // Method and body

    @ParameterizedTest
    @ValueSource(strings = {"POST", "HEAD", "OPTIONS", "CONNECT", "get", "GETS"})
    void anotherMethodIsNoHandshake(String method) {
        assertInstanceOf(NotUpgrade.class, check(VALID.replace("GET", method)));
        assertInstanceOf(NotUpgrade.class, check(VALID.replace("GET", method).replace("Connection: Upgrade",
                "Content-Length: 5")));
    }

    @Test
    void contentLengthOf0IsNoBody() {
        assertUpgrade(with("Content-Length: 0"));
        assertUpgrade(with("content-length:\t0 "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 5", "content-length:", "Content-Length: 00", "Content-Length: +0",
            "Content-Length: -0", "Content-Length: 0, 0", "Content-Length: 0\r\nContent-Length: 0",
            "Content-Length: 0\r\nContent-Length: 5", "Content-Length: 0x0", "Transfer-Encoding: chunked",
            "TRANSFER-ENCODING: identity", "Content-Length: 0\r\nTransfer-Encoding: chunked", "Transfer-Encoding:"})
    void handshakeHasNoBody(String line) {
        assertRefused(400, with(line));
    }

    @Test
    void secondOriginIsRefused() {
        assertRefused(400, with("Origin: http://a", "Origin: http://b"));
    }

    // Version

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "7", "8", "12", "14", "013", "13.0", "13, 8", "8, 13", "+13", "thirteen"})
    void anotherVersionIsToldWhichOneWouldDo(String version) {
        assertVersionRequired(VALID.replace("Version: 13", "Version: " + version));
    }

    @Test
    void missingVersionMustGetTheSupportedVersion() {
        assertVersionRequired(VALID.replace("Sec-WebSocket-Version: 13\r\n", ""));
    }

    @Test
    void repeatedVersionIsRefused() {
        assertRefused(400, with("Sec-WebSocket-Version: 13"));
        assertRefused(400, with("Sec-WebSocket-Version: 8"));
    }

    @Test
    void hixie75MustGetTheSupportedVersion() {
        assertVersionRequired("GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
                + "Host: example.com\r\nOrigin: http://example.com\r\nWebSocket-Protocol: sample\r\n\r\n");
    }

    @Test
    void hixie76MustGetTheSupportedVersion() {
        assertVersionRequired("GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nSec-WebSocket-Protocol: sample\r\nUpgrade: WebSocket\r\n"
                + "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n");
    }

    @Test
    void hybi07MustGetTheSupportedVersion() {
        assertVersionRequired("GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Origin: http://example.com\r\nSec-WebSocket-Version: 7\r\n\r\n");
    }

    // Key

    @Test
    void exactlyOneKeyIsRequired() {
        assertRefused(400, VALID.replace("Sec-WebSocket-Key: " + KEY + "\r\n", ""));
        assertRefused(400, with("sec-websocket-key: " + KEY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "==", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAA===",
            "AAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA==",
            "AAAAAAAAAAAAAAAAAAAAAAAA==",
            "AAAAAAAAAAAAAAAAAAAAA-==", "_AAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAA AAAAAAAAAAA==",
            "AAAA=AAAAAAAAAAAAAAAAA==",
            "AAAAAAAAAAAAAAAAAAAAA\u00e9==", "AAAAAAAAAAAAAAAAAAAAAA==, x"})
    void keyMustBe16BytesInBase64(String key) {
        assertRefused(400, VALID.replace(KEY, key));
    }

    @ParameterizedTest
    @ValueSource(strings = {"A", "B", "Q", "z", "/"})
    void unusedBitsOfTheKeyMayBeAnything(String last) {
        assertUpgrade(VALID.replace(KEY, "0123456789+/abcdefXYZ" + last + "=="));
    }

    // Subprotocols

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a;b", ",a b", "a, b;", "\"a\"", "a/b", "\u00e9", "a, a", "a,,a", "a\tb"})
    void subprotocolsMustBeDifferentTokens(String value) {
        assertRefused(400, with("Sec-WebSocket-Protocol: " + value));
    }

    @Test
    void emptyElementsOfTheSubprotocolsAreSkipped() {
        // RFC 9110 §5.6.1
        assertEquals(List.of("chat"), assertUpgrade(with("Sec-WebSocket-Protocol: chat, ")).subprotocols());
        assertEquals(List.of("chat", "superchat"),
                assertUpgrade(with("Sec-WebSocket-Protocol: chat,,superchat")).subprotocols());
        assertEquals(List.of("a", "b"), assertUpgrade(
                with("Sec-WebSocket-Protocol: , ,\ta,\t,", "Sec-WebSocket-Protocol:", "Sec-WebSocket-Protocol: ,b"))
                .subprotocols());
        assertEquals(List.of(), assertUpgrade(with("Sec-WebSocket-Protocol:")).subprotocols());
        assertEquals(List.of(), assertUpgrade(with("Sec-WebSocket-Protocol: ,")).subprotocols());
    }

    @Test
    void subprotocolOnTwoLinesIsADuplicate() {
        assertRefused(400, with("Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Protocol: b"));
    }

    @Test
    void subprotocolsDifferByCase() {
        assertEquals(List.of("a", "A"), assertUpgrade(with("Sec-WebSocket-Protocol: a, A")).subprotocols());
    }

    @Test
    void hostileSubprotocolsAreJustInvalidOrJustMany() {
        String spaces = " ".repeat(32_000);
        RequestHead valid = HeadAssertions.parse(VALID);
        assertInstanceOf(Refused.class, checkSubprotocols(valid, "a" + spaces + "b"));
        assertInstanceOf(Upgrade.class, checkSubprotocols(valid, ",".repeat(32_000)));
        assertInstanceOf(Refused.class, checkSubprotocols(valid, "\"" + "\\".repeat(32_000)));
        Upgrade upgrade = assertInstanceOf(Upgrade.class, checkSubprotocols(valid, "a" + spaces + "," + spaces + "b"));
        assertEquals(List.of("a", "b"), upgrade.subprotocols());
    }

    // The reply

    @Test
    void sampleKeyOfTheRfcMustGiveItsAccept() {
        // RFC 6455 §1.3
        assertEquals("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", OpeningHandshake.acceptKey("dGhlIHNhbXBsZSBub25jZQ=="));
        assertEquals("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", OpeningHandshake.acceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "again");
    }

    @Test
    void replyAcceptsTheKey() {
        assertEquals("""
                HTTP/1.1 101 Switching Protocols\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
                \r
                """, text(OpeningHandshake.acceptResponse(KEY, null, null, Headers.EMPTY)));
    }

    @Test
    void replyNamesWhatWasChosen() {
        Upgrade upgrade = assertUpgrade(with("Sec-WebSocket-Protocol: chat, superchat"));
        assertEquals("""
                HTTP/1.1 101 Switching Protocols\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
                Sec-WebSocket-Protocol: superchat\r
                Sec-WebSocket-Extensions: permessage-deflate\r
                Set-Cookie: a=1\r
                Set-Cookie: b=\u00e9\r
                \r
                """, text(upgrade.accept("superchat", "permessage-deflate",
                Headers.of("Set-Cookie", "a=1", "Set-Cookie", "b=\u00e9"))));
    }

    @Test
    void replyCannotNameASubprotocolThatWasNotOffered() {
        Upgrade upgrade = assertUpgrade(with("Sec-WebSocket-Protocol: chat, superchat"));
        assertThrows(IllegalArgumentException.class, () -> upgrade.accept("Chat", null, Headers.EMPTY));
        Upgrade without = assertUpgrade(VALID);
        assertThrows(IllegalArgumentException.class, () -> without.accept("chat", null, Headers.EMPTY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a, b", "a\r\nX: y", "a\n", "a\0", "\u00e9", "\u010a"})
    void subprotocolThatIsNoTokenIsRefused(String subprotocol) {
        assertThrows(IllegalArgumentException.class,
                () -> OpeningHandshake.acceptResponse(KEY, subprotocol, null, Headers.EMPTY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x\r\nX: y", "x\r", "x\n", "x\0", "\u010a"})
    void extensionsThatWouldEndTheLineAreRefused(String extensions) {
        assertThrows(IllegalArgumentException.class,
                () -> OpeningHandshake.acceptResponse(KEY, null, extensions, Headers.EMPTY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Upgrade", "CONNECTION", "Sec-WebSocket-Accept", "sec-websocket-protocol",
            "Sec-WebSocket-Extensions", "Sec-WebSocket-Version", "SEC-WEBSOCKET-X", "Content-Length",
            "transfer-encoding"})
    void headersOfTheHandshakeItselfAreRefused(String name) {
        Headers extra = Headers.of(name, "1");
        assertThrows(IllegalArgumentException.class, () -> OpeningHandshake.acceptResponse(KEY, null, null, extra));
    }

    @Test
    void plainRequestMustGet426() {
        assertEquals("""
                HTTP/1.1 426 Upgrade Required\r
                Content-Type: text/plain; charset=utf-8\r
                Upgrade: websocket\r
                Connection: Upgrade, close\r
                Content-Length: 29\r
                \r
                This is a WebSocket endpoint
                """, text(OpeningHandshake.notUpgraded().encode()));
    }

    private static String with(String... lines) {
        return VALID.substring(0, VALID.length() - 2) + String.join("\r\n", lines) + "\r\n\r\n";
    }

    private static OpeningHandshake.Checked check(String request) {
        return OpeningHandshake.check(HeadAssertions.parse(request));
    }

    private static OpeningHandshake.Checked checkSubprotocols(RequestHead valid, String value) {
        Headers headers = Headers.builder().addAll(valid.headers()).add("Sec-WebSocket-Protocol", value).build();
        return OpeningHandshake.check(new RequestHead("GET", "/", headers));
    }

    private static Upgrade assertUpgrade(String request) {
        return assertInstanceOf(Upgrade.class, check(request));
    }

    private static HttpResponse assertRefused(int status, String request) {
        HttpResponse response = assertInstanceOf(Refused.class, check(request)).response();
        assertEquals(status, response.status());
        return response;
    }

    private static void assertVersionRequired(String request) {
        HttpResponse response = assertRefused(426, request);
        assertEquals(Optional.of("13"), response.headers().first("Sec-WebSocket-Version"));
        assertEquals(Optional.of("websocket"), response.headers().first("Upgrade"));
    }

    private static String text(byte[] bytes) {
        return new String(bytes, ISO_8859_1);
    }
}
