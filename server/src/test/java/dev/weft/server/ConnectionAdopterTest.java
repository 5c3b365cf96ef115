package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.HandshakeRequest;
import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.RequestHead;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adopted connections: another server has accepted them, and may have answered their handshake. */
@Timeout(30)
class ConnectionAdopterTest {
    /** Sends every message back. */
    private static final WebSocketHandler ECHO = ws -> {
        while (ws.receive() instanceof Message.Text text) {
            ws.send(text.text());
        }
    };
    private static final String HELLO_FRAME = "8105 48656c6c6f";
    private static final byte[] NOTHING = {};

    /** The other server's. */
    private ServerSocketChannel listener;

    @BeforeEach
    void listen() throws IOException {
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
    }

    private RawPeer connect() throws IOException {
        return RawPeer.connect(listener.socket().getLocalPort());
    }

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().handler(ECHO);
    }

    private static AdoptedHandshake handshake(String target) {
        return AdoptedHandshake.of(HandshakeRequest
                .builder(new RequestHead("GET", target, Headers.of("Host", "example.org", "Cookie", "user=ada")))
                .remoteAddress(new InetSocketAddress("192.0.2.7", 77)).build());
    }

    private static byte[] read(SocketChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
            // Until there are as many as were sent.
        }
        return bytes.array();
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void channelIsServedAfterAnAnsweredHandshake(TransportKind transport) throws Exception {
        CompletableFuture<WebSocketConnection> served = new CompletableFuture<>();
        byte[] first = RawPeer.textFrame("Hello");
        try (WebSocketServer server = WebSocketServer.builder().transport(transport)
                .endpoint("/chat/{room}", Endpoint.of(ws -> {
                    served.complete(ws);
                    ECHO.handle(ws);
                }).keepHeaders()).start(); RawPeer peer = connect()) {
            peer.bytes(first);
            SocketChannel channel = listener.accept();
            byte[] alreadyRead = read(channel, first.length / 2);
            assertTrue(new ConnectionAdopter(server)
                    .adopt(handshake("/chat/a%20b").withSubprotocol("chat").withAttachment("ada")
                            .withAlreadyRead(alreadyRead), channel));
            assertEquals(HELLO_FRAME, peer.readFrame());
            assertEquals(HELLO_FRAME, peer.bytes(first).readFrame());
            WebSocketConnection ws = served.get();
            assertEquals(1, server.connectionCount());
            assertEquals(Optional.of("chat"), ws.subprotocol());
            assertEquals(Optional.of("ada"), ws.attachment(String.class));
            assertEquals("a b", ws.request().pathParameter("room"));
            assertEquals("ada", ws.request().cookies().get("user"));
            assertEquals(peer.socket().getLocalSocketAddress(), ws.remoteAddress());
            assertEquals(1000, peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
            peer.leave();
            Await.until("it is over", () -> server.connectionCount() == 0);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void requestThatWasNotAnsweredIsAnswered(TransportKind transport) throws Exception {
        byte[] request = (RawPeer.request()).getBytes(ISO_8859_1);
        byte[] frame = RawPeer.textFrame("Hello");
        byte[] sent = Arrays.copyOf(request, request.length + frame.length);
        System.arraycopy(frame, 0, sent, request.length, frame.length);
        try (WebSocketServer server = builder().transport(transport).start()) {
            for (int taken : new int[]{0, 1, request.length - 1, request.length, request.length + 3, sent.length}) {
                try (RawPeer peer = connect()) {
                    peer.bytes(sent);
                    SocketChannel channel = listener.accept();
                    assertTrue(new ConnectionAdopter(server).adopt(channel, read(channel, taken)));
                    assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
                    assertEquals(HELLO_FRAME, peer.readFrame());
                }
            }
            try (RawPeer peer = connect()) {
                peer.text(RawPeer.request("Origin: https://evil.example"));
                SocketChannel channel = listener.accept();
                assertTrue(new ConnectionAdopter(server).adopt(channel, read(channel, 10)));
                assertEquals(403, peer.readAnswer().status());
            }
        }
    }

    private void adoptStreams(WebSocketServer server, AdoptedHandshake handshake) throws IOException {
        Socket socket = listener.accept().socket();
        assertTrue(new ConnectionAdopter(server).adopt(handshake, socket.getInputStream(), socket.getOutputStream(),
                socket));
    }

    @Test
    void streamsAreServed() throws Exception {
        CompletableFuture<WebSocketConnection> served = new CompletableFuture<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            served.complete(ws);
            ECHO.handle(ws);
        }).start(); RawPeer peer = connect()) {
            byte[] frame = RawPeer.textFrame("Hello");
            adoptStreams(server, handshake("/").withAlreadyRead(Arrays.copyOf(frame, 4)));
            assertEquals(HELLO_FRAME, peer.bytes(Arrays.copyOfRange(frame, 4, frame.length)).readFrame());
            assertEquals(new InetSocketAddress("192.0.2.7", 77), served.get().remoteAddress());
            String large = "x".repeat(100_000);
            assertEquals("817f00000000000186a0", peer.bytes(RawPeer.textFrame(large)).readFrame().substring(0, 20));
            assertEquals(1000, peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
            Await.until("it is over", () -> server.connectionCount() == 0);
        }
    }

    @Test
    void answeredExtensionsAreUsed() throws Exception {
        try (WebSocketServer server = builder().start(); RawPeer peer = connect()) {
            adoptStreams(server, handshake("/").withExtensions("permessage-deflate; server_no_context_takeover"));
            // RFC 7692 §7.2.3.1: "Hello" compressed.
            assertEquals(HELLO_FRAME, peer.bytes(RawPeer.frame(0xc1, RawPeer.bytes("f248cdc9c90700"))).readFrame());
            String frame = peer.bytes(RawPeer.textFrame("ha".repeat(100))).readFrame();
            assertTrue(frame.startsWith("c1"), frame);
        }
    }

    @Test
    void protocolMustContinueOverStreamsWhileTheHandlerIsBusy() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            ws.receive();
            assertTrue(goOn.await(20, TimeUnit.SECONDS));
            assertEquals(Optional.of(new Message.Text("late")), ws.receive(Duration.ofSeconds(20)));
            assertEquals(Optional.empty(), ws.receive(Duration.ofMillis(20)));
            ws.send("nothing");
            ECHO.handle(ws);
        }).start(); RawPeer peer = connect()) {
            adoptStreams(server, handshake("/"));
            peer.bytes(RawPeer.textFrame("first"));
            assertEquals("8a01 70", peer.bytes(RawPeer.frame(0x89, new byte[]{'p'})).readFrame());
            peer.bytes(RawPeer.textFrame("late"));
            goOn.countDown();
            assertEquals("8107 6e6f7468696e67", peer.readFrame());
            assertEquals(HELLO_FRAME, peer.bytes(RawPeer.textFrame("Hello")).readFrame());
        }
    }

    @Test
    void deadlinesOverStreamsHoldByClosingThem() throws Exception {
        CompletableFuture<WebSocketConnection> stuck = new CompletableFuture<>();
        try (WebSocketServer server = WebSocketServer.builder().pingInterval(Duration.ofMillis(100))
                .pongTimeout(Duration.ofMillis(100)).writeTimeout(Duration.ofMillis(300)).handler(ws -> {
                    if (ws.path().equals("/write")) {
                        stuck.complete(ws);
                        while (true) {
                            ws.send(new byte[1 << 20]);
                        }
                    }
                    ws.receive();
                }).start(); RawPeer silent = connect()) {
            adoptStreams(server, handshake("/"));
            assertEquals("89", silent.readFrame().substring(0, 2));
            assertEquals(0, silent.readToEnd().length);
            try (RawPeer lazy = connect()) {
                adoptStreams(server, handshake("/write"));
                Await.until("the write deadline", () -> stuck.isDone() && stuck.join().closeStatus().isPresent());
                assertFalse(stuck.get().isOpen());
                lazy.leave();
            }
            Await.until("both are over", () -> server.connectionCount() == 0);
        }
    }

    @Test
    void shutdownClosesAdoptedConnectionsToo() throws Exception {
        try (WebSocketServer server = builder().start(); RawPeer peer = connect()) {
            adoptStreams(server, handshake("/"));
            assertEquals(HELLO_FRAME, peer.bytes(RawPeer.textFrame("Hello")).readFrame());
            Thread closing = Thread.ofVirtual().start(server::close);
            assertEquals("8802 03e9", peer.readFrame());
            peer.hex("8882 00000000 03e9");
            closing.join();
            try (RawPeer late = connect()) {
                assertFalse(new ConnectionAdopter(server).adopt(handshake("/"), listener.accept()));
                assertEquals(0, late.readToEnd().length);
            }
        }
    }

    @Test
    void connectionsAboveTheMaximumAreClosed() throws Exception {
        try (WebSocketServer server = builder().maxConnections(1).start(); RawPeer one = connect()) {
            adoptStreams(server, handshake("/"));
            assertEquals(HELLO_FRAME, one.bytes(RawPeer.textFrame("Hello")).readFrame());
            try (RawPeer other = connect()) {
                assertFalse(new ConnectionAdopter(server).adopt(handshake("/"), listener.accept()));
                assertEquals(0, other.readToEnd().length);
            }
            assertEquals(1, server.connectionCount());
        }
    }

    @Test
    void whatCannotBeServedIsRefusedAtTheCall() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().noDeflate().endpoint("/a", ECHO).start();
                WebSocketServer tls = builder().tls(SSLContext.getDefault()).start();
                RawPeer peer = connect();
                SocketChannel channel = listener.accept()) {
            ConnectionAdopter adopter = new ConnectionAdopter(server);
            assertThrows(IllegalArgumentException.class, () -> adopter.adopt(handshake("/b"), channel));
            assertThrows(IllegalArgumentException.class,
                    () -> adopter.adopt(handshake("/a").withExtensions("permessage-deflate"), channel));
            assertThrows(IllegalStateException.class, () -> new ConnectionAdopter(tls).adopt(handshake("/"), channel));
            assertThrows(IllegalStateException.class, () -> new ConnectionAdopter(tls).adopt(channel, NOTHING));
            for (String extensions : new String[]{"", "x-other", "permessage-deflate, permessage-deflate",
                    "permessage-deflate; server_max_window_bits=16", "permessage-deflate; client_max_window_bits"}) {
                assertThrows(IllegalArgumentException.class, () -> handshake("/").withExtensions(extensions),
                        extensions);
            }
            assertTrue(channel.isOpen());
            assertTrue(adopter.adopt(handshake("/a"), channel));
            assertEquals(HELLO_FRAME, peer.bytes(RawPeer.textFrame("Hello")).readFrame());
        }
    }

    @Test
    void snippetAdoptsASocket() throws Exception {
        try (WebSocketServer server = builder().start(); RawPeer peer = connect()) {
            Snippets.adopt(server, new RequestHead("GET", "/", Headers.EMPTY), listener.accept().socket());
            assertEquals(HELLO_FRAME, peer.bytes(RawPeer.textFrame("Hello")).readFrame());
        }
    }
}
