package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.Headers;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.HandshakeDecision.Accept;
import dev.weft.server.HandshakeDecision.Reject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may connect: RFC 6455 §10.2, and the tricks that browsers are used for. */
@Timeout(30)
class HandshakePolicyTest {
    private static HandshakeRequest request(String host, String... origins) {
        Headers.Builder headers = Headers.builder().add("Host", host);
        for (String origin : origins) {
            headers.add("Origin", origin);
        }
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", 1);
        return new HandshakeRequest(new RequestHead("GET", "/", headers.build()), List.of(), address, address);
    }

    private static void assertAccepted(HandshakePolicy policy, HandshakeRequest request) throws Exception {
        assertInstanceOf(Accept.class, policy.decide(request));
    }

    private static void assertForbidden(HandshakePolicy policy, HandshakeRequest request) throws Exception {
        assertEquals(403, assertInstanceOf(Reject.class, policy.decide(request)).response().status());
    }

    // Same origin

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "example.com          | http://example.com",
            "example.com          | https://example.com",
            "example.com:80       | http://example.com",
            "example.com          | http://example.com:80",
            "example.com:443      | https://example.com",
            "example.com          | https://example.com:443",
            "example.com:8080     | http://example.com:8080",
            "EXAMPLE.com          | http://example.COM",
            "example.com          | HTTPS://Example.com",
            "127.0.0.1:9001       | http://127.0.0.1:9001",
            "[::1]:9001           | http://[::1]:9001",
            "[2001:DB8::1]        | https://[2001:db8::1]",
            "my_host              | http://my_host",
            "xn--bcher-kva.example| https://xn--bcher-kva.example"})
    void pageOfTheSameHostAndPortIsAccepted(String host, String origin) throws Exception {
        assertAccepted(HandshakePolicy.sameOrigin(), request(host, origin));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            // no origin at all
            "example.com      | null",
            "example.com      | ''",
            "example.com      | *",
            "null             | null",
            "example.com      | example.com",
            "example.com      | //example.com",
            "example.com      | http://",
            // another scheme
            "example.com      | file://example.com",
            "example.com      | ws://example.com",
            "example.com      | chrome-extension://example.com",
            "example.com      | xhttp://example.com",
            // prefix and suffix
            "example.com      | http://example.com.evil.org",
            "example.com      | http://evil-example.com",
            "example.com      | http://www.example.com",
            "www.example.com  | http://example.com",
            "example.com      | http://example.co",
            "example.com      | http://example.com.",
            "example.com      | http://examplexcom",
            // port
            "example.com      | http://example.com:8080",
            "example.com:8080 | http://example.com",
            "example.com:80   | https://example.com",
            "example.com:443  | http://example.com",
            "example.com:8080 | http://example.com:80800",
            "example.com:8080 | http://example.com:08080x",
            "example.com      | http://example.com:",
            "example.com      | http://example.com:-80",
            "example.com      | http://example.com:99999999999",
            // user information, path, query, fragment, blanks
            "example.com      | http://example.com@evil.org",
            "example.com      | http://evil.org@example.com",
            "example.com      | http://a:b@example.com",
            "example.com:80   | http://example.com:80@evil.org",
            "example.com      | http://evil.org/example.com",
            "example.com      | http://example.com/",
            "example.com      | http://example.com/path",
            "example.com      | http://evil.org?example.com",
            "example.com      | http://evil.org#example.com",
            "example.com      | http://evil.org\\example.com",
            "example.com      | http://example.com%2eevil.org",
            "example.com      | http://example.com http://evil.org",
            "example.com      | http://evil.org http://example.com",
            "example.com      | http://example.com, http://evil.org",
            "example.com      | 'http://example.com '",
            "example.com      | ' http://example.com'",
            "example.com      | http:// example.com",
            // IPv6
            "[::1]            | http://::1",
            "[::1]            | http://[::2]",
            "[::1]            | http://[::1",
            "[::1]            | http://[::1]x",
            "[::1]            | http://[::1].evil.org",
            "[::1]:80         | http://[::1:80]",
            // another name of the same machine is another origin
            "localhost        | http://127.0.0.1",
            "127.0.0.1        | http://2130706433",
            // letters that look or fold alike
            "example.com      | http://ex\u00e4mple.com",
            "example.com      | http://example\u00b7com"})
    void anyOtherOriginIsForbidden(String host, String origin) throws Exception {
        assertForbidden(HandshakePolicy.sameOrigin(), request(host, origin));
    }

    @Test
    void clientsThatAreNoBrowsersSendNoOriginAndAreAccepted() throws Exception {
        assertAccepted(HandshakePolicy.sameOrigin(), request("example.com"));
        assertAccepted(HandshakePolicy.origins(List.of("https://example.com")), request("example.com"));
    }

    @Test
    void severalOriginsAreForbidden() throws Exception {
        String same = "http://example.com";
        for (HandshakePolicy policy : List.of(HandshakePolicy.sameOrigin(), HandshakePolicy.origins(List.of(same)))) {
            assertForbidden(policy, request("example.com", same, same));
            assertForbidden(policy, request("example.com", same, "http://evil.org"));
            assertForbidden(policy, request("example.com", "http://evil.org", same));
        }
    }

    @Test
    void hostWithAnEmptyPortIsNobodysOrigin() throws Exception {
        assertForbidden(HandshakePolicy.sameOrigin(), request("example.com:", "http://example.com"));
    }

    @Test
    void sameOriginIsTheDefault() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().start()) {
            assertEquals(403, status(server, "http://evil.org"));
            assertEquals(403, status(server, "null"));
            assertEquals(101, status(server, "http://server.example.com"));
            assertEquals(101, status(server, "https://server.example.com"));
        }
    }

    private static int status(WebSocketServer server, String origin) throws IOException {
        try (RawPeer peer = RawPeer.connect(server)) {
            String head = peer.text(RawPeer.request("Origin: " + origin)).readHead();
            return Integer.parseInt(head.substring(9, 12));
        }
    }

    // A list of origins

    @ParameterizedTest
    @ValueSource(strings = {"https://example.com", "https://EXAMPLE.com:443", "http://localhost:8080", "http://[::1]"})
    void listedOriginsAreAcceptedWhateverTheHost(String origin) throws Exception {
        HandshakePolicy policy = HandshakePolicy.origins(
                List.of("https://Example.com", "http://localhost:8080", "http://[::1]:80"));
        assertAccepted(policy, request("other.example", origin));
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://example.com", "https://example.com:8443", "https://www.example.com", "null", "",
            "https://example.com.evil.org", "https://example.com@evil.org", "http://localhost",
            "https://localhost:8080",
            "http://other.example"})
    void unlistedOriginsAreForbiddenEvenIfTheHostIsTheSame(String origin) throws Exception {
        HandshakePolicy policy = HandshakePolicy.origins(List.of("https://example.com", "http://localhost:8080"));
        assertForbidden(policy, request("other.example", origin));
    }

    @Test
    void emptyListAdmitsNoBrowser() throws Exception {
        assertForbidden(HandshakePolicy.origins(List.of()), request("example.com", "http://example.com"));
        assertAccepted(HandshakePolicy.origins(List.of()), request("example.com"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*", "null", "example.com", "https://*.example.com", "https://example.com/",
            "https://example.com ", "ftp://example.com", "https://user@example.com", "https://b\u00fccher.example",
            "http://\u212aelvin.com"})
    void listHoldsNothingButOrigins(String entry) {
        assertThrows(IllegalArgumentException.class, () -> HandshakePolicy.origins(List.of(entry)));
    }

    // Any origin, and combinations

    @ParameterizedTest
    @ValueSource(strings = {"http://evil.org", "null", "", "file://"})
    void anyOriginIsAnyOrigin(String origin) throws Exception {
        assertAccepted(HandshakePolicy.anyOrigin(), request("example.com", origin));
        assertAccepted(HandshakePolicy.anyOrigin(), request("example.com", origin, origin));
    }

    @Test
    void andAsksTheNextAboutWhatTheFirstAcceptsAlone() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        HandshakePolicy policy = HandshakePolicy.sameOrigin().and(request -> {
            asked.incrementAndGet();
            return HandshakeDecision.accept().withAttachment("second");
        });
        assertForbidden(policy, request("example.com", "http://evil.org"));
        assertEquals(0, asked.get());
        HandshakeDecision decision = policy.decide(request("example.com", "http://example.com"));
        assertEquals("second", assertInstanceOf(Accept.class, decision).attachment());
        assertEquals(1, asked.get());
    }

    @Test
    void andIsForbiddenIfTheNextForbids() throws Exception {
        HandshakePolicy policy = HandshakePolicy.anyOrigin().and(HandshakePolicy.sameOrigin());
        assertForbidden(policy, request("example.com", "http://evil.org"));
        HandshakeDecision decision = HandshakePolicy.anyOrigin()
                .and(request -> HandshakeDecision.reject(401, "who are you?")).decide(request("example.com"));
        assertEquals(401, assertInstanceOf(Reject.class, decision).response().status());
    }

    @Test
    void andPassesOnWhatThePoliciesThrow() {
        HandshakePolicy failing = request -> {
            throw new IOException("no database");
        };
        for (HandshakePolicy policy : List.of(failing.and(HandshakePolicy.anyOrigin()),
                HandshakePolicy.anyOrigin().and(failing))) {
            Exception thrown = assertThrows(IOException.class, () -> policy.decide(request("example.com")));
            assertTrue(thrown.getMessage().contains("no database"));
        }
    }
}
