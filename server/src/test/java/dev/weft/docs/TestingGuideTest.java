package dev.weft.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.weft.ConnectionLimits;
import dev.weft.HandshakeRequest;
import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.WebSocketHandler;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.Endpoint;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.WebSocketServer;
import dev.weft.testing.Faults;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import dev.weft.testing.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The tests that the guide on testing shows. */
@Timeout(60)
class TestingGuideTest {
    private final WebSocketHandler shouter = ws -> {
        while (ws.receive() instanceof Message.Text(String text)) {
            ws.send(text.toUpperCase());
        }
    };
    private final HandshakePolicy tokens = request -> request.query().first("token").isPresent()
            ? HandshakeDecision.accept()
            : HandshakeDecision.reject(401, "a token is needed");

    // @start region="testHandler"
    @Test
    void shouterMustAnswerInCapitals() {
        try (TestServer server = TestServer.of(shouter)) {
            TestConnection client = server.open("/");
            client.send("hello").expectText("HELLO");
            client.connection().close(1000, "");
            client.expectClose(1000);
        }
    }
    // @end

    // @start region="testRoom"
    @Test
    void roomMustPassMessagesOn() {
        try (TestServer server = TestServer.of("/chat/{room}", Endpoint.of(Guides.room()))) {
            TestConnection ada = server.open("/chat/tea");
            ada.send("first").expectText("first"); // now she is in the room
            TestConnection bob = server.open("/chat/tea");
            bob.send("hello").expectText("hello");
            ada.expectText("hello").expectNothingFor(Duration.ofMillis(50));
        }
    }
    // @end

    // @start region="testHttp"
    @Test
    void noteMustBeKept() {
        Map<String, String> notes = new ConcurrentHashMap<>();
        ServerConfiguration configuration = WebSocketServer.builder().http("/notes/{name}", request -> {
            notes.put(request.pathParameter("name"), request.bodyText());
            return HttpResponse.empty(204);
        }).build();
        try (TestServer server = TestServer.of(configuration)) {
            server.request("/notes/tea").header("Content-Type", "text/plain").send("PUT", "green").expectStatus(204);
            server.request("/notes").get().expectStatus(404);
            assertEquals(Map.of("tea", "green"), notes);
        }
    }
    // @end

    // @start region="testTls"
    @Test
    void policyMustSeeTheTlsSession() {
        HandshakePolicy encrypted = request -> request.tlsSession().isPresent()
                ? HandshakeDecision.accept()
                : HandshakeDecision.reject(403, "TLS only");
        SSLContext keys = TestKeys.context(); // has a certificate for localhost, and trusts it
        try (TestServer server = TestServer.of(
                WebSocketServer.builder().tls(keys).policy(encrypted).handler(shouter).build())) {
            server.request("/").tls(keys).open().send("in").expectText("IN");
        }
    }
    // @end

    // @start region="testRefusal"
    @Test
    void tokenMustBeRequired() {
        try (TestServer server = TestServer.of("/chat", Endpoint.of(shouter).policy(tokens))) {
            server.request("/chat").expectRefusal(401);
            server.request("/chat").query("token", "abc").origin("https://example.com").open()
                    .send("in").expectText("IN");
        }
    }
    // @end

    // @start region="testPolicy"
    @Test
    void policyMustBeTestableAlone() throws Exception {
        HandshakeRequest request = HandshakeRequest
                .builder(new RequestHead("GET", "/chat/tea?token=abc", Headers.of("Cookie", "theme=dark")))
                .pathParameters(Map.of("room", "tea")).build();
        assertInstanceOf(HandshakeDecision.Accept.class, tokens.decide(request));
    }
    // @end

    // @start region="testPair"
    @Test
    void messageThatIsTooLargeMustEndTheConnection() {
        ConnectionLimits limits = ConnectionLimits.builder().maxMessageSize(1000).build();
        try (TestPair pair = TestPair.builder().limits(limits).connect()) {
            pair.client().send("x".repeat(1001));
            pair.server().expectClose(1009);
            pair.client().expectClose(1009);
        }
    }
    // @end

    // @start region="testClock"
    @Test
    void silentClientMustBeAborted() {
        try (TestServer server = TestServer.of(shouter)) {
            TestConnection client = server.request("/").faultsToServer(Faults.none().stallAt(300)).open();
            client.send("x".repeat(1000)); // the network takes it, and the server never gets all of it
            server.advance(Duration.ofMinutes(2)); // in well under a second
            client.expectBroken();
        }
    }
    // @end

    // @start region="testFaults"
    @Test
    void messagesMustSurviveASlowNetwork() {
        Faults slow = Faults.none().dribble(3).delay(Duration.ofMillis(1));
        try (TestServer server = TestServer.of(shouter)) {
            TestConnection client = server.request("/").faultsToServer(slow).faultsToClient(slow).open();
            client.send("a".repeat(200)).expectText("A".repeat(200));
        }
    }
    // @end

    // @start region="testSeed"
    @Test
    void faultMustNotChangeAMessage() {
        for (int seed = 0; seed < 20; seed++) {
            Faults faults = Faults.seeded(seed, 200); // somewhere in the first 200 bytes
            try (TestPair pair = TestPair.builder().faultsToServer(faults).connect()) {
                for (int i = 0; i < 20; i++) {
                    pair.client().connection().trySend("hello");
                }
                while (pair.server().connection().receive(Duration.ofMillis(100))
                        .orElse(null) instanceof Message.Text(String text)) {
                    assertEquals("hello", text, faults::toString);
                }
            } catch (IOException e) {
                // The fault has ended the connection.
            }
        }
    }
    // @end
}
