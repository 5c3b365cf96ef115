package dev.weft.bench.adopt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.HandshakeRequest;
import dev.weft.JdkListener;
import dev.weft.Message;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.OpeningHandshake;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.AdoptedHandshake;
import dev.weft.server.ConnectionAdopter;
import dev.weft.server.WebSocketServer;
import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.xnio.StreamConnection;
import org.xnio.streams.ChannelInputStream;
import org.xnio.streams.ChannelOutputStream;

/** Connections that Undertow has upgraded and Weft serves, next to Undertow's own plain HTTP. */
@Timeout(60)
class UndertowAdoptionTest {
    private final JdkListener listener = new JdkListener();

    private static void upgrade(HttpServerExchange exchange, WebSocketServer weft) {
        String key = exchange.getRequestHeaders().getFirst("Sec-WebSocket-Key");
        if (key == null) {
            exchange.getResponseSender().send("plain");
            return;
        }
        exchange.getResponseHeaders().put(HttpString.tryFromString("Sec-WebSocket-Accept"),
                OpeningHandshake.acceptKey(key));
        exchange.getResponseHeaders().put(HttpString.tryFromString("Sec-WebSocket-Protocol"), "echo");
        RequestHead head = new RequestHead("GET", exchange.getRequestPath(), Headers.EMPTY);
        HandshakeRequest request = HandshakeRequest.builder(head).remoteAddress(exchange.getSourceAddress()).build();
        exchange.upgradeChannel("websocket", (connection, upgraded) -> adopt(connection, request, weft));
        exchange.endExchange();
    }

    // @start region="undertow"
    static boolean adopt(StreamConnection connection, HandshakeRequest request, WebSocketServer weft) {
        return new ConnectionAdopter(weft).adopt(AdoptedHandshake.of(request).withSubprotocol("echo"),
                new ChannelInputStream(connection.getSourceChannel()),
                new ChannelOutputStream(connection.getSinkChannel()), connection);
    }
    // @end

    @Test
    void upgradedConnectionIsServedByWeft() throws Exception {
        try (WebSocketServer weft = WebSocketServer.builder().endpoint("/{name}", ws -> {
            ws.send("hello " + ws.request().pathParameter("name"));
            while (ws.receive() instanceof Message.Text text) {
                ws.send(text.text());
            }
        }).start()) {
            Undertow undertow = Undertow.builder().addHttpListener(0, "127.0.0.1")
                    .setHandler(exchange -> upgrade(exchange, weft)).build();
            undertow.start();
            try {
                converse(((InetSocketAddress) undertow.getListenerInfo().getFirst().getAddress()).getPort());
                while (weft.connectionCount() > 0) {
                    Thread.onSpinWait();
                }
            } finally {
                undertow.stop();
            }
        }
    }

    private void converse(int port) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            var plain = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/")).build();
            assertEquals("plain", client.send(plain, BodyHandlers.ofString()).body());
            WebSocket socket = client.newWebSocketBuilder().subprotocols("echo")
                    .buildAsync(URI.create("ws://127.0.0.1:" + port + "/ada"), listener).get();
            assertEquals("echo", socket.getSubprotocol());
            assertEquals("hello ada", listener.next());
            for (int length : new int[]{1, 1000, 200_000}) {
                socket.sendText("é".repeat(length), true).get();
                assertEquals("é".repeat(length), listener.next());
            }
            socket.sendClose(4001, "enough").get();
            assertEquals("close 4001 ", listener.next());
        }
    }
}
