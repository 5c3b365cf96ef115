package dev.weft.topics.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.server.Await;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import dev.weft.topics.BackplaneException;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What connections are told if members come and go on other nodes, too. The test is the broker and all other nodes. */
@Timeout(60)
class PresenceWatchTest {
    private static final String TOPIC = "room";
    private static final Duration SHORT = Duration.ofMillis(20);

    /** The members that the broker has. */
    private final Set<String> members = new ConcurrentSkipListSet<>();
    private final AtomicInteger reads = new AtomicInteger();
    private final List<TestPair> pairs = new ArrayList<>();
    /** Is run in each read of the members, after the broker has taken the answer. */
    private volatile Runnable inRead = () -> {};
    private volatile boolean away;
    private final Broker broker = new Broker();
    private Topics topics;
    private PresenceWatch watch;

    private final class Broker extends StubBackplane {
        @Override
        public boolean present(String topic, String member, int connections) {
            return connections > 0 ? members.add(member) : members.remove(member);
        }

        @Override
        public Map<String, Integer> presence(String topic) {
            reads.incrementAndGet();
            if (away) {
                throw BackplaneException.notDone("away on purpose");
            }
            Map<String, Integer> answer = new TreeMap<>();
            members.forEach(each -> answer.put(each, 1));
            inRead.run();
            return answer;
        }
    }

    @BeforeEach
    void begin() {
        begin(SHORT, SHORT);
    }

    private void begin(Duration delay, Duration pause) {
        // With a history, an interruption in which no message was published closes no connection.
        topics = Topics.builder().limits(TopicLimits.builder().historyLength(1).build()).backplane(broker)
                .member(connection -> "ann").build();
        watch = new PresenceWatch(topics, 1000, delay, pause);
        topics.addPresenceListener(watch);
    }

    @AfterEach
    void close() {
        pairs.forEach(TestPair::close);
    }

    private TestPair pair() {
        TestPair pair = TestConnection.pair();
        pairs.add(pair);
        return pair;
    }

    /** What a client knows, from the list and what is told after it. */
    private final class Client {
        final TestPair pair = pair();
        final Set<String> known = new TreeSet<>();
        final List<String> events = new ArrayList<>();

        /** Its node follows the topic, without being one of its members. */
        Client watch() {
            watch.add(topics.subscribe(pair.server().connection(), TOPIC));
            return this;
        }

        Client expect(String... expected) {
            while (!known.equals(Set.of(expected))) {
                JsonObject message = JsonParser.parseString(pair.client().expectText()).getAsJsonObject();
                String type = message.get("type").getAsString();
                if (type.equals("presence")) {
                    known.clear();
                    message.getAsJsonArray("members").forEach(each -> known.add(each.getAsString()));
                    events.add("list");
                    continue;
                }
                String member = message.get("member").getAsString();
                assertTrue(type.equals("joined") ? known.add(member) : known.remove(member),
                        "not a change: " + message);
                events.add(type + " " + member);
            }
            return this;
        }
    }

    private void changedElsewhere() {
        broker.receiver().membersChanged(TOPIC);
    }

    @Test
    void changesOfOtherNodesMustBeTold() {
        members.add("bob");
        Client client = new Client().watch().expect("ann", "bob");
        members.add("carl");
        changedElsewhere();
        client.expect("ann", "bob", "carl");
        members.remove("bob");
        changedElsewhere();
        client.expect("ann", "carl");
    }

    @Test
    void clientThatComesLaterMustGetTheSameListWithoutAnotherRead() {
        members.add("bob");
        new Client().watch().expect("ann", "bob");
        changedElsewhere();
        Await.until("it is read", () -> reads.get() == 2);
        new Client().watch().expect("ann", "bob");
        assertEquals(2, reads.get());
    }

    @Test
    void memberThatMovesToAnotherNodeMustStayWhicheverNoticeComesFirst() {
        begin(SHORT, Duration.ofMillis(300));
        members.add("bob");
        Client client = new Client().watch().expect("ann", "bob");
        // The broker has both changes in their order, this node hears of them in the other one.
        changedElsewhere();
        Await.until("it is read", () -> reads.get() == 2);
        watch.left(TOPIC, "bob");
        client.expect("ann").expect("ann", "bob");
    }

    @Test
    void eventOfThisNodeMustNotBeUndoneByAnOlderAnswer() {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        Client client = new Client().watch().expect("ann");
        inRead = () -> {
            asked.countDown();
            await(answers);
        };
        members.add("carl");
        changedElsewhere();
        await(asked);
        members.add("bob");
        watch.joined(TOPIC, "bob");
        client.expect("ann", "bob");
        answers.countDown();
        client.expect("ann", "bob", "carl");
        assertEquals(List.of("joined bob", "joined carl"),
                client.events.subList(client.events.size() - 2, client.events.size()));
    }

    @Test
    void whatChangesWhileTheMembersAreReadMustBeReadAfterwards() {
        Client client = new Client().watch().expect("ann");
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        inRead = () -> {
            asked.countDown();
            await(answers);
        };
        changedElsewhere();
        await(asked);
        members.add("bob");
        changedElsewhere();
        answers.countDown();
        client.expect("ann", "bob");
    }

    @Test
    void manyChangesMustBeReadTogether() {
        begin(SHORT, Duration.ofMillis(200));
        Client client = new Client().watch().expect("ann");
        Set<String> all = new TreeSet<>(Set.of("ann"));
        for (int i = 0; i < 100; i++) {
            all.add("m" + i);
            members.add("m" + i);
            changedElsewhere();
        }
        client.expect(all.toArray(String[]::new));
        assertTrue(reads.get() <= 4, reads + " reads");
    }

    @Test
    void changesOfThisNodeAloneMustNotBeReadForEver() {
        Client client = new Client().watch().expect("ann");
        for (int i = 0; i < 10; i++) {
            members.add("bob");
            watch.joined(TOPIC, "bob");
            client.expect("ann", "bob");
            client.pair.client().expectNothingFor(SHORT);
            members.remove("bob");
            watch.left(TOPIC, "bob");
            client.expect("ann");
            client.pair.client().expectNothingFor(SHORT);
        }
        // Shortly after the first read, one or two more are made.
        assertTrue(reads.get() <= 4, reads + " reads");
    }

    @Test
    void afterAnInterruptionDifferencesMustBeToldAsSoonAsTheyCanBeRead() {
        Client client = new Client().watch().expect("ann");
        away = true;
        broker.receiver().away();
        members.add("bob");
        changedElsewhere();
        int before = reads.get();
        Await.until("it is tried again", () -> reads.get() > before + 1);
        away = false;
        broker.receiver().back();
        client.expect("ann", "bob");
        // A notice that was lost without an interruption that this node has noticed.
        members.remove("bob");
        broker.receiver().back();
        client.expect("ann");
    }

    @Test
    void listThatCannotBeReadMustComeLater() {
        away = true;
        Client client = new Client().watch();
        Await.until("it is tried again", () -> reads.get() > 1);
        away = false;
        client.expect("ann");
    }

    @Test
    void topicThatNobodyWatchesAnyMoreMustNotBeRead() throws Exception {
        Client client = new Client().watch().expect("ann");
        away = true;
        changedElsewhere();
        int before = reads.get();
        Await.until("it is tried", () -> reads.get() > before);
        watch.remove(client.pair.server().connection(), TOPIC);
        int after = reads.get();
        // It would be tried again several times. One read may be under way.
        client.pair.client().expectNothingFor(SHORT.multipliedBy(16));
        assertTrue(reads.get() <= after + 1, reads + " reads after " + after);

        away = false;
        members.add("bob");
        changedElsewhere();
        new Client().watch().expect("ann", "bob");
        client.pair.client().expectNothingFor(SHORT);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
