package dev.weft.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.BrokerProcess;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a real Redis server. The tests themselves say when a node sends its heartbeat, and in what order. */
@Timeout(60)
class MembersTest {
    private static final Duration ENOUGH = Duration.ofMinutes(1);

    private static final Link.Listener NOBODY = new Link.Listener() {
        @Override
        public void message(Link link, byte[] channel, byte[] message) {}

        @Override
        public void ended(Link link, byte[] channel) {}
    };

    private static BrokerProcess broker;
    private static RedisClient client;
    private static RedisCommands<String, String> redis;
    private static Link link;
    private static int groups;

    /** What the receiver of any node was told. */
    private final List<String> events = new ArrayList<>();
    private final Told told = new Told(events);
    private String prefix;

    private record Node(Members members, String name) {}

    @BeforeAll
    static void startBroker() throws Exception {
        broker = BrokerProcess.redis();
        RedisURI uri = RedisURI.create("redis://127.0.0.1:" + broker.port());
        client = RedisClient.create(uri);
        redis = client.connect().sync();
        link = new Link(client, uri, ENOUGH, false, NOBODY);
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

    private Node node() {
        List<String> others = redis.zrange(prefix + "nodes", 0, -1);
        Members members = new Members(new ServerKeys(prefix), ENOUGH);
        assertTrue(beat(members, told));
        List<String> nodes = redis.zrange(prefix + "nodes", 0, -1);
        nodes.removeAll(others);
        return new Node(members, nodes.getFirst());
    }

    private static boolean beat(Members members, Backplane.Receiver receiver) {
        return members.beat(link, 0, null, ENOUGH, receiver).unknown();
    }

    private boolean present(Node node, String member, int connections) {
        return node.members().present(link, "a", member, connections);
    }

    private boolean beat(Node node) {
        return beat(node.members(), told);
    }

    /** Puts the last beat of a node into the past. */
    private void standStill(Node node) {
        redis.zadd(prefix + "nodes", 1, node.name());
    }

    /** The beat of a node; in the middle of it, when it reports that a member is gone, something else happens. */
    private <T> T beat(Node node, Supplier<T> meanwhile) {
        AtomicReference<T> result = new AtomicReference<>();
        beat(node.members(), new Backplane.Receiver() {
            @Override
            public void received(BackplaneMessage message) {}

            @Override
            public void away() {}

            @Override
            public void back() {}

            @Override
            public void memberGone(String topic, String member) {
                result.set(meanwhile.get());
            }

            @Override
            public void membersChanged(String topic) {}
        });
        return result.get();
    }

    private Map<String, Integer> members() {
        return new Members(new ServerKeys(prefix), ENOUGH).of(link, "a");
    }

    @Test
    void nodeThatStoodStillMustLearnThatItIsGivenUpIfItsMembersAreElsewhereToo() {
        Node still = node();
        Node other = node();
        Node third = node();
        assertTrue(present(still, "ann", 1));
        assertFalse(present(other, "ann", 1));

        standStill(still);
        assertFalse(beat(third));
        assertEquals(Map.of("ann", 1), members());

        assertTrue(beat(still));
        assertFalse(present(still, "ann", 1));
        assertEquals(Map.of("ann", 2), members());
        assertFalse(present(other, "ann", 0), "she is still on the first node");
        assertEquals(List.of(), events);
    }

    @Test
    void nodeThatReturnsWhileItIsGivenUpMustLearnIt() {
        Node still = node();
        Node other = node();
        present(still, "ann", 1);
        present(still, "bob", 1);
        present(other, "ann", 1);

        standStill(still);
        assertTrue(beat(other, () -> beat(still)));

        present(still, "ann", 1);
        present(still, "bob", 1);
        assertEquals(Map.of("ann", 2, "bob", 1), members());
    }

    @Test
    void membersOfANodeMustBeRefusedWhileItIsGivenUp() {
        Node still = node();
        Node other = node();
        present(still, "ann", 1);
        standStill(still);
        BackplaneException refused = beat(other,
                () -> assertThrows(BackplaneException.class, () -> present(still, "bob", 1)));
        assertFalse(refused.isUncertain());
        assertEquals(Map.of(), members());
    }

    @Test
    void membersOfANodeMustBeRefusedAfterItIsForgotten() {
        Node still = node();
        Node other = node();
        present(still, "ann", 1);
        standStill(still);
        beat(other);
        assertEquals(List.of("gone a ann"), events);
        assertNull(redis.zscore(prefix + "nodes", still.name()));

        // Nobody would remove them if the node died now.
        assertThrows(BackplaneException.class, () -> present(still, "ann", 1));
        assertEquals(Map.of(), members());
        assertEquals(0, redis.exists(prefix + "e:" + still.name(), prefix + "m:{a}"));

        assertTrue(beat(still));
        assertTrue(present(still, "ann", 1));
        assertEquals(Map.of("ann", 1), members());
        standStill(still);
        beat(other);
        assertEquals(List.of("gone a ann", "gone a ann"), events);
    }

    @Test
    void oneBeatMustRemoveAllEntriesOfADeadNode() {
        Node dead = node();
        Node other = node();
        for (int i = 0; i < 1200; i++) {
            present(dead, "m" + i, 1);
            present(other, "m" + i, 1);
        }
        standStill(dead);
        beat(other);
        assertEquals(0, redis.exists(prefix + "e:" + dead.name()));
        assertNull(redis.zscore(prefix + "nodes", dead.name()));
        assertTrue(members().values().stream().allMatch(count -> count == 1));
    }

    @Test
    void nodeThatNobodyHasMissedMustGoOn() {
        Node late = node();
        present(late, "ann", 1);
        standStill(late);
        assertFalse(beat(late));
        assertEquals(Map.of("ann", 1), members());
        assertEquals(List.of(), events);
    }
}
