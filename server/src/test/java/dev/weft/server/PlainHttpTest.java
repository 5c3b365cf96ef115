package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.RateLimits;
import dev.weft.TestKeys;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.HttpPeer.Response;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plain HTTP on a WebSocket server (RFC 9110, RFC 9112), byte by byte. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PlainHttpTest {
    /** Unmasked: FIN, text, 5 bytes, "Hello" (RFC 6455 §5.7). */
    private static final String HELLO = "8105 48656c6c6f";

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private static WebSocketServerBuilder server() {
        return Handlers.echoServer()
                .http("/health", request -> HttpResponse.text(200, "up"))
                .http("/echo", request -> HttpResponse.bytes(200, "application/octet-stream", request.bodyBytes()))
                .http("/ignore", request -> HttpResponse.text(200, "ignored"))
                .http("/users/{id}", request -> HttpResponse.text(200, request.method() + " "
                        + request.pathParameter("id") + " " + request.query().first("q").orElse("none")))
                .http("/tree/**", request -> HttpResponse.text(200, request.pathRest()));
    }

    private static WebSocketServer started(TransportKind transport, boolean tls) throws IOException {
        WebSocketServerBuilder builder = server().transport(transport);
        return (tls ? builder.tls(TestKeys.context()) : builder).start();
    }

    // Routing

    @Test
    void handlerIsFoundByItsPath() throws IOException {
        try (WebSocketServer server = server().start(); HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("up", peer.get("/health").body());
            assertEquals("GET a/b none", peer.get("/users/a%2Fb").body());
            assertEquals("DELETE 7 x", peer.request("DELETE", "/users/7?q=x").read().body());
            assertEquals("a/%2e.css", peer.get("/tree/a/%2e.css?v=1").body());
            assertEquals("", peer.get("/tree/").body());
        }
    }

    @ParameterizedTest
    @CsvSource({"/other, 404", "/tree, 404", "/users/%zz, 400", "/users/../health, 400", "/users/1?q=%ff, 400"})
    void whatIsNotFoundIsRefused(String target, int status) throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/chat", Handlers::echo)
                .http("/users/{id}", request -> HttpResponse.text(200, "user"))
                .http("/tree/**", request -> HttpResponse.text(200, "tree")).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals(status, peer.get(target).status());
            assertTrue(peer.isEnded());
        }
    }

    @Test
    void endpointAndHttpHandlerMayShareAPath() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/chat", Handlers::echo)
                .endpoint("/feed", Handlers::echo).http("/chat", request -> HttpResponse.text(200, "page")).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("page", peer.get("/chat").body());
            peer.raw().upgraded();
            assertEquals(HELLO, peer.raw().bytes(RawPeer.textFrame("Hello")).readFrame());
            assertEquals(426, RawPeer.answerOf(server, "GET /feed HTTP/1.1\r\nHost: a\r\n\r\n").status());
            assertEquals(405, RawPeer.answerOf(server, "POST /feed HTTP/1.1\r\nHost: a\r\n\r\n").status());
            assertEquals(404, RawPeer.answerOf(server, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n").status());
        }
    }

    /** RFC 9110 §7.8: Upgrade may be ignored; §15.5.6: Allow names the methods of the resource. */
    @Test
    void otherMethodsMustIgnoreAnUpgrade() throws IOException {
        String get = RawPeer.request("Content-Length: 3").replace("/chat", "/note");
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/chat", Handlers::echo)
                .endpoint("/note", Handlers::echo)
                .http("POST", "/note", request -> HttpResponse.text(200, "noted " + request.bodyText())).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            Response response = peer.send(get.replace("GET", "POST") + "abc").read();
            assertEquals(200, response.status());
            assertEquals("noted abc", response.body());
            response = peer.send(get.replace("GET", "PUT") + "abc").read();
            assertEquals(405, response.status());
            assertEquals("OPTIONS, POST", response.header("Allow"));
            assertEquals(404, peer.send(get.replace("GET /note", "POST /x") + "abc").read().status());
            assertEquals(0L, server.statistics().handshakes().values().stream().mapToLong(Long::longValue).sum());
        }
    }

    @Test
    void serverMayServePlainHttpAlone() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder()
                .http("/health", request -> HttpResponse.text(200, "up")).start()) {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                assertEquals("up", peer.get("/health").body());
            }
            assertEquals(404, RawPeer.answerOf(server, RawPeer.request()).status());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TRACE", "CONNECT"})
    void methodsThatNoHandlerMaySeeAreNotImplemented(String method) throws IOException {
        try (WebSocketServer server = server().start(); HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals(501, peer.request(method, "/health").read().status());
        }
    }

    @Test
    void pathsAreCheckedWhenTheyAreSet() {
        WebSocketServerBuilder builder = server();
        HttpHandler handler = request -> null;
        assertThrows(IllegalArgumentException.class, () -> builder.http("/health", handler));
        assertThrows(IllegalArgumentException.class, () -> builder.http("/users/{name}", handler));
        assertThrows(IllegalArgumentException.class, () -> builder.http("health", handler));
        assertThrows(IllegalArgumentException.class, () -> builder.http("/**/x", handler));
        assertThrows(NullPointerException.class, () -> builder.http("/x", (HttpHandler) null));
    }

    // What the handler sees

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void handlerSeesAllOfTheRequest(boolean tls) throws IOException {
        WebSocketServerBuilder builder = WebSocketServer.builder().http("/see", request -> HttpResponse.text(200,
                request.method() + " " + request.target() + " " + request.rawQuery().orElse("") + " "
                        + request.host().orElse("") + " " + request.headers().first("X").orElse("") + " "
                        + request.cookies() + " " + request.minorVersion() + " " + request.localAddress() + " "
                        + request.remoteAddress() + " " + request.tlsSession().isPresent()));
        try (WebSocketServer server = (tls ? builder.tls(TestKeys.context()) : builder).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("GET /see?a=b a=b localhost 1 {c=d} 1 /127.0.0.1:" + server.port() + " /127.0.0.1:"
                    + peer.raw().socket().getLocalPort() + " " + tls,
                    peer.get("/see?a=b", "X: 1", "Cookie: c=d").body());
        }
    }

    // Connections that are kept

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void connectionServesManyRequests(TransportKind transport) throws IOException {
        for (boolean tls : new boolean[]{false, true}) {
            try (WebSocketServer server = started(transport, tls); HttpPeer peer = HttpPeer.connect(server)) {
                for (int i = 0; i < 50; i++) {
                    Response response = peer.get("/health");
                    assertEquals("up", response.body());
                    assertEquals("", response.header("Connection"));
                    assertFalse(response.header("Date").isEmpty());
                    assertEquals(1, server.connectionCount());
                }
                assertEquals("", peer.get("/health", "Connection: x, close").header("x"));
                assertTrue(peer.isEnded());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void pipelinedRequestsAreAnsweredInOrder(TransportKind transport) throws IOException {
        int count = 400;
        try (WebSocketServer server = started(transport, false); HttpPeer peer = HttpPeer.connect(server)) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < count; i++) {
                String body = "body " + i;
                requests.append("GET /users/").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n")
                        .append("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: ").append(body.length())
                        .append("\r\n\r\n").append(body)
                        .append("POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                        .append("5\r\nabcde\r\n0\r\n\r\n");
            }
            Thread sender = Thread.startVirtualThread(() -> {
                try {
                    peer.send(requests.substring(0, requests.length()));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            // The last one is answered by the connection's 1,000th response.
            for (int i = 0; i < 333; i++) {
                assertEquals("GET " + i + " none", peer.read().body());
                assertEquals("body " + i, peer.read().body());
                assertEquals("ignored", peer.read().body());
            }
            Response last = peer.read();
            assertEquals("GET 333 none", last.body());
            assertEquals("close", last.header("Connection"));
            assertTrue(peer.isEnded());
            assertTrue(sender.isVirtual());
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void upgradeMayFollowPlainRequests(TransportKind transport) throws IOException {
        for (boolean tls : new boolean[]{false, true}) {
            try (WebSocketServer server = started(transport, tls); HttpPeer peer = HttpPeer.connect(server)) {
                assertEquals("up", peer.get("/health").body());
                // All in one segment: a request with a body, the handshake, and the first frame.
                peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + RawPeer.request()
                        + new String(RawPeer.textFrame("Hello"), ISO_8859_1));
                assertEquals("abc", peer.read().body());
                assertEquals(101, peer.readHead().status());
                assertEquals(HELLO, peer.raw().readFrame());
                assertEquals(HELLO, peer.raw().bytes(RawPeer.textFrame("Hello")).readFrame());
                assertEquals(1000, peer.raw().hex(RawPeer.CLOSE_1000).readCloseAndEnd());
            }
        }
    }

    @Test
    void drainingServerMustCloseAConnectionBetweenRequests() throws IOException {
        try (WebSocketServer server = server().start(); HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("up", peer.get("/health").body());
            server.drain();
            assertTrue(peer.isEnded());
        }
    }

    @Test
    void drainingServerMustAnswerARequestAndThenClose() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch drained = new CountDownLatch(1);
        try (WebSocketServer server = server().http("/slow", request -> {
            asked.countDown();
            drained.await();
            return HttpResponse.text(200, "done");
        }).start(); HttpPeer peer = HttpPeer.connect(server)) {
            peer.request("GET", "/slow");
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            server.drain();
            drained.countDown();
            Response last = peer.read();
            assertEquals("done", last.body());
            assertEquals("close", last.header("Connection"));
            assertTrue(peer.isEnded());
        }
    }

    @Test
    void http10ConnectionIsKeptOnRequestOnly() throws IOException {
        try (WebSocketServer server = server().start()) {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                Response kept = peer.send("GET /health HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").read();
                assertEquals("keep-alive", kept.header("Connection"));
                Response last = peer.send("GET /health HTTP/1.0\r\n\r\n").read();
                assertEquals("close", last.header("Connection"));
                assertEquals("up", last.body());
                assertTrue(peer.isEnded());
            }
        }
    }

    @Test
    void halfClosedClientIsAnswered() throws IOException {
        try (WebSocketServer server = server().start(); HttpPeer peer = HttpPeer.connect(server)) {
            peer.request("GET", "/health").raw().halfClose();
            assertEquals("up", peer.read().body());
            assertTrue(peer.isEnded());
            Await.until("the slot is free", () -> server.connectionCount() == 0);
        }
    }

    @Test
    void idleConnectionIsClosedAfterItsTimeout() throws IOException {
        try (WebSocketServer server = server()
                .httpSettings(HttpSettings.builder().keepAliveTimeout(Duration.ofMillis(200)).build()).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("up", peer.get("/health").body());
            assertTrue(peer.isEnded());
            assertEquals(0L, server.refusals().values().stream().mapToLong(Long::longValue).sum());
        }
    }

    @Test
    void nextHeadHasItsOwnDeadline() throws IOException {
        try (WebSocketServer server = server().handshakeTimeout(Duration.ofMillis(300)).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("up", peer.get("/health").body());
            Response late = peer.send("GET /hea").read();
            assertEquals(408, late.status());
            assertTrue(peer.isEnded());
            assertEquals(1L, server.refusals().get(RefusalReason.HEAD_TOO_SLOW));
        }
    }

    @Test
    void connectionHasALimitOfRequests() throws IOException {
        try (WebSocketServer server = server().httpSettings(HttpSettings.builder().maxRequestsPerConnection(2).build())
                .start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("", peer.get("/health").header("Connection"));
            assertEquals("close", peer.get("/health").header("Connection"));
            assertTrue(peer.isEnded());
        }
    }

    @Test
    void idleConnectionHoldsNoBuffer() throws IOException {
        try (WebSocketServer server = server().start(); HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("abc",
                    peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").read().body());
            Await.until("nothing is held", () -> server.services().pool().budget().taken() == 0);
        }
    }

    @Test
    void keptConnectionsCountAmongAllConnections() throws IOException {
        try (WebSocketServer server = server().maxConnections(1).start(); HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals("up", peer.get("/health").body());
            assertEquals(503, RawPeer.answerOf(server, RawPeer.request()).status());
            assertEquals("up", peer.get("/health").body());
        }
    }

    @Test
    void shutdownMustCloseIdleConnectionsAndFinishRequests() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        BlockingQueue<String> asked = new LinkedBlockingQueue<>();
        WebSocketServer server = server().http("/slow", request -> {
            asked.add("asked");
            answer.await();
            return HttpResponse.text(200, "slow");
        }).start();
        try (HttpPeer idle = HttpPeer.connect(server); HttpPeer busy = HttpPeer.connect(server)) {
            assertEquals("up", idle.get("/health").body());
            busy.request("GET", "/slow");
            assertEquals("asked", asked.poll(20, TimeUnit.SECONDS));
            Thread closer = Thread.ofPlatform().start(server::close);
            assertTrue(idle.isEnded());
            answer.countDown();
            Response response = busy.read();
            assertEquals("slow", response.body());
            assertEquals("close", response.header("Connection"));
            busy.leave();
            closer.join(20_000);
            assertFalse(closer.isAlive());
        } finally {
            answer.countDown();
            server.close();
        }
    }

    // Bodies

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void bodiesAreReadHoweverTheyAreFramed(TransportKind transport) throws IOException {
        String text = "0123456789".repeat(30_000);
        for (boolean tls : new boolean[]{false, true}) {
            try (WebSocketServer server = started(transport, tls); HttpPeer peer = HttpPeer.connect(server)) {
                for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "GET")) {
                    String fixed = peer.send(method + " /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + text.length()
                            + "\r\n\r\n" + text).read().body();
                    assertEquals(text, fixed);
                    String chunked = peer
                            .send(method + " /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                                    + "1;x=\"y\"\r\n0\r\n"
                                    + Integer.toHexString(text.length() - 1) + "\r\n" + text.substring(1)
                                    + "\r\n000\r\nTrailer: x\r\n\r\n")
                            .read().body();
                    assertEquals(text, chunked);
                    assertEquals("", peer.request(method, "/echo", "Content-Length: 0").read().body());
                }
                Await.until("nothing is held", () -> server.services().pool().budget().taken() == 0);
            }
        }
    }

    @Test
    void bodyMayComeByteByByte() throws IOException {
        try (WebSocketServer server = server().start(); HttpPeer peer = HttpPeer.connect(server)) {
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (char c : "a;b=c\r\n0123456789\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n".toCharArray()) {
                peer.send(String.valueOf(c));
            }
            assertEquals("0123456789!", peer.read().body());
            assertEquals("up", peer.get("/health").body());
        }
    }

    @Test
    void bodyMayBeReadAsAStreamLargerThanTheBudget() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().maxBufferedSize(100_000).readBufferSize(4096)
                .httpSettings(HttpSettings.builder().maxBodySize(10_000_000).build()).http("/sum", request -> {
                    long sum = 0;
                    byte[] piece = new byte[1000];
                    for (int n = request.body().read(piece); n >= 0; n = request.body().read(piece)) {
                        for (int i = 0; i < n; i++) {
                            sum += piece[i];
                        }
                    }
                    return HttpResponse.text(200, String.valueOf(sum));
                }).start(); HttpPeer peer = HttpPeer.connect(server)) {
            peer.send("POST /sum HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n" + "!".repeat(5_000_000));
            assertEquals(String.valueOf(5_000_000L * '!'), peer.read().body());
        }
    }

    @Test
    void wholeBodyBeyondTheBudgetIs503() throws IOException {
        try (WebSocketServer server = server().maxBufferedSize(100_000).readBufferSize(4096).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + "!".repeat(500_000));
            assertEquals(503, peer.read().status());
            assertTrue(peer.isEnded());
            Await.until("nothing is held", () -> server.services().pool().budget().taken() == 0);
        }
    }

    @Test
    void textOfABodyMustBeUtf8() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder()
                .http("/text", request -> HttpResponse.text(200, request.bodyText())).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            String euro = new String("\u20ac".getBytes(UTF_8), ISO_8859_1);
            assertEquals(euro,
                    peer.send("POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n" + euro).read().body());
            assertEquals(500,
                    peer.send("POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n\u00e9").read().status());
        }
    }

    @Test
    void unreadBodyIsDroppedUpToABound() throws IOException {
        try (WebSocketServer server = server().start()) {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                String small = "x".repeat(60_000);
                for (int i = 0; i < 3; i++) {
                    Response response = peer
                            .send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + small)
                            .read();
                    assertEquals("ignored", response.body());
                    assertEquals("", response.header("Connection"));
                }
                Response last = peer.send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n"
                        + "x".repeat(70_000)).read();
                assertEquals("ignored", last.body());
                assertEquals("close", last.header("Connection"));
                assertTrue(peer.isEnded());
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                String chunk = "2000\r\n" + "x".repeat(8192) + "\r\n";
                peer.send("POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(20)
                        + "0\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n");
                assertEquals("ignored", peer.read().body());
                assertTrue(peer.isEnded(), "what follows is never taken for a request");
            }
        }
    }

    @Test
    void readingTheBodyMustSend100ContinueWhenExpected() throws IOException {
        try (WebSocketServer server = server().start()) {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.request("POST", "/echo", "Expect: 100-Continue", "Content-Length: 3");
                assertEquals("HTTP/1.1 100 Continue\r\n\r\n", peer.readHead().head());
                assertEquals("abc", peer.send("abc").read().body());
                // It did not wait.
                peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
                assertEquals("abc", peer.read().body());
                // The server does not say whether it wants the body, so nobody knows what comes next.
                Response refused = peer.request("POST", "/ignore", "Expect: 100-continue", "Content-Length: 3").read();
                assertEquals("close", refused.header("Connection"));
                assertTrue(peer.isEnded());
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                assertEquals(413,
                        peer.request("POST", "/echo", "Expect: 100-continue", "Content-Length: 1048577").read()
                                .status());
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                assertEquals(417, peer.request("POST", "/echo", "Expect: a-pony", "Content-Length: 3").read().status());
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.send("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
                assertEquals("abc", peer.send("abc").read().body());
            }
        }
    }

    /** While the handler is at work, the bytes that arrive are kept for it. */
    @Test
    void bytesThatArriveWhileAHandlerWorksMustBeCounted() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        String head = "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
        try (WebSocketServer server = server().http("/slow", request -> {
            begun.countDown();
            goOn.await();
            return HttpResponse.text(200, request.bodyText());
        }).start(); HttpPeer peer = HttpPeer.connect(server)) {
            peer.send(head);
            assertTrue(begun.await(10, TimeUnit.SECONDS));
            peer.send("abc");
            Await.until("they are counted", () -> server.statistics().receivedBytes() == head.length() + 3);
            goOn.countDown();
            assertEquals("abc", peer.read().body());
            assertEquals(head.length() + 3, server.statistics().receivedBytes());
        } finally {
            goOn.countDown();
        }
    }

    /** While this end makes the client wait, the client is not too slow. */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void bodyThatWaitsForARateMustNotBeTooSlow(TransportKind transport) throws IOException {
        String body = "x".repeat(50_000);
        try (WebSocketServer server = server().transport(transport)
                .rateLimits(RateLimits.builder().receivedBytes(20_000).build())
                .httpSettings(HttpSettings.builder().bodyTimeout(Duration.ofMillis(100)).build()).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + body);
            Response response = peer.read();
            assertEquals(200, response.status());
            assertEquals(body, response.body());
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab");
            assertEquals(408, peer.read().status());
        }
    }

    /** The client has nothing to do with what the handler does between two reads. */
    @Test
    void pausesOfAHandlerMustNotMakeABodyTooSlow() throws Exception {
        Duration timeout = Duration.ofMillis(500);
        BlockingQueue<Integer> reads = new LinkedBlockingQueue<>();
        try (WebSocketServer server = server().http("POST", "/slow", request -> {
            reads.add(0);
            reads.add(request.body().read());
            LockSupport.parkNanos(timeout.toNanos() * 3 / 2);
            reads.add(0);
            return HttpResponse.text(200, new String(request.body().readAllBytes(), UTF_8));
        }).httpSettings(HttpSettings.builder().bodyTimeout(timeout).build()).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            peer.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
            assertEquals(0, reads.poll(10, TimeUnit.SECONDS));
            peer.send("a");
            assertEquals('a', reads.poll(10, TimeUnit.SECONDS));
            assertEquals(0, reads.poll(10, TimeUnit.SECONDS));
            peer.send("bc");
            Response response = peer.read();
            assertEquals("200 bc", response.status() + " " + response.body());
        }
    }

    @Test
    void bodyBeyondTheLimitIs413() throws IOException {
        try (WebSocketServer server = server().httpSettings(HttpSettings.builder().maxBodySize(10).build()).start()) {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                assertEquals("0123456789",
                        peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
                                .read().body());
                assertEquals(413,
                        peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n").read().status());
                assertTrue(peer.isEnded());
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n");
                assertEquals(413, peer.read().status());
                assertTrue(peer.isEnded());
            }
            assertEquals(2L, server.refusals().get(RefusalReason.BODY_TOO_LARGE));
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    // Responses

    @Test
    void headIsAnsweredWithTheHeadOfGet() throws IOException {
        try (WebSocketServer server = server().http("/stream", request -> HttpResponse.stream(200, "x/y", 5, out -> {
            throw new AssertionError("not for HEAD");
        })).start(); HttpPeer peer = HttpPeer.connect(server)) {
            Response head = peer.head("/health");
            assertEquals("2", head.header("Content-Length"));
            assertEquals("5", peer.head("/stream").header("Content-Length"));
            assertEquals("up", peer.get("/health").body());
        }
    }

    @Test
    void streamedResponseLeavesInChunks() throws IOException {
        String text = "0123456789abcdef".repeat(10_000);
        try (WebSocketServer server = Handlers.echoServer()
                .http("/stream", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.write(text.charAt(0));
                    out.flush();
                    out.flush();
                    out.write(text.getBytes(ISO_8859_1), 1, text.length() - 1);
                    out.close();
                })).http("/none", request -> HttpResponse.stream(200, "x/y", out -> {}))
                .http("/fixed", request -> HttpResponse.stream(200, "x/y", text.length(),
                        out -> out.write(text.getBytes(ISO_8859_1))))
                .start(); HttpPeer peer = HttpPeer.connect(server)) {
            for (int i = 0; i < 3; i++) {
                Response response = peer.get("/stream");
                assertEquals("chunked", response.header("Transfer-Encoding"));
                assertEquals(text, response.body());
                assertEquals("", peer.get("/none").body());
                Response fixed = peer.get("/fixed");
                assertEquals(String.valueOf(text.length()), fixed.header("Content-Length"));
                assertEquals(text, fixed.body());
            }
            Response old = peer.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").read();
            assertEquals("close", old.header("Connection"));
            assertEquals(text, old.body());
            Await.until("nothing is held", () -> server.services().pool().budget().taken() == 0);
        }
    }

    /** Otherwise a thread of the application could write into what follows, and change its deadlines. */
    @Test
    void streamThatHasFailedMustAcceptNothing() throws Exception {
        CompletableFuture<OutputStream> kept = new CompletableFuture<>();
        try (WebSocketServer server = server().http("/stream", request -> HttpResponse.stream(200, "x/y", out -> {
            out.write('x');
            kept.complete(out);
            throw new IllegalStateException("planned");
        })).start(); HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals(500, peer.get("/stream").status());
            OutputStream out = kept.get(10, TimeUnit.SECONDS);
            assertEquals("the response is complete",
                    assertThrows(IOException.class, () -> out.write(new byte[100_000])).getMessage());
            out.flush();
            assertTrue(peer.isEnded());
        }
    }

    /** The rest of the body arrives only after the response has begun. */
    @Test
    void streamMustBeAbleToCopyTheBodyOfItsRequest() throws Exception {
        String body = "0123456789abcdef".repeat(20_000);
        CountDownLatch begun = new CountDownLatch(1);
        try (WebSocketServer server = server()
                .http("/copy", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.flush();
                    begun.countDown();
                    request.body().transferTo(out);
                })).start(); HttpPeer peer = HttpPeer.connect(server)) {
            peer.send("POST /copy HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n"
                    + body.substring(0, 10));
            assertTrue(begun.await(10, TimeUnit.SECONDS));
            FutureTask<Response> response = new FutureTask<>(peer::read);
            Thread.ofVirtual().start(response);
            peer.send(body.substring(10));
            assertEquals(body, response.get(10, TimeUnit.SECONDS).body());
            assertEquals(0L, server.refusals().values().stream().mapToLong(Long::longValue).sum());
        }
    }

    /** RFC 9110 §15.2: an interim response precedes the final one. */
    @Test
    void streamThatHasBegunMustNotSend100Continue() throws IOException {
        try (WebSocketServer server = server()
                .http("/before", request -> HttpResponse.stream(200, "x/y", out -> request.body().transferTo(out)))
                .http("/after", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.write('x');
                    out.flush();
                    request.body().transferTo(out);
                })).start()) {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.request("POST", "/before", "Expect: 100-continue", "Content-Length: 3");
                assertEquals("HTTP/1.1 100 Continue\r\n\r\n", peer.readHead().head());
                assertEquals("abc", peer.send("abc").read().body());
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.request("POST", "/after", "Expect: 100-continue", "Content-Length: 3");
                assertEquals(200, peer.readHead().status());
                assertEquals("1\r\nx\r\n", new String(peer.raw().input().readNBytes(6), ISO_8859_1));
                peer.send("abc");
                assertEquals("3\r\nabc\r\n0\r\n\r\n", new String(peer.raw().readToEnd(), ISO_8859_1));
            }
        }
    }

    /** As if the handler had read the body. */
    @Test
    void streamThatHasNotBegunMustAnswerForTheBody() throws IOException {
        HttpEndpoint copy = HttpEndpoint
                .of(request -> HttpResponse.stream(200, "x/y", out -> request.body().transferTo(out)))
                .maxBodySize(10).bodyTimeout(Duration.ofMillis(50));
        HttpEndpoint begun = HttpEndpoint.of(request -> HttpResponse.stream(200, "x/y", out -> {
            out.flush();
            request.body().transferTo(out);
        }));
        try (WebSocketServer server = server().http("/copy", copy).http("/begun", begun)
                .http("/form", request -> HttpResponse.stream(200, "x/y", out -> request.form())).start()) {
            for (String target : List.of("/copy, 400, zz\r\n", "/copy, 413, b\r\n", "/copy, 408, 3\r\nabc\r\n",
                    "/form, 415, 0\r\n\r\n")) {
                String[] parts = target.split(", ");
                try (HttpPeer peer = HttpPeer.connect(server)) {
                    peer.send("POST " + parts[0] + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + parts[2]);
                    assertEquals(Integer.parseInt(parts[1]), peer.read().status());
                    assertTrue(peer.isEnded());
                }
            }
            assertEquals(2L, server.refusals().get(RefusalReason.BAD_BODY));
            assertEquals(1L, server.refusals().get(RefusalReason.BODY_TOO_LARGE));
            assertEquals(1L, server.refusals().get(RefusalReason.BODY_TOO_SLOW));
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.send("POST /begun HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
                assertEquals(200, peer.readHead().status());
                assertTrue(peer.isEnded(), "it is cut off");
            }
            assertEquals(4L, server.refusals().values().stream().mapToLong(Long::longValue).sum());
        }
        assertEquals(List.of(), log.lines(Level.WARNING), "the handler has not failed");
    }

    @Test
    void streamThatFailsIsCutOffOrBecomes500() throws IOException {
        try (WebSocketServer server = Handlers.echoServer()
                .http("/early", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.write(1);
                    throw new IOException("no disk");
                })).http("/late", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.write('x');
                    out.flush();
                    throw new IOException("no disk");
                })).http("/short", request -> HttpResponse.stream(200, "x/y", 3, out -> {
                    out.write('x');
                    out.flush();
                })).http("/long", request -> HttpResponse.stream(200, "x/y", 3, out -> out.write(new byte[4])))
                .start()) {
            for (String path : List.of("/early", "/long")) {
                try (HttpPeer peer = HttpPeer.connect(server)) {
                    Response response = peer.get(path);
                    assertEquals(500, response.status());
                    assertFalse(response.body().contains("disk"));
                    assertTrue(peer.isEnded());
                }
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.request("GET", "/late").readHead();
                assertEquals("1\r\nx\r\n", new String(peer.raw().readToEnd(), ISO_8859_1), "no last chunk");
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.request("GET", "/short").readHead();
                assertEquals("x", new String(peer.raw().readToEnd(), ISO_8859_1));
            }
        }
        assertEquals(4, log.lines(Level.WARNING).size());
    }

    @Test
    void responsesWithoutABodyKeepTheConnection() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().http("/{status}", request -> HttpResponse.empty(Integer
                .parseInt(request.pathParameter("status")))).start(); HttpPeer peer = HttpPeer.connect(server)) {
            for (int status : new int[]{204, 304, 200}) {
                Response response = peer.get("/" + status);
                assertEquals(status, response.status());
                assertEquals(status == 200 ? "0" : "", response.header("Content-Length"));
                assertEquals("", response.header("Connection"));
            }
        }
    }

    @Test
    void headIsSentNoBodyEvenIfItsHandlerIsTooSlow() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer().http("/slow", request -> {
            answer.await();
            return HttpResponse.text(200, "late");
        }).httpSettings(HttpSettings.builder().handlerTimeout(Duration.ofMillis(200)).build()).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals(503, peer.head("/slow").status());
            assertTrue(peer.isEnded());
            assertEquals(1L, server.refusals().get(RefusalReason.HTTP_HANDLER_TOO_SLOW));
        } finally {
            answer.countDown();
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    /** A wait for the client is not the handler's. */
    @Test
    void waitForABodyDoesNotCountAsTheHandlers() throws Exception {
        try (WebSocketServer server = server()
                .httpSettings(HttpSettings.builder().handlerTimeout(Duration.ofMillis(300)).build()).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
            for (char c : "abc".toCharArray()) {
                TimeUnit.MILLISECONDS.sleep(250);
                peer.send(String.valueOf(c));
            }
            assertEquals("abc", peer.read().body());
        }
    }

    @Test
    void streamThatPausesTooLongIsCutOff() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer()
                .http("/stream", request -> HttpResponse.stream(200, "x/y", out -> {
                    out.write('x');
                    out.flush();
                    goOn.await();
                })).httpSettings(HttpSettings.builder().handlerTimeout(Duration.ofMillis(200)).build()).start();
                HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals(200, peer.request("GET", "/stream").readHead().status());
            assertEquals("1\r\nx\r\n", new String(peer.raw().readToEnd(), ISO_8859_1), "no last chunk");
            Await.until("the slot is free", () -> server.connectionCount() == 0);
        } finally {
            goOn.countDown();
        }
    }

    @Test
    void failureOfAHandlerKeepsTheConnection() throws IOException {
        try (WebSocketServer server = server().http("/fail", request -> {
            throw new IllegalStateException("secret");
        }).start(); HttpPeer peer = HttpPeer.connect(server)) {
            assertEquals(500, peer.get("/fail").status());
            assertEquals("up", peer.get("/health").body());
            assertEquals(1L, server.refusals().get(RefusalReason.HTTP_HANDLER_FAILED));
        }
        assertEquals(1, log.lines(Level.WARNING).size());
    }
}
