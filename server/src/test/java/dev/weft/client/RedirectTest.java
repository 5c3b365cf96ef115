package dev.weft.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Handlers;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Redirects, and cookies. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RedirectTest {
    private static final Headers SECRETS = Headers.of("Authorization", "Bearer t", "Cookie", "a=b", "X-Kept", "1");

    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();

    /** Answers with this status and location, whatever is asked. */
    private ScriptedServer redirecting(int status, String location, String... lines) throws IOException {
        return new ScriptedServer(peer -> {
            requests.add(peer.readRequest());
            peer.text("HTTP/1.1 " + status + " Go\r\nLocation: " + location + "\r\nContent-Length: 0\r\n"
                    + String.join("", List.of(lines)) + "\r\n");
        });
    }

    private ScriptedServer accepting() throws IOException {
        return new ScriptedServer(peer -> {
            requests.add(peer.upgrade());
            peer.readClose();
        });
    }

    private String request() throws InterruptedException {
        return requests.poll(10, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void redirectMustBeFollowedWithoutSecretsForAnotherOrigin(int status) throws Exception {
        try (ScriptedServer target = accepting();
                ScriptedServer first = redirecting(status, "http://127.0.0.1:" + target.port() + "/b?c=d");
                WebSocketClient client = WebSocketClient.builder().maxRedirects(1).build()) {
            WebSocketConnection ws = client.open(first.uri(), SECRETS);
            assertEquals("/b", ws.path());
            ws.close();
            String before = request();
            assertTrue(before.contains("Authorization: Bearer t") && before.contains("Cookie: a=b"), before);
            String after = request();
            assertTrue(after.startsWith("GET /b?c=d HTTP/1.1\r\nHost: 127.0.0.1:" + target.port() + "\r\n"), after);
            assertFalse(after.contains("Authorization") || after.contains("Cookie"), after);
            assertTrue(after.contains("X-Kept: 1"), after);
        }
    }

    @Test
    void secretsMustBeKeptWithinAnOrigin() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            String request = peer.readRequest();
            requests.add(request);
            if (request.startsWith("GET /chat ")) {
                peer.text("HTTP/1.1 307 Go\r\nLocation: other?x\r\nContent-Length: 0\r\n\r\n");
            } else {
                peer.text("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
            }
        }); WebSocketClient client = WebSocketClient.builder().maxRedirects(1).build()) {
            assertEquals(401, assertThrows(WebSocketConnectException.class, () -> client.open(server.uri(), SECRETS))
                    .response().orElseThrow().status());
            request();
            String after = request();
            assertTrue(after.startsWith("GET /other?x HTTP/1.1\r\n"), after);
            assertTrue(after.contains("Authorization: Bearer t") && after.contains("Cookie: a=b"), after);
        }
    }

    /** RFC 3986 §5.2 and §5.4, RFC 9110 §10.2.2. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ?token=1            | /v1/chat?token=1
            other               | /v1/other
            ./other?x=%2F..     | /v1/other?x=%2F..
            ../other            | /other
            /../other           | /other
            /../../a/./b/../c/. | /a/c/
            ../../../a/..       | /
            /a//../b            | /a/b
            '#part'             | /v1/chat?from=here
            other#part          | /v1/other
            ?a=b#part           | /v1/chat?a=b
            ws://HOST#part      | /
            http://HOST/a/../b  | /b
            //HOST/a?b          | /a?b
            """)
    void locationMustBeResolvedLikeTheUriReferencesOfRfc3986(String location, String target) throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            String request = peer.readRequest();
            requests.add(request);
            boolean first = requests.size() == 1;
            peer.text(first
                    ? "HTTP/1.1 307 Go\r\nLocation: " + location.replace("HOST", request.lines()
                            .filter(line -> line.startsWith("Host: ")).findFirst().orElseThrow().substring(6))
                            + "\r\nContent-Length: 0\r\n\r\n"
                    : "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
        }); WebSocketClient client = WebSocketClient.builder().maxRedirects(1).build()) {
            URI uri = URI.create("ws://127.0.0.1:" + server.port() + "/v1/chat?from=here");
            assertEquals(401, assertThrows(WebSocketConnectException.class, () -> client.open(uri)).response()
                    .orElseThrow().status());
            assertTrue(request().startsWith("GET /v1/chat?from=here HTTP/1.1\r\n"));
            assertEquals("GET " + target + " HTTP/1.1", request().lines().findFirst().orElseThrow());
        }
    }

    @Test
    void redirectsMustBeBounded() throws Exception {
        try (ScriptedServer circle = redirecting(302, "/again");
                WebSocketClient client = WebSocketClient.builder().maxRedirects(3).build()) {
            WebSocketConnectException failure = assertThrows(WebSocketConnectException.class,
                    () -> client.open(circle.uri()));
            assertTrue(failure.getMessage().contains("maxRedirects"), failure.getMessage());
            assertEquals(302, failure.response().orElseThrow().status());
            assertEquals(4, requests.size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://a/", "ws:a", "ws://u:p@a/", "http:// a/", "ws://", "file:///etc/passwd"})
    void redirectToWhatIsNoWebSocketMustFail(String location) throws Exception {
        try (ScriptedServer first = redirecting(302, location);
                WebSocketClient client = WebSocketClient.builder().maxRedirects(5).build()) {
            String message = assertThrows(WebSocketConnectException.class, () -> client.open(first.uri())).getMessage();
            assertTrue(message.contains(location), message);
        }
    }

    @Test
    void redirectMustNotLeadFromTlsToNone() throws Exception {
        try (ScriptedServer plain = accepting();
                WebSocketServer secure = Handlers.echoServer().tls(TestKeys.context())
                        .policy(request -> new HandshakeDecision.Reject(
                                HttpResponse.text(302, "").withHeader("Location", plain.uri().toString())))
                        .start();
                WebSocketClient client = WebSocketClient.builder().tls(TestKeys.context()).maxRedirects(5).build()) {
            String message = assertThrows(WebSocketConnectException.class,
                    () -> client.open(URI.create("wss://127.0.0.1:" + secure.port() + "/"))).getMessage();
            assertTrue(message.contains("from TLS to none"), message);
            assertTrue(requests.isEmpty());
        }
    }

    @Test
    void cookiesMustBeKeptAndSent() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            requests.add(peer.upgrade("Set-Cookie: session=1; Path=/", "set-cookie: other=2; Path=/elsewhere",
                    "Set-Cookie: third=3"));
            peer.readClose();
        }); WebSocketClient client = WebSocketClient.builder().cookieHandler(new CookieManager()).build()) {
            client.open(server.uri()).close();
            assertFalse(request().contains("Cookie"));
            client.open(server.uri(), Headers.of("Cookie", "a=b")).close();
            String second = request();
            assertTrue(second.contains("\r\nCookie: a=b; "), second);
            assertTrue(second.contains("session=1") && second.contains("third=3"), second);
            assertFalse(second.contains("other"), second);
        }
    }
}
