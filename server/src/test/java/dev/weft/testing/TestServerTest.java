package dev.weft.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.WebSocketHandler;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Await;
import dev.weft.server.Endpoint;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.StaticFiles;
import dev.weft.server.WebSocketServer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
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
            Await.until("the stalled one has ended", () -> server.connectionCount() == 1);
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
        assertEquals("the server is closed",
                assertThrows(AssertionError.class, () -> server.open("/")).getMessage());
        assertEquals(0, server.connectionCount());
    }

    @Test
    void aFullServerMustSaySo() {
        try (TestServer server = TestServer.of(WebSocketServer.builder().handler(ECHO).maxConnections(1).build())) {
            server.open("/");
            server.request("/").expectRefusal(503);
        }
    }

    private static TestServer plainHttp() {
        return TestServer.of(WebSocketServer.builder().handler(ECHO)
                .http("/echo/{name}", request -> HttpResponse.text(200, request.method() + " "
                        + request.pathParameter("name") + " " + request.query().first("q").orElse("") + " "
                        + request.headers().first("Content-Type").orElse("") + " " + request.bodyText()))
                .http("/stream", request -> HttpResponse.stream(200, "text/plain", out -> {
                    for (int i = 0; i < 10; i++) {
                        out.write("x".repeat(20_000).getBytes(UTF_8));
                    }
                }))
                .http("/refuse", request -> HttpResponse.text(403, "no"))
                .files("/", StaticFiles.onClassPath(Test.class, "META-INF"))
                .build());
    }

    @Test
    void plainRequestsMustBeAnswered() {
        try (TestServer server = plainHttp()) {
            assertEquals("POST ada b&c text/plain hello", server.request("/echo/ada").query("q", "b&c")
                    .header("Content-Type", "text/plain").send("POST", "hello").expectStatus(200).body());
            assertEquals("x".repeat(200_000), server.request("/stream").get().body());
            TestResponse head = server.request("/echo/ada").send("HEAD", "").expectStatus(200);
            assertEquals("", head.body());
            assertEquals("11", head.headers().first("Content-Length").orElseThrow());
            assertTrue(server.request("/MANIFEST.MF").get().expectStatus(200).body().startsWith("Manifest-Version"));
            server.request("/%2e%2e/MANIFEST.MF").get().expectStatus(400);
            server.open("/socket").send("still").expectText("still");
        }
    }

    @Test
    void bytesMustArriveUnchangedInBothDirections() {
        byte[] bytes = new byte[200_000];
        new Random(1).nextBytes(bytes);
        try (TestServer server = TestServer.of(WebSocketServer.builder()
                .http("/", request -> HttpResponse.bytes(200, "application/octet-stream", request.bodyBytes()))
                .build())) {
            assertArrayEquals(bytes, server.request("/").send("PUT", bytes).bytes());
            server.request("/").send("PUT", new byte[2 << 20]).expectStatus(413);
        }
    }

    @Test
    void anotherStatusMustBeExplained() {
        try (TestServer server = plainHttp()) {
            assertEquals("expected the status 200, but the server answered 403 \"no\"",
                    assertThrows(AssertionError.class, () -> server.request("/refuse").get().expectStatus(200))
                            .getMessage());
        }
    }

    @Test
    void aResponseThatIsCutOffMustFailTheTest() {
        try (TestServer server = plainHttp()) {
            String message = assertThrows(AssertionError.class, () -> server.request("/stream")
                    .faultsToClient(Faults.none().cutAt(1000)).get()).getMessage();
            assertTrue(message.startsWith("the request for /stream failed: "), message);
        }
    }

    @Test
    void theTimeoutOfAnHttpHandlerMustFollowTheClockOfTheTest() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (TestServer server = TestServer.of(WebSocketServer.builder().http("/slow", request -> {
            asked.countDown();
            Thread.sleep(Duration.ofDays(1));
            throw new AssertionError("not interrupted");
        }).build())) {
            FutureTask<TestResponse> response = new FutureTask<>(() -> server.request("/slow").get());
            Thread.startVirtualThread(response);
            asked.await();
            server.advance(Duration.ofSeconds(31));
            response.get().expectStatus(503);
        }
    }

    @Test
    void tlsMustWorkOverMemory() {
        SSLContext keys = TestKeys.context();
        try (TestServer server = TestServer.of(WebSocketServer.builder().tls(keys)
                .handler(ws -> {
                    ws.send(ws.request().path());
                    ECHO.handle(ws);
                }).http("/tls", request -> HttpResponse.text(200, request.tlsSession().orElseThrow().getProtocol()))
                .build())) {
            TestConnection client = server.request("/here").tls(keys).deflate().open();
            client.expectText("/here").send("y".repeat(100_000)).expectText("y".repeat(100_000));
            client.connection().close();
            client.expectClose(1000);
            assertEquals("TLSv1.3", server.request("/tls").tls(keys).get().expectStatus(200).body());
            assertEquals("the server uses TLS: the request needs tls(context)",
                    assertThrows(IllegalStateException.class, () -> server.open("/")).getMessage());
        }
    }

    @Test
    void aClientMustRefuseAnUntrustedCertificate() throws Exception {
        SSLContext keys = TestKeys.context();
        try (TestServer server = TestServer.of(WebSocketServer.builder().tls(keys).handler(ECHO).build())) {
            assertInstanceOf(SSLException.class, assertThrows(AssertionError.class,
                    () -> server.request("/").tls(SSLContext.getDefault()).open()).getCause());
            assertInstanceOf(SSLException.class, assertThrows(AssertionError.class,
                    () -> server.request("/").tls(keys).host("elsewhere.example").open()).getCause());
            server.request("/").tls(keys).host("localhost:8443").open().send("a").expectText("a");
        }
    }
}
