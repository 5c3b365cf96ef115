package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.attacks.Bystander;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.transport.SocketTransport;
import dev.weft.internal.transport.TlsBuffers;
import dev.weft.internal.transport.TlsTransport;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The effects of a server's TLS settings. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsServerTest {
    private final BlockingQueue<SSLSession> sessions = new LinkedBlockingQueue<>();

    private WebSocketServerBuilder server() {
        return Handlers.echoServer().tls(TestKeys.context()).shutdownGrace(Duration.ZERO).policy(request -> {
            sessions.add(request.tlsSession().orElseThrow());
            return HandshakeDecision.accept();
        });
    }

    private static SSLSocket connect(WebSocketServer server, SSLContext context, SSLParameters parameters)
            throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.port());
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(10_000);
        socket.startHandshake();
        return socket;
    }

    private static SSLParameters protocols(String... protocols) {
        return new SSLParameters(null, protocols);
    }

    @ParameterizedTest
    @CsvSource({"h2 http/1.1, http/1.1", "http/1.1, http/1.1", "'', ''"})
    void alpnChoosesHttp11WhenItIsOffered(String offered, String chosen) throws Exception {
        SSLParameters parameters = protocols("TLSv1.3");
        parameters.setApplicationProtocols(offered.isEmpty() ? new String[0] : offered.split(" "));
        try (WebSocketServer server = server().start();
                SSLSocket socket = connect(server, TestKeys.context(), parameters)) {
            assertEquals(chosen, socket.getApplicationProtocol());
        }
    }

    /** RFC 8446 §6.1, RFC 5246 §7.2.1: without the server's, the end of the connection could be an attacker's. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void closeNotifyWithoutACloseFrameMustBeAnswered(String protocol) throws Exception {
        SSLEngine engine = TestKeys.context().createSSLEngine();
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[]{protocol});
        TlsBuffers buffers = new TlsBuffers(engine.getSession().getPacketBufferSize(), new BufferBudget(1 << 20));
        try (WebSocketServer server = server().start()) {
            // A socket of the JDK would not mind the end of the TCP connection.
            Transport below = new SocketTransport(
                    SocketChannel.open(new InetSocketAddress("127.0.0.1", server.port())));
            TlsTransport peer = new TlsTransport(below, engine, buffers);
            try {
                peer.handshake();
                peer.write(ByteBuffer.wrap(RawPeer.request().getBytes(StandardCharsets.ISO_8859_1)));
                ByteBuffer head = ByteBuffer.allocate(1024);
                while (!text(head).endsWith("\r\n\r\n")) {
                    assertTrue(peer.read(head) > 0, () -> text(head));
                }
                peer.shutdownOutput();
                assertEquals(-1, peer.read(head.clear()));
            } finally {
                peer.close();
            }
        }
    }

    private static String text(ByteBuffer bytes) {
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void clientsThatWantAnotherProtocolAreRefused() throws Exception {
        SSLParameters parameters = protocols("TLSv1.3");
        parameters.setApplicationProtocols(new String[]{"h2"});
        try (WebSocketServer server = server().start()) {
            assertThrows(SSLException.class, () -> connect(server, TestKeys.context(), parameters));
        }
    }

    @Test
    void tls13And12AreAllThereIsByDefault() {
        SSLParameters parameters = server().build().tlsSettings().orElseThrow().parameters();
        assertArrayEquals(new String[]{"TLSv1.3", "TLSv1.2"}, parameters.getProtocols());
        assertTrue(parameters.getUseCipherSuitesOrder());
        assertFalse(parameters.getNeedClientAuth() || parameters.getWantClientAuth());
    }

    @Test
    void theCustomizerHasTheLastWord() throws Exception {
        try (WebSocketServer server = server().tls(TestKeys.context(), parameters -> {
            parameters.setProtocols(new String[]{"TLSv1.2"});
        }).start(); SSLSocket socket = connect(server, TestKeys.context(), protocols("TLSv1.3", "TLSv1.2"))) {
            assertEquals("TLSv1.2", socket.getSession().getProtocol());
            assertThrows(SSLException.class, () -> connect(server, TestKeys.context(), protocols("TLSv1.3")));
        }
    }

    @Test
    void invalidParametersMustBeRefusedWhenSet() {
        WebSocketServerBuilder builder = server();
        assertThrows(IllegalArgumentException.class, () -> builder.tls(TestKeys.context(),
                parameters -> parameters.setProtocols(new String[]{"TLSv7"})));
        assertThrows(NullPointerException.class, () -> builder.tls((SSLContext) null));
    }

    @Test
    void failedStartMustLeaveNoResources() throws Exception {
        Set<Thread> before = pollers();
        AtomicInteger calls = new AtomicInteger();
        WebSocketServerBuilder builder = server().transport(TransportKind.PARKING_PLATFORM)
                .tls(TestKeys.context(), parameters -> {
                    if (calls.incrementAndGet() > 1) {
                        throw new IllegalStateException("not when a server starts");
                    }
                });
        assertThrows(IllegalStateException.class, builder::start);
        Await.until("its poller is gone", () -> before.containsAll(pollers()));
    }

    private static Set<Thread> pollers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("weft-poller-"))
                .collect(Collectors.toSet());
    }

    @Test
    void thePolicySeesTheClientsCertificate() throws Exception {
        try (WebSocketServer server = server().tls(TestKeys.context(),
                parameters -> parameters.setNeedClientAuth(true)).start();
                RawPeer peer = RawPeer.open(server)) {
            Bystander.assertEchoes(peer, "Hello");
            X509Certificate certificate = (X509Certificate) sessions.take().getPeerCertificates()[0];
            assertEquals("CN=localhost", certificate.getSubjectX500Principal().getName());
            SSLContext anonymous = SSLContext.getInstance("TLS");
            anonymous.init(null, new javax.net.ssl.TrustManager[]{TestKeys.trust()}, null);
            assertThrows(IOException.class, () -> {
                try (SSLSocket socket = connect(server, anonymous, protocols("TLSv1.3"))) {
                    // With TLS 1.3 the client learns of it only after its handshake.
                    socket.getInputStream().read();
                }
            });
            assertEquals(null, sessions.poll(10, TimeUnit.MILLISECONDS));
        }
    }

    @ParameterizedTest
    @CsvSource({"https://server.example.com, 101", "https://server.example.com:443, 101",
            "http://server.example.com, 403", "http://server.example.com:443, 403",
            "https://server.example.com:80, 403", "https://other.example.com, 403"})
    void onlyHttpsPagesAreOfTheSameOrigin(String origin, int status) throws Exception {
        try (WebSocketServer server = server().policy(HandshakePolicy.sameOrigin()).start();
                RawPeer peer = RawPeer.connect(server)) {
            String head = peer.text(RawPeer.request("Origin: " + origin)).readHead();
            assertEquals(status, Integer.parseInt(head.substring(9, 12)));
        }
    }

    @Test
    void fullServerMustRefuseOverTls() throws Exception {
        try (WebSocketServer server = server().maxConnections(1).start(); RawPeer peer = RawPeer.open(server)) {
            try (RawPeer refused = RawPeer.connect(server)) {
                assertEquals(503, refused.readAnswer().status());
            }
            Bystander.assertEchoes(peer, "Hello");
        }
    }

    @Test
    void aShutdownDoesNotWaitForTlsHandshakes() throws Exception {
        try (WebSocketServer server = server().shutdownGrace(Duration.ofSeconds(50)).start();
                RawPeer open = RawPeer.open(server);
                RawPeer silent = RawPeer.connect(server.port())) {
            Await.until("both are here", () -> server.connectionCount() == 2);
            Thread closing = Thread.startVirtualThread(server::close);
            assertEquals("8802 03e9", open.readFrame());
            open.hex("8882 00000000 03e9");
            assertEquals(0, open.readToEnd().length);
            open.leave();
            assertEquals(-1, silent.socket().getInputStream().read());
            assertTrue(closing.join(Duration.ofSeconds(20)), "the grace is 50 seconds");
        }
    }

    @Test
    void idleConnectionsHoldNoBuffers() throws Exception {
        try (WebSocketServer server = server().start();
                RawPeer first = RawPeer.open(server);
                RawPeer second = RawPeer.connect(server.port()).secured("TLSv1.2").upgraded()) {
            for (RawPeer peer : List.of(first, second)) {
                Bystander.assertEchoes(peer, "Hello");
            }
            Await.until("they wait", () -> server.services().pool().budget().taken() == 0);
        }
    }
}
