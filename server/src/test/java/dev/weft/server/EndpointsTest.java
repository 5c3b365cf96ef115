package dev.weft.server;

import static dev.weft.server.RawPeer.CLOSE_1000;
import static dev.weft.server.RawPeer.textFrame;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.HandshakeRequest;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestServer;
import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.net.http.WebSocket;
import java.time.Duration;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Endpoints over a real socket: which endpoint serves a path, and with which settings. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointsTest {
    private static final String DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";
    /** RFC 7692 §7.2.3.1: "Hello", compressed; the masking key is 0. */
    private static final String COMPRESSED_HELLO = "c187 00000000 f248cdc9c90700";

    @RegisterExtension
    final LogCapture log = new LogCapture();

    /** A handler that sends its name, then echoes. */
    private static WebSocketHandler named(String name) {
        return ws -> {
            ws.send(name);
            Handlers.echo(ws);
        };
    }

    private static String request(String target, String... lines) {
        return RawPeer.request(lines).replace("GET /chat HTTP", "GET " + target + " HTTP");
    }

    private static RawPeer open(WebSocketServer server, String target, String... lines) throws IOException {
        RawPeer peer = RawPeer.connect(server).text(request(target, lines));
        String head = peer.readHead();
        assertTrue(head.startsWith("HTTP/1.1 101 "), head);
        return peer;
    }

    private static String readText(RawPeer peer) throws IOException {
        String frame = peer.readFrame();
        assertTrue(frame.startsWith("81"), frame);
        return new String(HexFormat.of().parseHex(frame.substring(frame.indexOf(' ') + 1)), UTF_8);
    }

    /** The first message of the handler that serves this target. */
    private static String servedBy(WebSocketServer server, String target) throws IOException {
        try (RawPeer peer = open(server, target)) {
            return readText(peer);
        }
    }

    private static int status(WebSocketServer server, String target) throws IOException {
        return RawPeer.answerOf(server, request(target)).status();
    }

    // Which endpoint

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "/chat/lobby                               | the lobby",
            "/chat/a%2Fb?x=1                           | room a/b",
            "/chat/%C3%A9                              | room \u00e9",
            "/chat/..a                                 | room ..a",
            "/feed/                                    | the feed",
            "/feed/?                                   | the feed",
            "http://server.example.com/feed/           | the feed",
            "ws://other.example:8080/chat/lobby?x      | the lobby"})
    void pathsMustFindTheirEndpoints(String target, String handler) throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/chat/lobby", named("the lobby"))
                .endpoint("/chat/{room}", ws -> ws.send("room " + ws.request().pathParameter("room")))
                .endpoint("/feed/", named("the feed")).start()) {
            assertEquals(handler, servedBy(server, target));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/feed", "/feed//", "/FEED/", "/chat", "/chat/", "/chat/a/b", "/feed%2F", "//feed/"})
    void otherPathsMustGet404(String target) throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/chat/{room}", named("room"))
                .endpoint("/feed/", named("feed")).start()) {
            assertEquals(404, status(server, target));
            assertEquals(1, server.refusals().get(RefusalReason.NO_ENDPOINT));
            List<String> lines = log.lines(Level.FINE).stream().filter(line -> line.contains(": refused, ")).toList();
            assertEquals(1, lines.size(), lines.toString());
            assertTrue(lines.get(0).contains("refused, NO_ENDPOINT (404") && lines.get(0).contains("GET " + target),
                    lines.get(0));
        }
    }

    @Test
    void handlerMustServeThePathsThatNoEndpointMatches() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/feed", named("feed"))
                .handler(named("others"))
                .start()) {
            assertEquals("feed", servedBy(server, "/feed"));
            assertEquals("others", servedBy(server, "/"));
            assertEquals("others", servedBy(server, "/feed/"));
            assertEquals(400, status(server, "/feed/../feed"));
        }
    }

    @Test
    void restOfThePathMustBeKnown() throws IOException {
        WebSocketHandler rest = ws -> ws.send(ws.path() + " " + ws.request().pathRest());
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/tree/{name}/**", rest)
                .endpoint("/feed", rest)
                .handler(rest).policy(request -> request.pathRest().equals("no")
                        ? HandshakeDecision.reject(403, "no")
                        : HandshakeDecision.accept())
                .start()) {
            assertEquals("/tree/x/a/b%2Fc/ a/b%2Fc/", servedBy(server, "/tree/x/a/b%2Fc/"));
            assertEquals("/feed ", servedBy(server, "/feed"));
            assertEquals("/other/path ", servedBy(server, "/other/path"));
            assertEquals(403, status(server, "/tree/x/no"));
        }
    }

    @Test
    void handlerAloneMustServeEveryPath() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().handler(named("all")).start()) {
            for (String target : List.of("/", "//", "/a/../b", "/%", "/%ff?x=%41", "/{a}")) {
                assertEquals("all", servedBy(server, target), target);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/chat/%", "/chat/%4", "/chat/%zz", "/chat/%ff", "/chat/%c0%af", "/chat/..", "/chat/.",
            "/chat/%2e%2e", "/chat/%2E", "/../chat/a", "/other/%", "/chat/a?x=%", "/chat/a?x=%ff", "/chat/a?%c3=%a9"})
    void hostileTargetsMustGet400(String target) throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/chat/{room}", named("room"))
                .handler(named("others")).start()) {
            assertEquals(400, status(server, target));
            assertEquals(1, server.refusals().get(RefusalReason.BAD_TARGET));
        }
    }

    @Test
    void queriesWithTooManyParametersMustGet400() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().handler(named("all")).start()) {
            assertEquals("all", servedBy(server, "/?" + "a&".repeat(1000)));
            assertEquals(400, status(server, "/?" + "a&".repeat(1001)));
        }
    }

    // Mistakes of the caller

    @Test
    void serverNeedsAHandlerOrAnEndpoint() {
        String message = assertThrows(IllegalStateException.class, () -> WebSocketServer.builder().start())
                .getMessage();
        assertTrue(message.contains("handler") && message.contains("endpoint"), message);
    }

    @Test
    void pathsThatMatchTheSameMustBeRefusedAtTheCall() {
        WebSocketServerBuilder builder = WebSocketServer.builder().endpoint("/chat/{room}", named("1"));
        String message = assertThrows(IllegalArgumentException.class, () -> builder.endpoint("/chat/{id}", named("2")))
                .getMessage();
        assertTrue(message.contains("'/chat/{room}'") && message.contains("'/chat/{id}'"), message);
        assertThrows(IllegalArgumentException.class, () -> builder.endpoint("chat", named("3")));
        assertThrows(NullPointerException.class, () -> builder.endpoint(null, named("4")));
        assertThrows(NullPointerException.class, () -> builder.endpoint("/", (WebSocketHandler) null));
        assertThrows(NullPointerException.class, () -> builder.endpoint("/", (Endpoint) null));
    }

    @Test
    void settingsMustBeCheckedWhenTheyAreSet() {
        Endpoint endpoint = Endpoint.of(named(""));
        Duration day = Duration.ofDays(21);
        assertNames("maxMessageSize", () -> endpoint.maxMessageSize(0));
        assertNames("maxStreamedMessageSize", () -> endpoint.maxStreamedMessageSize(0));
        assertNames("maxFramesPerMessage", () -> endpoint.maxFramesPerMessage(0));
        assertNames("maxQueuedSize", () -> endpoint.maxQueuedSize(-1));
        assertNames("readAheadSize", () -> endpoint.readAheadSize(127));
        assertNames("policyTimeout", () -> endpoint.policyTimeout(Duration.ZERO));
        assertNames("pingInterval", () -> endpoint.pingInterval(day));
        assertNames("pongTimeout", () -> endpoint.pongTimeout(day));
        assertNames("messageTimeout", () -> endpoint.messageTimeout(day));
        assertNames("writeTimeout", () -> endpoint.writeTimeout(day));
        assertNames("streamTimeout", () -> endpoint.streamTimeout(day));
        assertNames("closeTimeout", () -> endpoint.closeTimeout(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> endpoint.subprotocols("a b"));
        assertThrows(NullPointerException.class, () -> endpoint.policy(null));
        assertThrows(NullPointerException.class, () -> Endpoint.of(null));
    }

    private static void assertNames(String setting, Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.startsWith(setting + " "), message);
    }

    @Test
    void settingSomethingMustNotChangeTheEndpointItself() throws IOException {
        Endpoint plain = Endpoint.of(Handlers::echo);
        Endpoint small = plain.maxMessageSize(1).maxQueuedSize(0);
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/plain", plain).endpoint("/small", small)
                .start(); RawPeer first = open(server, "/plain"); RawPeer second = open(server, "/small")) {
            assertEquals("ab", readText(first.bytes(textFrame("ab"))));
            assertEquals(1009, second.bytes(textFrame("ab")).readCloseAndEnd());
        }
    }

    // Settings by endpoint

    @Test
    void limitsMustHoldByEndpoint() {
        try (TestServer server = TestServer.of(WebSocketServer.builder().maxMessageSize(500)
                .endpoint("/small", Endpoint.of(Handlers::echo).maxMessageSize(100))
                .endpoint("/large", Endpoint.of(Handlers::echo).maxMessageSize(1000))
                .endpoint("/plain", Handlers::echo).build())) {
            for (Map.Entry<String, Integer> limit : Map.of("/small", 100, "/plain", 500, "/large", 1000).entrySet()) {
                TestConnection client = server.open(limit.getKey());
                String most = "a".repeat(limit.getValue());
                client.send(most).expectText(most).send(most + "a");
                String reason = client.expectClose(1009).received().orElseThrow().reason();
                assertTrue(reason.contains("maxMessageSize " + limit.getValue()), reason);
            }
        }
    }

    @Test
    void timeoutsMustHoldByEndpoint() throws IOException {
        String half = "0181 00000000 61";
        try (WebSocketServer server = WebSocketServer.builder()
                .endpoint("/quick", Endpoint.of(Handlers::echo).messageTimeout(Duration.ofMillis(20)))
                .endpoint("/slow", Handlers::echo).start();
                RawPeer slow = open(server, "/slow");
                RawPeer quick = open(server, "/quick")) {
            slow.hex(half);
            assertEquals(1008, quick.hex(half).readCloseAndEnd());
            assertEquals("ab", readText(slow.hex("8081 00000000 62")));
        }
    }

    @Test
    void pingsMustBeSentByEndpoint() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder()
                .endpoint("/often", Endpoint.of(Handlers::echo).pingInterval(Duration.ofMillis(20)))
                .endpoint("/rarely", Handlers::echo).start();
                RawPeer rarely = open(server, "/rarely");
                RawPeer often = open(server, "/often")) {
            assertTrue(often.readFrame().startsWith("89"));
            assertFalse(rarely.hasAnswer());
        }
    }

    /** The sweep was set up for deadlines of seconds: fifty of these would take it longer than this test may. */
    @Test
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void shortDeadlinesOfALaterEndpointMustHold() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/first", Handlers::echo).start()) {
            server.addEndpoint("/often", Endpoint.of(Handlers::echo).pingInterval(Duration.ofMillis(20))
                    .pongTimeout(Duration.ofSeconds(30)));
            try (RawPeer often = open(server, "/often")) {
                for (int i = 0; i < 10; i++) {
                    String ping = often.readFrame();
                    assertTrue(ping.startsWith("89"), ping);
                    byte[] payload = HexFormat.of().parseHex(ping.substring(ping.indexOf(' ') + 1));
                    often.bytes(RawPeer.frame(0x8a, payload));
                }
            }
        }
    }

    @Test
    void deflateMustBeNegotiatedByEndpoint() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder()
                .endpoint("/default", Handlers::echo)
                .endpoint("/never", Endpoint.of(Handlers::echo).noDeflate())
                .endpoint("/fresh", Endpoint.of(Handlers::echo)
                        .deflate(DeflateSettings.builder().outgoingContextTakeover(false).build()))
                .start()) {
            assertTrue(replyTo(server, "/default").contains("Sec-WebSocket-Extensions: permessage-deflate"));
            assertFalse(replyTo(server, "/never").contains("Sec-WebSocket-Extensions"));
            assertTrue(replyTo(server, "/fresh").contains("server_no_context_takeover"));
        }
        try (WebSocketServer server = WebSocketServer.builder().noDeflate()
                .endpoint("/default", Handlers::echo)
                .endpoint("/always", Endpoint.of(Handlers::echo).deflate(DeflateSettings.DEFAULT)).start()) {
            assertFalse(replyTo(server, "/default").contains("Sec-WebSocket-Extensions"));
            try (RawPeer peer = open(server, "/always", DEFLATE)) {
                assertTrue(server.removeEndpoint("/always"));
                assertEquals("Hello", readText(peer.hex(COMPRESSED_HELLO)));
            }
        }
    }

    @Test
    void policyMustBeAbleToDeclineDeflate() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().handler(Handlers::echo)
                .policy(request -> request.path().equals("/secret")
                        ? HandshakeDecision.accept().withoutDeflate()
                        : HandshakeDecision.accept())
                .start()) {
            assertTrue(replyTo(server, "/open").contains("Sec-WebSocket-Extensions: permessage-deflate"));
            assertFalse(replyTo(server, "/secret").contains("Sec-WebSocket-Extensions"));
            try (RawPeer peer = open(server, "/secret", DEFLATE)) {
                assertEquals(1002, peer.hex(COMPRESSED_HELLO).readCloseAndEnd());
            }
        }
    }

    private static String replyTo(WebSocketServer server, String path) throws IOException {
        try (RawPeer peer = RawPeer.connect(server).text(request(path, DEFLATE))) {
            return peer.readHead();
        }
    }

    @Test
    void subprotocolsMustBeChosenByEndpoint() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().subprotocols("v1")
                .endpoint("/default", Handlers::echo)
                .endpoint("/second", Endpoint.of(Handlers::echo).subprotocols("v2"))
                .endpoint("/none", Endpoint.of(Handlers::echo).subprotocols()).start()) {
            for (Map.Entry<String, String> each : Map.of("/default", "v1", "/second", "v2", "/none", "").entrySet()) {
                try (RawPeer peer = RawPeer.connect(server)
                        .text(request(each.getKey(), "Sec-WebSocket-Protocol: v1, v2"))) {
                    String head = peer.readHead();
                    assertEquals(!each.getValue().isEmpty(), head.contains("Sec-WebSocket-Protocol:"), head);
                    assertTrue(each.getValue().isEmpty()
                            || head.contains("Sec-WebSocket-Protocol: " + each.getValue() + "\r\n"), head);
                }
            }
        }
    }

    @Test
    void policiesMustDecideByEndpoint() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        HandshakePolicy stuck = request -> {
            never.await();
            return HandshakeDecision.accept();
        };
        try (WebSocketServer server = WebSocketServer.builder()
                .policy(request -> HandshakeDecision.reject(403, "the server's"))
                .endpoint("/default", named("default"))
                .endpoint("/open/{room}", Endpoint.of(named("open")).policy(request -> request.pathParameter("room")
                        .equals("a b") ? HandshakeDecision.accept() : HandshakeDecision.reject(401, "not you")))
                .endpoint("/stuck", Endpoint.of(named("stuck")).policy(stuck).policyTimeout(Duration.ofMillis(20)))
                .start()) {
            assertEquals(403, status(server, "/default"));
            assertEquals("open", servedBy(server, "/open/a%20b"));
            assertEquals(401, status(server, "/open/ab"));
            assertEquals(503, status(server, "/stuck"));
            assertEquals(1, server.refusals().get(RefusalReason.POLICY_TOO_SLOW));
        }
    }

    // What a connection knows of its request

    /** The request of a connection, and the connection, which has ended. */
    private record Seen(HandshakeRequest request, WebSocketConnection ws) {}

    private static Seen seen(WebSocketServer server, BlockingQueue<Seen> queue, String target) throws Exception {
        try (RawPeer peer = open(server, target, "Cookie: a=1", "Sec-WebSocket-Protocol: x, y")) {
            Seen seen = queue.poll(10, TimeUnit.SECONDS);
            assertEquals(peer.socket().getLocalSocketAddress(), seen.request().remoteAddress());
            assertEquals(peer.socket().getRemoteSocketAddress(), seen.request().localAddress());
            peer.hex(CLOSE_1000).readToEnd();
            return seen;
        }
    }

    @Test
    void connectionsMustKeepHeadersOnlyOnDemand() throws Exception {
        BlockingQueue<Seen> queue = new LinkedBlockingQueue<>();
        WebSocketHandler handler = ws -> {
            queue.add(new Seen(ws.request(), ws));
            ws.awaitClose();
        };
        try (WebSocketServer server = WebSocketServer.builder()
                .policy(request -> HandshakeDecision.accept().withAttachment(7))
                .endpoint("/short/{room}", handler)
                .endpoint("/long/{room}", Endpoint.of(handler).keepHeaders()).start()) {
            Seen brief = seen(server, queue, "/short/a%2Fb?q=1&q=2+3&secret=s");
            HandshakeRequest request = brief.request();
            assertEquals("/short/a%2Fb?q=1&q=2+3&secret=s", request.target());
            assertEquals("/short/a%2Fb", brief.ws().path());
            assertEquals(List.of("1", "2 3"), brief.ws().query().all("q"));
            assertEquals(brief.ws().query(), request.query());
            assertEquals(Map.of("room", "a/b"), request.pathParameters());
            assertThrows(IllegalArgumentException.class, () -> request.pathParameter("user"));
            assertEquals(0, request.headers().size());
            assertEquals(List.of(), request.subprotocols());
            assertEquals(Optional.empty(), request.tlsSession());

            Seen full = seen(server, queue, "/long/x");
            assertEquals(Map.of("a", "1"), full.request().cookies());
            assertEquals(Optional.of("server.example.com"), full.request().host());
            assertEquals(List.of("x", "y"), full.request().subprotocols());
            assertEquals("x", full.request().pathParameter("room"));
            assertEquals(0, full.ws().query().size());

            assertNotEquals(brief.ws().id(), full.ws().id());
            assertEquals(Optional.of(7), full.ws().attachment(Integer.class));
            assertEquals(Optional.of(7), full.ws().attachment(Number.class));
            assertEquals(Optional.empty(), full.ws().attachment(String.class));
            String text = brief.ws().toString();
            assertTrue(text.contains(brief.ws().id() + " /short/a%2Fb ") && text.contains("127.0.0.1")
                    && !text.contains("secret"), text);
        }
    }

    @Test
    void withoutAnAttachmentThereIsNone() throws Exception {
        BlockingQueue<Optional<String>> seen = new LinkedBlockingQueue<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> seen.add(ws.attachment(String.class)))
                .start(); RawPeer peer = open(server, "/")) {
            assertEquals(Optional.empty(), seen.poll(10, TimeUnit.SECONDS));
            assertEquals(1000, peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
        }
    }

    @Test
    void attachmentsOfSeveralPoliciesMustReachTheHandler() throws Exception {
        BlockingQueue<List<Optional<?>>> seen = new LinkedBlockingQueue<>();
        HandshakePolicy first = request -> HandshakeDecision.accept().withAttachment("ada").withAttachment(1);
        HandshakePolicy second = request -> HandshakeDecision.accept().withAttachment(2).withAttachment(3L);
        try (WebSocketServer server = WebSocketServer.builder().policy(first.and(second))
                .handler(ws -> seen.add(List.of(ws.attachment(String.class), ws.attachment(Integer.class),
                        ws.attachment(Number.class), ws.attachment(Path.class))))
                .start(); RawPeer peer = open(server, "/")) {
            assertEquals(List.of(Optional.of("ada"), Optional.of(2), Optional.of(3L), Optional.empty()),
                    seen.poll(10, TimeUnit.SECONDS));
            assertEquals(1000, peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
        }
    }

    // Changes while the server runs

    @Test
    void endpointsMayComeAndGo() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/first", named("first")).start()) {
            assertEquals(404, status(server, "/room/1"));
            server.addEndpoint("/room/{id}", Endpoint.of(named("room")));
            assertEquals("room", servedBy(server, "/room/1"));
            assertEquals(Set.of("/first", "/room/{id}"), server.endpoints().keySet());
            assertThrows(IllegalArgumentException.class,
                    () -> server.addEndpoint("/room/{name}", Endpoint.of(named("again"))));
            assertEquals("room", servedBy(server, "/room/1"));
            server.replaceEndpoint("/room/{name}",
                    Endpoint.of(ws -> ws.send("new " + ws.request().pathParameter("name"))));
            assertEquals("new 1", servedBy(server, "/room/1"));
            assertTrue(server.removeEndpoint("/room/{x}"));
            assertFalse(server.removeEndpoint("/room/{x}"));
            assertEquals(404, status(server, "/room/1"));
            assertThrows(IllegalArgumentException.class,
                    () -> server.replaceEndpoint("/room/{x}", Endpoint.of(named("gone"))));
            assertTrue(server.removeEndpoint("/first"));
            assertEquals(404, status(server, "/first"));
        }
    }

    @Test
    void handshakesThatAreBeingDecidedMustKeepTheirEndpoint() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch decided = new CountDownLatch(1);
        HandshakePolicy slow = request -> {
            asked.countDown();
            assertTrue(decided.await(10, TimeUnit.SECONDS));
            return HandshakeDecision.accept();
        };
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/a", Endpoint.of(named("old")).policy(slow))
                .start(); RawPeer peer = RawPeer.connect(server)) {
            peer.text(request("/a"));
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            server.replaceEndpoint("/a", Endpoint.of(named("new")));
            assertEquals("new", servedBy(server, "/a"));
            decided.countDown();
            assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
            assertEquals("old", readText(peer));
        }
    }

    @Test
    void changesUnderLoadMustLoseNoConnectionOrHandshake() throws Exception {
        int changes = 300;
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/busy", named("0"))
                .endpoint("/other/{x}", named("other")).start(); RawPeer before = open(server, "/busy")) {
            assertEquals("0", readText(before));
            AtomicBoolean done = new AtomicBoolean();
            AtomicInteger connected = new AtomicInteger();
            Set<String> wrong = new ConcurrentSkipListSet<>();
            AtomicInteger newest = new AtomicInteger();
            List<Thread> clients = List.of(Thread.ofPlatform().start(() -> {
                while (!done.get()) {
                    connect(server, newest, wrong);
                    connected.incrementAndGet();
                }
            }), Thread.ofPlatform().start(() -> {
                while (!done.get()) {
                    connect(server, newest, wrong);
                    connected.incrementAndGet();
                }
            }));
            try {
                for (int i = 1; i <= changes; i++) {
                    int goal = i;
                    server.replaceEndpoint("/busy", Endpoint.of(named(String.valueOf(i))));
                    newest.set(i);
                    server.addEndpoint("/busy/" + i, Endpoint.of(named("short-lived")));
                    if (i % 20 == 0) {
                        Await.until("clients connect", () -> connected.get() >= goal / 20);
                    }
                    assertTrue(server.removeEndpoint("/busy/" + i));
                }
            } finally {
                done.set(true);
            }
            for (Thread client : clients) {
                client.join(TimeUnit.SECONDS.toMillis(30));
                assertFalse(client.isAlive());
            }
            assertEquals(Set.of(), wrong);
            assertEquals("still here", readText(before.bytes(textFrame("still here"))));
            assertEquals(String.valueOf(changes), servedBy(server, "/busy"));
            assertTrue(server.removeEndpoint("/busy"));
            assertEquals("and here", readText(before.bytes(textFrame("and here"))));
            assertEquals(404, status(server, "/busy"));
            assertEquals(1, server.refusals().get(RefusalReason.NO_ENDPOINT));
        }
    }

    /** A handler must serve, and one that is as new as what was put in place before. */
    private static void connect(WebSocketServer server, AtomicInteger newest, Set<String> wrong) {
        int least = newest.get();
        try {
            String name = servedBy(server, "/busy");
            if (Integer.parseInt(name) < least) {
                wrong.add(name + " after " + least);
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            wrong.add(e.toString());
        }
    }

    @Test
    void configurationHasTheCurrentEndpoints() throws Exception {
        Endpoint first = Endpoint.of(ws -> {});
        Endpoint second = Endpoint.of(ws -> {});
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/a", first).metrics("/metrics").start()) {
            assertEquals(Map.of("/a", first), server.configuration().endpoints());
            server.replaceEndpoint("/a", second);
            server.addHttp("/h", HttpEndpoint.of(request -> HttpResponse.empty(204)));
            assertEquals(Map.of("/a", second), server.configuration().endpoints());
            assertEquals(Set.of("/h"), server.configuration().httpEndpoints().keySet());
            server.removeEndpoint("/a");
            server.removeHttp("/h");
            assertEquals(Map.of(), server.configuration().endpoints());
            assertEquals(Map.of(), server.configuration().httpEndpoints());
            assertThrows(IllegalStateException.class, () -> server.configuration().toBuilder().build());
        }
    }
}
