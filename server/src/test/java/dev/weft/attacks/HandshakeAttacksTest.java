package dev.weft.attacks;

import static dev.weft.server.RawPeer.answerOf;
import static dev.weft.server.RawPeer.request;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.LogCapture;
import dev.weft.server.RawPeer;
import dev.weft.server.RawPeer.Answer;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks 9 to 15, over the wire: hostile handshakes, slow peers and injections, each during the echoes of a bystander. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HandshakeAttacksTest {
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final String LINE = "GET / HTTP/1.1\r\n";

    @RegisterExtension
    final LogCapture log = new LogCapture();

    /** The status of a reply, which may be a 101, after which the connection stays open. */
    private static int statusOf(WebSocketServer server, String request) throws IOException {
        try (RawPeer peer = RawPeer.connect(server)) {
            return Integer.parseInt(peer.text(request).readHead().substring(9, 12));
        }
    }

    // 9: heads that are too large

    @Test
    void attack09_headsThatAreTooLarge() throws Exception {
        Map<String, Integer> heads = Map.of(
                LINE + "X: 1\r\n".repeat(2000) + "\r\n", 431,
                LINE + "X: " + "a".repeat(1 << 20), 431,
                // Not too much for all headers together.
                LINE + "X: " + "a".repeat(9000) + "\r\n\r\n", 431,
                LINE + "a".repeat(1 << 20), 431,
                LINE + ("X: " + "a".repeat(8000) + "\r\n").repeat(100), 431,
                "GET /" + "a".repeat(1 << 20), 414,
                "G".repeat(1 << 20), 414);
        Bystander.beside(Handlers.echoServer(), server -> {
            for (Map.Entry<String, Integer> head : heads.entrySet()) {
                long before = Bystander.allocated();
                Answer answer = answerOf(server, head.getKey());
                assertEquals(head.getValue(), answer.status(), head.getKey().substring(0, 25));
                // The peer's own copies take a few MiB; one copy for each byte of the head would take terabytes.
                assertTrue(Bystander.allocated() - before < 64 << 20);
            }
        });
    }

    @Test
    void attack09_headsByteByByte() throws Exception {
        int length = 400_000;
        String good = request("X: " + "a".repeat(length));
        WebSocketServerBuilder settings = Handlers.echoServer()
                .httpLimits(HttpLimits.builder().maxHeaderLineSize(2 * length)
                        .maxHeadersSize(2 * length).build());
        Bystander.beside(settings, server -> {
            try (RawPeer peer = RawPeer.connect(server)) {
                long before = Bystander.allocated();
                for (byte b : good.getBytes(StandardCharsets.US_ASCII)) {
                    peer.bytes(new byte[]{b});
                }
                assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
                // Copying the earlier bytes again for each segment would take gigabytes.
                assertTrue(Bystander.allocated() - before < 64 << 20);
                Bystander.assertEchoes(peer, "Hello");
            }
        });
    }

    /** So that slow peers with large heads share what all may hold. */
    @Test
    void attack09_manyHalfReadHeads() throws Exception {
        String half = LINE + ("X: " + "a".repeat(1000) + "\r\n").repeat(20);
        Bystander.beside(Handlers.echoServer().maxBufferedSize(200_000), server -> {
            Set<RawPeer> waiting = new HashSet<>();
            for (int i = 0; i < 30; i++) {
                waiting.add(RawPeer.connect(server).text(half));
            }
            Await.until("those who are too many are refused", () -> {
                waiting.removeIf(HandshakeAttacksTest::isRefusedForNow);
                return waiting.size() <= 11;
            });
            // How many there is room for depends on which of them are read at the same time.
            int served = 0;
            for (RawPeer peer : waiting) {
                String head = peer.text(request().split("\n", 2)[1]).readHead();
                if (head.startsWith("HTTP/1.1 101 ")) {
                    Bystander.assertEchoes(peer, "there was room for this one");
                    served++;
                } else {
                    assertTrue(head.startsWith("HTTP/1.1 503 "), head);
                }
                peer.leave();
            }
            assertTrue(served >= 5, served + " served");
        });
    }

    private static boolean isRefusedForNow(RawPeer peer) {
        try {
            if (!peer.hasAnswer()) {
                return false;
            }
            assertEquals(503, peer.readAnswer().status());
            peer.leave();
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // 10: slow peers

    @Test
    void attack10_slowAtEveryStageOfTheHead() throws Exception {
        String head = request();
        Bystander.beside(Handlers.echoServer().handshakeTimeout(SHORT), server -> {
            Map<String, RawPeer> peers = new TreeMap<>();
            for (String start : List.of("", "G", "GET /chat HTTP/1.1\r", "GET /chat HTTP/1.1\r\nHo",
                    head.substring(0, head.length() - 1))) {
                peers.put(start, RawPeer.connect(server).text(start));
            }
            RawPeer dribbling = RawPeer.connect(server).text(LINE + "X: ");
            peers.put("dribbling", dribbling);
            dribble(dribbling, 'a');
            for (Map.Entry<String, RawPeer> slow : peers.entrySet()) {
                try (RawPeer peer = slow.getValue()) {
                    assertEquals(408, peer.readAnswer().status(), slow.getKey());
                }
            }
        });
    }

    @Test
    void attack10_slowAtEveryStageOfAMessage() throws Exception {
        Bystander.beside(Handlers.echoServer().messageTimeout(SHORT), server -> {
            Map<String, RawPeer> peers = new TreeMap<>();
            for (String start : List.of("81", "81fe 01", "8185 0000", "8185 00000000 4865", "8985 00000000 48",
                    "0185 00000000 48656c6c6f", "0185 00000000 48656c6c6f 80")) {
                peers.put(start, RawPeer.open(server).hex(start));
            }
            // In a payload that is completed in the read buffer, and in one that does not fit.
            for (String start : List.of("82fe 2000 00000000" + "00".repeat(2000),
                    "82ff 0000000000080000 00000000")) {
                RawPeer dribbling = RawPeer.open(server).hex(start);
                peers.put("dribbling " + start.substring(0, 8), dribbling);
                dribble(dribbling, 0);
            }
            for (Map.Entry<String, RawPeer> slow : peers.entrySet()) {
                try (RawPeer peer = slow.getValue()) {
                    assertEquals(1008, peer.readCloseAndEnd(), slow.getKey());
                }
            }
        });
    }

    /** Frames that are each whole and in time do not put off the end of the message that they belong to, or lie in. */
    @ParameterizedTest
    @ValueSource(strings = {"8980 00000000", "8a80 00000000", "0081 00000000 61", "0080 00000000"})
    void attack10_framesInTheMiddleOfAMessage(String frame) throws Exception {
        byte[] bytes = RawPeer.bytes(frame);
        Bystander.beside(Handlers.echoServer().messageTimeout(SHORT), server -> {
            try (RawPeer peer = RawPeer.open(server).hex("0181 00000000 61")) {
                FutureTask<Integer> answer = new FutureTask<>(() -> {
                    String reply = peer.readFrame();
                    while (reply.startsWith("8a00")) {
                        reply = peer.readFrame();
                    }
                    return Integer.parseInt(reply.substring(reply.indexOf(' ') + 1).substring(0, 4), 16);
                });
                Thread.startVirtualThread(answer);
                Await.until("the server has enough of it", () -> {
                    assertDoesNotThrow(() -> peer.bytes(bytes));
                    return answer.isDone();
                });
                assertEquals(1008, answer.get());
            }
        });
    }

    /** A peer that stays after the server's answer, silent or not, is disconnected. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void attack10_peersThatStayBehindTheEnd(boolean talking) throws Exception {
        WebSocketServerBuilder settings = Handlers.echoServer().writeTimeout(SHORT).closeTimeout(SHORT)
                .handshakeTimeout(SHORT);
        Bystander.beside(settings, server -> {
            try (RawPeer refused = RawPeer.connect(server).text("BAD\r\n");
                    RawPeer tooSlow = RawPeer.connect(server).text("GET");
                    RawPeer closed = RawPeer.open(server).hex("8880 00000000");
                    RawPeer failed = RawPeer.open(server).hex("ff")) {
                List<RawPeer> peers = List.of(refused, tooSlow, closed, failed);
                for (RawPeer peer : peers) {
                    assertTrue(peer.readToEnd().length > 0);
                }
                Await.until("the server has left them", () -> {
                    for (RawPeer peer : peers) {
                        try {
                            peer.bytes(new byte[talking ? 1 : 0]);
                        } catch (IOException e) {
                            // It has.
                        }
                    }
                    return server.connectionCount() == 1;
                });
            }
        });
    }

    /** Sends one byte after another until an answer arrives. */
    private static void dribble(RawPeer peer, int b) throws IOException {
        while (peer.socket().getInputStream().available() == 0) {
            peer.bytes(new byte[]{(byte) b});
            LockSupport.parkNanos(1_000_000);
        }
    }

    // 11: smuggling

    @ParameterizedTest
    @ValueSource(strings = {
            "\u0001GET /chat HTTP/1.1\r\n", "\u0000GET /chat HTTP/1.1\r\n", "\nGET /chat HTTP/1.1\r\n",
            "\r\n\r\n\r\n\r\n\r\nGET /chat HTTP/1.1\r\n", "\r\n GET /chat HTTP/1.1\r\n",
            " GET /chat HTTP/1.1\r\n", "GET  /chat HTTP/1.1\r\n", "GET\t/chat HTTP/1.1\r\n",
            "GET /chat HTTP/1.1 \r\n", "GET /chat HTTP/1.1\n", "GET /chat HTTP/1.1\r", "GET /chat HTTP/1.1\r\r\n",
            "GET /ch\u0000at HTTP/1.1\r\n", "GET /ch\u0001at HTTP/1.1\r\n", "GET /ch\u007fat HTTP/1.1\r\n",
            "GET /ch\rat HTTP/1.1\r\n", "GET /ch\nat HTTP/1.1\r\n", "GET /ch\tat HTTP/1.1\r\n",
            "GET http://server.example.com@evil.example/chat HTTP/1.1\r\n", "GET http:///chat HTTP/1.1\r\n",
            "GET http://server.example.com:80:80/chat HTTP/1.1\r\n", "GET http://a\tb/chat HTTP/1.1\r\n",
            "GET http://server.example.com#/chat HTTP/1.1\r\n", "GET http:\\\\evil.example/chat HTTP/1.1\r\n",
            "GET http:/chat HTTP/1.1\r\n", "GET http://server.example.com:99999/chat HTTP/1.1\r\n",
            "GET //evil.example:80 HTTP/1.1 HTTP/1.1\r\n", "GET * HTTP/1.1\r\n", "GET chat HTTP/1.1\r\n"})
    void attack11_smugglingInTheRequestLine(String line) throws Exception {
        assertRefused(request().replace("GET /chat HTTP/1.1\r\n", line));
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "Host : other\r\n", " Host: other\r\n", "\tHost: other\r\n", "Host: other\r\n",
            "hOST: server.example.com\r\n",
            "X: a\r\n folded\r\n", "X: a\r\n\tfolded\r\n", "X : a\r\n", "X\t: a\r\n", ": a\r\n", "nocolon\r\n",
            "X: a\n", "X: a\nY: b\r\n", "X: a\rY: b\r\n", "X: a\r\r\n", "X: \u0000\r\n", "X: a\u0001b\r\n",
            "X: a\u007f\r\n", "X\u0000: a\r\n", "X\u00e9: a\r\n", "X(: a\r\n",
            "Content-Length: 00\r\n", "Content-Length: 0\r\nContent-Length: 0\r\n", "Content-Length: 5\r\n",
            "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: +5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", "transfer-encoding:\tchunked\r\n"})
    void attack11_smugglingInTheHeaders(String lines) throws Exception {
        assertRefused(request().replace("Upgrade: websocket\r\n", "Upgrade: websocket\r\n" + lines));
        assertRefused(request().replaceAll("\r\n\r\n$", "\r\n" + lines + "\r\n"));
    }

    /** Asserts that the head is refused as malformed, and that bytes after it are never treated as another request. */
    private static void assertRefused(String hostile) throws Exception {
        Bystander.beside(Handlers.echoServer(), server -> {
            Answer answer = answerOf(server, hostile + request() + request());
            assertEquals(400, answer.status(), hostile);
            assertFalse(answer.rest().contains("HTTP/1.1 "), answer.rest());
            assertTrue(answer.hasLine("Connection: close"), answer.head());
        });
    }

    // 12: lists

    @ParameterizedTest
    @ValueSource(strings = {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"})
    void attack12_hostileListsTakeLinearTime(String name) throws Exception {
        // Quadratic time would be many minutes for a million bytes, and the time limit ends the test.
        int length = 1_000_000;
        HttpLimits wide = HttpLimits.builder().maxHeaderLineSize(4 * length).maxHeadersSize(4 * length).build();
        List<String> hostile = List.of("a" + " ".repeat(length) + "b", "a; b=\"" + "\\".repeat(length),
                "a; b=\"" + "\\\\".repeat(length), "a; b=\"" + " ".repeat(length), "\"".repeat(length + 1),
                "a;".repeat(length), "a; b" + "=".repeat(length), "a; b=\"" + "a".repeat(length),
                "a; b=\"" + "\\a".repeat(length), "a; b=\"" + "a".repeat(length) + "\" c",
                "a," + " ".repeat(length) + "b c", "a;" + " ".repeat(length) + ";", "a b," + "c".repeat(length),
                // More extensions than anyone has, and more parameters.
                "a" + ", a".repeat(100), "a" + "; b".repeat(100));
        Bystander.beside(Handlers.echoServer().httpLimits(wide), server -> {
            for (String value : hostile) {
                assertEquals(400, statusOf(server, request(name + ": " + value)), value.substring(0, 10));
            }
            assertEquals(101, statusOf(server, request(name + ": " + ",".repeat(length))));
            assertEquals(101, statusOf(server, request(name + ": " + "c".repeat(length))));
            assertEquals(101, statusOf(server, request(name + ": a, b")));
        });
        // By default such values are refused earlier.
        Bystander.beside(Handlers.echoServer(), server -> {
            for (String value : List.of("a" + " ".repeat(32_000) + "b", "a; b=\"" + "\\".repeat(32_000))) {
                assertEquals(431, answerOf(server, request(name + ": " + value)).status());
            }
        });
    }

    @Test
    void attack12_manyDifferentSubprotocolsTakeLinearTime() throws Exception {
        StringBuilder list = new StringBuilder("0");
        for (int i = 1; i < 300_000; i++) {
            list.append(',').append(Integer.toString(i, 36));
        }
        HttpLimits wide = HttpLimits.builder().maxHeaderLineSize(2 * list.length()).maxHeadersSize(2 * list.length())
                .build();
        Bystander.beside(Handlers.echoServer().httpLimits(wide), server -> {
            assertEquals(101, statusOf(server, request("Sec-WebSocket-Protocol: " + list)));
            assertEquals(400, statusOf(server, request("Sec-WebSocket-Protocol: " + list + ",0")));
        });
    }

    // 13: other sites' pages

    @ParameterizedTest
    @ValueSource(strings = {"null", "", "*", "server.example.com", "//server.example.com", "http://",
            "http://server.example.com.evil.org", "http://evil-server.example.com", "http://www.server.example.com",
            "http://example.com", "http://server.example.com.", "http://serverxexample.com",
            "http://server.example.com:8080", "http://server.example.com:443", "https://server.example.com:80",
            "http://server.example.com:", "http://server.example.com:80x", "http://server.example.com@evil.org",
            "http://server.example.com:80@evil.org", "http://evil.org@server.example.com",
            "http://a:b@server.example.com",
            "http://evil.org/server.example.com", "http://evil.org#server.example.com",
            "http://evil.org?server.example.com", "http://evil.org\\server.example.com", "http://server.example.com/",
            "http://server.example.com http://evil.org", "http://server.example.com, http://evil.org",
            "file://server.example.com", "ws://server.example.com"})
    void attack13_pagesOfOtherOrigins(String origin) throws Exception {
        List<WebSocketServerBuilder> policies = List.of(Handlers.echoServer(),
                Handlers.echoServer().policy(HandshakePolicy.origins(List.of("http://server.example.com"))));
        for (WebSocketServerBuilder settings : policies) {
            Bystander.beside(settings, server -> {
                assertEquals(403, answerOf(server, request("Origin: " + origin)).status());
                // Letters' case is none of the origin's, and programs that are no browsers send none.
                assertEquals(101, statusOf(server, request("Origin: http://SERVER.example.com")));
                assertEquals(101, statusOf(server, request()));
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://server.example.com", "http://evil.org"})
    void attack13_severalOrigins(String second) throws Exception {
        Bystander.beside(Handlers.echoServer(), server -> assertEquals(400,
                answerOf(server, request("Origin: http://server.example.com", "Origin: " + second)).status()));
    }

    // 14: what the application says

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rb", "a\u0000", "\u001b[2J", "\u007f",
            "\u2028"})
    void attack14_controlCharactersFromTheApplication(String text) throws Exception {
        List<HandshakePolicy> injecting = List.of(
                request -> HandshakeDecision.accept().withHeader("X-Name", text),
                request -> HandshakeDecision.accept().withHeader(text, "x"),
                request -> HandshakeDecision.accept().withSubprotocol(text),
                request -> new HandshakeDecision.Reject(HttpResponse.text(403, "").withHeader("X-Name", text)));
        for (HandshakePolicy policy : injecting) {
            HandshakePolicy attacked = request -> request.path().equals("/attack")
                    ? policy.decide(request)
                    : HandshakeDecision.accept();
            Bystander.beside(Handlers.echoServer().policy(attacked), server -> {
                Answer answer = answerOf(server, request("Sec-WebSocket-Protocol: a").replace("/chat", "/attack"));
                assertEquals(500, answer.status());
                assertFalse((answer.head() + answer.rest()).contains("Injected"), answer.head());
            });
        }
        assertEquals(injecting.size(), log.thrown(Level.WARNING).size());
        log.thrown(Level.WARNING).forEach(thrown -> assertInstanceOf(IllegalArgumentException.class, thrown));
        WebSocketServerBuilder settings = Handlers.echoServer();
        assertThrows(IllegalArgumentException.class, () -> settings.subprotocols(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nb", "a\nb", "a\rb", "\u0000", "\u001b[2J", "\u007f", "\u0085"})
    void attack14_controlCharactersInACloseReason(String reason) throws Exception {
        BlockingQueue<IllegalArgumentException> refused = new LinkedBlockingQueue<>();
        WebSocketServerBuilder settings = WebSocketServer.builder().handler(ws -> {
            if (ws.request().target().equals("/attack")) {
                refused.add(assertThrows(IllegalArgumentException.class, () -> ws.close(1000, reason)));
            } else {
                Handlers.echo(ws);
            }
        });
        Bystander.beside(settings, server -> {
            try (RawPeer peer = RawPeer.connect(server)) {
                peer.text(request().replace("/chat", "/attack")).readHead();
                // The first frame is the Close frame that is sent after the handler has returned.
                assertEquals("8802 03e8", peer.readFrame());
                assertEquals("control character in the close reason", refused.poll(10, TimeUnit.SECONDS).getMessage());
            }
        });
    }

    // 15: the log, and drafts

    @Test
    void attack15_attackersTextInTheLog() throws Exception {
        String evil = "\nWARNING: forged \u001b[2J\u0007\u202e\u0085{0}";
        List<String> hostile = new ArrayList<>(List.of(request().replace("GET", "G\u001bT"),
                request().replace("/chat", "/\u001b[2J"), request("X\u0007: 1"), request("X: \u0085\u0000"),
                request().replace("Host: ", "Host: \u001b"), request("X" + evil + ": 1"),
                request("Sec-WebSocket-Extensions: \u0085=;{0}"), request("Sec-WebSocket-Protocol: \u0085")));
        Bystander.beside(Handlers.echoServer(), server -> {
            for (String head : hostile) {
                assertEquals(400, answerOf(server, head).status(), head);
            }
            try (RawPeer peer = RawPeer.open(server)) {
                byte[] text = evil.getBytes(StandardCharsets.UTF_8);
                byte[] close = new byte[2 + text.length];
                close[0] = 3;
                close[1] = (byte) 0xe8;
                System.arraycopy(text, 0, close, 2, text.length);
                assertEquals(1000, peer.bytes(RawPeer.frame(0x88, close)).readCloseAndEnd());
            }
        });
        List<String> lines = log.lines(Level.FINE);
        assertTrue(lines.stream().anyMatch(line -> line.contains("forged")), "the reason is told: " + lines);
        assertTrue(lines.stream().filter(line -> line.contains("MALFORMED_HEAD")).count() >= 5, lines.toString());
        for (String line : lines) {
            assertTrue(line.chars().allMatch(c -> c >= ' ' && c <= '~'), line);
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    @Test
    void attack15_legacyDrafts() throws Exception {
        String hixie75 = "GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\n"
                + "Origin: http://example.com\r\nWebSocket-Protocol: sample\r\n\r\n";
        String hixie76 = "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nSec-WebSocket-Protocol: sample\r\nUpgrade: WebSocket\r\n"
                + "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n^n:ds[4U";
        String hybi07 = request("Sec-WebSocket-Origin: http://example.com").replace("Version: 13", "Version: 7");
        Bystander.beside(Handlers.echoServer(), server -> {
            for (String draft : List.of(hixie75, hixie76, hybi07)) {
                Answer answer = answerOf(server, draft);
                assertEquals(426, answer.status());
                assertTrue(answer.hasLine("Sec-WebSocket-Version: 13"), answer.head());
            }
        });
    }

    // 34: other names of this machine

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "evil.example:80", "localhost.evil.example", "xlocalhost",
            "127.0.0.1.evil.example", "localhost:80@evil.example"})
    void attack34_hostsThatAreNotAllowedMustBeRefused(String host) throws Exception {
        HandshakePolicy policy = HandshakePolicy.hosts(List.of("localhost", "server.example.com"));
        Bystander.beside(Handlers.echoServer().policy(policy), server -> {
            for (String origin : List.of("", "Origin: http://" + host + "\r\n")) {
                int status = statusOf(server,
                        request().replace("Host: server.example.com\r\n", "Host: " + host + "\r\n" + origin));
                assertTrue(List.of(400, 403, 421).contains(status), host + ": " + status);
            }
            for (String allowed : List.of("localhost", "LOCALHOST", "localhost:" + server.port())) {
                assertEquals(101, statusOf(server, request().replace("Host: server.example.com", "Host: " + allowed)));
            }
        });
    }
}
