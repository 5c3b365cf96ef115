package dev.weft.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.server.Await;
import dev.weft.testing.TestPair;
import dev.weft.topics.BackplaneException;
import dev.weft.topics.BackplaneHealth;
import dev.weft.topics.BrokerProcess;
import dev.weft.topics.Position;
import dev.weft.topics.Recovery;
import dev.weft.topics.TopicException.Reason;
import dev.weft.topics.TopicException;
import dev.weft.topics.Topics;
import dev.weft.topics.TopicsFixture;
import io.nats.client.Connection;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a real cluster of three NATS servers. */
@SuppressWarnings("try") // A connection may be interrupted when it is closed.
@Timeout(180)
class NatsClusterTest extends TopicsFixture {
    private static final String PREFIX = "test";

    private final List<NatsBackplane> nodes = new ArrayList<>();

    private NatsBackplane node(BrokerProcess server) throws Exception {
        return node(builder(server));
    }

    private NatsBackplane node(NatsBackplane.Builder builder) throws Exception {
        NatsBackplane node = opened(builder.build());
        nodes.add(node);
        return node;
    }

    private static NatsBackplane.Builder builder(BrokerProcess server) {
        return NatsBackplane.builder(uri(server)).prefix(PREFIX).timeout(Duration.ofSeconds(1))
                .nodeTimeout(Duration.ofMillis(600));
    }

    private static String uri(BrokerProcess server) {
        return "nats://127.0.0.1:" + server.port();
    }

    private void awaitConnected() {
        Await.until("all are connected", Duration.ofSeconds(30),
                () -> nodes.stream().allMatch(each -> each.health().connected()));
    }

    // What operators do.

    /** It asks its clients to go elsewhere, and then disconnects them. */
    @Test
    void serverThatIsTakenOutOfServiceMustLoseNothing() throws Exception {
        List<BrokerProcess> servers = cluster(3);
        int leading = holder(servers, PREFIX, streams -> streams.prepareMessages(HISTORY, 1 << 20, 3));
        BrokerProcess other = servers.get((leading + 1) % servers.size());
        Topics following = Topics.builder().limits(HISTORY).member(connection -> "ann")
                .backplane(node(builder(servers.get(leading)).replicas(3))).build();
        Topics publishing = Topics.builder().limits(HISTORY).member(connection -> "bob")
                .backplane(node(builder(other).replicas(3))).build();
        awaitConnected();
        TestPair pair = pair();
        following.subscribe(end(pair), "a", PLACED);
        peer(pair).expectText(publishing.publish("a", "0") + " 0");

        new ProcessBuilder("kill", "-USR2", "" + servers.get(leading).pid()).start().waitFor();
        String left = "connected to " + uri(servers.get(leading));
        int number = 1;
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        BackplaneHealth health;
        do {
            number = publishNext(publishing, pair, number);
            health = nodes.getFirst().health();
        } while (!(health.connected() && !health.detail().equals(left)) && System.nanoTime() < end);
        assertNotEquals(left, health.detail());
        number = publishNext(publishing, pair, number);
        Await.until("ann is there", Duration.ofSeconds(30), () -> presence(publishing).equals(Map.of("ann", 1)));
    }

    /** Publishes a number, and expects it, without a gap, after those whose fate was uncertain. Returns the next number. */
    private static int publishNext(Topics publishing, TestPair pair, int number) throws Exception {
        int next = number;
        while (true) {
            String text = " " + next++;
            try {
                Position position = publishing.publish("a", text.strip());
                String received;
                while (!(received = peer(pair).expectText()).equals(position + text)) {
                    assertFalse(received.equals("gap"), "a gap before " + position + text);
                }
                return next;
            } catch (TopicException e) {
                Thread.sleep(20);
            }
        }
    }

    private static Map<String, Integer> presence(Topics topics) {
        try {
            return topics.presence("a");
        } catch (TopicException e) {
            return Map.of();
        }
    }

    @Test
    void streamThatAnotherServerLeadsMustGoOn() throws Exception {
        List<BrokerProcess> servers = cluster(3);
        holder(servers, PREFIX, streams -> streams.prepareMessages(HISTORY, 1 << 20, 3));
        Topics topics = Topics.builder().limits(HISTORY).backplane(node(builder(servers.getFirst()).replicas(3)))
                .build();
        awaitConnected();
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", PLACED);
        int number = publishNext(topics, pair, 0);
        try (Connection operator = Nats.connect(uri(servers.get(1)))) {
            String before = leader(operator);
            operator.request("$JS.API.STREAM.LEADER.STEPDOWN." + PREFIX, null, Duration.ofSeconds(5));
            while (leader(operator) == null || leader(operator).equals(before)) {
                number = publishNext(topics, pair, number);
            }
        }
        publishNext(topics, pair, number);
    }

    private static String leader(Connection operator) throws Exception {
        try {
            return operator.jetStreamManagement().getStreamInfo(PREFIX).getClusterInfo().getLeader();
        } catch (JetStreamApiException | IOException e) {
            return null;
        }
    }

    /** One of three servers cannot store anything alone. */
    @Test
    void clusterWithoutAMajorityMustBeWaitedFor() throws Exception {
        List<BrokerProcess> servers = cluster(3);
        holder(servers, PREFIX, streams -> streams.prepareMessages(HISTORY, 1 << 20, 3));
        Topics topics = Topics.builder().limits(HISTORY).member(connection -> "ann")
                .backplane(node(builder(servers.getFirst()).replicas(3))).build();
        awaitConnected();
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", PLACED);
        Position before = topics.publish("a", "before");
        peer(pair).expectText(before + " before");

        servers.get(1).kill();
        servers.get(2).kill();
        long start = System.nanoTime();
        assertThrows(TopicException.class, () -> topics.publish("a", "meanwhile"));
        assertTrue(System.nanoTime() - start < Duration.ofSeconds(5).toNanos());
        Await.until("the node has noticed", Duration.ofSeconds(30), () -> !nodes.getFirst().health().connected());
        assertReason(Reason.BACKPLANE_AWAY, () -> topics.publish("a", "meanwhile"));

        servers.get(1).restart();
        servers.get(2).restart();
        Position after = published(topics, "a", "after", Duration.ofSeconds(60));
        assertEquals(before.epoch(), after.epoch());
        String text = peer(pair).expectText();
        if (text.endsWith(" meanwhile")) {
            // Its fate was uncertain.
            text = peer(pair).expectText();
        }
        assertEquals(after + " after", text);
        Await.until("ann is there", Duration.ofSeconds(30), () -> presence(topics).equals(Map.of("ann", 1)));
    }

    // Servers that lose what they had.

    /** The cluster keeps the stream's time of creation, and the server begins with the first offset again. */
    @Test
    void streamThatAServerOfAClusterHasLostMustBeginAnew() throws Exception {
        List<BrokerProcess> servers = cluster(3);
        BrokerProcess losing = servers
                .get(holder(servers, PREFIX, streams -> streams.prepareMessages(HISTORY, 1 << 20, 1)));
        List<BrokerProcess> others = servers.stream().filter(each -> each != losing).toList();
        Topics publishing = Topics.builder().limits(HISTORY).backplane(node(others.get(0))).build();
        Topics following = Topics.builder().limits(HISTORY).backplane(node(others.get(1))).build();
        Await.until("both are connected", () -> nodes.stream().allMatch(each -> each.health().connected()));
        TestPair pair = pair();
        following.subscribe(end(pair), "a", PLACED);
        Position before = publishing.publish("a", "before");
        peer(pair).expectText(before + " before");
        for (int i = 0; i < 100; i++) {
            publishing.publish("other", "x");
        }
        awaitBeats(others.getFirst());

        losing.kill();
        losing.restart();
        Position[] after = new Position[1];
        Await.until("there is a new epoch", Duration.ofSeconds(30), () -> {
            try {
                after[0] = publishing.publish("a", "after");
                return after[0].epoch() != before.epoch();
            } catch (TopicException e) {
                return false;
            }
        });
        boolean told = false;
        String text;
        while (!(text = peer(pair).expectText()).equals(after[0] + " after")) {
            told |= text.equals("gap");
        }
        assertTrue(told);
        assertEquals(Recovery.IMPOSSIBLE, following.subscribe(end(pair), "a", PLACED.since(before)).recovery());
    }

    /** Looks at the stream every 50 seconds only, so that just the offset of its own message can tell. */
    @Test
    void publisherMustNoticeThatAServerHasLostTheStream() throws Exception {
        List<BrokerProcess> servers = cluster(3);
        int losing = holder(servers, PREFIX, streams -> streams.prepareMessages(HISTORY, 1 << 20, 1));
        BrokerProcess other = servers.get((losing + 1) % servers.size());
        NatsBackplane node = node(builder(other).nodeTimeout(Duration.ofMinutes(5)));
        Topics topics = Topics.builder().limits(HISTORY).backplane(node).build();
        Await.until("the node is connected", Duration.ofSeconds(30), () -> node.health().connected());
        Position before = topics.publish("a", "1");

        losing(servers, losing);

        TopicException told = assertThrows(TopicException.class, () -> topics.publish("a", "2"));
        assertTrue(told.getMessage().contains("begun anew"), told.getMessage());
        assertNotEquals(before.epoch(), published(topics, "a", "3").epoch());
    }

    /** And others have published more since then than there was before. */
    @Test
    void nodeMustNoticeThatAServerHasLostTheStream() throws Exception {
        List<BrokerProcess> servers = cluster(3);
        int losing = holder(servers, PREFIX, streams -> streams.prepareMessages(HISTORY, 1 << 20, 1));
        BrokerProcess other = servers.get((losing + 1) % servers.size());
        NatsBackplane node = node(builder(other).nodeTimeout(Duration.ofSeconds(20)));
        Topics topics = Topics.builder().limits(HISTORY).backplane(node).build();
        Await.until("the node is connected", Duration.ofSeconds(30), () -> node.health().connected());
        Position before = topics.publish("a", "1");
        awaitBeats(other);

        losing(servers, losing);
        try (Connection operator = Nats.connect(uri(other))) {
            for (int i = 0; i < 3; i++) {
                operator.jetStream().publish(PREFIX + ".p.a", NatsBackplaneTest.message("" + i));
            }
        }

        Await.until("there is a new epoch", Duration.ofSeconds(30), () -> {
            try {
                return topics.subscribe(end(pair()), "a", PLACED).start().epoch() != before.epoch();
            } catch (TopicException e) {
                return false;
            }
        });
    }

    /** Restarts a server, and returns when the cluster has its stream again, without messages. */
    private void losing(List<BrokerProcess> servers, int server) throws Exception {
        servers.get(server).kill();
        servers.get(server).restart();
        try (Connection operator = Nats.connect(uri(servers.get((server + 2) % servers.size())))) {
            JetStreamManagement management = operator.jetStreamManagement();
            Await.until("the stream is there again", Duration.ofSeconds(30), () -> {
                try {
                    return management.getStreamInfo(PREFIX).getStreamState().getMsgCount() == 0;
                } catch (Exception e) {
                    return false;
                }
            });
        }
    }

    @Test
    void replicatedStreamMustSurviveTheLossOfAServer() throws Exception {
        List<BrokerProcess> servers = cluster(3);
        int losing = holder(servers, PREFIX, streams -> streams.prepareMessages(HISTORY, 1 << 20, 3));
        BrokerProcess other = servers.get((losing + 1) % servers.size());
        NatsBackplane node = node(builder(other).replicas(3));
        Topics topics = Topics.builder().limits(HISTORY).backplane(node).build();
        Await.until("the node is connected", Duration.ofSeconds(30), () -> node.health().connected());
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", PLACED);
        Position before = topics.publish("a", "1");
        peer(pair).expectText(before + " 1");

        servers.get(losing).kill();
        Position[] after = new Position[1];
        Await.until("another server is the leader", Duration.ofSeconds(30), () -> {
            try {
                after[0] = topics.publish("a", "2");
                return true;
            } catch (TopicException e) {
                return false;
            }
        });
        assertEquals(before.epoch(), after[0].epoch());
        String text;
        while (!(text = peer(pair).expectText()).equals(after[0] + " 2")) {
            // Its fate was uncertain.
            assertTrue(text.endsWith(" 2"), text);
        }
    }

    @Test
    void membersThatAServerOfAClusterHasLostMustComeBack() throws Exception {
        List<BrokerProcess> servers = cluster(3);
        int losing = holder(servers, PREFIX + "_members", streams -> streams.prepareMembers(1));
        BrokerProcess other = servers.get((losing + 1) % servers.size());
        NatsBackplane node = node(other);
        Topics topics = Topics.builder().member(connection -> "ann").backplane(node).build();
        // Without a notice, the gap would close the connection.
        topics.subscribe(end(pair()), "a", PLACED);
        Await.until("ann is there", () -> topics.presence("a").equals(Map.of("ann", 1)));

        servers.get(losing).kill();
        Await.until("the node has noticed", () -> !node.health().connected());
        servers.get(losing).restart();
        Await.until("ann is there again", Duration.ofSeconds(30), () -> {
            try {
                return topics.presence("a").equals(Map.of("ann", 1));
            } catch (TopicException e) {
                return false;
            }
        });
    }

    /** Waits until the nodes have looked at the stream, which they do before each heartbeat. */
    private void awaitBeats(BrokerProcess server) throws Exception {
        try (Connection operator = Nats.connect(uri(server))) {
            Streams streams = new Streams(operator, new Subjects(PREFIX), PREFIX, Duration.ofSeconds(5));
            for (int i = 0; i < 2; i++) {
                for (String heartbeat : streams.subjects(PREFIX + ".n.*")) {
                    long before = streams.get(heartbeat).getSeq();
                    Await.until("there is another heartbeat", () -> streams.get(heartbeat).getSeq() > before);
                }
            }
        }
    }

    private List<BrokerProcess> cluster(int size) throws Exception {
        List<String> routes = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            routes.add("nats://127.0.0.1:" + BrokerProcess.freePort());
        }
        List<BrokerProcess> servers = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            String name = "" + i;
            String own = routes.get(i);
            servers.add(opened(BrokerProcess.start((port, folder) -> List.of("nats-server", "--port", "" + port,
                    "--config", configuration(folder), "--addr", "127.0.0.1", "-js", "-sd", folder.toString(),
                    "--server_name", name, "--cluster_name", "weft",
                    "--cluster", own, "--routes", String.join(",", routes)))));
        }
        return servers;
    }

    /** Makes a stream with one replica. Returns which server has it. */
    private static int holder(List<BrokerProcess> servers, String name, Consumer<Streams> making) throws Exception {
        try (Connection operator = Nats.connect(uri(servers.getFirst()))) {
            Streams streams = new Streams(operator, new Subjects(name.replace("_members", "")),
                    name.replace("_members", ""), Duration.ofSeconds(5));
            Await.until("the cluster has JetStream", Duration.ofSeconds(30), () -> {
                try {
                    making.accept(streams);
                    return true;
                } catch (BackplaneException e) {
                    return false;
                }
            });
            return Integer.parseInt(operator.jetStreamManagement().getStreamInfo(name).getClusterInfo().getLeader());
        }
    }

    /** How long a server that is taken out of service waits cannot be said on the command line. */
    private static String configuration(Path folder) {
        try {
            return Files.writeString(folder.resolve("configuration"),
                    "lame_duck_grace_period: 1s, lame_duck_duration: 30s").toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
