package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.transport.SocketTransport;
import dev.weft.internal.transport.TlsBuffers;
import dev.weft.internal.transport.TlsTransport;
import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** RFC 8446 §6.1: close_notify comes before the end of a connection between requests. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsEndTest {
    private static WebSocketServerBuilder server(TransportKind transport) {
        return Handlers.echoServer().transport(transport).tls(TestKeys.context())
                .http("/up", request -> HttpResponse.empty(200));
    }

    /** A client that fails to read an end without close_notify. A socket of the JDK would not mind that. */
    private static TlsTransport connect(WebSocketServer server) throws IOException {
        SSLEngine engine = TestKeys.context().createSSLEngine();
        engine.setUseClientMode(true);
        TlsTransport peer = new TlsTransport(
                new SocketTransport(SocketChannel.open(new InetSocketAddress("127.0.0.1", server.port()))), engine,
                new TlsBuffers(engine.getSession().getPacketBufferSize(), new BufferBudget(1 << 20)));
        peer.handshake();
        return peer;
    }

    private static TlsTransport answered(WebSocketServer server) throws IOException {
        TlsTransport peer = connect(server);
        peer.write(ByteBuffer.wrap("GET /up HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(ISO_8859_1)));
        ByteBuffer head = ByteBuffer.allocate(1024);
        while (!new String(head.array(), 0, head.position(), ISO_8859_1).endsWith("\r\n\r\n")) {
            assertTrue(peer.read(head) > 0);
        }
        return peer;
    }

    private static void assertEnds(TlsTransport peer) throws IOException {
        try {
            assertEquals(-1, peer.read(ByteBuffer.allocate(1024)));
        } finally {
            peer.close();
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void idleConnectionMustEndWithCloseNotify(TransportKind transport) throws Exception {
        try (WebSocketServer server = server(transport)
                .httpSettings(HttpSettings.builder().keepAliveTimeout(Duration.ofMillis(100)).build()).start()) {
            assertEnds(answered(server));
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void drainMustEndAnIdleConnectionWithCloseNotify(TransportKind transport) throws Exception {
        try (WebSocketServer server = server(transport).start()) {
            TlsTransport peer = answered(server);
            server.drain(DrainSettings.builder().build());
            assertEnds(peer);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shutdownMustEndAnIdleConnectionWithCloseNotify(TransportKind transport) throws Exception {
        try (WebSocketServer server = server(transport).start()) {
            TlsTransport peer = answered(server);
            server.close(CloseOptions.builder().build());
            assertEnds(peer);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void closeNotifyBetweenRequestsMustBeAnswered(TransportKind transport) throws Exception {
        try (WebSocketServer server = server(transport).start()) {
            TlsTransport peer = answered(server);
            peer.shutdownOutput();
            assertEnds(peer);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void closeNotifyBeforeARequestMustBeAnswered(TransportKind transport) throws Exception {
        try (WebSocketServer server = server(transport).start()) {
            TlsTransport peer = connect(server);
            peer.shutdownOutput();
            assertEnds(peer);
        }
    }
}
