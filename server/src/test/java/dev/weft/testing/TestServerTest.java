package dev.weft.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.server.Endpoint;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.WebSocketHandler;
import dev.weft.server.WebSocketServer;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TestServerTest {
    private static final WebSocketHandler ECHO = ws -> {
        while (ws.receive() instanceof Message.Text(String text)) {
            ws.send(text);
        }
    };

    @Test
    void theHandlerMustServeTheConnection() {
        try (TestServer server = TestServer.of(ECHO)) {
            TestConnection client = server.open("/any");
            client.send("hello").expectText("hello");
            client.connection().close();
            client.expectClose(1000);
        }
    }

    @Test
    void theHandlerMustSeeTheRequest() {
        Endpoint endpoint = Endpoint.of(ws -> ws.send(ws.request().pathParameter("room") + " "
                + ws.query().first("q").orElseThrow() + " " + ws.request().cookies().get("id") + " "
                + ws.request().headers().first("X-Test").orElseThrow() + " " + ws.remoteAddress() + " "
                + ws.subprotocol().orElseThrow())).keepHeaders().subprotocols("chat.v2");
        try (TestServer server = TestServer.of("/chat/{room}", endpoint)) {
            TestConnection client = server.request("/chat/lobby").query("q", "a b&c").cookie("id", "7")
                    .header("X-Test", "yes").subprotocols("chat.v3", "chat.v2")
                    .from(InetSocketAddress.createUnresolved("there", 80)).open();
            client.expectText("lobby a b&c 7 yes there/<unresolved>:80 chat.v2").expectClose(1000);
            assertEquals("chat.v2", client.connection().subprotocol().orElseThrow());
        }
    }

    @Test
    void aRefusalMustBeSeen() {
        Endpoint endpoint = Endpoint.of(ECHO).policy(request -> request.query().first("token").isPresent()
                ? HandshakeDecision.accept()
                : HandshakeDecision.reject(401, "a token is needed"));
        try (TestServer server = TestServer.of("/chat", endpoint)) {
            TestResponse response = server.request("/chat").expectRefusal(401);
            assertTrue(response.body().contains("a token is needed"), response::toString);
            assertTrue(response.headers().contains("Date"));
            server.request("/other").expectRefusal(404);
            server.request("/chat").query("token", "x").open().send("in").expectText("in");
            assertTrue(assertThrows(AssertionError.class, () -> server.open("/chat")).getMessage()
                    .startsWith("expected the server to accept /chat, but it answered 401 \"a token is needed"));
            assertTrue(assertThrows(AssertionError.class,
                    () -> server.request("/chat").query("token", "x").expectRefusal(403)).getMessage()
                    .endsWith("but it answered 101"));
        }
    }

    @Test
    void aForeignOriginMustBeRefusedByTheDefaultPolicy() {
        try (TestServer server = TestServer.of(ECHO)) {
            server.request("/").host("example.com").origin("https://evil.example").expectRefusal(403);
            server.request("/").host("example.com").origin("https://example.com").open().send("a").expectText("a");
        }
    }

    @Test
    void compressionMustBeNegotiated() {
        try (TestServer server = TestServer.of(ws -> {
            ws.send("x".repeat(50_000));
            ECHO.handle(ws);
        })) {
            // Over a network that holds fewer bytes than the message has.
            TestConnection client = server.request("/").deflate().faultsToClient(Faults.none().cutAt(10_000)).open();
            client.expectText("x".repeat(50_000));
            client.send("y".repeat(50_000)).expectText("y".repeat(50_000));
        }
    }

    @Test
    void aFailedHandlerMustCloseWith1011() {
        try (TestServer server = TestServer.of(ws -> {
            throw new IllegalStateException("planned by a test");
        })) {
            server.open("/").expectClose(1011);
        }
    }

    @Test
    void deadlinesMustFollowTheClockOfTheTest() {
        try (TestServer server = TestServer.of("/", Endpoint.of(ECHO).pingInterval(Duration.ofSeconds(20))
                .pongTimeout(Duration.ofSeconds(10)))) {
            TestConnection alive = server.open("/");
            TestConnection stalled = server.request("/").faultsToClient(Faults.none().stallAt(400)).open();
            stalled.send("x".repeat(1000));
            alive.send("a").expectText("a");
            server.advance(Duration.ofSeconds(19));
            assertEquals(2, server.connectionCount());
            server.advance(Duration.ofSeconds(20));
            assertEquals(1, server.connectionCount());
            alive.send("b").expectText("b");
        }
    }

    @Test
    void theCloseOfTheServerMustReachTheClients() {
        TestServer server = TestServer.of(ECHO);
        server.open("/");
        long begin = System.nanoTime();
        server.close();
        assertTrue(System.nanoTime() - begin < Duration.ofSeconds(10).toNanos());
        assertThrows(AssertionError.class, () -> server.open("/"));
        assertEquals(0, server.connectionCount());
    }

    @Test
    void aFullServerMustSaySo() {
        try (TestServer server = TestServer.of(WebSocketServer.builder().handler(ECHO).maxConnections(1).build())) {
            server.open("/");
            assertEquals("the server is closed, or has as many connections as it may",
                    assertThrows(AssertionError.class, () -> server.open("/")).getMessage());
        }
    }
}
