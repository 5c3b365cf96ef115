package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HttpResponse;
import dev.weft.testing.Faults;
import dev.weft.testing.TestRequest;
import dev.weft.testing.TestResponse;
import dev.weft.testing.TestServer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HttpEndpointTest {
    private static final HttpHandler METHOD = request -> HttpResponse.text(200, request.method());

    private static TestServer serving(String path, HttpEndpoint endpoint) {
        return TestServer.of(WebSocketServer.builder().http(path, endpoint).build());
    }

    private static void assertAllowed(String methods, TestResponse response) {
        assertEquals(methods, response.headers().first("Allow").orElseThrow());
    }

    @Test
    void otherMethodsMustBeRefused() {
        try (TestServer server = TestServer.of(WebSocketServer.builder()
                .http("GET", "/notes", METHOD).http("PUT", "/notes", METHOD).build())) {
            assertEquals("PUT", server.request("/notes").send("PUT", "").body());
            assertEquals("GET", server.request("/notes").get().body());
            assertEquals("4",
                    server.request("/notes").send("HEAD", "").headers().first("Content-Length").orElseThrow());
            assertAllowed("GET, HEAD, OPTIONS, PUT", server.request("/notes").send("POST", "").expectStatus(405));
            assertAllowed("GET, HEAD, OPTIONS, PUT", server.request("/notes").send("OPTIONS", "").expectStatus(204));
            server.request("/notes").send("put", "").expectStatus(405);
        }
    }

    @Test
    void handlersOfHeadAndOptionsMustTakePrecedence() {
        HttpEndpoint endpoint = HttpEndpoint.of("GET", METHOD).method("OPTIONS", METHOD)
                .method("HEAD", request -> HttpResponse.text(202, ""));
        try (TestServer server = serving("/", endpoint)) {
            assertEquals("OPTIONS", server.request("/").send("OPTIONS", "").expectStatus(200).body());
            server.request("/").send("HEAD", "").expectStatus(202);
            assertAllowed("GET, HEAD, OPTIONS", server.request("/").send("PATCH", "").expectStatus(405));
        }
    }

    @Test
    void aMethodMustHaveOneHandler() {
        HttpEndpoint any = HttpEndpoint.of(METHOD);
        HttpEndpoint get = HttpEndpoint.of("GET", METHOD);
        assertThrows(IllegalArgumentException.class, () -> any.method("GET", METHOD));
        assertThrows(IllegalArgumentException.class, () -> get.method("GET", METHOD));
        for (String method : Set.of("", "GE T", "GET:")) {
            assertThrows(IllegalArgumentException.class, () -> HttpEndpoint.of(method, METHOD));
            assertThrows(IllegalArgumentException.class, () -> WebSocketServer.builder().http(method, "/", METHOD));
        }
        WebSocketServerBuilder builder = WebSocketServer.builder().http("GET", "/{a}", METHOD).http("/any", METHOD);
        assertThrows(IllegalArgumentException.class, () -> builder.http("GET", "/{a}", METHOD));
        assertThrows(IllegalArgumentException.class, () -> builder.http("GET", "/any", METHOD));
        assertThrows(IllegalArgumentException.class, () -> builder.http("/{a}", METHOD));
        assertEquals("path '/{b}' matches the same as '/{a}', which is there already",
                assertThrows(IllegalArgumentException.class, () -> builder.http("PUT", "/{b}", METHOD)).getMessage());
        assertEquals(Set.of("/{a}", "/any"), builder.build().httpEndpoints().keySet());
    }

    @Test
    void limitsOfAPathMustBeItsOwn() {
        HttpHandler length = request -> HttpResponse.text(200, "" + request.bodyBytes().length);
        ServerConfiguration configuration = WebSocketServer.builder()
                .httpSettings(HttpSettings.builder().maxBodySize(100).build())
                .http("/usual", length)
                .http("/more", HttpEndpoint.of("POST", length).maxBodySize(200))
                .http("/less", HttpEndpoint.of(length).maxBodySize(10)).build();
        try (TestServer server = TestServer.of(configuration)) {
            assertEquals("100", server.request("/usual").send("POST", new byte[100]).body());
            server.request("/usual").send("POST", new byte[101]).expectStatus(413);
            assertEquals("200", server.request("/more").send("POST", new byte[200]).body());
            server.request("/more").send("POST", new byte[201]).expectStatus(413);
            server.request("/less").send("POST", new byte[11]).expectStatus(413);
        }
        HttpEndpoint endpoint = HttpEndpoint.of(length);
        assertThrows(IllegalArgumentException.class, () -> endpoint.maxBodySize(-1));
        assertThrows(IllegalArgumentException.class, () -> endpoint.handlerTimeout(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> endpoint.bodyTimeout(Duration.ofDays(21)));
    }

    @Test
    void timeoutsOfAPathMustBeItsOwn() throws Exception {
        CountDownLatch asked = new CountDownLatch(2);
        HttpHandler endless = request -> {
            asked.countDown();
            Thread.sleep(Duration.ofDays(1));
            return HttpResponse.empty(204);
        };
        ServerConfiguration configuration = WebSocketServer.builder().http("/usual", endless)
                .http("/quick", HttpEndpoint.of(endless).handlerTimeout(Duration.ofSeconds(2))).build();
        try (TestServer server = TestServer.of(configuration)) {
            FutureTask<TestResponse> usual = new FutureTask<>(() -> server.request("/usual").get());
            FutureTask<TestResponse> quick = new FutureTask<>(() -> server.request("/quick").get());
            Thread.startVirtualThread(usual);
            Thread.startVirtualThread(quick);
            asked.await();
            server.advance(Duration.ofSeconds(3));
            quick.get().expectStatus(503);
            assertFalse(usual.isDone());
            server.advance(Duration.ofSeconds(30));
            usual.get().expectStatus(503);
        }
    }

    @Test
    void aSlowBodyMustBeRefusedAfterTheTimeoutOfItsPath() {
        HttpHandler length = request -> HttpResponse.text(200, "" + request.bodyBytes().length);
        try (TestServer server = serving("/", HttpEndpoint.of(length).bodyTimeout(Duration.ofMillis(50)))) {
            server.request("/").faultsToServer(Faults.none().stallAt(100)).send("POST", new byte[1000])
                    .expectStatus(408);
        }
    }

    @Test
    void endpointsMayChangeWhileTheServerRuns() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/feed", Handlers::echo).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            server.addHttp("/health",
                    HttpEndpoint.of(request -> HttpResponse.text(200, server.health().reason() + "up")));
            assertEquals("up", peer.get("/health").body());
            assertThrows(IllegalArgumentException.class, () -> server.addHttp("/health", HttpEndpoint.of(METHOD)));
            server.replaceHttp("/health", HttpEndpoint.of(METHOD));
            assertEquals("GET", peer.get("/health").body());
            assertEquals(Set.of("/health"), server.httpEndpoints().keySet());
            assertTrue(server.removeHttp("/health"));
            assertFalse(server.removeHttp("/health"));
            assertEquals(404, peer.get("/health").status());
            assertThrows(IllegalArgumentException.class, () -> server.replaceHttp("/health", HttpEndpoint.of(METHOD)));
        }
    }

    @Test
    void aTimeoutThatIsAddedMustBeChecked() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/feed", Handlers::echo).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            server.addHttp("/", HttpEndpoint.of(request -> {
                Thread.sleep(Duration.ofDays(1));
                return HttpResponse.empty(204);
            }).handlerTimeout(Duration.ofMillis(20)));
            assertEquals(503, peer.get("/").status());
        }
    }

    /** RFC 9110 §9.3.7. */
    @Test
    void optionsOfTheWholeServerMustBeAnswered() {
        try (TestServer server = TestServer.of(Handlers::echo)) {
            assertAllowed("GET, HEAD, OPTIONS", server.request("*").send("OPTIONS", "").expectStatus(204));
            server.request("*").get().expectStatus(400);
            server.request("*").expectRefusal(400);
        }
        try (TestServer server = serving("/**", HttpEndpoint.of(METHOD))) {
            assertAllowed("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
                    server.request("*").send("OPTIONS", "ignored").expectStatus(204));
        }
    }

    @Test
    void aFormMustBeDecoded() {
        HttpEndpoint endpoint = HttpEndpoint.of("POST", request -> HttpResponse.text(200,
                request.form().first("user").orElse("nobody")));
        try (TestServer server = serving("/", endpoint)) {
            TestRequest form = server.request("/").header("Content-Type",
                    "Application/X-WWW-Form-Urlencoded; charset=utf-8");
            assertEquals("Ada & Bob", form.send("POST", "user=Ada+%26+Bob&x=1").body());
            assertEquals("nobody", form.send("POST", "").body());
            for (String malformed : List.of("user=%", "user=%ff", "a&".repeat(1001))) {
                form.send("POST", malformed).expectStatus(400);
            }
            form.send("POST", new byte[]{'a', '=', (byte) 0xff}).expectStatus(400);
            form.send("POST", new byte[2 << 20]).expectStatus(413);
            server.request("/").send("POST", "user=Ada").expectStatus(415);
            server.request("/").header("Content-Type", "application/json").send("POST", "{}").expectStatus(415);
        }
    }
}
