package dev.weft.server;

import dev.weft.HandshakeRequest;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.MessageView;
import dev.weft.OutgoingMessage;
import dev.weft.PreparedMessage;
import dev.weft.RateLimits;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.parser.http.RequestHead;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The examples in the javadoc; {@link SnippetsTest} runs them. */
final class Snippets {
    private Snippets() {}

    static void server(int port) throws IOException, InterruptedException {
        // @start region="server"
        // @replace substring="port(port)" replacement="port(9001)" :
        try (var server = WebSocketServer.builder().port(port).handler(ws -> {
            while (true) {
                switch (ws.receive()) {
                    case Message.Text text -> ws.send(text.text());
                    case Message.Binary binary -> ws.send(binary.bytes());
                    case Message.Close close -> {
                        return;
                    }
                }
            }
        }).start()) {
            server.awaitTermination();
        }
        // @end
    }

    static WebSocketServer endpoints(WebSocketHandler chat, WebSocketHandler feed, HandshakePolicy signedIn)
            throws IOException {
        // @start region="endpoints"
        var server = WebSocketServer.builder()
                .endpoint("/chat/{room}", Endpoint.of(chat).policy(signedIn).maxMessageSize(64 << 10))
                .endpoint("/feed", feed)
                .start();
        // @end
        return server;
    }

    static WebSocketServerBuilder httpEndpoint(HttpHandler list, HttpHandler upload) {
        // @start region="http-endpoint"
        var files = HttpEndpoint.of("GET", list).method("POST", upload).maxBodySize(1L << 30)
                .handlerTimeout(Duration.ofMinutes(5));
        var builder = WebSocketServer.builder().http("/files", files);
        // @end
        return builder;
    }

    static WebSocketServer likeAnother(WebSocketServer server, int port) throws IOException {
        // @start region="like-another"
        // @replace substring="port(port)" replacement="port(9002)" :
        var second = server.configuration().toBuilder().port(port).start();
        // @end
        return second;
    }

    static void receive(WebSocketConnection ws, Path file) throws IOException {
        // @start region="receive"
        if (ws.receive() instanceof Message.Text(String name)) {
            ws.send("send me " + name);
        }
        IncomingMessage upload = ws.receiveStream();
        if (upload != null) { // null: the peer has closed instead
            Files.copy(upload.inputStream(), file); // however large
        }
        MessageView view = ws.receiveView();
        if (view != null) {
            ws.send(view); // an echo without a copy
        }
        // @end
    }

    static void broadcast(Set<WebSocketConnection> room, String text) {
        // @start region="broadcast"
        PreparedMessage.text(text).broadcast(room, (each, result) -> {
            if (result == SendResult.PEER_BEHIND) {
                each.close(1013, "too slow"); // or leave this message out for it
            }
        });
        // @end
    }

    static void latest(Set<WebSocketConnection> subscribers, String symbol, String price) {
        // @start region="latest"
        PreparedMessage news = PreparedMessage.text(symbol + " " + price);
        for (WebSocketConnection each : subscribers) {
            each.queue().trySendLatest(symbol, news); // replaces an earlier price of this symbol that still waits
        }
        // @end
    }

    static void prepared(Set<WebSocketConnection> room, String text) {
        // @start region="prepared"
        PreparedMessage message = PreparedMessage.text(text); // encoded here, compressed when it is first sent
        int accepted = message.broadcast(room);
        // @end
    }

    static void adopt(WebSocketServer server, RequestHead head, Socket socket) throws IOException {
        // @start region="adopt"
        // The other server has read the head of a good request, and written its 101 to the socket.
        var request = HandshakeRequest.builder(head).remoteAddress(socket.getRemoteSocketAddress()).build();
        var handshake = AdoptedHandshake.of(request).withSubprotocol("chat").withExtensions("permessage-deflate");
        new ConnectionAdopter(server).adopt(handshake, socket.getInputStream(), socket.getOutputStream(), socket);
        // @end
    }

    static void stream(WebSocketConnection ws, Path file) throws IOException {
        // @start region="stream"
        try (OutgoingMessage message = ws.sendStream(MessageType.BINARY)) {
            Files.copy(file, message);
            message.complete(); // without it, the message is abandoned
        }
        // @end
    }

    static WebSocketServerBuilder limits(WebSocketServerBuilder builder) {
        // @start region="limits"
        var perAddress = RateLimits.builder().handshakes(5).receivedMessages(100).receivedBytes(1 << 20).build();
        builder.addressLimits(AddressLimits.builder().maxConnectionsPerAddress(20).ratesPerAddress(perAddress)
                .exempt(List.of("10.0.0.0/8")).build())
                .rateLimits(RateLimits.builder().pings(10).inflatedBytes(10 << 20).build())
                .totalRateLimits(RateLimits.builder().handshakes(1000).build());
        // @end
        return builder;
    }

    static ProxySettings proxies() {
        // @start region="proxies"
        ProxySettings proxies = ProxySettings.builder().trustedProxies(List.of("127.0.0.1", "10.0.0.0/8"))
                .clientAddressField(ClientAddressField.X_FORWARDED_FOR).build();
        // @end
        return proxies;
    }

    static DrainSettings drain() {
        // @start region="drain"
        DrainSettings restart = DrainSettings.builder().notice(Duration.ofSeconds(5))
                .closing(CloseOptions.builder().reason(1012, "restart").spread(Duration.ofSeconds(30)).build()).build();
        // @end
        return restart;
    }

    static ProbeSettings probes() {
        // @start region="probes"
        ProbeSettings probes = ProbeSettings.builder().liveness("/livez").readiness("/readyz").health("/health")
                .listen("0.0.0.0", 9002).build();
        // @end
        return probes;
    }

    static HandshakePolicy policy(Function<String, String> userOfSession) {
        // @start region="policy"
        HandshakePolicy signedIn = request -> {
            String user = userOfSession.apply(request.cookies().get("session"));
            return user == null
                    ? HandshakeDecision.reject(403, "sign in first")
                    : HandshakeDecision.accept().withAttachment(user);
        };
        HandshakePolicy policy = HandshakePolicy.origins(List.of("https://chat.example.com")).and(signedIn);
        // @end
        return policy;
    }
}
