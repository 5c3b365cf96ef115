package dev.weft.server;

import static dev.weft.server.RawPeer.bytes;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.parser.http.HttpResponse;
import dev.weft.testing.TestServer;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server whose connections must begin with a header of the PROXY protocol. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyProtocolTest {
    private static final String LINE = "PROXY TCP4 192.0.2.1 198.51.100.7 49152 443\r\n";
    /** LOCAL. */
    private static final String LOCAL = "0d0a0d0a000d0a515549540a 20 00 0000";
    /** 192.0.2.1:49152 to 198.51.100.7:443, with the server name "ab.c". */
    private static final String BINARY = "0d0a0d0a000d0a515549540a 21 11 0013 c0000201 c6336407 c000 01bb 02 0004 61622e63";
    private static final String CLIENT = "/192.0.2.1:49152";

    @RegisterExtension
    private final LogCapture log = new LogCapture();

    private static ProxySettings.Builder local() {
        return ProxySettings.builder().trustedProxies(List.of("127.0.0.0/8")).proxyProtocol(true);
    }

    /** Tells each connection its client. */
    private static WebSocketServerBuilder server() {
        return WebSocketServer.builder().proxySettings(local().build()).handler(ws -> {
            ws.send(String.valueOf(ws.remoteAddress()));
            ws.send(String.valueOf(ws.request().remoteAddress()));
            Handlers.echo(ws);
        });
    }

    private static String text(RawPeer peer) throws IOException {
        return new String(bytes(peer.readFrame().substring(5)), UTF_8);
    }

    private static long refused(WebSocketServer server) {
        return server.refusals().get(RefusalReason.PROXY_HEADER);
    }

    static Stream<Arguments> transports() {
        return Stream.of(TransportKind.values())
                .flatMap(kind -> Stream.of(Arguments.of(kind, false), Arguments.of(kind, true)));
    }

    @ParameterizedTest
    @MethodSource("transports")
    void clientIsTheOneOfTheHeader(TransportKind kind, boolean tls) throws Exception {
        WebSocketServerBuilder builder = server().transport(kind);
        try (WebSocketServer server = (tls ? builder.tls(TestKeys.context()) : builder).start()) {
            for (byte[] header : List.of(LINE.getBytes(ISO_8859_1), bytes(BINARY.replace(" ", "")))) {
                try (RawPeer plain = RawPeer.connect(server.port()).bytes(header);
                        RawPeer peer = (tls ? plain.secured("TLSv1.3") : plain).upgraded()) {
                    assertEquals(CLIENT, text(peer));
                    assertEquals(CLIENT, text(peer));
                    assertEquals("8102 6869", peer.bytes(RawPeer.textFrame("hi")).readFrame());
                }
            }
            assertEquals(0, refused(server));
        }
    }

    /** Byte by byte; and the request in the same segment. */
    @Test
    void headerMayBeCutAndMergedAnywhere() throws Exception {
        try (WebSocketServer server = server().start()) {
            for (byte[] header : List.of(LINE.getBytes(ISO_8859_1), bytes(BINARY.replace(" ", "")))) {
                try (RawPeer peer = RawPeer.connect(server.port())) {
                    for (byte b : header) {
                        peer.bytes(new byte[]{b});
                    }
                    assertEquals(CLIENT, text(peer.upgraded()));
                }
                byte[] request = RawPeer.request().getBytes(ISO_8859_1);
                byte[] all = ByteBuffer.allocate(header.length + request.length).put(header).put(request).array();
                try (RawPeer peer = RawPeer.connect(server.port()).bytes(all)) {
                    assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
                    assertEquals(CLIENT, text(peer));
                }
            }
        }
    }

    @Test
    void localConnectionHasItsOwnAddress() throws Exception {
        try (WebSocketServer server = server().start();
                RawPeer peer = RawPeer.connect(server.port()).hex(LOCAL).upgraded()) {
            assertEquals("/127.0.0.1:" + peer.socket().getLocalPort(), text(peer));
        }
    }

    @Test
    void policyAndHandlersSeeTheHeader() throws Exception {
        WebSocketServerBuilder builder = server()
                .policy(request -> HandshakeDecision.accept()
                        .withAttachment(request.proxyHeader().orElseThrow().destination().orElseThrow().toString()))
                .handler(ws -> {
                    ws.send(ws.attachment(String.class).orElseThrow());
                    ws.send(String.valueOf(ws.request().proxyHeader().isPresent()));
                })
                .http("/name", request -> HttpResponse.text(200, request.remoteAddress() + " "
                        + new String(request.proxyHeader().orElseThrow().tlv(2).orElseThrow(), UTF_8)));
        try (WebSocketServer server = builder.start()) {
            try (RawPeer peer = RawPeer.connect(server.port()).hex(BINARY).upgraded()) {
                assertEquals("198.51.100.7:443", text(peer));
                assertEquals("false", text(peer));
            }
            try (RawPeer peer = RawPeer.connect(server.port()).hex(BINARY)) {
                peer.text("GET /name HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                assertEquals("/192.0.2.1:49152 ab.c", peer.readAnswer().rest());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    void connectionWithoutAHeaderIsClosedWithoutAnAnswer(TransportKind kind, boolean tls) throws Exception {
        WebSocketServerBuilder builder = server().transport(kind);
        try (WebSocketServer server = (tls ? builder.tls(TestKeys.context()) : builder).start();
                RawPeer peer = RawPeer.connect(server.port())) {
            assertEquals("", endOf(peer.text("G")));
            assertEquals(1, refused(server));
        }
    }

    /** What the server sends before the end, or before it resets the connection. */
    private static String endOf(RawPeer peer) throws IOException {
        return new String(peer.readToEnd(), ISO_8859_1);
    }

    @Test
    void proxyThatIsNotTrustedIsClosedUnread() throws Exception {
        try (WebSocketServer server = server()
                .proxySettings(local().trustedProxies(List.of("192.0.2.0/24", "::1")).trustUnixSockets(true).build())
                .start(); RawPeer peer = RawPeer.connect(server.port())) {
            assertEquals("", endOf(peer));
            assertEquals(1, refused(server));
        }
    }

    @Test
    void slowHeaderMissesTheDeadlineOfTheHead() throws Exception {
        for (String begun : List.of("", "PROXY TCP4 1")) {
            try (WebSocketServer server = server().handshakeTimeout(Duration.ofMillis(200)).start();
                    RawPeer peer = RawPeer.connect(server.port()).text(begun)) {
                assertEquals("", endOf(peer));
                assertEquals(1, server.refusals().get(RefusalReason.HEAD_TOO_SLOW));
            }
        }
    }

    @Test
    void fullServerAnswersAfterTheHeader() throws Exception {
        try (WebSocketServer server = server().maxConnections(1).start();
                RawPeer first = RawPeer.connect(server.port()).text(LINE).upgraded();
                RawPeer second = RawPeer.connect(server.port()).text(LINE)) {
            assertEquals(CLIENT, text(first));
            assertEquals(503, second.text(RawPeer.request()).readAnswer().status());
        }
    }

    @Test
    void logsNameTheClient() throws Exception {
        try (WebSocketServer server = server().start()) {
            try (RawPeer peer = RawPeer.connect(server.port()).text(LINE)) {
                assertEquals(400, peer.text("GET / HTTP/1.1\r\nHost: a b\r\n\r\n").readAnswer().status());
            }
            Await.until("the refusal is logged",
                    () -> log.lines(Level.FINE).stream().anyMatch(line -> line.contains(CLIENT + ": refused, ")));
        }
    }

    @Test
    void unixSocketMayBeAProxys(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("s");
        try (WebSocketServer server = server().listen(UnixDomainSocketAddress.of(file))
                .proxySettings(ProxySettings.builder().trustUnixSockets(true).proxyProtocol(true).build()).start();
                SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
            peer.write(ByteBuffer.wrap((LINE + RawPeer.request()).getBytes(ISO_8859_1)));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (!new String(answer.array(), 0, answer.position(), ISO_8859_1).contains(CLIENT)) {
                assertTrue(peer.read(answer) > 0);
            }
            assertEquals(0, refused(server));
            assertNotEquals(List.of(), server.addresses());
        }
    }

    /** The kit's connections come from no proxy. */
    @Test
    void testKitNeedsNoHeader() throws Exception {
        try (TestServer server = TestServer.of(server().build())) {
            assertTrue(!server.open("/").expectText().isEmpty());
        }
    }
}
