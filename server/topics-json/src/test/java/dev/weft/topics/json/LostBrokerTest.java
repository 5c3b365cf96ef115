package dev.weft.topics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.client.ReconnectingClient;
import dev.weft.client.WebSocketClient;
import dev.weft.server.Await;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.Position;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.URI;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client keeps its connection when the broker of the server's topics has lost its data. */
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
