package dev.weft.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a real Redis server. */
class RedisBackplaneTest extends BrokerContract {
    private static BrokerProcess broker;
    private static RedisClient client;
    private static RedisCommands<String, String> redis;
    private static int groups;

    private String prefix;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = BrokerProcess.redis();
        client = RedisClient.create("redis://127.0.0.1:" + broker.port());
        redis = client.connect().sync();
    }

    @AfterAll
    static void endBroker() throws Exception {
        if (client != null) {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
            broker.close();
        }
    }

    @BeforeEach
    void newGroup() {
        prefix = "test" + groups++ + ":";
    }

    @Override
    protected Backplane node() {
        return node(broker);
    }

    @Override
    protected BrokerProcess ownBroker() throws Exception {
        return BrokerProcess.redis("--appendonly", "yes");
    }

    @Override
    protected RedisBackplane node(BrokerProcess server) {
        return RedisBackplane.builder("redis://127.0.0.1:" + server.port()).prefix(prefix)
                .timeout(Duration.ofSeconds(1))
                .nodeTimeout(Duration.ofMillis(600)).build();
    }

    @Test
    void nodeMustSubscribeOnlyToWhatItsConnectionsWant() throws Exception {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        topics.subscribeMatching(end(pair), "b/*/c", SubscribeOptions.DEFAULT);
        topics.publish("x", "of interest to nobody");
        assertEquals(List.of(prefix + "c:{a}"), redis.pubsubShardChannels(prefix + "*"));
        assertEquals(1, redis.pubsubNumpat());

        topics.unsubscribe(end(pair), "a");
        end(pair).abort();
        Await.until("nothing is subscribed",
                () -> redis.pubsubShardChannels(prefix + "*").isEmpty() && redis.pubsubNumpat() == 0);
    }

    /** Redis knows one wildcard, which matches several levels: the filters of each pair have the same pattern. */
    @ParameterizedTest
    @CsvSource({"0, a/*, a/#", "0, a/#, a/*", "5, a/*, a/#", "5, a/#, a/*", "0, *, #", "5, #, *", "0, a/*/*, a/*/#",
            "5, a/*/#, a/*/*"})
    void endOfAFilterMustNotEndOneWithTheSamePattern(int history, String ending, String staying) throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        TopicLimits limits = TopicLimits.builder().historyLength(history).build();
        RedisBackplane node = opened(node(broker));
        node.start(limits, new Told(events));
        node.subscribe(ending);
        node.subscribe(staying);
        node.unsubscribe(ending);
        // Redis confirms this after the end of the other.
        node.subscribe("other");

        String topic = ending.replace("*", "b").replace("#", "b");
        Topics other = start(Topics.builder().limits(limits).member(connection -> "ann"));
        other.publish(topic, "1");
        assertEquals("message " + topic, next(events));
        other.subscribe(end(pair()), topic);
        assertEquals("changed " + topic, next(events));

        node.unsubscribe(staying);
        Await.until("nothing is subscribed", () -> redis.pubsubNumpat() == 0);
        node.subscribe(ending);
        other.publish(topic, "2");
        assertEquals("message " + topic, next(events));
    }

    @Test
    void filtersWithTheSamePatternMustOutliveAConnection() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        RedisBackplane node = opened(node(broker));
        node.start(HISTORY, new Told(events));
        node.subscribe("a/*");
        node.subscribe("a/#");
        killSubscribers();
        assertEquals("away", next(events));
        assertEquals("back", next(events));
        assertEquals(1, redis.pubsubNumpat());

        node.unsubscribe("a/#");
        node.subscribe("other");
        topics(HISTORY).publish("a/b", "1");
        assertEquals("message a/b", next(events));
        node.unsubscribe("a/*");
        Await.until("nothing is subscribed", () -> redis.pubsubNumpat() == 0);
    }

    @Test
    void anyPrefixMustBePassed() throws Exception {
        prefix += "a[b]?:^-*\\:";
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        topics.subscribeMatching(end(pair), "a/*", SubscribeOptions.DEFAULT);
        topics(HISTORY).publish("a/b", "1");
        peer(pair).expectText("1");
    }

    @Test
    void connectionThatIsCutMustCostNoMessage() throws Exception {
        Topics topics = topics(HISTORY);
        Topics other = topics(HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", PLACED);
        Position first = other.publish("a", "1");
        peer(pair).expectText(first + " 1");

        for (int i = 2; i < 20; i++) {
            killSubscribers();
            Position next = published(other, "a", "" + i);
            peer(pair).expectText(next + " " + i);
        }
    }

    /** Ends all connections that wait for messages. */
    private static void killSubscribers() {
        redis.clientKill(KillArgs.Builder.typePubsub());
    }

    @Test
    void dataLostWithoutARestartMustBeTold() throws Exception {
        try (BrokerProcess own = BrokerProcess.redis()) {
            Topics topics = Topics.builder().limits(HISTORY).backplane(opened(node(own))).build();
            TestPair pair = pair();
            topics.subscribe(end(pair), "a", PLACED);
            Position before = topics.publish("a", "1");
            peer(pair).expectText(before + " 1");
            RedisClient other = RedisClient.create("redis://127.0.0.1:" + own.port());
            try {
                other.connect().sync().flushall();
            } finally {
                other.shutdown(Duration.ZERO, Duration.ofSeconds(2));
            }
            Position after = topics.publish("a", "2");
            peer(pair).expectText("gap").expectText(after + " 2");
            assertNotEquals(before.epoch(), after.epoch());
        }
    }

    /** Otherwise offsets would be given twice: the replica has not got the last message. */
    @Test
    void replicaThatTakesOverMustBeginAnew() throws Exception {
        try (BrokerProcess first = BrokerProcess.redis();
                BrokerProcess second = BrokerProcess.redis("--replicaof", "127.0.0.1", "" + first.port())) {
            RedisClient operator = RedisClient.create("redis://127.0.0.1:" + second.port());
            try {
                RedisCommands<String, String> replica = operator.connect().sync();
                Topics topics = Topics.builder().limits(HISTORY).backplane(opened(node(first))).build();
                TestPair pair = pair();
                topics.subscribe(end(pair), "a", PLACED);
                Position one = topics.publish("a", "1");
                peer(pair).expectText(one + " 1");
                Await.until("the replica has it", () -> hasHistory(replica));
                replica.replicaofNoOne();
                Position two = topics.publish("a", "2");
                peer(pair).expectText(two + " 2");

                first.kill();
                replica.configSet("port", "" + first.port());
                Position three = published(topics, "a", "3");
                peer(pair).expectText("gap").expectText(three + " 3");
                assertNotEquals(two.epoch(), three.epoch());
            } finally {
                operator.shutdown(Duration.ZERO, Duration.ofSeconds(2));
            }
        }
    }

    private static boolean hasHistory(RedisCommands<String, String> replica) {
        return replica.keys("*").stream().anyMatch(key -> replica.type(key).equals("stream"));
    }

    @Test
    void serverWithoutShardedChannelsMustWorkToo() throws Exception {
        try (BrokerProcess old = BrokerProcess.redis("--rename-command", "SPUBLISH", "", "--rename-command",
                "SSUBSCRIBE", "")) {
            RedisBackplane node = opened(node(old));
            Topics first = Topics.builder().limits(HISTORY).backplane(node).build();
            Topics second = Topics.builder().limits(HISTORY).backplane(opened(node(old))).build();
            assertTrue(node.health().detail().contains("no sharded"), node.health().detail());
            TestPair exact = pair();
            TestPair filter = pair();
            second.subscribe(end(exact), "a");
            second.subscribeMatching(end(filter), "*", SubscribeOptions.DEFAULT);
            first.publish("a", "1");
            first.publish("a", "2");
            peer(exact).expectText("1").expectText("2");
            peer(filter).expectText("1").expectText("2");
        }
    }

    @Test
    void membersOfANodeThatStandsStillMustLeaveAndComeBack() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics watching = withPresence(events, "ann");
        watching.subscribe(end(pair()), "a");
        assertEquals("+ann a", next(events));
        // As a node leaves that has died: nothing renews its heartbeat.
        redis.zadd(prefix + "nodes", 1, "ghost");
        redis.hset(prefix + "m:{a}", Map.of("n:ghost:bob", "2", "a:bob", "2", "n:ghost:ann", "1", "a:ann", "2"));
        redis.sadd(prefix + "e:ghost", "1:abob", "1:aann");
        assertEquals("-bob a", next(events));
        Await.until("the ghost is forgotten", () -> redis.zcard(prefix + "nodes") == 1);
        assertEquals(Map.of("ann", 1), watching.presence("a"));
        assertFalse(redis.exists(prefix + "e:ghost") > 0);

        // This node was given up by the others, and returns.
        redis.del(prefix + "nodes", prefix + "m:{a}");
        assertEquals("+ann a", next(events));
        assertEquals(Map.of("ann", 1), watching.presence("a"));
    }

    @Test
    void historyInRedisMustBeBoundedInBytes() throws Exception {
        TopicLimits limits = TopicLimits.builder().historyLength(1000).historySize(10_000).build();
        Topics topics = topics(limits);
        List<Position> positions = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            positions.add(topics.publish("a", i + "x".repeat(1024 - ("" + i).length())));
        }
        // Each counts 64 bytes more.
        assertEquals(9, redis.xlen(prefix + "s:{a}"));
        assertEquals("" + 9 * 1088, redis.hget(prefix + "h:{a}", "b"));

        Topics later = topics(limits);
        assertEquals(9, later.history("a", 100).size());
        assertEquals(Recovery.IMPOSSIBLE,
                later.subscribe(end(pair()), "a", PLACED.since(positions.get(89))).recovery());
        TestPair pair = pair();
        assertEquals(Recovery.COMPLETE, later.subscribe(end(pair), "a", PLACED.since(positions.get(90))).recovery());
        assertTrue(peer(pair).expectText().startsWith(positions.get(91) + " 91x"));
    }

    @Test
    void messageOverTheSizeOfTheHistoryMustNotBeKept() throws Exception {
        TopicLimits limits = TopicLimits.builder().historyLength(1000).historySize(1000).build();
        Topics topics = topics(limits);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        Position first = topics.publish("a", "1");
        String large = "x".repeat(1000);
        Position second = topics.publish("a", large);
        assertEquals(0, redis.xlen(prefix + "s:{a}"));
        Position third = topics.publish("a", "3");
        peer(pair).expectText("1").expectText(large).expectText("3");
        assertEquals(1, redis.xlen(prefix + "s:{a}"));
        assertEquals("65", redis.hget(prefix + "h:{a}", "b"));

        Topics later = topics(limits);
        assertEquals(Recovery.IMPOSSIBLE, later.subscribe(end(pair()), "a", PLACED.since(first)).recovery());
        TestPair back = pair();
        assertEquals(Recovery.COMPLETE, later.subscribe(end(back), "a", PLACED.since(second)).recovery());
        peer(back).expectText(third + " 3");
    }

    @Test
    void historyThatHasExpiredMustNotCount() throws Exception {
        Topics topics = topics(HISTORY);
        topics.publish("a", "12345");
        redis.del(prefix + "s:{a}", prefix + "z:{a}");
        topics.publish("a", "1");
        assertEquals("65", redis.hget(prefix + "h:{a}", "b"));

        // The sizes alone, which Redis may evict: without them, the messages cannot be counted.
        redis.del(prefix + "z:{a}");
        topics.publish("a", "2");
        assertEquals("65", redis.hget(prefix + "h:{a}", "b"));
        assertEquals(1, redis.xlen(prefix + "s:{a}"));
    }

    @Test
    void nodeMustNotReadMoreThanItsLimits() throws Exception {
        Topics topics = topics(TopicLimits.builder().historyLength(1000).build());
        for (int i = 0; i < 20; i++) {
            topics.publish("a", "" + i);
            topics.publish("b", "x".repeat(1024));
        }
        Backplane node = opened(node());
        node.start(TopicLimits.builder().historyLength(7).historySize(2 * 1088).build(), new Told(new ArrayList<>()));
        assertEquals(7, node.read("a").messages().size());
        assertEquals(2, node.read("b").messages().size());
        assertEquals(7, redis.xlen(prefix + "s:{a}"));
        assertEquals("" + 2 * 1088, redis.hget(prefix + "h:{b}", "b"));
    }

    @Test
    void errorMustNotEndTheConnectionForGood() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        RedisBackplane node = opened(node(broker));
        node.start(HISTORY, new Failing(new Told(events), "back", "away"));
        node.subscribe("a");
        // The node was given up by the others, and is told so.
        redis.del(prefix + "nodes");
        assertEquals("back", next(events), "and fails");
        assertEquals("away", next(events), "and fails");
        assertEquals("back", next(events));
        topics(HISTORY).publish("a", "1");
        assertEquals("message a", next(events));
        assertTrue(node.health().connected());
    }

    @Test
    void messageThatIsLostToAnErrorMustBeTold() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        RedisBackplane node = opened(node(broker));
        node.start(HISTORY, new Failing(new Told(events), "received"));
        node.subscribe("a");
        Topics topics = topics(HISTORY);
        topics.publish("a", "1");
        assertEquals("message a", next(events), "and fails");
        assertEquals("away", next(events));
        assertEquals("back", next(events));
        topics.publish("a", "2");
        assertEquals("message a", next(events));
    }

    @Test
    void topicsMustNotBeKeptForever() throws Exception {
        Topics topics = topics(HISTORY);
        topics.publish("a", "1");
        assertEquals(Set.of(prefix + "h:{a}", prefix + "s:{a}", prefix + "z:{a}"),
                Set.copyOf(redis.keys(prefix + "[hsz]*")));
        assertTrue(redis.pttl(prefix + "h:{a}") > 0);
        assertTrue(redis.pttl(prefix + "s:{a}") > 0);
        assertTrue(redis.pttl(prefix + "z:{a}") > 0);
    }
}
