package dev.weft.server;

import static dev.weft.server.RawPeer.answerOf;
import static dev.weft.server.RawPeer.request;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.RawPeer.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every refusal has a date, is counted by its reason, and is logged once with its cause. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RefusalsTest {
    private static final String DATE = "(?s).*\r\nDate: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} "
            + "[0-9]{2}:[0-9]{2}:[0-9]{2} GMT\r\n.*";
    private static final String PLAIN = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @RegisterExtension
    final LogCapture log = new LogCapture();

    /** The only reason that is counted, as often as it is logged; and its only line, without the peer. */
    private String assertOne(WebSocketServer server, RefusalReason reason) {
        Map<RefusalReason, Long> met = server.refusals().entrySet().stream().filter(entry -> entry.getValue() > 0)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        assertEquals(Map.of(reason, 1L), met);
        List<String> lines = log.lines(Level.FINE).stream().filter(line -> line.contains(": refused, ")).toList();
        assertEquals(1, lines.size(), lines.toString());
        assertTrue(lines.get(0).matches("/127\\.0\\.0\\.1:[0-9]+: refused, .*"), lines.get(0));
        return lines.get(0).substring(lines.get(0).indexOf("refused"));
    }

    private String refused(WebSocketServerBuilder settings, RefusalReason reason, String request) throws IOException {
        try (WebSocketServer server = settings.start()) {
            Answer answer = answerOf(server, request);
            assertTrue(answer.head().matches(DATE), answer.head());
            return assertOne(server, reason);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "MALFORMED_HEAD    | GET /chat HTTP/1.1         | BAD\u0007",
            "HTTP_VERSION      | HTTP/1.1                   | HTTP/2.0",
            "METHOD            | GET /chat                  | PUT /chat",
            "METHOD            | GET /chat HTTP/1.1         | PUT /chat HTTP/1.0",
            "NOT_AN_UPGRADE    | Upgrade: websocket         | Upgrade: h2c",
            "WEBSOCKET_VERSION | Sec-WebSocket-Version: 13  | Sec-WebSocket-Version: 8",
            "BAD_HEADERS       | Connection: Upgrade        | Connection: close",
            "BAD_HEADERS       | Host: server.example.com   | Host: a b",
            "BAD_HEADERS       | Upgrade: websocket         | Upgrade: websocket~Content-Length: 5",
            "BAD_HEADERS       | Upgrade: websocket         | Upgrade: websocket~Sec-WebSocket-Extensions: ;",
            "FOREIGN_ORIGIN    | Upgrade: websocket         | Upgrade: websocket~Origin: http://evil.example"})
    void refusalMustBeDatedCountedAndLoggedOnce(RefusalReason reason, String part, String otherwise)
            throws IOException {
        String line = refused(Handlers.echoServer(), reason,
                request().replace(part, otherwise.replace("~", "\r\n")));
        assertTrue(line.startsWith("refused, " + reason + " ("), line);
    }

    /** A query may contain a token. */
    @Test
    void queriesMustNotBeLoggedWhateverFails() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/handler", ws -> {
            throw new IllegalStateException("planned");
        }).endpoint("/policy", Endpoint.of(ws -> {}).policy(request -> {
            throw new IllegalStateException("planned");
        })).http("/http", request -> {
            throw new IllegalStateException("planned");
        }).start()) {
            for (String path : List.of("/handler", "/policy", "/unknown")) {
                send(server, request().replace("/chat", path + "?token=secret"));
            }
            send(server, PLAIN.replace("GET /", "GET /http?token=secret"));
            Await.until("all are logged", () -> log.lines(Level.WARNING).size() == 3);
        }
        for (Level level : List.of(Level.WARNING, Level.INFO, Level.FINE)) {
            log.lines(level).forEach(line -> assertFalse(line.contains("secret"), line));
        }
        log.lines(Level.WARNING).forEach(line -> assertTrue(line.matches(".*, /(handler|policy|http)"), line));
    }

    private static void send(WebSocketServer server, String request) throws IOException {
        try (RawPeer peer = RawPeer.connect(server)) {
            peer.bytes(request.getBytes(US_ASCII)).readHead();
        }
    }

    @Test
    void lineMustNamePathOriginAndHost() throws IOException {
        assertEquals("refused, FOREIGN_ORIGIN (403: foreign origin): GET /chat, Origin: http://evil.example, "
                + "Host: server.example.com",
                refused(Handlers.echoServer(), RefusalReason.FOREIGN_ORIGIN,
                        request("Origin: http://evil.example").replace("/chat", "/chat?a=b")));
    }

    @Test
    void lineOfACutHeadMustSayWhatWasUnderstood() throws IOException {
        // Such as by cookies that have grown too large: what an operator looks for is whose.
        assertEquals("refused, HEAD_TOO_LARGE (431: bytes in a header line: at least 8193, the limit is 8192 "
                + "(maxHeaderLineSize)): GET /a, Origin: http://b, Host: b:81",
                refused(Handlers.echoServer(), RefusalReason.HEAD_TOO_LARGE, "GET http://b:81/a HTTP/1.1\r\nHost: c\r\n"
                        + "Origin: http://b\r\nCookie: " + "x".repeat(9000) + "\r\n\r\n"));
    }

    @Test
    void lineMustBeEscaped() throws IOException {
        String line = refused(Handlers.echoServer(), RefusalReason.FOREIGN_ORIGIN,
                request("Origin: \u0085\u00e9{0}\\"));
        assertTrue(line.endsWith("Origin: \\u0085\\u00e9{0}\\u005c, Host: server.example.com"), line);
        assertTrue(line.chars().allMatch(c -> c >= ' ' && c <= '~'), line);
    }

    @Test
    void policyMustGiveItsReason() throws IOException {
        String line = refused(Handlers.echoServer().policy(request -> HandshakeDecision.reject(404, "no such room")),
                RefusalReason.POLICY_REJECTED, request());
        assertEquals("refused, POLICY_REJECTED (404: no such room): GET /chat, Origin: none, Host: server.example.com",
                line);
    }

    @Test
    void policyMayChooseItsReason() throws IOException {
        refused(Handlers.echoServer()
                .policy(request -> new HandshakeDecision.Reject(HttpResponse.text(503, "room full"),
                        RefusalReason.SERVER_FULL)),
                RefusalReason.SERVER_FULL, request());
    }

    @Test
    void unknownHostMustBeARefusalOfHandshakesAndPlainRequests() throws IOException {
        refused(Handlers.echoServer().policy(HandshakePolicy.hosts(List.of("localhost"))), RefusalReason.UNKNOWN_HOST,
                request());
        log.clear();
        assertEquals("refused, UNKNOWN_HOST (421: this host is not served here): GET /, Origin: none, Host: a",
                refused(Handlers.echoServer().http("/", request -> HttpResponse.text(200, "secret"))
                        .httpSettings(HttpSettings.builder().hosts(List.of("localhost")).build()),
                        RefusalReason.UNKNOWN_HOST, PLAIN));
    }

    @Test
    void failuresOfUserCodeMustBeRefusals() throws IOException {
        refused(Handlers.echoServer().policy(request -> null), RefusalReason.POLICY_FAILED, request());
        log.clear();
        refused(Handlers.echoServer().http("/", request -> null), RefusalReason.HTTP_HANDLER_FAILED,
                PLAIN.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    }

    /** The server has refused the handshake: whatever the policy does afterwards is no further refusal. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void slowPolicyMustBeOneRefusal(boolean rejects) throws Exception {
        HandshakePolicy slow = request -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                if (!rejects) {
                    throw e;
                }
            }
            return HandshakeDecision.reject(403, "interrupted");
        };
        try (WebSocketServer server = Handlers.echoServer().policy(slow).policyTimeout(Duration.ofMillis(20))
                .start()) {
            assertEquals(503, answerOf(server, request()).status());
            Await.until("the policy has ended", () -> server.connectionCount() == 0);
            assertOne(server, RefusalReason.POLICY_TOO_SLOW);
        }
    }

    @Test
    void policyOfAClientThatLeavesMustNotBeARefusal() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer().policy(request -> {
            begun.countDown();
            new CountDownLatch(1).await();
            throw new AssertionError("not reached");
        }).start()) {
            try (RawPeer peer = RawPeer.connect(server).text(request())) {
                assertTrue(begun.await(10, TimeUnit.SECONDS));
                peer.leave();
            }
            Await.until("the policy has ended", () -> server.connectionCount() == 0);
            assertEquals(0L, server.refusals().values().stream().mapToLong(Long::longValue).sum());
        }
    }

    @Test
    void slowHeadMustBeARefusal() throws IOException {
        refused(Handlers.echoServer().handshakeTimeout(Duration.ofMillis(100)), RefusalReason.HEAD_TOO_SLOW, "GET ");
    }

    @Test
    void spentBudgetMustBeARefusal() throws IOException {
        // The head's first 2 KiB are not counted, the buffer that it is read into is.
        refused(Handlers.echoServer().readBufferSize(1024).maxBufferedSize(4096), RefusalReason.BUDGET_SPENT,
                "GET / HTTP/1.1\r\n" + ("X: " + "a".repeat(1000) + "\r\n").repeat(8));
    }

    @Test
    void fullServerMustRefuse() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().maxConnections(1).start();
                RawPeer first = RawPeer.open(server)) {
            assertTrue(answerOf(server, request()).head().matches(DATE));
            assertOne(server, RefusalReason.SERVER_FULL);
            first.leave();
        }
    }

    @Test
    void shutdownMustRefuse() throws IOException {
        WebSocketServer server = Handlers.echoServer().start();
        try (RawPeer peer = RawPeer.connect(server).text("GET ")) {
            Await.until("it is accepted", () -> server.connectionCount() == 1);
            Thread.startVirtualThread(server::close);
            assertEquals(503, peer.readAnswer().status());
            assertOne(server, RefusalReason.SHUTTING_DOWN);
        } finally {
            server.close();
        }
    }

    @Test
    void failedTlsMustBeARefusal() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().tls(TestKeys.context()).start();
                RawPeer peer = RawPeer.connect(server.port())) {
            peer.text(PLAIN).readToEnd();
            Await.until("it is counted", () -> server.refusals().get(RefusalReason.TLS_FAILED) == 1);
            assertOne(server, RefusalReason.TLS_FAILED);
        }
    }

    @Test
    void answersOfHttpHandlersMustBeDatedAndNoRefusals() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().http("/", request -> HttpResponse.text(404, "")).start()) {
            assertTrue(
                    answerOf(server, PLAIN.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).head().matches(DATE));
            assertEquals(0, server.refusals().values().stream().mapToLong(Long::longValue).sum());
        }
        assertFalse(log.lines(Level.FINE).stream().anyMatch(line -> line.contains("refused")));
    }

    @Test
    void countsMustHoldEveryReasonAndNeverChange() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().start()) {
            Map<RefusalReason, Long> before = server.refusals();
            assertEquals(EnumSet.allOf(RefusalReason.class), before.keySet());
            assertThrows(UnsupportedOperationException.class, () -> before.put(RefusalReason.METHOD, 1L));
            answerOf(server, PLAIN);
            answerOf(server, PLAIN);
            assertEquals(0L, before.get(RefusalReason.NOT_AN_UPGRADE));
            assertEquals(2L, server.refusals().get(RefusalReason.NOT_AN_UPGRADE));
        }
    }

    @Test
    void failuresMustBeLoggedAFewTimesOnly() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().policy(request -> null).start()) {
            for (int i = 0; i < FailureLog.MOST_LOGGED + 5; i++) {
                assertEquals(500, answerOf(server, request()).status());
            }
        }
        List<String> lines = log.lines(Level.WARNING);
        long suppressed = lines.stream().filter(line -> line.endsWith("not logged one by one"))
                .mapToLong(line -> Long.parseLong(line.split(" ")[4])).sum();
        assertEquals(FailureLog.MOST_LOGGED + 5,
                suppressed + lines.stream().filter(line -> line.endsWith("/chat")).count());
        assertTrue(suppressed > 0, lines.toString());
    }
}
