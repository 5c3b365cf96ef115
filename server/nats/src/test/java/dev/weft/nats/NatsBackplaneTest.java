package dev.weft.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.server.Await;
import dev.weft.testing.TestPair;
import dev.weft.topics.Backplane;
import dev.weft.topics.BrokerContract;
import dev.weft.topics.BrokerProcess;
import dev.weft.topics.Position;
import dev.weft.topics.Recovery;
import dev.weft.topics.SubscribeOptions;
import dev.weft.topics.TopicException;
import dev.weft.topics.TopicException.Reason;
import dev.weft.topics.Topics;
import io.nats.client.Connection;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a real NATS server. */
@SuppressWarnings("try") // A connection may be interrupted when it is closed.
class NatsBackplaneTest extends BrokerContract {
    private static BrokerProcess broker;
    private static int monitoring;
    private static int groups;

    private String prefix;

    @BeforeAll
    static void startBroker() throws Exception {
        monitoring = BrokerProcess.freePort();
        broker = BrokerProcess.nats("-m", "" + monitoring);
    }

    @AfterAll
    static void endBroker() throws Exception {
        if (broker != null) {
            broker.close();
        }
    }

    @BeforeEach
    void newGroup() {
        prefix = "test" + groups++;
    }

    @Override
    protected Backplane node() {
        return node(broker);
    }

    @Override
    protected BrokerProcess ownBroker() throws Exception {
        return BrokerProcess.nats();
    }

    @Override
    protected NatsBackplane node(BrokerProcess server) {
        return NatsBackplane.builder(uri(server)).prefix(prefix).timeout(Duration.ofSeconds(1))
                .nodeTimeout(Duration.ofMillis(600)).build();
    }

    private static String uri(BrokerProcess server) {
        return "nats://127.0.0.1:" + server.port();
    }

    @Test
    void nodeMustSubscribeOnlyToWhatItsConnectionsWant() throws Exception {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        topics.subscribeMatching(end(pair), "b/*/c", SubscribeOptions.DEFAULT);
        topics.subscribeMatching(end(pair), "d/#", SubscribeOptions.DEFAULT);
        topics.publish("x", "of interest to nobody");
        assertEquals("[" + prefix + ".c.a, " + prefix + ".c.b.*.c, " + prefix + ".c.d.>]", subscribed());

        topics.unsubscribe(end(pair), "a");
        end(pair).abort();
        Await.until("nothing is subscribed", () -> subscribed().equals("[]"));
    }

    /** The channels to which nodes are subscribed, as the server reports. */
    private String subscribed() {
        try {
            String all = HttpClient.newHttpClient().send(HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + monitoring + "/subsz?subs=1&limit=10000")).build(),
                    BodyHandlers.ofString())
                    .body();
            return Pattern.compile("\"subject\": \"(" + prefix + "\\.c\\.[^\"]*)\"").matcher(all).results()
                    .map(each -> each.group(1)).map(each -> each.replace("\\u003e", ">")).sorted().toList().toString();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void streamThatIsDeletedMustBeginAnew() throws Exception {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", PLACED);
        Position before = topics.publish("a", "1");
        peer(pair).expectText(before + " 1");
        try (Connection operator = Nats.connect(uri(broker))) {
            operator.jetStreamManagement().deleteStream(prefix);
        }
        Position after = published(topics, "a", "2");
        peer(pair).expectText("gap").expectText(after + " 2");
        assertNotEquals(before.epoch(), after.epoch());
    }

    /** The node that publishes makes the stream again; the other one is told by nobody. */
    @Test
    void nodeMustNoticeThatAnotherOneHasMadeTheStreamAgain() throws Exception {
        Topics first = topics(HISTORY);
        Topics second = topics(HISTORY);
        TestPair pair = pair();
        second.subscribe(end(pair), "a", PLACED);
        for (int i = 1; i <= 5; i++) {
            peer(pair).expectText(first.publish("a", "" + i) + " " + i);
        }
        try (Connection operator = Nats.connect(uri(broker))) {
            operator.jetStreamManagement().deleteStream(prefix);
        }
        Position after = published(first, "a", "6");
        peer(pair).expectText("gap").expectText(after + " 6");
    }

    @Test
    void serverWithoutJetStreamMustPassMessages() throws Exception {
        try (BrokerProcess plain = BrokerProcess
                .start((port, folder) -> java.util.List.of("nats-server", "--port", "" + port, "--addr",
                        "127.0.0.1"))) {
            Topics first = Topics.builder().backplane(opened(node(plain))).build();
            Topics second = Topics.builder().backplane(opened(node(plain))).build();
            TestPair pair = pair();
            second.subscribe(end(pair), "a");
            first.publish("a", "1");
            peer(pair).expectText("1");
            NatsBackplane node = opened(node(plain));
            Topics needing = Topics.builder().limits(HISTORY).backplane(node).build();
            assertReason(Reason.BACKPLANE_AWAY, () -> needing.publish("a", "1"));
            assertTrue(node.health().detail().contains("JetStream"), node.health().detail());
        }
    }

    /** The offsets are those of one stream for all topics: the one before that of the message belongs to another topic. */
    @Test
    void positionOfAnEmptyTopicMustStayGoodWhateverIsPublishedElsewhere() throws Exception {
        Topics first = topics(HISTORY);
        TestPair pair = pair();
        Position start = first.subscribe(end(pair), "a", PLACED).start();
        first.unsubscribe(end(pair), "a");
        first.publish("other", "x");
        Position one = first.publish("a", "1");
        first.publish("other", "x");

        Topics second = topics(HISTORY);
        assertEquals(Recovery.COMPLETE, second.subscribe(end(pair), "a", PLACED.since(start)).recovery());
        peer(pair).expectText(one + " 1");
    }

    /** Before, because the node may end in between, and after, because the removal may take long. */
    @Test
    void noticeOfAMemberThatLeavesMustBePassedBeforeAndAfter() throws Exception {
        Topics topics = withPresence(new LinkedBlockingQueue<>(), "ann");
        TestPair pair = pair();
        try (Connection other = Nats.connect(uri(broker))) {
            var notices = other.subscribe(prefix + ".c.a");
            other.flush(Duration.ofSeconds(30));
            topics.subscribe(end(pair), "a");
            assertNotNull(notices.nextMessage(Duration.ofSeconds(30)));
            topics.unsubscribe(end(pair), "a");
            assertNotNull(notices.nextMessage(Duration.ofSeconds(30)));
            assertNotNull(notices.nextMessage(Duration.ofSeconds(30)));
            assertEquals(Map.of(), topics.presence("a"));
        }
    }

    @Test
    void membersOfANodeThatStandsStillMustLeaveAndComeBack() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics watching = withPresence(events, "ann");
        watching.subscribe(end(pair()), "a");
        assertEquals("+ann a", next(events));
        try (Connection ghost = Nats.connect(uri(broker))) {
            // As a node leaves that has died: nothing renews its sign of life.
            byte[] two = "2".getBytes(StandardCharsets.US_ASCII);
            ghost.jetStream().publish(prefix + ".m.a.bob.ghost", two);
            ghost.jetStream().publish(prefix + ".m.a.ann.ghost", two);
            ghost.jetStream().publish(prefix + ".n.ghost", new byte[]{'+'});
            assertEquals(Map.of("ann", 3, "bob", 2), watching.presence("a"));
            assertEquals("-bob a", next(events));
            Await.until("the ghost is forgotten", () -> watching.presence("a").equals(Map.of("ann", 1)));
            assertTrue(events.isEmpty());

            // This node was given up by the others, and returns.
            JetStreamManagement streams = ghost.jetStreamManagement();
            streams.purgeStream(prefix + "_members");
            assertEquals("+ann a", next(events));
            assertEquals(Map.of("ann", 1), watching.presence("a"));
        }
    }
}
