package dev.weft.parser.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.ClientOpeningHandshake.Accepted;
import dev.weft.parser.http.ClientOpeningHandshake.Checked;
import dev.weft.parser.http.ClientOpeningHandshake.Declined;
import dev.weft.parser.http.ClientOpeningHandshake.Invalid;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientOpeningHandshakeTest {
    /** RFC 6455 §1.3. */
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    private static final List<String> CHAT = List.of("chat", "superchat");

    private static Headers.Builder good() {
        return Headers.builder().add("Upgrade", "websocket").add("Connection", "Upgrade")
                .add("Sec-WebSocket-Accept", ACCEPT);
    }

    private static Checked check(Headers.Builder headers) {
        return ClientOpeningHandshake.check(new ResponseHead(1, 101, "", headers.build()), KEY, CHAT);
    }

    private static void assertInvalid(String header, Headers.Builder headers) {
        String reason = assertInstanceOf(Invalid.class, check(headers)).reason();
        assertTrue(reason.contains(header), reason);
    }

    /** The valid headers without this one. */
    private static Headers.Builder without(String name) {
        Headers.Builder headers = Headers.builder();
        good().build().forEach((each, value) -> {
            if (!each.equals(name)) {
                headers.add(each, value);
            }
        });
        return headers;
    }

    // The request

    @Test
    void requestMustBeThatOfTheRfc() {
        byte[] request = ClientOpeningHandshake.request("/chat?a=b", "example.com:8080", KEY, CHAT,
                "permessage-deflate", Headers.of("Origin", "http://example.com", "X", "1", "X", "2"));
        assertEquals("""
                GET /chat?a=b HTTP/1.1\r
                Host: example.com:8080\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Protocol: chat, superchat\r
                Sec-WebSocket-Extensions: permessage-deflate\r
                Origin: http://example.com\r
                X: 1\r
                X: 2\r
                \r
                """, new String(request, ISO_8859_1));
    }

    @Test
    void requestMustBeOneThatTheServersSideAccepts() throws HttpHeadException {
        byte[] request = ClientOpeningHandshake.request("/", "[::1]", KEY, List.of("chat"), null, Headers.EMPTY);
        RequestHeadParser parser = new RequestHeadParser(HttpLimits.DEFAULT);
        assertEquals(request.length, parser.parse(request, 0, request.length));
        assertEquals(new OpeningHandshake.Upgrade(KEY, List.of("chat"), List.of()),
                OpeningHandshake.check(parser.head()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "chat", "http://a/", "/a b", "/a\r\nX: y", "/#f", "/\u00e4"})
    void targetMustBeInOriginForm(String target) {
        assertThrows(IllegalArgumentException.class,
                () -> ClientOpeningHandshake.request(target, "a", KEY, List.of(), null, Headers.EMPTY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:x", "a:65536", "user@a", "a/b", "a\r\nX: y", "[::1"})
    void hostMustBeAHost(String host) {
        assertThrows(IllegalArgumentException.class,
                () -> ClientOpeningHandshake.request("/", host, KEY, List.of(), null, Headers.EMPTY));
    }

    @Test
    void keyMustBe16BytesInBase64() {
        for (String key : List.of("", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=\r")) {
            assertThrows(IllegalArgumentException.class,
                    () -> ClientOpeningHandshake.request("/", "a", key, List.of(), null, Headers.EMPTY));
        }
    }

    @Test
    void subprotocolsMustBeDifferentTokens() {
        for (List<String> each : List.of(List.of(""), List.of("a b"), List.of("a,b"), List.of("a", "a"))) {
            assertThrows(IllegalArgumentException.class,
                    () -> ClientOpeningHandshake.request("/", "a", KEY, each, null, Headers.EMPTY));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Host", "host", "Upgrade", "CONNECTION", "Sec-WebSocket-Key", "sec-websocket-foo",
            "Content-Length", "Transfer-Encoding"})
    void extraHeadersMustNotBeThoseOfTheHandshake(String name) {
        Headers extra = Headers.of(name, "1");
        assertThrows(IllegalArgumentException.class,
                () -> ClientOpeningHandshake.request("/", "a", KEY, List.of(), null, extra));
    }

    // The response

    @Test
    void goodResponseMustBeAccepted() {
        assertEquals(new Accepted(Optional.empty(), List.of()), check(good()));
        assertEquals(new Accepted(Optional.of("superchat"), List.of("a; b", "c")),
                check(good().add("sec-websocket-protocol", "superchat").add("Sec-WebSocket-Extensions", "a; b")
                        .add("Sec-WebSocket-Extensions", "c")));
        // §4.1: the values of Upgrade and Connection are compared without regard to case; Connection is a list.
        assertInstanceOf(Accepted.class, check(good().set("Upgrade", "WebSocket").set("Connection", "close")
                .add("Connection", "keep-alive, upgrade")));
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 301, 400, 401, 503, 426})
    void otherStatusMustNotBeAnUpgrade(int status) {
        assertEquals(new Declined(), ClientOpeningHandshake.check(
                new ResponseHead(1, status, "", good().build()), KEY, CHAT));
    }

    @Test
    void upgradeByHttp10MustFail() {
        assertInstanceOf(Invalid.class,
                ClientOpeningHandshake.check(new ResponseHead(0, 101, "", good().build()), KEY, CHAT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Upgrade", "Connection", "Sec-WebSocket-Accept"})
    void everyHeaderOfTheHandshakeIsRequired(String name) {
        assertInvalid(name, without(name));
    }

    @ParameterizedTest
    @CsvSource({"Upgrade,h2c", "Upgrade,websocket/13", "Upgrade,''", "Connection,close", "Connection,''",
            "Sec-WebSocket-Accept,''", "Sec-WebSocket-Accept,dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Accept,S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Accept,s3pPLMBiTxaQ9kYGzzhZRbK+xOo"})
    void wrongValueMustFail(String name, String value) {
        assertInvalid(name, good().set(name, value));
    }

    @Test
    void repeatedHeaderMustFail() {
        assertInvalid("Upgrade", good().add("Upgrade", "websocket"));
        assertInvalid("Sec-WebSocket-Accept", good().add("Sec-WebSocket-Accept", ACCEPT));
        assertInvalid("Sec-WebSocket-Protocol", good().add("Sec-WebSocket-Protocol", "chat")
                .add("Sec-WebSocket-Protocol", "chat"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "other", "CHAT", "chat, superchat", "chat,"})
    void subprotocolMustBeOneThatWasOffered(String subprotocol) {
        assertInvalid("Sec-WebSocket-Protocol", good().add("Sec-WebSocket-Protocol", subprotocol));
    }

    @Test
    void textOfThePeerMustBeEscapedInReasons() {
        String reason = assertInstanceOf(Invalid.class, check(good().set("Upgrade", "\u00e4"))).reason();
        assertTrue(reason.contains("'\\xe4'"), reason);
    }
}
