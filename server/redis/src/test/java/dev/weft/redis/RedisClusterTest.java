package dev.weft.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
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
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real Redis Cluster of three masters, and others of their own. */
class RedisClusterTest extends BrokerContract {
    /** While a replica takes over, the cluster may also say that it is down. */
    private static final Duration FAILOVER = Duration.ofSeconds(30);
    /** Without positions, and gaps as messages. */
    private static final SubscribeOptions GAPS = SubscribeOptions.DEFAULT.gapNotice(it -> PreparedMessage.text("gap"));

    private static RedisCluster cluster;
    private static int groups;

    private String prefix;

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = RedisCluster.start(3, 0);
    }

    @AfterAll
    static void endCluster() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void newGroup() {
        prefix = "test" + groups++ + ":";
    }

    @AfterEach
    void moveSlotsBack() {
        cluster.moveBack();
    }

    @Override
    protected Backplane node() {
        return node(cluster, 0);
    }

    /** A cluster of one server. */
    @Override
    protected BrokerProcess ownBroker() throws Exception {
        BrokerProcess server = RedisCluster.server("--appendonly", "yes");
        RedisClient client = RedisClient.create("redis://127.0.0.1:" + server.port());
        try {
            RedisCommands<String, String> operator = client.connect().sync();
            int[] slots = new int[16384];
            for (int i = 0; i < slots.length; i++) {
                slots[i] = i;
            }
            operator.clusterAddSlots(slots);
            Await.until("it works", Duration.ofSeconds(20),
                    () -> operator.clusterInfo().contains("cluster_state:ok"));
        } finally {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        }
        return server;
    }

    @Override
    protected RedisBackplane node(BrokerProcess server) {
        return node("redis://127.0.0.1:" + server.port());
    }

    private RedisBackplane node(RedisCluster of, int asked) {
        return node(of.uri(asked));
    }

    private RedisBackplane node(String... uris) {
        return RedisBackplane.clusterBuilder(uris).prefix(prefix).timeout(Duration.ofSeconds(1))
                .nodeTimeout(Duration.ofMillis(600)).build();
    }

    private Topics topics(RedisCluster of, TopicLimits limits) {
        return Topics.builder().limits(limits).backplane(opened(node(of, 0))).build();
    }

    /** Waits for a moving slot for as long as a busy machine takes. */
    private Topics patient(TopicLimits limits) {
        return Topics.builder().limits(limits).backplane(opened(RedisBackplane.clusterBuilder(cluster.uri(0))
                .prefix(prefix).timeout(Duration.ofSeconds(10)).nodeTimeout(Duration.ofSeconds(10)).build())).build();
    }

    /** Moves the slot of a topic of the first master around, and back. */
    private static void moveAround(String topic) {
        int slot = RedisCluster.slot(topic);
        cluster.move(slot, 1);
        cluster.move(slot, 2);
        cluster.move(slot, 0);
    }

    // A slot moves.

    @Test
    void slotThatMovesMustCostNoMessageUntold() throws Exception {
        Topics publishing = patient(HISTORY);
        TestPair near = pair();
        TestPair far = pair();
        String topic = cluster.topic(0);
        publishing.subscribe(end(near), topic, PLACED);
        patient(HISTORY).subscribe(end(far), topic, PLACED);

        CountDownLatch moved = new CountDownLatch(1);
        FutureTask<List<String>> published = new FutureTask<>(() -> {
            List<String> all = new ArrayList<>();
            while (moved.getCount() > 0) {
                all.add(publishing.publish(topic, "" + all.size()) + " " + all.size());
            }
            all.add(publishing.publish(topic, "last") + " last");
            return all;
        });
        Thread.ofVirtual().start(published);
        for (int i = 0; i < 3; i++) {
            moveAround(topic);
        }
        moved.countDown();

        for (TestPair each : List.of(near, far)) {
            assertTold(published.get(), received(each));
        }
    }

    /** Up to the message "last". */
    private static List<String> received(TestPair pair) {
        List<String> received = new ArrayList<>();
        do {
            received.add(peer(pair).expectText());
        } while (!received.getLast().endsWith(" last"));
        return received;
    }

    /** Everything must arrive in order and once, and nothing may be missing except where there is a gap. */
    private static void assertTold(List<String> published, List<String> received) {
        int next = 0;
        boolean gap = false;
        for (String each : received) {
            if (each.equals("gap")) {
                gap = true;
            } else {
                int at = published.indexOf(each);
                assertTrue(gap ? at >= next : at == next, () -> each + " in " + received);
                gap = false;
                next = at + 1;
            }
        }
        assertEquals(published.size(), next);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void moveOfASlotMustBeToldToItsSubscribersAlone(int history) throws Exception {
        TopicLimits limits = TopicLimits.builder().historyLength(history).build();
        Topics topics = patient(limits);
        Topics other = patient(limits);
        TestPair moved = pair();
        TestPair staying = pair();
        TestPair filter = pair();
        String topic = cluster.topic(0);
        String stays = cluster.topic(1);
        topics.subscribe(end(moved), topic, GAPS);
        topics.subscribe(end(staying), stays, GAPS);
        topics.subscribeMatching(end(filter), "*", GAPS);

        cluster.move(RedisCluster.slot(topic), 1);
        peer(moved).expectText("gap");
        other.publish(topic, "1");
        peer(moved).expectText("1");
        // Also as a subscriber of the topic.
        expectAfterGap(filter, "1");
        other.publish(stays, "2");
        peer(staying).expectText("2");
        peer(filter).expectText("2");

        cluster.move(RedisCluster.slot(topic), 0);
        peer(moved).expectText("gap");
        other.publish(topic, "3");
        peer(moved).expectText("3");
    }

    /** New topics, and those of which a part has moved, cannot be used until the slot has moved. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void publicationMustWaitForASlotThatIsMoving(int movedKeys) throws Exception {
        Topics topics = patient(HISTORY);
        TestPair pair = pair();
        String topic = cluster.topic(0);
        int slot = RedisCluster.slot(topic);
        topics.subscribe(end(pair), topic, GAPS);
        topics.publish(topic, "1");
        peer(pair).expectText("1");
        Keys keys = new ClusterKeys(prefix);
        cluster.beginMove(slot, 1);
        for (int i = 0; i < movedKeys; i++) {
            cluster.moveKeys(slot, new String(keys.history(topic)[i], StandardCharsets.UTF_8));
        }
        FutureTask<Position> published = new FutureTask<>(() -> topics.publish(topic, "2"));
        Thread thread = Thread.ofVirtual().start(published);
        if (movedKeys == 0) {
            published.get();
            peer(pair).expectText("2");
        } else {
            Await.until("it waits", () -> thread.getState() == Thread.State.TIMED_WAITING);
        }
        cluster.moveKeys(slot);
        cluster.endMove(slot);
        published.get();
        peer(pair).expectText("gap");
        topics.publish(topic, "3");
        if (movedKeys > 0) {
            peer(pair).expectText("2");
        }
        peer(pair).expectText("3");
    }

    @Test
    void messagesWithoutAHistoryMustArriveWhileTheirSlotIsMoving() throws Exception {
        Topics topics = patient(NO_HISTORY);
        TestPair pair = pair();
        String topic = cluster.topic(0);
        topics.subscribe(end(pair), topic, GAPS);
        cluster.beginMove(RedisCluster.slot(topic), 1);
        topics.publish(topic, "1");
        peer(pair).expectText("1");
        cluster.endMove(RedisCluster.slot(topic));
        peer(pair).expectText("gap");
        topics.publish(topic, "2");
        peer(pair).expectText("2");
    }

    @Test
    void membersMustOutliveAMoveOfTheirSlot() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics first = withPresence(events, "ann");
        Topics second = withPresence(events, "bob");
        String topic = cluster.topic(0);
        first.subscribe(end(pair()), topic);
        assertEquals("+ann " + topic, next(events));
        second.subscribe(end(pair()), topic);
        assertEquals("+bob " + topic, next(events));
        moveAround(topic);
        Await.until("both are there", () -> present(first, topic).equals(Map.of("ann", 1, "bob", 1)));
        assertEquals(Set.of(), Set.copyOf(events));
    }

    private static Map<String, Integer> present(Topics topics, String topic) {
        try {
            return topics.presence(topic);
        } catch (TopicException e) {
            return Map.of();
        }
    }

    /** In a script, keys that have moved already would look like keys that do not exist. */
    @Test
    void membersOfADeadNodeMustNotBeLostWhileTheirSlotIsMoving() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics watching = withPresence(events, "ann");
        String topic = cluster.topic(0);
        int slot = RedisCluster.slot(topic);
        TestPair pair = pair();
        watching.subscribe(end(pair), topic, GAPS);
        assertEquals("+ann " + topic, next(events));
        Keys keys = new ClusterKeys(prefix);
        int group = keys.group(topic);
        String nodes = new String(keys.nodes(group), StandardCharsets.UTF_8);
        String members = new String(keys.members(topic), StandardCharsets.UTF_8);
        String entries = new String(keys.entries("ghost", group), StandardCharsets.UTF_8);
        RedisCommands<String, String> from = cluster.operator(0);
        from.hset(members, Map.of("n:ghost:bob", "1", "a:bob", "1"));
        from.sadd(entries, topic.length() + ":" + topic + "bob");
        cluster.beginMove(slot, 1);
        cluster.moveKeys(slot, members);
        from.zadd(nodes, 1, "ghost");
        Await.until("others have tried to remove it", () -> from.zscore(nodes, "ghost") == 0);
        assertTrue(from.exists(entries) > 0);
        // Nor must it look as if the slot had moved.
        watching.publish(topic, "1");
        peer(pair).expectText("1");

        cluster.moveKeys(slot);
        cluster.endMove(slot);
        assertEquals("-bob " + topic, next(events));
        Await.until("ann is there", () -> present(watching, topic).equals(Map.of("ann", 1)));
    }

    // A master fails.

    @Test
    void topicsOfOtherMastersMustGoOn() throws Exception {
        try (RedisCluster own = RedisCluster.start(3, 0)) {
            RedisBackplane node = opened(node(own, 1));
            Topics topics = Topics.builder().limits(HISTORY).backplane(node).build();
            TestPair broken = pair();
            TestPair staying = pair();
            TestPair filter = pair();
            String down = own.topic(0);
            String up = own.topic(1);
            topics.subscribe(end(broken), down, PLACED);
            topics.subscribe(end(staying), up, GAPS);
            topics.subscribeMatching(end(filter), "#", GAPS);
            Position before = topics.publish(down, "1");
            peer(broken).expectText(before + " 1");
            peer(filter).expectText("1");

            own.server(0).kill();
            Await.until("the node has noticed", () -> node.health().detail().contains("Unable to connect"));
            assertTrue(node.health().connected());
            topics.publish(up, "2");
            peer(staying).expectText("2");
            peer(filter).expectText("2");
            assertReason(Reason.BACKPLANE_AWAY, () -> topics.publish(down, "lost"));
            assertReason(Reason.BACKPLANE_AWAY, () -> topics.subscribe(end(staying), neighbour(down)));
            TestPair late = pair();
            topics.subscribeMatching(end(late), "*", GAPS);
            topics.publish(up, "3");
            peer(staying).expectText("3");
            peer(late).expectText("3");
            peer(filter).expectText("3");

            own.server(0).restart();
            peer(broken).expectText("gap");
            Position after = published(topics, down, "4");
            peer(broken).expectText(after + " 4");
            expectAfterGap(filter, "4");
            expectAfterGap(late, "4");
            assertNotEquals(before.epoch(), after.epoch());
            topics.publish(up, "5");
            peer(staying).expectText("5");
            assertEquals(Recovery.IMPOSSIBLE,
                    topics.subscribe(end(pair()), down, PLACED.since(before)).recovery());
        }
    }

    @Test
    void masterThatStandsStillMustNotStopTheOthers() throws Exception {
        try (RedisCluster own = RedisCluster.start(3, 0)) {
            RedisBackplane node = opened(node(own, 1));
            Topics topics = Topics.builder().limits(HISTORY).backplane(node).build();
            String down = own.topic(0);
            String up = own.topic(1);
            TestPair pair = pair();
            topics.subscribe(end(pair), down, PLACED);
            Position before = topics.publish(down, "1");
            peer(pair).expectText(before + " 1");

            own.server(0).stop();
            TopicException refused = assertThrows(TopicException.class, () -> topics.publish(down, "2"));
            assertEquals(Reason.BACKPLANE_UNCERTAIN, refused.reason());
            Await.until("the node has noticed", () -> isAway(topics, down));
            topics.publish(up, "3");
            own.server(0).goOn();
            Position after = published(topics, down, "4");
            assertEquals(before.epoch(), after.epoch());
            // Those whose fate was uncertain may have been published.
            String next = peer(pair).expectText();
            while (next.endsWith(" 2")) {
                next = peer(pair).expectText();
            }
            assertEquals(after + " 4", next);
        }
    }

    private static boolean isAway(Topics topics, String topic) {
        try {
            topics.publish(topic, "2");
            return false;
        } catch (TopicException e) {
            return e.reason() == Reason.BACKPLANE_AWAY;
        }
    }

    @Test
    void replicaThatTakesOverFromADeadMasterMustBeginAnew() throws Exception {
        try (RedisCluster own = RedisCluster.start(3, 1, "--cluster-node-timeout", "1000")) {
            Topics topics = topics(own, HISTORY);
            Topics other = Topics.builder().limits(HISTORY).backplane(opened(node(own, 1)))
                    .member(connection -> "ann").build();
            TestPair pair = pair();
            TestPair filter = pair();
            TestPair staying = pair();
            String topic = own.topic(0);
            topics.subscribe(end(pair), topic, PLACED);
            topics.subscribeMatching(end(filter), "*", GAPS);
            topics.subscribe(end(staying), own.topic(1), GAPS);
            other.subscribe(end(pair()), topic);
            Position before = other.publish(topic, "1");
            peer(pair).expectText(before + " 1");
            peer(filter).expectText("1");

            own.server(0).kill();
            Await.until("the replica has taken over", Duration.ofSeconds(30), () -> own.isMaster(3));
            Position after = published(other, topic, "2", FAILOVER);
            expectAfterGap(pair, after + " 2");
            expectAfterGap(filter, "2");
            assertNotEquals(before.epoch(), after.epoch());
            Await.until("ann is there", () -> present(other, topic).equals(Map.of("ann", 1)));
            assertEquals(Recovery.IMPOSSIBLE,
                    topics.subscribe(end(pair()), topic, PLACED.since(before)).recovery());
            published(other, own.topic(1), "3", FAILOVER);
            peer(staying).expectText("3");
        }
    }

    /** There may be more than one gap. */
    private static void expectAfterGap(TestPair pair, String text) {
        peer(pair).expectText("gap");
        String next = peer(pair).expectText();
        while (next.equals("gap")) {
            next = peer(pair).expectText();
        }
        assertEquals(text, next);
    }

    /** The first master gets its slots back without a restart, so its run id is the same, but it may have lost messages. */
    @Test
    void masterThatTakesOverAgainMustBeginAnew() throws Exception {
        try (RedisCluster own = RedisCluster.start(3, 1)) {
            RedisBackplane node = opened(node(own, 1));
            Topics topics = Topics.builder().limits(HISTORY).backplane(node).build();
            String topic = own.topic(0);
            Position before = topics.publish(topic, "1");
            Await.until("the replica has it", () -> own.operator(3).keys("*s:" + topic).size() == 1);

            for (int next : List.of(3, 0)) {
                Await.until("it is a replica", Duration.ofSeconds(30),
                        () -> own.operator(next).info("replication").contains("master_link_status:up"));
                own.failOver(next);
                // Not with this topic, which the replica keeps as it was.
                String same = neighbour(topic);
                published(topics, same, "x", FAILOVER);
                Await.until("the node has noticed", Duration.ofSeconds(30),
                        () -> own.runId(next).equals(term(own, next, topic).get("i")));
            }
            Await.until("it is read", Duration.ofSeconds(30), () -> {
                try {
                    return topics.subscribe(end(pair()), topic, PLACED.since(before)).recovery() == Recovery.IMPOSSIBLE;
                } catch (TopicException e) {
                    return false;
                }
            });
            assertNotEquals(before.epoch(), topics.publish(topic, "2").epoch());
        }
    }

    /** Another topic of the same slot. */
    private static String neighbour(String topic) {
        int i = 0;
        while (RedisCluster.slot("n" + i) != RedisCluster.slot(topic)) {
            i++;
        }
        return "n" + i;
    }

    private Map<String, String> term(RedisCluster of, int server, String topic) {
        Keys keys = new ClusterKeys(prefix);
        return of.operator(server).hgetall(new String(keys.term(keys.group(topic)), StandardCharsets.UTF_8));
    }

    // How nodes use the cluster.

    @Test
    void nodeMustSubscribeOnlyToWhatItsConnectionsWant() throws Exception {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        String topic = cluster.topic(2);
        topics.subscribe(end(pair), topic);
        topics.publish("x", "of interest to nobody");
        String channel = new String(new ClusterKeys(prefix).channel(topic), StandardCharsets.UTF_8);
        assertEquals(List.of(channel), channels());
        topics.subscribeMatching(end(pair), "b/*/c", SubscribeOptions.DEFAULT);
        topics.subscribeMatching(end(pair), "b/#", SubscribeOptions.DEFAULT);
        assertEquals(129, channels().size());
        topics.unsubscribe(end(pair), "b/#");
        topics.subscribe(end(pair), "other");
        topics.unsubscribe(end(pair), "other");
        Await.until("the rest is subscribed", () -> channels().size() == 129);
        topics(HISTORY).publish("b/b/c", "1");
        peer(pair).expectText("1");
        end(pair).abort();
        Await.until("nothing is subscribed", () -> channels().isEmpty());
    }

    private List<String> channels() {
        List<String> channels = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            channels.addAll(cluster.operator(i).pubsubShardChannels(prefix + "*"));
        }
        return channels;
    }

    @Test
    void anyServerOfTheClusterMustDo() throws Exception {
        RedisBackplane node = opened(node("redis://127.0.0.1:" + BrokerProcess.freePort(), cluster.uri(2)));
        Topics first = Topics.builder().limits(HISTORY).backplane(node).build();
        assertTrue(node.health().connected(), node.health().detail());
        Topics second = topics(HISTORY);
        for (int i = 0; i < 3; i++) {
            TestPair pair = pair();
            first.subscribe(end(pair), cluster.topic(i));
            second.publish(cluster.topic(i), "1");
            peer(pair).expectText("1");
        }
    }

    @Test
    void otherKindOfServerMustBeNamed() throws Exception {
        RedisBackplane single = opened(RedisBackplane.builder(cluster.uri(0)).timeout(Duration.ofSeconds(1)).build());
        Topics.builder().backplane(single).build();
        assertFalse(single.health().connected());
        assertTrue(single.health().detail().contains("clusterBuilder"), single.health().detail());
        try (BrokerProcess server = BrokerProcess.redis()) {
            RedisBackplane node = opened(node(server));
            Topics.builder().backplane(node).build();
            assertFalse(node.health().connected());
            assertTrue(node.health().detail().contains("cluster support disabled"), node.health().detail());
        }
        assertThrows(IllegalArgumentException.class, RedisBackplane::clusterBuilder);
    }
}
