package dev.weft.server;

import static dev.weft.server.RawPeer.answerOf;
import static dev.weft.server.RawPeer.request;
import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.HandshakeRequest;
import dev.weft.Message;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.RawPeer.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The opening handshake (RFC 6455 §4.2) over the wire, byte by byte. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HandshakeTest {
    private static final String SAMPLE_REPLY = """
            HTTP/1.1 101 Switching Protocols\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
            \r
            """;
    /** Unmasked: FIN, text, 5 bytes, "Hello" (§5.7). */
    private static final String HELLO = "8105 48656c6c6f";

    private static WebSocketServer echo;

    @RegisterExtension
    final LogCapture log = new LogCapture();

    @BeforeAll
    static void start() throws IOException {
        echo = Handlers.echoServer().start();
    }

    @AfterAll
    static void stop() {
        echo.close();
    }

    /** Whatever a test did to the server, the next client is served. */
    @AfterEach
    void serverGoesOnServing() throws IOException {
        try (RawPeer peer = RawPeer.open(echo)) {
            assertEquals(HELLO, peer.bytes(textFrame("Hello")).readFrame());
        }
    }

    private static Answer answerTo(String request) throws IOException {
        return answerOf(echo, request);
    }

    /** The head of a 101. */
    private static String replyOf(WebSocketServer server, String request) throws IOException {
        try (RawPeer peer = RawPeer.connect(server)) {
            String head = peer.text(request).readHead();
            assertTrue(head.startsWith("HTTP/1.1 101 Switching Protocols\r\n"), head);
            return head;
        }
    }

    /** Tables of values cannot hold line ends. */
    private static String withLineEnds(String text) {
        return text.replace("~", "\r\n");
    }

    // Accepted requests

    @Test
    void sampleHandshakeIsAnsweredWithExactlyTheseBytes() throws IOException {
        try (RawPeer peer = RawPeer.connect(echo)) {
            assertEquals(SAMPLE_REPLY, peer.text(request()).readHead());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "Upgrade: websocket      | UPGRADE: h2c , WebSocket",
            "Upgrade: websocket      | upgrade: h2c~Upgrade:websocket",
            "Connection: Upgrade     | connection: keep-alive,,uPGRADE",
            "Connection: Upgrade     | Connection: keep-alive~X-Between: 1~Connection:\tupgrade\t",
            "GET /chat HTTP/1.1      | GET /chat?a=%20b HTTP/1.9",
            "GET /chat HTTP/1.1      | ~~GET /chat HTTP/1.1",
            "GET /chat HTTP/1.1      | GET http://server.example.com:8080/chat HTTP/1.1",
            "GET /chat HTTP/1.1      | GET WSS://elsewhere HTTP/1.1",
            "Upgrade: websocket      | Upgrade: websocket~Content-Length: 0",
            "Upgrade: websocket      | Upgrade: websocket~Sec-WebSocket-Protocol: chat, ",
            "Upgrade: websocket      | Upgrade: websocket~Sec-WebSocket-Protocol: chat,,superchat",
            "Host: server.example.com| hOST: [::1]:8080"})
    void handshakeIsReadAsHttpIs(String line, String otherwise) throws IOException {
        assertEquals(SAMPLE_REPLY, replyOf(echo, request().replace(line, withLineEnds(otherwise))));
    }

    @Test
    void headMayComeByteByByte() throws IOException {
        try (RawPeer peer = RawPeer.connect(echo)) {
            for (byte b : request("Cookie: a=b").getBytes(StandardCharsets.ISO_8859_1)) {
                peer.bytes(new byte[]{b});
            }
            assertEquals(SAMPLE_REPLY, peer.readHead());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            permessage-deflate                               | permessage-deflate; client_no_context_takeover
            permessage-deflate; client_max_window_bits       | permessage-deflate; client_max_window_bits=12
            x-webkit-deflate-frame, permessage-deflate; client_no_context_takeover; server_no_context_takeover; \
            server_max_window_bits=9; client_max_window_bits=10 | permessage-deflate; server_no_context_takeover; \
            client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10
            permessage-deflate; foo, permessage-deflate; client_max_window_bits=8 | \
            permessage-deflate; client_max_window_bits=8""")
    void firstAcceptableOfferOfDeflateIsAccepted(String offer, String accepted) throws IOException {
        String reply = replyOf(echo, request("Sec-WebSocket-Extensions: " + offer));
        assertEquals(accepted, reply.lines().filter(line -> line.startsWith("Sec-WebSocket-Extensions: "))
                .map(line -> line.substring(line.indexOf(' ') + 1)).collect(Collectors.joining()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x-webkit-deflate-frame", "permessage-deflate; foo",
            "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=09",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover=1", "permessage-deflate; server_max_window_bits"})
    void whatIsDeclinedIsNotNamedInTheReply(String offer) throws IOException {
        assertEquals(SAMPLE_REPLY, replyOf(echo, request("Sec-WebSocket-Extensions: " + offer)));
    }

    @Test
    void deflateIsDeclinedWhereItIsSwitchedOff() throws IOException {
        try (WebSocketServer plain = Handlers.echoServer().noDeflate().start()) {
            assertEquals(SAMPLE_REPLY, replyOf(plain, request("Sec-WebSocket-Extensions: permessage-deflate")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a; b=\"unclosed", ";;;=,,,"})
    void malformedExtensionsAre400(String offer) throws IOException {
        assertEquals(400, answerTo(request("Sec-WebSocket-Extensions: " + offer)).status());
    }

    // Frames directly after the head

    @Test
    void framesAfterTheHeadMustBeAnsweredAfterTheResponse() throws IOException {
        try (RawPeer peer = RawPeer.connect(echo)) {
            ByteArrayOutputStream segment = new ByteArrayOutputStream();
            segment.writeBytes(request().getBytes(StandardCharsets.ISO_8859_1));
            segment.writeBytes(textFrame("Hello"));
            segment.writeBytes(RawPeer.bytes("8980 00000000")); // ping
            segment.writeBytes(textFrame("Hel")); // and the next one is cut
            segment.writeBytes(RawPeer.bytes("8185 00000000 4865"));
            peer.bytes(segment.toByteArray());
            assertEquals(SAMPLE_REPLY, peer.readHead());
            // The ping may be answered before the handler has its first turn.
            assertEquals(Set.of(HELLO, "8a00 "), Set.of(peer.readFrame(), peer.readFrame()));
            assertEquals("8103 48656c", peer.readFrame());
            peer.hex("6c6c6f");
            assertEquals(HELLO, peer.readFrame());
        }
    }

    @Test
    void largeFrameInTheSameSegmentIsWhole() throws IOException {
        byte[] payload = "0123456789abcdef".repeat(4000).getBytes(StandardCharsets.US_ASCII);
        try (RawPeer peer = RawPeer.connect(echo)) {
            ByteArrayOutputStream segment = new ByteArrayOutputStream();
            segment.writeBytes(request().getBytes(StandardCharsets.ISO_8859_1));
            segment.writeBytes(RawPeer.frame(0x82, payload));
            peer.bytes(segment.toByteArray());
            assertEquals(SAMPLE_REPLY, peer.readHead());
            assertEquals("827efa00 " + "30313233343536373839616263646566".repeat(4000), peer.readFrame());
        }
    }

    @Test
    void nothingIsActedOnBeforeTheReplyIsSent() throws Exception {
        CountDownLatch decide = new CountDownLatch(1);
        BlockingQueue<String> received = new ArrayBlockingQueue<>(1);
        try (WebSocketServer server = WebSocketServer.builder()
                .policy(request -> {
                    decide.await();
                    return HandshakeDecision.accept();
                })
                .handler(ws -> received.add(((Message.Text) ws.receive()).text())).start();
                RawPeer peer = RawPeer.connect(server)) {
            peer.text(request()).bytes(textFrame("Hello")).hex("8980 00000000");
            peer.socket().setSoTimeout(50);
            boolean silent = false;
            try {
                peer.readByte();
            } catch (java.net.SocketTimeoutException e) {
                silent = true;
            }
            assertTrue(silent, "answered before the policy decided");
            assertEquals(0, received.size());
            peer.socket().setSoTimeout(10_000);
            decide.countDown();
            assertEquals(SAMPLE_REPLY, peer.readHead());
            assertEquals("Hello", received.poll(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void framesAfterTheHeadMustStayOnTheirConnection() throws Exception {
        // Buffers are lent by threads' numbers, so that one of some dozen others is sure to get a buffer that came back.
        int others = 80;
        CountDownLatch receiveNow = new CountDownLatch(1);
        BlockingQueue<String> first = new SynchronousQueue<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            if (ws.request().target().equals("/first")) {
                receiveNow.await();
                first.put(((Message.Text) ws.receive()).text());
            } else {
                Handlers.echo(ws);
            }
        }).start(); RawPeer mine = RawPeer.connect(server)) {
            String head = request("X-Filler: " + "x".repeat(200)).replace("/chat", "/first");
            ByteArrayOutputStream segment = new ByteArrayOutputStream();
            segment.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
            segment.writeBytes(textFrame("secret of the first"));
            mine.bytes(segment.toByteArray()).readHead();
            for (int i = 0; i < others; i++) {
                try (RawPeer other = RawPeer.connect(server)) {
                    other.text(head.replace("/first", "/other").replace("xxxx", "yyyy")).readHead();
                    String text = "z".repeat(2000);
                    other.bytes(textFrame(text));
                    assertEquals("817e07d0 " + "7a".repeat(2000), other.readFrame());
                }
            }
            receiveNow.countDown();
            assertEquals("secret of the first", first.poll(10, TimeUnit.SECONDS));
        }
    }

    // Refused requests

    @Test
    void otherVersionMustGetTheSupportedVersion() throws IOException {
        for (String version : List.of("0", "7", "8", "12", "14", "013", "")) {
            Answer answer = answerTo(request().replace("Version: 13", "Version: " + version));
            assertAll(
                    () -> assertEquals("HTTP/1.1 426 Upgrade Required", answer.statusLine()),
                    () -> assertTrue(answer.hasLine("Sec-WebSocket-Version: 13"), answer.head()),
                    () -> assertTrue(answer.hasLine("Upgrade: websocket"), answer.head()),
                    () -> assertTrue(answer.hasLine("Connection: Upgrade, close"), answer.head()));
        }
    }

    @Test
    void legacyDraftsMustGetTheSupportedVersion() throws IOException {
        String hixie75 = "GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\n"
                + "Origin: http://example.com\r\nWebSocket-Protocol: sample\r\n\r\n";
        String hixie76 = "GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nSec-WebSocket-Protocol: sample\r\nUpgrade: WebSocket\r\n"
                + "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nOrigin: http://example.com\r\n\r\n^n:ds[4U";
        String hybi07 = request("Sec-WebSocket-Origin: http://example.com").replace("Version: 13", "Version: 7");
        for (String draft : List.of(hixie75, hixie76, hybi07)) {
            Answer answer = answerTo(draft);
            assertEquals(426, answer.status());
            assertTrue(answer.hasLine("Sec-WebSocket-Version: 13"), answer.head());
        }
    }

    @Test
    void otherMethodsMustGet405() throws IOException {
        for (String method : List.of("POST", "PUT", "OPTIONS")) {
            Answer answer = answerTo(request().replace("GET", method));
            assertEquals("HTTP/1.1 405 Method Not Allowed", answer.statusLine());
            assertTrue(answer.hasLine("Allow: GET, HEAD"), answer.head());
        }
        Answer plain = answerTo("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals(405, plain.status());
        assertTrue(plain.hasLine("Allow: GET, HEAD"), plain.head());
    }

    @Test
    void headIsNeverSentABody() throws IOException {
        Answer plain = answerTo("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals(426, plain.status());
        assertEquals("", plain.rest());
        Answer upgrade = answerTo(request().replace("GET", "HEAD"));
        assertEquals(426, upgrade.status());
        assertEquals("", upgrade.rest());
        Answer noHost = answerTo("HEAD / HTTP/1.1\r\n\r\n");
        assertEquals(400, noHost.status());
        assertEquals("", noHost.rest());
    }

    @Test
    void plainRequestMustGet426() throws IOException {
        Answer answer = answerTo("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals("HTTP/1.1 426 Upgrade Required", answer.statusLine());
        assertTrue(answer.hasLine("Upgrade: websocket"), answer.head());
        assertTrue(answer.hasLine("Connection: Upgrade, close"), answer.head());
        assertTrue(answer.hasLine("Content-Length: " + answer.rest().length()), answer.head());
        assertFalse(answer.rest().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "Host: server.example.com~                              | ''",
            "Host: server.example.com                               | Host: a~Host: b",
            "Host: server.example.com                               | Host: user@server.example.com",
            "Connection: Upgrade                                    | Connection: keep-alive",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==~           | ''",
            "dGhlIHNhbXBsZSBub25jZQ==                               | dGhlIHNhbXBsZSBub25jZ===",
            "dGhlIHNhbXBsZSBub25jZQ==                               | dGhlIHNhbXBsZSBub25j",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==            | Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==~"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="})
    void malformedHandshakeIsABadRequest(String part, String otherwise) throws IOException {
        Answer answer = answerTo(request().replace(withLineEnds(part), withLineEnds(otherwise)));
        assertEquals("HTTP/1.1 400 Bad Request", answer.statusLine());
        assertTrue(answer.hasLine("Connection: close"), answer.head());
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "\u0001GET / HTTP/1.1\r\n", // leading control byte
            "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n", // more empty lines than are skipped
            "\nGET / HTTP/1.1\r\n",
            "GET  / HTTP/1.1\r\n",
            "GET / HTTP/1.1 \r\n",
            "GET / HTTP/1.1\n",
            "GET / HTTP/1.1\rX",
            "GET /\u0000 HTTP/1.1\r\n",
            "GET /\u007f HTTP/1.1\r\n",
            "GET /\u00e9 HTTP/1.1\r\n",
            "GET http://user@server.example.com/ HTTP/1.1\r\nHost: a\r\n", // user information
            "GET http:///path HTTP/1.1\r\nHost: a\r\n",
            "GET http://a:65536/ HTTP/1.1\r\nHost: a\r\n",
            "GET http://a\u0000/ HTTP/1.1\r\nHost: a\r\n",
            "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n",
            "GET http://a/ HTTP/1.1\r\n", // no Host
            "GET * HTTP/1.1\r\n",
            "CONNECT a:80 HTTP/1.1\r\n",
            "GET / http/1.1\r\n",
            "GET /\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n",
            "GET / HTTP/1.1\r\n Host: a\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n",
            "GET / HTTP/1.1\r\nHost: a\n",
            "GET / HTTP/1.1\r\nHost: a\rb\r\n",
            "GET / HTTP/1.1\r\nHost: a\u0000\r\n",
            "GET / HTTP/1.1\r\nH\u00f6st: a\r\n",
            "GET / HTTP/1.1\r\n: a\r\n",
            "GET / HTTP/1.1\r\nnocolon\r\n",
            "\u0016\u0003\u0001\u0002\u0000\u0001\u0000"}) // a TLS hello
    void smugglingShapesAreBadRequests(String bytes) throws IOException {
        assertEquals("HTTP/1.1 400 Bad Request", answerTo(bytes + "\r\n").statusLine());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 5", "Content-Length: 0, 0", "Transfer-Encoding: chunked",
            "Content-Length: 0\r\nContent-Length: 0", "Content-Length: 0\r\nTransfer-Encoding: chunked"})
    void handshakeWithABodyIsABadRequest(String line) throws IOException {
        assertEquals(400, answerTo(request(line)).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"2.0", "0.9", "3.0"})
    void httpVersionsBut1AreNotSupported(String version) throws IOException {
        assertEquals("HTTP/1.1 505 HTTP Version Not Supported",
                answerTo(request().replace("HTTP/1.1", "HTTP/" + version)).statusLine());
    }

    @Test
    void longRequestLineIsRefused() throws IOException {
        assertEquals("HTTP/1.1 414 URI Too Long", answerTo("GET /" + "a".repeat(1 << 20)).statusLine());
        assertEquals(414, answerTo("G".repeat(1 << 20)).status());
    }

    @Test
    void largeHeadersAreRefused() throws IOException {
        String line = "GET / HTTP/1.1\r\n";
        assertEquals("HTTP/1.1 431 Request Header Fields Too Large",
                answerTo(line + "X: " + "a".repeat(1 << 20)).statusLine());
        assertEquals(431, answerTo(line + "X: 1\r\n".repeat(2000) + "\r\n").status());
        assertEquals(431, answerTo(line + ("X: " + "a".repeat(8000) + "\r\n").repeat(5) + "\r\n").status());
    }

    @Test
    void headLimitsAreSettings() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().httpLimits(HttpLimits.builder().maxRequestLineSize(32)
                .maxHeaderLineSize(64).maxHeaderCount(6).maxHeadersSize(300).build()).start()) {
            replyOf(server, request("X: 1"));
            assertEquals(414, answerOf(server, "GET /" + "a".repeat(19) + " HTTP/1.1\r\n\r\n").status());
            assertEquals(431, answerOf(server, request("X: 1", "Y: 1")).status());
            assertEquals(431, answerOf(server, request("X:" + "a".repeat(63))).status());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Upgrade", "Connection"})
    void hostileListsTakeLinearTime(String name) throws IOException {
        HttpLimits wide = HttpLimits.builder().maxHeaderLineSize(100_000).maxHeadersSize(200_000).build();
        try (WebSocketServer server = Handlers.echoServer().httpLimits(wide).start()) {
            long start = System.nanoTime();
            for (String value : List.of("a" + " ".repeat(64_000) + "b", "\"" + "\\".repeat(64_000),
                    ",".repeat(64_000), "a;".repeat(32_000), "\"".repeat(64_001))) {
                int status;
                try (RawPeer peer = RawPeer.connect(server)) {
                    String head = peer.text(request(name + ": " + value)).readHead();
                    status = Integer.parseInt(head.substring(9, 12));
                }
                // RFC 9110 §5.6.1: a list may have empty elements.
                boolean fine = value.startsWith(",") || !name.startsWith("Sec-");
                assertEquals(fine ? 101 : 400, status);
            }
            // Quadratic time would be minutes.
            assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(10));
        }
    }

    @Test
    void slowHeadIsTimedOut() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().handshakeTimeout(Duration.ofMillis(100)).start()) {
            for (String start : List.of("", "GET ", request().substring(0, 100))) {
                Answer answer = answerOf(server, start);
                assertEquals("HTTP/1.1 408 Request Timeout", answer.statusLine());
                assertTrue(answer.hasLine("Connection: close"), answer.head());
            }
            replyOf(server, request());
        }
    }

    @Test
    void fullServerSaysWhenToComeBack() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().maxConnections(1).start()) {
            try (RawPeer first = RawPeer.open(server)) {
                Answer answer = answerOf(server, request());
                assertEquals("HTTP/1.1 503 Service Unavailable", answer.statusLine());
                assertTrue(answer.hasLine("Retry-After: 1"), answer.head());
                assertEquals(HELLO, first.bytes(textFrame("Hello")).readFrame());
            }
            try (RawPeer next = RawPeer.openWhenThereIsRoom(server)) {
                assertEquals(HELLO, next.bytes(textFrame("Hello")).readFrame());
            }
        }
    }

    @Test
    void bytesAfterARefusedUpgradeMustNotBeARequest() throws IOException {
        for (String refused : List.of(request().replace("13", "8"), request().replace("GET", "POST"),
                request("Content-Length: 5"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", request("Origin: http://evil"))) {
            Answer answer = answerTo(refused + request() + request());
            assertTrue(answer.status() >= 400, answer.head());
            assertFalse(answer.rest().contains("HTTP/1.1"), answer.rest());
            assertTrue(answer.hasLine("Content-Length: " + answer.rest().length()), answer.head());
        }
    }

    // The policy

    @Test
    void policySeesTheRequestAsItWasOnTheWire() throws Exception {
        BlockingQueue<HandshakeRequest> seen = new ArrayBlockingQueue<>(1);
        try (WebSocketServer server = Handlers.echoServer().policy(request -> {
            seen.add(request);
            return HandshakeDecision.accept();
        }).start(); RawPeer peer = RawPeer.connect(server)) {
            peer.text(request("Cookie: a=1; b=2", "Sec-WebSocket-Protocol: chat, superchat",
                    "Sec-WebSocket-Protocol: third").replace("/chat", "/a%20b/../c?q=1&r=%2f")).readHead();
            HandshakeRequest request = seen.poll(10, TimeUnit.SECONDS);
            assertEquals("/a%20b/../c", request.path());
            assertEquals("q=1&r=%2f", request.rawQuery().orElseThrow());
            assertEquals("1", request.cookies().get("a"));
            assertEquals("2", request.cookies().get("b"));
            assertEquals(List.of("chat", "superchat", "third"), request.subprotocols());
            assertEquals("13", request.headers().first("sec-websocket-version").orElseThrow());
            assertEquals(peer.socket().getLocalSocketAddress(), request.remoteAddress());
            assertEquals(peer.socket().getRemoteSocketAddress(), request.localAddress());
        }
    }

    @Test
    void policyAcceptsWithSubprotocolHeadersAndAttachment() throws Exception {
        BlockingQueue<List<Object>> seen = new ArrayBlockingQueue<>(1);
        try (WebSocketServer server = WebSocketServer.builder().subprotocols("chat")
                .policy(request -> HandshakeDecision.accept().withSubprotocol("superchat")
                        .withHeader("Set-Cookie", "session=1").withHeader("X-Node", "7").withAttachment("user"))
                .handler(ws -> seen.add(List.of(ws.subprotocol().orElseThrow(),
                        ws.attachment(String.class).orElseThrow(), ws.request().target())))
                .start()) {
            assertEquals(SAMPLE_REPLY.replace("\r\n\r\n", """
                    \r
                    Sec-WebSocket-Protocol: superchat\r
                    Set-Cookie: session=1\r
                    X-Node: 7\r
                    \r
                    """), replyOf(server, request("Sec-WebSocket-Protocol: chat, superchat")));
            assertEquals(List.of("superchat", "user", "/chat"), seen.poll(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void policyRejectsWithAnyResponse() throws IOException {
        HttpResponse response = HttpResponse.text(401, "no").withHeader("WWW-Authenticate", "Basic");
        try (WebSocketServer server = Handlers.echoServer()
                .policy(request -> new HandshakeDecision.Reject(response)).start()) {
            Answer answer = answerOf(server, request());
            assertEquals("HTTP/1.1 401 Unauthorized", answer.statusLine());
            assertTrue(answer.hasLine("WWW-Authenticate: Basic"), answer.head());
            assertEquals("no", answer.rest());
        }
        try (WebSocketServer server = Handlers.echoServer()
                .policy(request -> HandshakeDecision.reject(404, "no such room")).start()) {
            Answer answer = answerOf(server, request());
            assertEquals(404, answer.status());
            assertEquals("no such room\n", answer.rest());
        }
    }

    /** An error that a method without a throws clause may throw. */
    private static HandshakeDecision overflow(HandshakeRequest request) {
        return request == null ? null : overflow(request);
    }

    @Test
    void whatAPolicyThrowsBecomes500() throws IOException {
        List<HandshakePolicy> failing = List.of(
                request -> {
                    throw new IllegalStateException("no database");
                },
                request -> {
                    throw new IOException("no database");
                },
                request -> {
                    throw new AssertionError("no database");
                },
                HandshakeTest::overflow,
                request -> null);
        for (HandshakePolicy policy : failing) {
            try (WebSocketServer server = Handlers.echoServer().policy(policy).start()) {
                Answer answer = answerOf(server, request());
                assertEquals("HTTP/1.1 500 Internal Server Error", answer.statusLine());
                assertFalse(answer.rest().contains("database"), "the peer is told what broke inside");
            }
        }
        List<String> lines = log.lines(Level.WARNING);
        assertEquals(failing.size(), lines.size());
        for (String line : lines) {
            assertTrue(line.matches("the handshake policy failed: /127\\.0\\.0\\.1:[0-9]+, /chat"), line);
        }
    }

    @Test
    void policyCannotChooseWhatWasNotOffered() throws IOException {
        try (WebSocketServer server = Handlers.echoServer()
                .policy(request -> HandshakeDecision.accept().withSubprotocol("chat")).start()) {
            assertEquals(500, answerOf(server, request()).status());
            assertEquals(500, answerOf(server, request("Sec-WebSocket-Protocol: CHAT, superchat")).status());
            assertTrue(replyOf(server, request("Sec-WebSocket-Protocol: chat"))
                    .contains("\r\nSec-WebSocket-Protocol: chat\r\n"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Upgrade", "connection", "Sec-WebSocket-Accept", "sec-websocket-extensions",
            "Sec-WebSocket-Protocol", "Content-Length"})
    void policyCannotOverrideTheHandshakesOwnHeaders(String name) throws IOException {
        try (WebSocketServer server = Handlers.echoServer()
                .policy(request -> HandshakeDecision.accept().withHeader(name, "x")).start()) {
            assertEquals(500, answerOf(server, request()).status());
        }
    }

    // Subprotocols

    @Test
    void firstOfTheClientsThatTheServerSpeaksIsChosen() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().subprotocols("b", "c").start()) {
            assertTrue(replyOf(server, request("Sec-WebSocket-Protocol: a, c, b"))
                    .contains("\r\nSec-WebSocket-Protocol: c\r\n"));
            assertEquals(SAMPLE_REPLY, replyOf(server, request("Sec-WebSocket-Protocol: a, B")));
            assertEquals(SAMPLE_REPLY, replyOf(server, request()));
        }
    }

    // Beside plain requests

    @Test
    void plainRequestsAreAnsweredBesideHandshakes() throws IOException {
        try (WebSocketServer server = Handlers.echoServer()
                .http("/page", request -> HttpResponse.text(200, request.method() + " " + request.target())).start()) {
            Answer get = answerOf(server, "GET /page?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertEquals("HTTP/1.1 200 OK", get.statusLine());
            assertEquals("GET /page?x", get.rest());
            Answer head = answerOf(server, "HEAD /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            assertEquals(200, head.status());
            assertTrue(head.hasLine("Content-Length: 10"), head.head());
            assertEquals("", head.rest());
            assertEquals(426, answerOf(server, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n").status());
            assertEquals(SAMPLE_REPLY, replyOf(server, request()));
        }
    }

    @Test
    void httpHandlerThatFailsBecomes500() throws IOException {
        List<HttpHandler> failing = List.of(
                request -> {
                    throw new IOException("no disk");
                },
                request -> {
                    throw new AssertionError("no disk");
                },
                request -> null);
        for (HttpHandler handler : failing) {
            try (WebSocketServer server = Handlers.echoServer().http("/", handler).start()) {
                Answer answer = answerOf(server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                assertEquals(500, answer.status());
                assertFalse(answer.rest().contains("disk"));
            }
        }
        List<String> lines = log.lines(Level.WARNING);
        assertEquals(failing.size(), lines.size());
        for (String line : lines) {
            assertTrue(line.matches("an HTTP handler failed: /127\\.0\\.0\\.1:[0-9]+, /"), line);
        }
    }

    // HTTP/1.0

    @Test
    void http10RequestsAreServed() throws IOException {
        try (WebSocketServer server = Handlers.echoServer()
                .http("/**",
                        request -> HttpResponse.text(200, request.path() + " of " + request.host().orElse("nobody")))
                .start()) {
            Answer health = answerOf(server, "GET /health HTTP/1.0\r\n\r\n");
            assertEquals("HTTP/1.1 200 OK", health.statusLine());
            assertTrue(health.hasLine("Connection: close"), health.head());
            assertEquals("/health of nobody", health.rest());
            // RFC 9110 §7.8: Upgrade is ignored.
            Answer upgrade = answerOf(server, request().replace("HTTP/1.1", "HTTP/1.0"));
            assertEquals("/chat of server.example.com", upgrade.rest());
            assertEquals(400, answerOf(server, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n").status());
            assertEquals(400, answerOf(server, "GET / HTTP/1.1\r\n\r\n").status());
        }
        assertEquals(426, answerTo("GET /health HTTP/1.0\r\n\r\n").status());
        assertEquals(426, answerTo(request().replace("HTTP/1.1", "HTTP/1.0")).status());
    }

    // The absolute form

    @Test
    void authorityOfTheTargetReplacesHost() throws Exception {
        // RFC 9112 §3.2.2
        String absolute = "GET http://other.example:8080/room?a=b HTTP/1.1";
        BlockingQueue<String> seen = new ArrayBlockingQueue<>(1);
        HandshakePolicy noting = request -> {
            seen.add(request.host().orElseThrow() + " " + request.path() + " " + request.rawQuery().orElseThrow());
            return HandshakeDecision.accept();
        };
        try (WebSocketServer server = Handlers.echoServer().policy(HandshakePolicy.sameOrigin().and(noting)).start()) {
            replyOf(server, request("Origin: http://other.example:8080").replace("GET /chat HTTP/1.1", absolute));
            assertEquals("other.example:8080 /room a=b", seen.poll(10, TimeUnit.SECONDS));
            assertEquals(403, answerOf(server, request("Origin: http://server.example.com")
                    .replace("GET /chat HTTP/1.1", absolute)).status());
        }
    }

    // The log

    @Test
    void peersTextIsEscapedInTheLog() throws IOException {
        List<String> hostile = List.of("GET /\u001b[2J HTTP/1.1\r\n\r\n", "G\u0007T / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nX: \u0085\u0000\r\n\r\n", "GET / HTTP/1.1\r\n\u202e: 1\r\n\r\n");
        for (String head : hostile) {
            assertEquals(400, answerTo(head).status());
        }
        assertEquals(400, answerTo("GET /\nWARNING: forged HTTP/1.1\r\n\r\n").status());
        List<String> lines = log.lines(Level.FINE).stream().filter(line -> line.contains("MALFORMED_HEAD")).toList();
        assertEquals(5, lines.size(), lines.toString());
        for (String line : lines) {
            assertTrue(line.chars().allMatch(c -> c >= ' ' && c <= '~'), line);
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }
}
