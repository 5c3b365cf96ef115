package dev.weft.topics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.client.ReconnectingClient;
import dev.weft.client.WebSocketClient;
import dev.weft.server.Await;
import dev.weft.server.Endpoint;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.Position;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client keeps its connection while the broker of the server's topics is away, and when it has lost its data. */
@Timeout(60)
class LostBrokerTest {
    private final FaultyBackplane broker = new FaultyBackplane();
    private final Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(10).build())
            .backplane(broker).build();
    private final ListenerRecorder room = new ListenerRecorder();
    private WebSocketServer server;
    private WebSocketClient client;
    private JsonTopicsClient connected;

    @BeforeEach
    void start() throws IOException {
        server = WebSocketServer.builder()
                .endpoint("/", JsonTopics.builder(topics).wildcards(true).build().endpoint()).start();
        client = WebSocketClient.builder().subprotocols(JsonTopics.SUBPROTOCOL).build();
        connected = connect(server);
        Await.until("connected", () -> connected.connection().isPresent());
    }

    private JsonTopicsClient connect(WebSocketServer to) {
        return JsonTopicsClient.start(
                ReconnectingClient.builder(client, URI.create("ws://127.0.0.1:" + to.port() + "/")));
    }

    @AfterEach
    void stop() {
        connected.close();
        client.close();
        server.close();
    }

    private void expectNoOtherConnection() {
        assertEquals(1, server.connectionCount());
        assertTrue(server.statistics().closes().isEmpty(), server.statistics().closes()::toString);
    }

    @Test
    void aSubscriptionMustBeginWhenTheBrokerIsBack() throws Exception {
        broker.leave();
        TopicSubscription subscription = connected.subscribe("a", room);
        Await.until("refused twice", () -> broker.refused() == 2);
        assertFalse(subscription.isActive());
        broker.comeBack();
        room.expect("subscribed 0");
        topics.publish("a", "1");
        room.expect("1");
        expectNoOtherConnection();
    }

    @ParameterizedTest
    @ValueSource(strings = {"backplane_away", "backplane_uncertain", "too_many_topics"})
    void aTemporaryRefusalMustNotBeTheLastWord(String code) throws Exception {
        try (WebSocketServer refusing = WebSocketServer.builder().endpoint("/", Endpoint.of(ws -> {
            ws.receive();
            ws.send("{\"type\":\"error\",\"id\":1,\"code\":\"" + code + "\",\"message\":\"\"}");
            ws.receive();
            ws.send("{\"type\":\"subscribed\",\"id\":2,\"topic\":\"a\",\"position\":\"a:0\",\"messages\":0}");
            ws.awaitClose();
        }).subprotocols(JsonTopics.SUBPROTOCOL)).start(); JsonTopicsClient other = connect(refusing)) {
            other.subscribe("a", room);
            room.expect("subscribed 0");
        }
    }

    /** The end of a subscription is also that of its attempts. */
    @Test
    void aSubscriptionThatHasEndedMustNotBeAskedForAgain() throws Exception {
        BlockingQueue<String> requests = new LinkedBlockingQueue<>();
        try (WebSocketServer refusing = WebSocketServer.builder().endpoint("/", Endpoint.of(ws -> {
            for (int id = 1; ws.receive() instanceof Message.Text(String text); id++) {
                requests.add(text.split("\"")[3]);
                ws.send("{\"type\":\"error\",\"id\":" + id
                        + ",\"code\":\"backplane_away\",\"message\":\"\"}");
            }
        }).subprotocols(JsonTopics.SUBPROTOCOL)).start(); JsonTopicsClient other = connect(refusing)) {
            Await.until("connected", () -> other.connection().isPresent());
            TopicSubscription ended = other.subscribe("a", room);
            // Answers come in the order of requests, so after the second one the subscription is refused.
            assertThrows(ExecutionException.class, () -> other.publish("b", "1").get(20, TimeUnit.SECONDS));
            ended.unsubscribe();
            assertEquals("subscribe", requests.poll(20, TimeUnit.SECONDS));
            assertEquals("publish", requests.poll(20, TimeUnit.SECONDS));
            String next = requests.poll(20, TimeUnit.SECONDS);
            while ("subscribe".equals(next)) {
                // The delay was so short that the subscription had not ended yet.
                next = requests.poll(20, TimeUnit.SECONDS);
            }
            assertEquals("unsubscribe", next);
            assertEquals(null, requests.poll(1200, TimeUnit.MILLISECONDS)); // longer than the first delay
        }
    }

    @Test
    void lostDataMustBeAGapOnTheSameConnection() throws Exception {
        TopicSubscription subscription = connected.subscribe("a", room);
        room.expect("subscribed 0");
        topics.publish("a", "1");
        room.expect("1");
        broker.leave();
        broker.loseData();
        broker.comeBack();
        room.expect("gap");
        Position begun = topics.publish("a", "2");
        room.expect("2");
        Await.until("the listener has returned", () -> subscription.position().orElseThrow().equals(begun));
        expectNoOtherConnection();
    }

    /** The position after the gap is the one to go on from, also if no message follows. */
    @Test
    void aGapMustBringThePositionAfterIt() throws Exception {
        TopicSubscription subscription = connected.subscribe("a", room);
        room.expect("subscribed 0");
        Position before = topics.publish("a", "1");
        room.expect("1");
        broker.leave();
        broker.loseData();
        broker.comeBack();
        room.expect("gap");
        Position after = subscription.position().orElseThrow();
        assertTrue(after.epoch() != before.epoch() && after.offset() == 0, after::toString);
    }

    /** Nobody knows of which topics messages are missing. */
    @Test
    void anInterruptionMustBeAGapForWildcards() throws Exception {
        connected.subscribe("room/*", room);
        room.expect("subscribed 0");
        topics.publish("room/1", "1");
        room.expect("1");
        broker.leave();
        broker.comeBack();
        room.expect("gap");
        topics.publish("room/1", "2");
        room.expect("2");
        expectNoOtherConnection();
    }
}
