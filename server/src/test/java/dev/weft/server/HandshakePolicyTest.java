package dev.weft.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.HandshakeRequest;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.HandshakeDecision.Accept;
import dev.weft.server.HandshakeDecision.Reject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which clients may connect: RFC 6455 §10.2, and attacks through browsers. */
@Timeout(30)
class HandshakePolicyTest {
    private static HandshakeRequest request(String host, String... origins) {
        Headers.Builder headers = Headers.builder().add("Host", host);
        for (String origin : origins) {
            headers.add("Origin", origin);
        }
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", 1);
        return HandshakeRequest.builder(new RequestHead("GET", "/", headers.build())).localAddress(address)
                .remoteAddress(address).build();
    }

    private static void assertAccepted(HandshakePolicy policy, HandshakeRequest request) throws Exception {
        assertInstanceOf(Accept.class, policy.decide(request));
    }

    private static void assertForbidden(HandshakePolicy policy, HandshakeRequest request) throws Exception {
        assertEquals(403, assertInstanceOf(Reject.class, policy.decide(request)).response().status());
    }

    @Test
    void aConditionMustHold() throws Exception {
        HandshakePolicy policy = HandshakePolicy.require(request -> request.cookies().containsKey("user"), 401,
                "sign in first");
        assertAccepted(policy, HandshakeRequest.builder(new RequestHead("GET", "/", Headers.of("Cookie", "user=Ada")))
                .build());
        Reject refusal = assertInstanceOf(Reject.class, policy.decide(request("example.com")));
        assertEquals("401 sign in first\n", refusal.response().status() + " "
                + new String(refusal.response().body(), UTF_8));
        for (int status : new int[]{200, 101, 299, 600}) {
            assertThrows(IllegalArgumentException.class, () -> HandshakePolicy.require(request -> true, status, ""));
        }
    }

    // Same origin

    private static HttpRequest plainRequest(String host, String origin) {
        return HttpRequest.builder(new RequestHead("POST", "/", Headers.of("Host", host, "Origin", origin))).build();
    }

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
        assertTrue(plainRequest(host, origin).isSameOrigin());
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
        assertFalse(plainRequest(host, origin).isSameOrigin());
    }

    @Test
    void hostileOriginsMustBeJudgedLikeAnyOther() throws Exception {
        HandshakePolicy policy = HandshakePolicy.origins(List.of("https://*.example.com", "app://x"));
        String labels = "a.".repeat(1 << 20);
        assertAccepted(policy, request("a", "https://" + labels + "example.com"));
        assertForbidden(policy, request("a", "https://" + labels + ".example.com"));
        assertForbidden(policy, request("a", "https://" + labels + "example.com!"));
        assertForbidden(policy, request("a", "app://" + labels));
        assertForbidden(HandshakePolicy.sameOrigin(), request("a", "https://" + labels));
    }

    @Test
    void requestsWithoutAnOriginMustBeAccepted() throws Exception {
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
    void hostWithAnEmptyPortMustMatchNoOrigin() throws Exception {
        assertForbidden(HandshakePolicy.sameOrigin(), request("example.com:", "http://example.com"));
    }

    @Test
    void sameOriginIsTheDefault() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().start()) {
            assertEquals(403, statusFor(server, "http://evil.org"));
            assertEquals(403, statusFor(server, "null"));
            assertEquals(101, statusFor(server, "http://server.example.com"));
            assertEquals(101, statusFor(server, "https://server.example.com"));
        }
    }

    private static int statusFor(WebSocketServer server, String origin) throws IOException {
        return status(server, RawPeer.request("Origin: " + origin));
    }

    private static int status(WebSocketServer server, String request) throws IOException {
        try (RawPeer peer = RawPeer.connect(server)) {
            String head = peer.text(request).readHead();
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
    void unlistedOriginsMustBeForbiddenEvenForTheSameHost(String origin) throws Exception {
        HandshakePolicy policy = HandshakePolicy.origins(List.of("https://example.com", "http://localhost:8080"));
        assertForbidden(policy, request("other.example", origin));
    }

    @Test
    void emptyListAdmitsNoBrowser() throws Exception {
        assertForbidden(HandshakePolicy.origins(List.of()), request("example.com", "http://example.com"));
        assertAccepted(HandshakePolicy.origins(List.of()), request("example.com"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "null                      | null",
            "file://                   | file://",
            "capacitor://localhost     | capacitor://localhost",
            "chrome-extension://abcdef | chrome-extension://abcdef",
            "moz-extension://0f1e-2d   | moz-extension://0f1e-2d",
            "APP://x                   | app://X",
            "app://x:8080              | app://x:8080",
            "https://*.example.com     | https://chat.example.com",
            "https://*.example.com     | https://a.b.example.com",
            "https://*.example.com     | HTTPS://Chat.Example.COM:443",
            "https://*.example.com:443 | https://chat.example.com",
            "http://*.localhost:8080   | http://app.localhost:8080"})
    void originsMustBeAllowedByName(String entry, String origin) throws Exception {
        assertAccepted(HandshakePolicy.origins(List.of("https://other.example", entry)), request("a", origin));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "null                  | NULL",
            "null                  | ''",
            "null                  | file://",
            "file://               | null",
            "file://               | file:///",
            "file://               | file://evil.org",
            "capacitor://localhost | http://localhost",
            "capacitor://localhost | capacitor://localhost:80",
            "capacitor://localhost | capacitor://localhost.evil.org",
            "capacitor://localhost | capacitor://localhost/",
            "capacitor://localhost | xcapacitor://localhost",
            "chrome-extension://abc| chrome-extension://abcd",
            "chrome-extension://abc| moz-extension://abc",
            "app://x               | app://x app://x",
            // the apex, and what only looks like a subdomain
            "https://*.example.com | https://example.com",
            "https://*.example.com | https://.example.com",
            "https://*.example.com | https://..example.com",
            "https://*.example.com | https://a..example.com",
            "https://*.example.com | https://.a.example.com",
            "https://*.example.com | https://evilexample.com",
            "https://*.example.com | https://evil-example.com",
            "https://*.example.com | https://a.example.com.evil.org",
            "https://*.example.com | https://a.example.com.",
            "https://*.example.com | https://a.example.comx",
            "https://*.example.com | https://a.examplexcom",
            "https://*.example.com | https://evil.org/.example.com",
            "https://*.example.com | https://evil.org?.example.com",
            "https://*.example.com | https://evil.org#.example.com",
            "https://*.example.com | https://evil.org@a.example.com",
            "https://*.example.com | https://evil.org:80.example.com",
            "https://*.example.com | https://*.example.com",
            "https://*.example.com | https://[::1].example.com",
            // scheme and port
            "https://*.example.com | http://a.example.com",
            "https://*.example.com | https://a.example.com:8443",
            "https://*.example.com | app://a.example.com",
            "http://*.localhost:80 | http://a.localhost:8080"})
    void originsMustBeTheNamedOnesAlone(String entry, String origin) throws Exception {
        assertForbidden(HandshakePolicy.origins(List.of(entry)), request("example.com", origin));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*", "example.com", "https://example.com/", "https://", "http://",
            "https://example.com ", "ws://example.com", "wss://example.com", "https://user@example.com",
            "https://b\u00fccher.example", "http://\u212aelvin.com", "NULL", "https://*", "https://*.", "*.example.com",
            "https://a.*.com", "https://*a.example.com", "https://*.*.com", "https://*.127.0.0.1", "https://*.[::1]",
            "https://*..com", "app://*.example.com", "://a", "1app://x", "file:///"})
    void listHoldsNothingButOrigins(String entry) {
        assertThrows(IllegalArgumentException.class, () -> HandshakePolicy.origins(List.of(entry)));
    }

    // Hosts: the attack is a page whose own name resolves to this server

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "localhost      | localhost",
            "localhost      | LOCALHOST:9001",
            "localhost:9001 | localhost:9001",
            "localhost:9001 | localhost:09001",
            "127.0.0.1      | 127.0.0.1:9001",
            "[::1]          | [::1]:9001",
            "[::1]:9001     | [::1]:9001",
            "Example.com:80 | example.com",
            "example.com:443| example.com",
            "*.example.com  | a.b.example.com:8080"})
    void hostsMustBeAllowedByName(String entry, String host) throws Exception {
        assertAccepted(HandshakePolicy.hosts(List.of("other.example", entry)), request(host));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "localhost      | evil.example",
            "localhost      | evil.example:9001",
            "localhost      | 127.0.0.1",
            "localhost      | localhost.",
            "localhost      | localhost.evil.example",
            "localhost      | xlocalhost",
            "localhost      | loc%61lhost",
            "localhost:9001 | localhost:9002",
            "localhost:9001 | localhost",
            "localhost:9001 | localhost:",
            "127.0.0.1      | 127.0.0.10",
            "[::1]          | [::2]",
            "*.example.com  | example.com",
            "*.example.com  | evilexample.com",
            "*.example.com  | .example.com"})
    void otherHostsMustBeMisdirected(String entry, String host) throws Exception {
        HandshakePolicy policy = HandshakePolicy.hosts(List.of(entry));
        Reject reject = assertInstanceOf(Reject.class, policy.decide(request(host)));
        assertEquals(421, reject.response().status());
        assertEquals(RefusalReason.UNKNOWN_HOST, reject.reason());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*", "*.", "http://a", "a b", "a/", "a@b", "a:b", "::1", "*.127.0.0.1", "*.[::1]",
            "a:123456"})
    void listOfHostsMustHoldNothingButHosts(String entry) {
        assertThrows(IllegalArgumentException.class, () -> HandshakePolicy.hosts(List.of(entry)));
        assertThrows(IllegalArgumentException.class, () -> HandshakePolicy.hosts(List.of()));
    }

    @Test
    void reboundNamesMustNotReachAnyHandler() throws Exception {
        List<String> hosts = List.of("server.example.com");
        try (WebSocketServer server = Handlers.echoServer().http("/", request -> HttpResponse.text(200, "secret"))
                .httpSettings(HttpSettings.builder().hosts(hosts).build())
                .policy(HandshakePolicy.hosts(hosts).and(HandshakePolicy.sameOrigin())).start()) {
            String evil = RawPeer.request("Origin: http://evil.example").replace("server.example.com", "evil.example");
            assertEquals(421, status(server, evil));
            assertEquals(421, status(server, RawPeer.request().replace("/chat", "ws://evil.example/chat")));
            assertEquals(421, status(server, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
            // No browser is that old.
            assertEquals(200, status(server, "GET / HTTP/1.0\r\n\r\n"));
            assertEquals(200,
                    status(server, "GET / HTTP/1.1\r\nHost: server.example.com\r\nConnection: close\r\n\r\n"));
            assertEquals(101, statusFor(server, "http://server.example.com"));
        }
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
        assertEquals(List.of("second"), assertInstanceOf(Accept.class, decision).attachments());
        assertEquals(1, asked.get());
    }

    @Test
    void andMustKeepWhatBothSaid() throws Exception {
        // A limit's mere acceptance must not lose who signed in.
        HandshakePolicy signedIn = request -> HandshakeDecision.accept().withAttachment("user").withSubprotocol("chat")
                .withHeader("Set-Cookie", "a=1").withRateShare("gold");
        HandshakePolicy limit = request -> HandshakeDecision.accept();
        HandshakePolicy renewed = request -> HandshakeDecision.accept().withAttachment("renewed")
                .withAttachment(1).withSubprotocol("v2")
                .withHeader("Set-Cookie", "b=2").withHeader("X", "3");
        List<Object> kept = said(signedIn.decide(request("a")));
        assertEquals(List.of(Optional.of("chat"), Headers.of("Set-Cookie", "a=1"), List.of("user"),
                Optional.empty(), Optional.of("gold"), true), kept);
        assertEquals(kept, said(signedIn.and(limit).decide(request("a"))));
        assertEquals(kept, said(limit.and(signedIn).decide(request("a"))));
        assertEquals(List.of(Optional.of("v2"), Headers.of("Set-Cookie", "a=1", "Set-Cookie", "b=2", "X", "3"),
                List.of("renewed", 1), Optional.empty(), Optional.of("gold"), true),
                said(signedIn.and(limit).and(renewed).decide(request("a"))));
    }

    private static List<Object> said(HandshakeDecision decision) {
        Accept accept = assertInstanceOf(Accept.class, decision);
        return List.of(accept.subprotocol(), accept.headers(), accept.attachments(), accept.expiry(),
                accept.rateShare(),
                accept.allowsDeflate());
    }

    @Test
    void andMustNotCompressIfOneOfThemDeclines() throws Exception {
        HandshakePolicy plain = request -> HandshakeDecision.accept().withoutDeflate();
        HandshakePolicy other = request -> HandshakeDecision.accept().withAttachment("user");
        for (HandshakePolicy policy : List.of(plain.and(other), other.and(plain))) {
            Accept both = assertInstanceOf(Accept.class, policy.decide(request("a")));
            assertFalse(both.allowsDeflate());
            assertEquals(List.of("user"), both.attachments());
        }
    }

    @Test
    void headersOfTheHandshakeItselfMustBeRefusedAtOnce() {
        Accept accept = HandshakeDecision.accept();
        for (String name : List.of("Connection", "upgrade", "Sec-WebSocket-Accept", "Content-Length")) {
            assertThrows(IllegalArgumentException.class, () -> accept.withHeader(name, "x"), name);
            assertThrows(IllegalArgumentException.class, () -> accept.withAddedHeader(name, "x"), name);
        }
        assertThrows(IllegalArgumentException.class, () -> HandshakeDecision.reject(204, "no"));
    }

    @Test
    void acceptanceMustReplaceOrAddHeaders() {
        Accept accept = HandshakeDecision.accept().withHeader("X", "1").withHeader("x", "2")
                .withAddedHeader("Set-Cookie", "a=1").withAddedHeader("Set-Cookie", "b=2");
        assertEquals(Headers.of("X", "2", "Set-Cookie", "a=1", "Set-Cookie", "b=2"), accept.headers());
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
