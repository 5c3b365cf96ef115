package dev.weft.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import io.nats.client.PurgeOptions;
import io.nats.client.api.PublishAck;
import io.nats.client.api.StreamInfoOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
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
    /** All that this test has made. */
    private final List<NatsBackplane> nodes = new ArrayList<>();

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
        NatsBackplane node = builder(uri(server)).build();
        nodes.add(node);
        return node;
    }

    private NatsBackplane.Builder builder(String... uris) {
        return NatsBackplane.builder(uris).prefix(prefix).timeout(Duration.ofSeconds(1))
                .nodeTimeout(Duration.ofMillis(600));
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
                .start((port, folder) -> List.of("nats-server", "--port", "" + port, "--addr",
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

    /** A third node, which does not remove them, must hear the signs of life of those that do. */
    @Test
    void manyMembersOfADeadNodeMustLeaveWithoutHarmToOthers() throws Exception {
        int count = 3000;
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        withPresence(events, "ann").subscribe(end(pair()), "a");
        assertEquals("+ann a", next(events));
        withPresence(events, "bob").subscribe(end(pair()), "a");
        assertEquals("+bob a", next(events));
        try (Connection ghost = Nats.connect(uri(broker))) {
            List<CompletableFuture<PublishAck>> published = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                published.add(ghost.jetStream().publishAsync(prefix + ".m.room-" + i % 100 + ".ghost-" + i + ".dead",
                        new byte[]{'1'}));
            }
            published.add(ghost.jetStream().publishAsync(prefix + ".n.dead", new byte[]{'+'}));
            CompletableFuture.allOf(published.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
        }

        Set<String> left = new HashSet<>();
        left.add(next(events));
        withPresence(events, "carl").subscribe(end(pair()), "a");
        boolean joined = false;
        while (left.size() < count || !joined) {
            String event = events.poll(5, TimeUnit.MILLISECONDS);
            nodes.forEach(each -> assertTrue(each.health().connected(), each.health().detail()));
            if (event != null && event.equals("+carl a")) {
                joined = true;
            } else if (event != null) {
                assertTrue(event.startsWith("-ghost-"), event);
                left.add(event);
            }
        }
        Topics last = withPresence(events, "dora");
        assertEquals(Map.of("ann", 1, "bob", 1, "carl", 1), last.presence("a"));
        Await.until("the dead node is forgotten", () -> signs().size() == 4);
        assertTrue(events.isEmpty(), events.toString());
    }

    /** The subjects of all signs of life. */
    private Set<String> signs() {
        try (Connection operator = Nats.connect(uri(broker))) {
            return operator.jetStreamManagement()
                    .getStreamInfo(prefix + "_members", StreamInfoOptions.filterSubjects(prefix + ".n.*"))
                    .getStreamState().getSubjectMap().keySet();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** It stood still, and goes on before they are done: its sign of life is still there then. */
    @Test
    void nodeWhoseMembersOthersHaveBegunToRemoveMustTellThemAgain() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics topics = withPresence(events, "ann");
        topics.subscribe(end(pair()), "a");
        assertEquals("+ann a", next(events));
        String sign = signs().iterator().next();
        try (Connection other = Nats.connect(uri(broker))) {
            other.jetStream().publish(sign, new byte[]{'!'});
            other.jetStreamManagement().purgeStream(prefix + "_members", PurgeOptions.subject(prefix + ".m.>"));
        }
        assertEquals("+ann a", next(events));
        assertEquals(Map.of("ann", 1), topics.presence("a"));
    }

    @Test
    void entryMustBeRemovedOnlyIfItIsOlderThanTheClaim() throws Exception {
        try (Connection connection = Nats.connect(uri(broker))) {
            Streams streams = new Streams(connection, new Subjects(prefix), prefix, Duration.ofSeconds(5));
            streams.prepareMembers(1);
            String sign = prefix + ".n.x";
            String entry = prefix + ".m.a.ann.x";
            byte[] value = {'1'};
            long before = streams.set(entry, value);
            long alive = streams.set(sign, value);
            long claim = streams.setAfter(alive, sign, value);
            assertTrue(claim > alive);
            assertEquals(0, streams.setAfter(alive, sign, value));
            assertTrue(streams.removeBefore(claim, entry));
            assertFalse(streams.removeBefore(claim, entry));
            long again = streams.set(entry, value);
            assertTrue(before < claim && claim < again);
            assertFalse(streams.removeBefore(claim, entry));
            assertEquals(again, streams.get(entry).getSeq());
            assertTrue(streams.removeBefore(claim + 1, sign));
            assertEquals(0, streams.setAfter(claim, sign, value));
        }
    }
}
