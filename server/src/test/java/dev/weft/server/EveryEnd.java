package dev.weft.server;

import dev.weft.HandshakeRequest;
import dev.weft.MessageType;
import dev.weft.RateLimits;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Visits a server in every way in which a connection can begin and end. Some visits are refused: their addresses and the server
 * are full now and then. For one thread.
 */
final class EveryEnd {
    static final int MOST_CONNECTIONS = 40;
    static final int MOST_PER_ADDRESS = 4;
    private static final int ADDRESSES = 5;

    /** What one connection does, from a server's point of view. */
    enum Way {
        NONSENSE, NO_ENDPOINT, POLICY_THROWS, POLICY_REJECTS, LEAVES_WHILE_DECIDED, OVER_ENDPOINT_RATE, UNKNOWN_SHARE, RESETS_IN_REQUEST, HALF_A_REQUEST, PLAIN_REQUESTS, UPGRADES_AFTER_PLAIN_REQUESTS, NO_TLS, LEAVES_AFTER_TLS, CLOSES, SERVER_CLOSES, UNANSWERED_CLOSE, HANDLER_THROWS, HANDLER_ABORTS, HALF_CLOSES, RESETS, RESETS_IN_MESSAGE, MESSAGE_TOO_SLOW, MESSAGE_TOO_BIG, VIOLATES, SILENT, OVER_RECEIVED_RATE, OVER_SENT_RATE, OVER_MESSAGE_RATE, DOES_NOT_READ, ADOPTED, ADOPTED_BEFORE_ITS_ANSWER, ADOPTED_AND_RESET
    }

    private final WebSocketServer server;
    private final ServerSocketChannel listener;
    private final Random random;

    /** Does what a client asks for by text. */
    private static void serve(WebSocketConnection ws) throws Exception {
        for (var view = ws.receiveView(); view != null; view = ws.receiveView()) {
            switch (view.type() == MessageType.TEXT ? view.text() : "") {
                case "close" -> ws.close(4000, "as asked");
                case "throw" -> throw new IllegalStateException("as asked");
                case "abort" -> ws.abort();
                case "flood" -> {
                    while (ws.isOpen()) {
                        ws.trySend(new byte[50_000]);
                        ws.send(new byte[50_000]);
                    }
                }
                default -> ws.send(view);
            }
        }
    }

    private static HandshakeDecision decide(HandshakeRequest request) throws InterruptedException {
        return switch (request.path()) {
            case "/throws" -> throw new IllegalStateException("as asked");
            case "/rejects" -> HandshakeDecision.reject(403, "no");
            case "/slow" -> {
                Thread.sleep(Duration.ofSeconds(20));
                yield HandshakeDecision.accept();
            }
            case "/share" -> HandshakeDecision.accept().withRateShare("none");
            default -> HandshakeDecision.accept().withRateShare("gold");
        };
    }

    /** A server whose connections end soon, whatever their peers do, with limits of every kind. */
    static WebSocketServerBuilder server(TransportKind kind, boolean tls) {
        RateLimits rates = RateLimits.builder().receivedBytes(400_000).sentBytes(400_000).receivedMessages(200)
                .pings(50)
                .inflatedBytes(1_000_000).sentMessages(200).build();
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(kind).shutdownGrace(Duration.ZERO)
                .maxConnections(MOST_CONNECTIONS)
                .addressLimits(AddressLimits.builder().maxConnectionsPerAddress(MOST_PER_ADDRESS).ratesPerAddress(rates)
                        .build())
                .rateLimits(rates).totalRateLimits(RateLimits.builder().sentBytes(4_000_000).build())
                .rateShares(Map.of("gold", 50))
                .handshakeTimeout(Duration.ofSeconds(2)).policyTimeout(Duration.ofMillis(600))
                .messageTimeout(Duration.ofMillis(300)).pingInterval(Duration.ofMillis(300))
                .pongTimeout(Duration.ofMillis(300)).writeTimeout(Duration.ofMillis(300))
                .closeTimeout(Duration.ofMillis(200)).maxMessageSize(100_000).maxQueuedSize(200_000)
                .http("/plain", request -> HttpResponse.text(200, "ok"));
        for (String path : List.of("/ws", "/throws", "/rejects", "/slow", "/share")) {
            builder.endpoint(path, Endpoint.of(EveryEnd::serve).policy(EveryEnd::decide));
        }
        builder.endpoint("/rare", Endpoint.of(EveryEnd::serve)
                .totalRateLimits(RateLimits.builder().handshakes(1).receivedBytes(100_000).build()));
        return tls ? builder.tls(TestKeys.context()) : builder;
    }

    EveryEnd(WebSocketServer server, ServerSocketChannel listener, long seed) {
        this.server = server;
        this.listener = listener;
        this.random = new Random(seed);
    }

    private Socket socket() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(10_000);
        socket.bind(new InetSocketAddress("127.0.0." + (2 + random.nextInt(ADDRESSES)), 0));
        return socket;
    }

    private RawPeer connect() throws IOException {
        return RawPeer.connect(server, socket());
    }

    static RawPeer request(RawPeer peer, String path) throws IOException {
        return peer.text(RawPeer.request().replace("/chat", path));
    }

    private RawPeer open(String path) throws IOException {
        RawPeer peer = connect();
        request(peer, path);
        String head = peer.readHead();
        if (!head.startsWith("HTTP/1.1 101 ")) {
            peer.close();
            throw new IOException("refused: " + head);
        }
        return peer;
    }

    private static void reset(RawPeer peer) throws IOException {
        peer.socket().setSoLinger(true, 0);
        peer.socket().close();
    }

    private static RawPeer ask(RawPeer peer, String what) throws IOException {
        return peer.bytes(RawPeer.textFrame(what));
    }

    /** Reads what still arrives, without an answer to anything, until the server ends the connection. */
    private static void await(RawPeer peer) throws IOException {
        peer.input().skip(Long.MAX_VALUE);
    }

    private boolean usesTls() {
        return server.configuration().tls().isPresent();
    }

    void visit(Way way) {
        try {
            take(way);
        } catch (IOException | IllegalStateException | AssertionError e) {
            // Refused, for example. What counts is what is left.
        }
    }

    private void take(Way way) throws IOException {
        switch (way) {
            case ADOPTED, ADOPTED_BEFORE_ITS_ANSWER, ADOPTED_AND_RESET -> adopt(way);
            case NO_TLS -> {
                try (RawPeer peer = RawPeer.connect(server.port()).text("no ClientHello\r\n\r\n")) {
                    await(peer);
                }
            }
            default -> {
                boolean opens = way.compareTo(Way.CLOSES) >= 0;
                try (RawPeer peer = opens ? open(way == Way.OVER_RECEIVED_RATE ? "/rare" : "/ws") : connect()) {
                    if (opens) {
                        use(way, peer);
                    } else {
                        begin(way, peer);
                    }
                }
            }
        }
    }

    private void begin(Way way, RawPeer peer) throws IOException {
        switch (way) {
            case NONSENSE -> await(peer.text("nonsense\r\n\r\n"));
            case NO_ENDPOINT -> await(request(peer, "/none"));
            case POLICY_THROWS -> await(request(peer, "/throws"));
            case POLICY_REJECTS -> await(request(peer, "/rejects"));
            case UNKNOWN_SHARE -> await(request(peer, "/share"));
            case LEAVES_WHILE_DECIDED -> request(peer, "/slow");
            case OVER_ENDPOINT_RATE -> request(peer, "/rare").readHead();
            case RESETS_IN_REQUEST -> reset(peer.text("GET / HTTP/1.1\r\nHost: a"));
            case HALF_A_REQUEST -> await(peer.text("GET / HTTP/1.1\r\nHost: a"));
            case PLAIN_REQUESTS, UPGRADES_AFTER_PLAIN_REQUESTS -> {
                for (int i = 0; i < 3; i++) {
                    peer.text("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n").readHead();
                    peer.input().readNBytes(2);
                }
                if (way == Way.UPGRADES_AFTER_PLAIN_REQUESTS) {
                    request(peer, "/ws").readHead();
                    ask(peer, "hello").readFrame();
                }
            }
            case LEAVES_AFTER_TLS -> reset(peer);
            default -> throw new IllegalArgumentException(way.toString());
        }
    }

    private void use(Way way, RawPeer peer) throws IOException {
        switch (way) {
            case CLOSES -> await(ask(peer, "hello").hex(RawPeer.CLOSE_1000));
            case SERVER_CLOSES -> {
                ask(peer, "close").readFrame();
                await(peer.hex("8882 00000000 0fa0"));
            }
            case UNANSWERED_CLOSE -> await(ask(peer, "close"));
            case HANDLER_THROWS -> await(ask(peer, "throw"));
            case HANDLER_ABORTS -> await(ask(peer, "abort"));
            case HALF_CLOSES -> await(ask(peer, "hello").halfClose());
            case RESETS -> reset(ask(peer, "hello"));
            case RESETS_IN_MESSAGE -> reset(peer.hex("0283 00000000 0102"));
            case MESSAGE_TOO_SLOW -> await(peer.hex("0283 00000000 010203"));
            case MESSAGE_TOO_BIG -> await(peer.hex("82ff 0000000000100000 00000000"));
            case VIOLATES -> await(peer.hex("ff80 00000000"));
            case SILENT -> await(peer);
            case OVER_RECEIVED_RATE -> {
                for (int i = 0; i < 4; i++) {
                    peer.bytes(RawPeer.frame(0x82, new byte[60_000]));
                }
                reset(peer);
            }
            case OVER_SENT_RATE -> {
                ask(peer, "flood").input().readNBytes(600_000);
                reset(peer);
            }
            case OVER_MESSAGE_RATE -> {
                for (int i = 0; i < 300; i++) {
                    ask(peer, "x");
                }
                peer.halfClose();
            }
            case DOES_NOT_READ -> {
                ask(peer, "flood");
                Await.until("it is given up", () -> !isConnected(peer));
            }
            default -> throw new IllegalArgumentException(way.toString());
        }
    }

    /** Whether the server's end has not been reset. Writes, because nothing is read. */
    private static boolean isConnected(RawPeer peer) {
        try {
            peer.hex("8a80 00000000");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void adopt(Way way) throws IOException {
        if (usesTls()) {
            return;
        }
        Socket socket = socket();
        SocketChannel channel;
        synchronized (listener) {
            socket.connect(listener.getLocalAddress());
            channel = listener.accept();
        }
        try (socket) {
            if (way == Way.ADOPTED_BEFORE_ITS_ANSWER) {
                socket.getOutputStream().write(RawPeer.request().replace("/chat", "/ws").getBytes());
                new ConnectionAdopter(server).adopt(channel, new byte[0]);
                socket.setSoTimeout(2000);
                socket.getInputStream().read();
                return;
            }
            RequestHead head = new RequestHead("GET", "/ws", Headers.of("Host", "a"));
            boolean adopted = new ConnectionAdopter(server).adopt(AdoptedHandshake.of(HandshakeRequest.builder(head)
                    .remoteAddress((InetSocketAddress) channel.getRemoteAddress()).build()), channel);
            if (way == Way.ADOPTED && adopted) {
                socket.getOutputStream().write(RawPeer.textFrame("hello"));
                socket.setSoTimeout(2000);
                socket.getInputStream().read();
                socket.getOutputStream().write(RawPeer.bytes(RawPeer.CLOSE_1000));
                socket.getInputStream().skip(Long.MAX_VALUE);
            } else {
                socket.setSoLinger(true, 0);
            }
        }
    }
}
