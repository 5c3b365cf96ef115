package dev.weft.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
import dev.weft.TestKeys;
import dev.weft.server.Await;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import dev.weft.topics.BrokerProcess;
import dev.weft.topics.SubscribeOptions;
import dev.weft.topics.TopicException;
import dev.weft.topics.TopicException.Reason;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What operators do with a real server of Redis, or with a cluster of one. */
@Timeout(60)
class OperationsTest {
    private static final Path GUIDE = Path.of("../../docs/guides/topics-many.md");
    private static final TopicLimits HISTORY = TopicLimits.builder().historyLength(5).build();
    private static final TopicLimits SHORTER = TopicLimits.builder().historyLength(2).build();
    private static final SubscribeOptions GAPS = SubscribeOptions.DEFAULT.gapNotice(it -> PreparedMessage.text("gap"));

    @TempDir
    Path folder;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    private RedisCommands<String, String> operator(BrokerProcess server) {
        RedisClient client = RedisClient.create("redis://127.0.0.1:" + server.port());
        opened.add(() -> client.shutdown(Duration.ZERO, Duration.ofSeconds(2)));
        return client.connect().sync();
    }

    private RedisBackplane node(BrokerProcess server) {
        return opened(quick(RedisBackplane.builder("redis://127.0.0.1:" + server.port())));
    }

    private static RedisBackplane quick(RedisBackplane.Builder builder) {
        return builder.timeout(Duration.ofSeconds(2)).nodeTimeout(Duration.ofMillis(600)).build();
    }

    private Topics topics(RedisBackplane node) {
        return Topics.builder().limits(HISTORY).backplane(node).build();
    }

    private TestPair pair() {
        return opened(TestPair.builder().connect());
    }

    private static void publish(Topics topics, String topic, String text) {
        Await.until("it is published", Duration.ofSeconds(20), () -> {
            try {
                topics.publish(topic, text);
                return true;
            } catch (TopicException e) {
                return false;
            }
        });
    }

    // The rights of the user.

    /** With TLS, and in a cluster with the name of the host. */
    @Test
    void rightsInTheGuideMustBeEnoughAndNeeded() throws Exception {
        String rights = Files.readAllLines(GUIDE).stream().filter(line -> line.startsWith("ACL SETUSER weft "))
                .findFirst().orElseThrow().replace("ACL SETUSER weft ", "");
        Set<String> called = new HashSet<>();

        BrokerProcess one = BrokerProcess.redis(tls());
        opened(one);
        // Redis compares the patterns of PSUBSCRIBE with those of the user literally.
        called.addAll(use(one, rights.replace("&weft:*", "allchannels"), false));

        List<String> options = new ArrayList<>(List.of("--cluster-announce-hostname", "localhost",
                "--cluster-preferred-endpoint-type", "hostname", "--tls-cluster", "yes"));
        options.addAll(List.of(tls()));
        BrokerProcess clustered = opened(RedisCluster.server(options.toArray(String[]::new)));
        RedisCommands<String, String> operator = operator(clustered);
        operator.dispatch(CommandType.CLUSTER, new StatusOutput<>(StringCodec.UTF8),
                new CommandArgs<>(StringCodec.UTF8).add("ADDSLOTSRANGE").add(0).add(16383));
        Await.until("it works", Duration.ofSeconds(20), () -> operator.clusterInfo().contains("cluster_state:ok"));
        called.addAll(use(clustered, rights, true));

        Set<String> granted = new TreeSet<>();
        Arrays.stream(rights.split(" ")).filter(each -> each.startsWith("+")).forEach(each -> granted.add(
                each.substring(1)));
        granted.removeAll(called);
        assertEquals(Set.of(), granted, "not needed");
    }

    private String[] tls() throws IOException {
        String pem = Files.writeString(folder.resolve("server.pem"), TestKeys.pem()).toString();
        return new String[]{"--tls-port", "" + BrokerProcess.freePort(), "--tls-cert-file", pem, "--tls-key-file", pem,
                "--tls-ca-cert-file", pem, "--tls-auth-clients", "no"};
    }

    /** Expects a text, perhaps after a gap: a node whose first attempt to connect has failed may have missed something. */
    private static void expect(TestConnection peer, String text) {
        String next = peer.expectText();
        assertEquals(text, next.equals("gap") ? peer.expectText() : next);
    }

    /** Does everything that nodes do. Returns the commands that were called. */
    private Set<String> use(BrokerProcess server, String rights, boolean cluster) throws Exception {
        RedisCommands<String, String> operator = operator(server);
        CommandArgs<String, String> user = new CommandArgs<>(StringCodec.UTF8).add("SETUSER").add("weft");
        Arrays.stream(rights.split(" ")).forEach(user::add);
        operator.dispatch(CommandType.ACL, new StatusOutput<>(StringCodec.UTF8), user);
        String uri = "rediss://weft:password@127.0.0.1:" + operator.configGet("tls-port").get("tls-port")
                + "?verifyPeer=NONE";
        operator.configResetstat();

        RedisBackplane first = opened(quick(builder(uri, cluster)));
        Topics topics = Topics.builder().limits(HISTORY).member(connection -> "ann").backplane(first).build();
        assertTrue(first.health().connected(), first.health().detail());
        Topics other = Topics.builder().limits(SHORTER).member(connection -> "bob")
                .backplane(opened(quick(builder(uri, cluster)))).build();
        TestPair exact = pair();
        TestPair filter = pair();
        topics.subscribe(exact.server().connection(), "a/b", GAPS);
        topics.subscribeMatching(filter.server().connection(), "a/*", GAPS);
        for (int i = 0; i < 7; i++) {
            topics.publish("a/b", "" + i);
            expect(exact.client(), "" + i);
            expect(filter.client(), "" + i);
        }
        operator.scriptFlush();
        topics.publish("a/b", "flushed");
        exact.client().expectText("flushed");
        // With its own limits, this node drops what is too much.
        other.subscribe(pair().server().connection(), "a/b");
        Await.until("both are there", () -> topics.presence("a/b").equals(Map.of("ann", 1, "bob", 1)));
        leaveAGhost(operator, cluster);
        Await.until("it is gone", () -> topics.presence("a/b").equals(Map.of("ann", 1, "bob", 1)));
        topics.unsubscribe(exact.server().connection(), "a/b");
        topics.unsubscribe(filter.server().connection(), "a/*");
        Await.until("ann is gone", () -> topics.presence("a/b").equals(Map.of("bob", 1)));
        Set<String> called = new HashSet<>();
        Await.until("nothing is subscribed", () -> {
            called.clear();
            operator.info("commandstats").lines().filter(line -> line.startsWith("cmdstat_"))
                    .forEach(line -> called.add(line.substring(8, line.indexOf(':'))));
            return called.contains("sunsubscribe") && (cluster || called.contains("punsubscribe"));
        });
        List<Object> refused = operator.dispatch(CommandType.ACL, new NestedMultiOutput<>(StringCodec.UTF8),
                new CommandArgs<>(StringCodec.UTF8).add("LOG"));
        assertEquals(List.of(), refused);
        return called;
    }

    private static RedisBackplane.Builder builder(String uri, boolean cluster) {
        return cluster ? RedisBackplane.clusterBuilder(uri) : RedisBackplane.builder(uri);
    }

    private static void leaveAGhost(RedisCommands<String, String> operator, boolean cluster) {
        Keys keys = cluster ? new ClusterKeys("weft:") : new ServerKeys("weft:");
        int group = keys.group("a/b");
        operator.hset(Link.text(keys.members("a/b")), Map.of("n:ghost:eve", "1", "a:eve", "1"));
        operator.sadd(Link.text(keys.entries("ghost", group)), "3:a/beve");
        operator.zadd(Link.text(keys.nodes(group)), 1, "ghost");
    }

    @Test
    void wrongPasswordMustBeNamed() throws Exception {
        BrokerProcess server = opened(BrokerProcess.redis("--requirepass", "right"));
        RedisBackplane one = opened(quick(RedisBackplane.builder("redis://:wrong@127.0.0.1:" + server.port())));
        topics(one);
        assertTrue(one.health().detail().contains("WRONGPASS"), one.health().detail());
        RedisBackplane none = opened(quick(RedisBackplane.clusterBuilder("redis://:wrong@127.0.0.1:" + server.port())));
        topics(none);
        assertTrue(none.health().detail().contains("WRONGPASS"), none.health().detail());
    }

    // The server.

    @Test
    void fullMemoryMustBeNamedAndWaitedFor() throws Exception {
        BrokerProcess server = opened(BrokerProcess.redis());
        RedisCommands<String, String> operator = operator(server);
        RedisBackplane node = node(server);
        Topics topics = topics(node);
        TestPair pair = pair();
        topics.subscribe(pair.server().connection(), "a", GAPS);
        operator.configSet("maxmemory", "1");
        Await.until("the node has noticed", () -> !node.health().connected());
        assertTrue(node.health().detail().contains("maxmemory"), node.health().detail());
        TopicException refused = assertThrows(TopicException.class, () -> topics.publish("a", "2"));
        assertEquals(Reason.BACKPLANE_AWAY, refused.reason());
        assertTrue(refused.getMessage().contains("maxmemory"), refused.getMessage());
        operator.configSet("maxmemory", "0");
        publish(topics, "a", "3");
        pair.client().expectText("3");
    }

    @Test
    void replicaMustBeNamedUntilItIsTheMaster() throws Exception {
        BrokerProcess master = opened(BrokerProcess.redis("--repl-diskless-sync-delay", "0"));
        BrokerProcess replica = opened(BrokerProcess.redis("--replicaof", "127.0.0.1", "" + master.port()));
        RedisCommands<String, String> operator = operator(replica);
        Await.until("it is a replica", Duration.ofSeconds(20),
                () -> operator.info("replication").contains("master_link_status:up"));
        RedisBackplane node = node(replica);
        Topics topics = topics(node);
        assertFalse(node.health().connected());
        assertTrue(node.health().detail().contains("read only replica"), node.health().detail());
        operator.replicaofNoOne();
        publish(topics, "a", "1");
        Await.until("the node is connected", () -> node.health().connected());
    }

    @Test
    void connectionsThatAreClosedMustCostNoMessage() throws Exception {
        BrokerProcess server = opened(BrokerProcess.redis());
        RedisCommands<String, String> operator = operator(server);
        // Heartbeats come sooner.
        operator.configSet("timeout", "1");
        Topics topics = topics(node(server));
        TestPair pair = pair();
        topics.subscribe(pair.server().connection(), "a", GAPS);
        for (int i = 0; i < 10; i++) {
            operator.clientKill(KillArgs.Builder.typePubsub());
            operator.clientKill(KillArgs.Builder.typeNormal().skipme(true));
            publish(topics, "a", "" + i);
            pair.client().expectText("" + i);
        }
    }
}
