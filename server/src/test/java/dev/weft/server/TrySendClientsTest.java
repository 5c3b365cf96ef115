package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.JdkListener;
import dev.weft.MessageView;
import dev.weft.SendResult;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A room that sends every message to all members with trySend: real clients, over each transport, with and without TLS. */
@ParameterizedClass
@MethodSource("kinds")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrySendClientsTest {
    private static final int CLIENTS = 6;
    private static final int MESSAGES = 200;
    /** The peer that does not read is in the room for this long after it has been given up. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(500);

    @Parameter(0)
    private TransportKind transport;
    @Parameter(1)
    private boolean secured;

    private final Set<WebSocketConnection> room = ConcurrentHashMap.newKeySet();

    static Stream<Arguments> kinds() {
        return Stream.of(TransportKind.values()).flatMap(
                kind -> Stream.of(true, false).map(secured -> Arguments.of(kind, secured)));
    }

    private WebSocketServer start(int maxQueuedSize) throws IOException {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(transport).maxQueuedSize(maxQueuedSize)
                .closeTimeout(CLOSE_TIMEOUT).shutdownGrace(Duration.ZERO).handler(this::relay);
        return (secured ? builder.tls(TestKeys.context()) : builder).start();
    }

    private void relay(WebSocketConnection ws) throws IOException {
        room.add(ws);
        try {
            for (MessageView view = ws.receiveView(); view != null; view = ws.receiveView()) {
                for (WebSocketConnection each : room) {
                    if (each.trySend(view) == SendResult.PEER_BEHIND) {
                        each.close(1013, "too slow");
                    }
                }
            }
        } finally {
            room.remove(ws);
        }
    }

    private void awaitRoomOf(int members) {
        Await.until("the room has " + members, () -> room.size() == members);
    }

    private WebSocket join(WebSocketServer server, WebSocket.Listener listener) {
        return HttpClient.newBuilder().sslContext(TestKeys.context()).build().newWebSocketBuilder()
                .buildAsync(URI.create((secured ? "wss" : "ws") + "://127.0.0.1:" + server.port() + "/"), listener)
                .join();
    }

    @Test
    void everyClientMustGetEveryMessageInItsSendersOrder() throws Exception {
        try (WebSocketServer server = start(MESSAGES * CLIENTS * 10_000)) {
            List<JdkListener> listeners = new ArrayList<>();
            List<WebSocket> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                listeners.add(new JdkListener());
                clients.add(join(server, listeners.get(i)));
            }
            awaitRoomOf(CLIENTS);
            List<Thread> senders = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int client = i;
                senders.add(Thread.startVirtualThread(() -> {
                    for (int m = 0; m < MESSAGES; m++) {
                        clients.get(client).sendText(client + " " + m + " " + "ü".repeat(m * m % 5000), true).join();
                    }
                }));
            }
            for (JdkListener listener : listeners) {
                int[] next = new int[CLIENTS];
                for (int i = 0; i < CLIENTS * MESSAGES; i++) {
                    String[] words = ((String) listener.next()).split(" ", 3);
                    int m = next[Integer.parseInt(words[0])]++;
                    assertEquals(m, Integer.parseInt(words[1]));
                    assertEquals(m * m % 5000, words[2].length());
                }
            }
            for (int i = 0; i < CLIENTS; i++) {
                clients.get(i).sendClose(1000, "");
                assertEquals("close 1000 ", listeners.get(i).next());
                senders.get(i).join();
            }
        }
    }

    @Test
    void peerThatDoesNotReadMustBeDroppedWithoutDelayingOthers() throws Exception {
        try (WebSocketServer server = start(1 << 20)) {
            RawPeer sleeper = RawPeer.open(server);
            JdkListener listener = new JdkListener();
            WebSocket client = join(server, listener);
            awaitRoomOf(2);
            String message = "x".repeat(100_000);
            while (room.size() == 2) {
                client.sendText(message, true).join();
                assertEquals(message, listener.next());
            }
            client.sendText("who is here?", true).join();
            assertEquals("who is here?", listener.next());
            assertTrue(room.iterator().next().isOpen());
            client.sendClose(1000, "");
            sleeper.close();
        }
    }
}
