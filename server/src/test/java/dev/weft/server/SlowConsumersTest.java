package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionLimits;
import dev.weft.Message;
import dev.weft.OverflowPolicy;
import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketClientBuilder;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients that stop reading, with compression, over each transport, with and without TLS. */
@ParameterizedClass
@MethodSource("kinds")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SlowConsumersTest {
    private static final Duration LONG = Duration.ofSeconds(50);
    private static final int SMALL = 8 << 10;
    private static final int KEYS = 1000;
    private static final int UPDATES = 20;

    @Parameter(0)
    private TransportKind transport;
    @Parameter(1)
    private boolean secured;

    private final Set<WebSocketConnection> subscribers = ConcurrentHashMap.newKeySet();

    static Stream<Arguments> kinds() {
        return Stream.of(TransportKind.values()).flatMap(
                kind -> Stream.of(true, false).map(secured -> Arguments.of(kind, secured)));
    }

    private WebSocketServer start(int maxQueuedSize, OverflowPolicy policy) throws IOException {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(transport).sendBufferSize(SMALL)
                .shutdownGrace(Duration.ZERO).endpoint("/", Endpoint.of(ws -> {
                    subscribers.add(ws);
                    ws.awaitClose();
                }).maxQueuedSize(maxQueuedSize).overflowPolicy(policy).closeTimeout(Duration.ofSeconds(30)));
        return (secured ? builder.tls(TestKeys.context()) : builder).start();
    }

    private WebSocketClient client() throws IOException {
        WebSocketClientBuilder builder = WebSocketClient.builder().receiveBufferSize(SMALL)
                .limits(ConnectionLimits.builder().readAheadSize(128).build());
        return (secured ? builder.tls(TestKeys.context()) : builder).build();
    }

    private WebSocketConnection open(WebSocketClient client, WebSocketServer server) throws IOException {
        return client.open(URI.create((secured ? "wss" : "ws") + "://127.0.0.1:" + server.port() + "/"));
    }

    private WebSocketConnection subscriber() {
        Await.until("the client has subscribed", () -> subscribers.size() == 1);
        return subscribers.iterator().next();
    }

    /** Not compressible, so that the network cannot hold it all. */
    private static String value(int key, int update) {
        StringBuilder text = new StringBuilder(key + " " + update + " ");
        for (int i = 0; i < 20; i++) {
            text.append(Integer.toString((key * 31 + update * 17 + i * 101) * 0x9e3779b1, 36));
        }
        return text.toString();
    }

    @Test
    void slowClientMustGetTheLatestValueOfEachKey() throws Exception {
        try (WebSocketServer server = start(1 << 20, OverflowPolicy.REFUSE);
                WebSocketClient client = client();
                WebSocketConnection ws = open(client, server)) {
            WebSocketConnection subscriber = subscriber();
            for (int update = 1; update <= UPDATES; update++) {
                for (int key = 0; key < KEYS; key++) {
                    assertTrue(subscriber.queue().trySendLatest(key, PreparedMessage.text(value(key, update)))
                            .isAccepted());
                }
            }
            long replaced = subscriber.queue().replacedMessages();
            assertTrue(replaced > KEYS, () -> "replaced only " + replaced);
            int[] last = new int[KEYS];
            int finished = 0;
            int received = 0;
            while (finished < KEYS) {
                String text = assertInstanceOf(Message.Text.class, ws.receive()).text();
                String[] words = text.split(" ");
                int key = Integer.parseInt(words[0]);
                int update = Integer.parseInt(words[1]);
                assertEquals(value(key, update), text);
                assertTrue(update > last[key], "in order, and none twice");
                last[key] = update;
                finished += update == UPDATES ? 1 : 0;
                received++;
            }
            assertEquals(KEYS * UPDATES, received + replaced);
            assertEquals(replaced, server.statistics().replacedMessages());
        }
    }

    @Test
    void messagesAfterDroppedOnesMustArriveWhole() throws Exception {
        int count = 5000;
        try (WebSocketServer server = start(50_000, OverflowPolicy.DROP_OLDEST);
                WebSocketClient client = client();
                WebSocketConnection ws = open(client, server)) {
            WebSocketConnection subscriber = subscriber();
            for (int i = 0; i < count; i++) {
                SendResult result = subscriber.trySend(value(i, 0));
                assertTrue(result.isAccepted(), () -> result + ", " + subscriber.closeStatus());
            }
            long dropped = subscriber.queue().droppedMessages();
            assertTrue(dropped > 0, "the network cannot hold it all");
            FutureTask<Duration> barrier = new FutureTask<>(() -> subscriber.queue().barrier(LONG));
            Thread.startVirtualThread(barrier);
            int received = 0;
            for (int next = 0; next < count; received++) {
                String text = assertInstanceOf(Message.Text.class, ws.receive()).text();
                int number = Integer.parseInt(text.split(" ")[0]);
                assertTrue(number >= next, "in order");
                assertEquals(value(number, 0), text);
                next = number + 1;
            }
            assertEquals(count, received + dropped);
            assertEquals(dropped, server.statistics().droppedMessages());
            FutureTask<Message> more = new FutureTask<>(ws::receive);
            Thread.startVirtualThread(more);
            assertTrue(barrier.get().isPositive());
            assertEquals(0, subscriber.queue().queuedBytes());
            subscriber.close();
            assertInstanceOf(Message.Close.class, more.get());
        }
    }

    @Test
    void slowClientMustBeDisconnected() throws Exception {
        try (WebSocketServer server = start(50_000, OverflowPolicy.DISCONNECT);
                WebSocketClient client = client();
                WebSocketConnection ws = open(client, server)) {
            WebSocketConnection subscriber = subscriber();
            int sent = 0;
            while (subscriber.trySend(value(sent, 0)).isAccepted()) {
                sent++;
            }
            int next = 0;
            Message message = ws.receive();
            while (message instanceof Message.Text(String text)) {
                assertEquals(value(next++, 0), text, "none is left out before the Close frame");
                message = ws.receive();
            }
            assertEquals(1013, assertInstanceOf(Message.Close.class, message).status().received().orElseThrow().code());
            assertTrue(next < sent);
        }
    }
}
