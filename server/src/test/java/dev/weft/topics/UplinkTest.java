package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import dev.weft.topics.TopicException.Reason;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a backplane that is slow or fails must not break, and two threads at the same time. */
@Timeout(60)
class UplinkTest {
    private static final TopicLimits HISTORY = TopicLimits.builder().historyLength(5).build();

    private final List<TestPair> pairs = new ArrayList<>();
    private final MemoryBroker broker = new MemoryBroker(1);
    private final MemoryBroker.Node node = broker.node();
    /** Is told the name of each method of the backplane before it is called. */
    private Consumer<String> before = method -> {};

    @AfterEach
    void close() {
        pairs.forEach(TestPair::close);
    }

    private WebSocketConnection connection() {
        return pair().server().connection();
    }

    private TestPair pair() {
        TestPair pair = TestConnection.pair();
        pairs.add(pair);
        return pair;
    }

    private Topics topics() {
        return Topics.builder().limits(HISTORY).backplane(observed()).member(connection -> "ann").build();
    }

    private Backplane observed() {
        return (Backplane) Proxy.newProxyInstance(UplinkTest.class.getClassLoader(),
                new Class<?>[]{Backplane.class}, (proxy, method, arguments) -> {
                    before.accept(method.getName());
                    try {
                        return method.invoke(node, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static Consumer<String> failingOnceIn(String method) {
        AtomicBoolean failed = new AtomicBoolean();
        return each -> {
            if (each.equals(method) && !failed.getAndSet(true)) {
                throw new IllegalStateException("on purpose");
            }
        };
    }

    // Two threads.

    @Test
    void interestThatEndsMustNotTakeTheNextOneWithIt() throws Exception {
        Topics topics = topics();
        WebSocketConnection first = connection();
        TestPair second = pair();
        topics.subscribe(first, "a");
        List<Thread> others = new ArrayList<>();
        before = method -> {
            if (method.equals("unsubscribe")) {
                Thread other = Thread.ofVirtual()
                        .start(() -> topics.subscribe(second.server().connection(), "a"));
                others.add(other);
                // Until it has subscribed, or waits for this thread.
                while (other.isAlive() && other.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
            }
        };

        topics.unsubscribe(first, "a");
        others.getFirst().join();

        assertEquals(Set.of("a"), node.filters);
        topics.publish("a", "message");
        second.client().expectText("message");
    }

    /** Of several servers, one may have been away. */
    @Test
    void lossMustBeToldToTheSubscribersOfItsTopicsAlone() throws Exception {
        Topics topics = Topics.builder().backplane(node).build();
        SubscribeOptions gaps = SubscribeOptions.DEFAULT.gapNotice(it -> PreparedMessage.text("gap"));
        TestPair lost = pair();
        TestPair other = pair();
        TestPair filter = pair();
        topics.subscribe(lost.server().connection(), "lost", gaps);
        topics.subscribe(other.server().connection(), "other", gaps);
        topics.subscribeMatching(filter.server().connection(), "x/*", gaps);

        broker.tellLoss("lost"::equals);
        topics.publish("lost", "1");
        topics.publish("other", "2");

        lost.client().expectText("gap").expectText("1");
        other.client().expectText("2");
        filter.client().expectText("gap");
    }

    /** Each loss names other topics, and nobody can be told of any of them while the broker is away. */
    @Test
    void manyLossesBeforeTheBrokerIsBackMustNotKeepMembersFromIt() throws Exception {
        Topics topics = Topics.builder().backplane(node).member(connection -> "ann").build();
        topics.subscribe(connection(), "a");
        Await.until("ann is there", () -> node.members.size() == 1);
        broker.away(true);
        for (int i = 0; i < 100_000; i++) {
            broker.tellLoss("other"::equals);
        }
        node.members.clear();
        broker.away(false);
        Await.until("ann is there again", () -> node.members.size() == 1);
    }

    @Test
    void returnOfTheBrokerMustNotWaitForASlowTopic() throws Exception {
        Topics topics = topics();
        CountDownLatch slow = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        topics.subscribe(connection(), "slow", SubscribeOptions.DEFAULT.format(it -> {
            begun.countDown();
            await(slow);
            return it.message();
        }));
        topics.publish("slow", "message");
        await(begun);
        try {
            mustEnd(() -> {
                broker.away(true);
                broker.away(false);
            });
        } finally {
            slow.countDown();
        }
    }

    @Test
    void endOfAFilterMustNotWaitForATopicThatWaitsForTheBroker() throws Exception {
        Topics topics = topics();
        WebSocketConnection all = connection();
        topics.subscribeMatching(all, "#", SubscribeOptions.DEFAULT);
        WebSocketConnection other = connection();
        CountDownLatch slow = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        before = method -> {
            if (method.equals("read")) {
                begun.countDown();
                await(slow);
            }
        };
        Thread waiting = Thread.ofVirtual().start(() -> topics.subscribe(other, "slow"));
        await(begun);
        try {
            mustEnd(() -> assertTrue(topics.unsubscribe(all, "#")));
        } finally {
            slow.countDown();
        }
        waiting.join();
        assertEquals(Set.of("slow"), node.filters);
    }

    // Gaps.

    @Test
    void gapMustBeToldOnceToAConnection() {
        Topics topics = topics();
        TestPair pair = pair();
        SubscribeOptions told = SubscribeOptions.DEFAULT.gapNotice(it -> PreparedMessage.text("gap in " + it.topic()));
        topics.subscribe(pair.server().connection(), "a", told);
        topics.subscribeMatching(pair.server().connection(), "*", told);
        topics.publish("a", "1");
        pair.client().expectText("1");
        node.losing = 16;
        for (int i = 2; i <= 10; i++) {
            topics.publish("a", "" + i);
        }

        pair.client().expectText("gap in a").expectText("6");
    }

    // A backplane that fails in a way that it should not.

    @Test
    void topicMustGoOnAfterAFailure() {
        Topics topics = topics();
        TestPair pair = pair();
        topics.subscribe(pair.server().connection(), "a");
        before = failingOnceIn("readAfter");
        topics.publish("a", "1");
        pair.client().expectText("1");
        node.losing = 1;
        topics.publish("a", "2");
        topics.publish("a", "3");

        pair.client().expectText("2").expectText("3");
    }

    @Test
    void presenceMustGoOnAfterAFailure() {
        Topics topics = topics();
        before = failingOnceIn("present");
        topics.subscribe(connection(), "a");

        Await.until("the member is known", () -> topics.presence("a").size() == 1);
    }

    @Test
    void subscriptionThatFailsMustLeaveNothing() {
        Topics topics = topics();
        WebSocketConnection connection = connection();
        before = failingOnceIn("subscribe");
        assertThrows(IllegalStateException.class, () -> topics.subscribe(connection, "a"));
        assertEquals(List.of(), topics.subscriptions(connection));

        node.passAgain(new BackplaneMessage("a", null, PreparedMessage.text("1"), Instant.EPOCH, 1, 1)
                .at(Position.of(1, 1), 0));
        assertEquals(0, topics.topicCount());
        topics.subscribe(connection, "a");
        assertEquals(Set.of("a"), node.filters);
    }

    @Test
    void subscriptionMustEndEvenIfTheBackplaneFails() {
        Topics topics = topics();
        WebSocketConnection connection = connection();
        topics.subscribe(connection, "a");
        before = failingOnceIn("unsubscribe");
        assertTrue(topics.unsubscribe(connection, "a"));
        assertEquals(List.of(), topics.subscriptions(connection));
        topics.subscribe(connection, "a");
        assertTrue(topics.unsubscribe(connection, "a"));
        assertEquals(Set.of(), node.filters);
    }

    @Test
    void invalidNameMustNotReachTheBroker() {
        Topics topics = topics();
        before = method -> {
            throw new AssertionError(method);
        };
        for (String name : List.of("a*", "a\nb", "#")) {
            assertEquals(Reason.INVALID_NAME,
                    assertThrows(TopicException.class, () -> topics.history(name, 1)).reason());
            assertEquals(Reason.INVALID_NAME,
                    assertThrows(TopicException.class, () -> topics.presence(name)).reason());
        }
    }

    @Test
    void memberThatTakesLongMustNotHoldUpAllOthers() throws Exception {
        Topics topics = topics();
        CountDownLatch goesOn = new CountDownLatch(1);
        AtomicBoolean waited = new AtomicBoolean();
        before = method -> {
            if (method.equals("present") && !waited.getAndSet(true)) {
                await(goesOn);
            }
        };
        List<String> names = IntStream.range(0, 50).mapToObj(i -> "a" + i).toList();
        names.forEach(each -> topics.subscribe(connection(), each));
        Await.until("others are known",
                () -> names.stream().filter(each -> topics.presence(each).size() == 1).count() > 25);
        goesOn.countDown();
        names.forEach(each -> Await.until("the member is known", () -> topics.presence(each).size() == 1));
    }

    /** Nobody tells the node that its backplane is closed. */
    @Test
    void memberMustNotBeToldToAClosedBackplaneAgainAndAgain() throws Exception {
        Topics topics = topics();
        WebSocketConnection connection = connection();
        topics.subscribe(connection, "a");
        Await.until("ann is there", () -> topics.presence("a").size() == 1);
        CompletableFuture<Thread> telling = telling();
        node.close();
        connection.abort();

        assertTrue(telling.get(30, TimeUnit.SECONDS).join(Duration.ofSeconds(10)), "it goes on");
    }

    @Test
    void memberThatIsNotToldBeforeAnInterruptionIsNoticedMustBeToldAfterIt() throws Exception {
        Topics topics = topics();
        CompletableFuture<Thread> telling = telling();
        before = before.andThen(method -> {
            if (method.equals("present")) {
                broker.leaveUntold();
            }
        });
        topics.subscribe(connection(), "a");
        assertTrue(telling.get(30, TimeUnit.SECONDS).join(Duration.ofSeconds(10)), "it goes on");
        before = method -> {};
        broker.away(true);
        broker.away(false);

        Await.until("ann is there", () -> topics.presence("a").size() == 1);
    }

    /** The thread that tells the backplane the next member. */
    private CompletableFuture<Thread> telling() {
        CompletableFuture<Thread> telling = new CompletableFuture<>();
        before = method -> {
            if (method.equals("present")) {
                telling.complete(Thread.currentThread());
            }
        };
        return telling;
    }

    /** Some of the others wait for the same thread. */
    @Test
    void memberThatTheBackplaneCannotHaveMustNotBeToldAgain() {
        Topics topics = topics();
        AtomicBoolean refused = new AtomicBoolean();
        before = method -> {
            if (method.equals("present") && !refused.getAndSet(true)) {
                throw new IllegalArgumentException("on purpose");
            }
        };
        topics.subscribe(connection(), "a");
        Await.until("it is refused", refused::get);
        List<String> others = IntStream.range(0, 50).mapToObj(i -> "b" + i).toList();
        others.forEach(each -> topics.subscribe(connection(), each));
        others.forEach(each -> Await.until("the member is known", () -> topics.presence(each).size() == 1));
        assertEquals(Map.of(), topics.presence("a"));
    }

    @Test
    void memberThatLeavesWhileTheBrokerIsAwayMustBeGoneHoweverManyHaveComeAndGone() {
        TopicTable table = new TopicTable(HISTORY, Clock.systemUTC());
        Presence presence = new Presence(null);
        Uplink uplink = new Uplink(node, false, table, new FilterTree(), presence);
        Members members = uplink.members();
        table.begin(members, uplink);
        node.start(HISTORY, uplink);
        members.changed("a", "ann", 0, 1);
        Await.until("ann is there", () -> node.presence("a").equals(Map.of("ann", 1)));

        broker.away(true);
        for (int i = 0; i < 1 << 20; i++) {
            members.changed("a", "m" + i, 0, 1);
            members.changed("a", "m" + i, 1, 0);
        }
        members.changed("a", "ann", 1, 0);
        members.changed("a", "bob", 0, 1);
        broker.away(false);

        Await.until("ann is gone", () -> node.presence("a").equals(Map.of("bob", 1)));
    }

    @Test
    void membersThatTheBrokerHasLostMustBeToldAgainEvenIfThatFailsAtFirst() {
        TopicTable table = new TopicTable(HISTORY, Clock.systemUTC());
        Uplink uplink = new Uplink(node, false, table, new FilterTree(), new Presence(null));
        AtomicBoolean failed = new AtomicBoolean();
        table.begin((topic, name, earlier, connections) -> {
            if (earlier == connections && !failed.getAndSet(true)) {
                throw new OutOfMemoryError("on purpose");
            }
            uplink.members().changed(topic, name, earlier, connections);
        }, uplink);
        node.start(HISTORY, uplink);
        Topic topic = table.get("a", List.of("a"));
        uplink.prepare(topic, null);
        topic.subscribe(new Subscription(connection(), "a", List.of("a"), SubscribeOptions.DEFAULT), "ann",
                Instant.now());
        Await.until("ann is there", () -> node.presence("a").equals(Map.of("ann", 1)));
        node.members.clear();
        uplink.back();

        Await.until("ann is there again", () -> node.presence("a").equals(Map.of("ann", 1)));
        assertTrue(failed.get());
    }

    /** It joins again while its departure is on its way, which then fails. */
    @Test
    void memberThatJoinsAndLeavesWhileItIsToldMustBeGone() {
        TopicTable table = new TopicTable(HISTORY, Clock.systemUTC());
        Presence presence = new Presence(null);
        Members[] members = new Members[1];
        AtomicBoolean failed = new AtomicBoolean();
        before = method -> {
            if (method.equals("present") && members[0] != null && !failed.getAndSet(true)) {
                members[0].changed("a", "ann", 0, 1);
                throw BackplaneException.notDone("on purpose");
            }
        };
        Uplink uplink = new Uplink(observed(), false, table, new FilterTree(), presence);
        table.begin(uplink.members(), uplink);
        node.start(HISTORY, uplink);
        uplink.members().changed("a", "ann", 0, 1);
        Await.until("ann is there", () -> node.presence("a").equals(Map.of("ann", 1)));
        broker.away(true);
        uplink.members().changed("a", "ann", 1, 0);
        members[0] = uplink.members();
        broker.away(false);
        Await.until("it has failed", failed::get);
        uplink.members().changed("a", "ann", 1, 0);

        Await.until("ann is gone", () -> node.presence("a").isEmpty());
    }

    @Test
    void memberOfADeadNodeThatTwoNodesReportMustLeaveOnce() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        List<String> left = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(1);
        Presence presence = new Presence(new PresenceListener() {
            @Override
            public void joined(String topic, String member) {
                if (member.equals("first")) {
                    await(slow);
                } else {
                    done.countDown();
                }
            }

            @Override
            public void left(String topic, String member) {
                left.add(member);
            }
        });
        presence.changed("a", "first", true);
        presence.changed("a", "ann", false);
        presence.changed("a", "ann", false);
        presence.changed("a", "last", true);
        slow.countDown();
        await(done);

        assertEquals(List.of("ann"), left);
    }

    @Test
    void changeThatMayHaveBeenMadeWithoutAnAnswerMustBeTold() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics topics = topics();
        topics.addPresenceListener(new ChangeRecorder(events));
        AtomicBoolean failed = new AtomicBoolean();
        before = method -> {
            if (method.equals("present") && !failed.getAndSet(true)) {
                node.present("a", "ann", 1);
                throw BackplaneException.uncertain("on purpose", new IllegalStateException());
            }
        };
        topics.subscribe(connection(), "a");

        assertEquals("a", events.poll(30, TimeUnit.SECONDS));
    }

    /** A program that has asked for the members in between has seen it. */
    @Test
    void memberThatComesAndGoesBeforeItIsToldMustBeAChange() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Presence presence = new Presence(new PresenceListener() {
            @Override
            public void joined(String topic, String member) {
                await(slow);
                events.add("joined " + member);
            }

            @Override
            public void left(String topic, String member) {
                events.add("left " + member);
            }

            @Override
            public void changed(String topic) {
                events.add("changed " + topic);
            }
        });
        presence.changed("a", "first", true);
        presence.changed("b", "ann", true);
        presence.changed("b", "ann", false);
        slow.countDown();

        assertEquals("joined first", events.poll(30, TimeUnit.SECONDS));
        assertEquals("changed b", events.poll(30, TimeUnit.SECONDS));
    }

    private static void mustEnd(Runnable action) throws InterruptedException {
        Thread thread = Thread.ofVirtual().start(action);
        assertTrue(thread.join(Duration.ofSeconds(10)), "it waits");
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
