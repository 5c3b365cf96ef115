package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
import dev.weft.server.Await;
import dev.weft.testing.TestPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every backplane does, whatever its broker is. */
@Timeout(60)
public abstract class BackplaneContract extends TopicsFixture {
    /** A node of the same group, not yet started. */
    protected abstract Backplane node() throws Exception;

    protected final Topics topics(TopicLimits limits) throws Exception {
        return start(Topics.builder().limits(limits));
    }

    protected final Topics start(Topics.Builder builder) throws Exception {
        return builder.backplane(opened(node())).build();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void messageMustReachSubscribersOfAllNodesOnce(int history) throws Exception {
        TopicLimits limits = TopicLimits.builder().historyLength(history).build();
        Topics first = topics(limits);
        Topics second = topics(limits);
        TestPair near = pair();
        TestPair far = pair();
        TestPair filtered = pair();
        first.subscribe(end(near), "room/1");
        second.subscribe(end(far), "room/1");
        second.subscribeMatching(end(filtered), "room/*", SubscribeOptions.DEFAULT);
        second.subscribeMatching(end(filtered), "#", SubscribeOptions.DEFAULT);
        first.publish("room/1/typing", "for # alone");
        peer(filtered).expectText("for # alone");

        for (int i = 0; i < 50; i++) {
            first.publish("room/1", "a" + i);
            first.publish("room/1", PreparedMessage.binary(new byte[]{(byte) i}));
        }

        for (TestPair each : List.of(near, far, filtered)) {
            for (int i = 0; i < 50; i++) {
                peer(each).expectText("a" + i).expectBinary(new byte[]{(byte) i});
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a[b]?\\x^-z", "grüße/日本", "a.b/c.d", "{a}/b c", "$SYS/>", "~0/%41", "a,b\"c'd"})
    void anyTopicMustBePassed(String name) throws Exception {
        mustBePassed(name);
    }

    @Test
    void longestTopicMustBePassed() throws Exception {
        mustBePassed("日".repeat(250));
    }

    private void mustBePassed(String name) throws Exception {
        for (TopicLimits limits : List.of(NO_HISTORY, HISTORY)) {
            Topics first = topics(limits);
            Topics second = topics(limits);
            TestPair exact = pair();
            TestPair filter = pair();
            second.subscribe(end(exact), name, SubscribeOptions.DEFAULT.format(it -> PreparedMessage.text(it.topic())));
            second.subscribeMatching(end(filter), name + "/#", SubscribeOptions.DEFAULT);
            first.publish(name, "x");
            first.publish(name + "/more", "");
            peer(exact).expectText(name);
            peer(filter).expectText("");
        }
    }

    @Test
    void allNodesMustHaveTheSameOrderAndPositions() throws Exception {
        TopicLimits limits = TopicLimits.builder().historyLength(1000).build();
        Topics first = topics(limits);
        Topics second = topics(limits);
        TestPair near = pair();
        TestPair far = pair();
        first.subscribe(end(near), "a", PLACED);
        second.subscribe(end(far), "a", PLACED);

        List<Thread> threads = new ArrayList<>();
        for (Topics each : List.of(first, second, first)) {
            threads.add(Thread.ofVirtual().start(() -> IntStream.range(0, 100)
                    .forEach(i -> each.publish("a", "m" + i))));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        for (int i = 0; i < 300; i++) {
            String text = peer(near).expectText();
            assertFalse(text.contains("gap"));
            peer(far).expectText(text);
        }
    }

    @Test
    void subscriberThatComesToAnotherNodeMustGetExactlyWhatItHasMissed() throws Exception {
        Topics first = topics(HISTORY);
        first.publish("other", "x");
        Position seen = first.publish("a", "1");
        first.publish("other", "x");
        Position second = first.publish("a", "2");
        Topics later = topics(HISTORY);
        TestPair pair = pair();

        Subscription subscription = later.subscribe(end(pair), "a", PLACED.since(seen));
        Position third = first.publish("a", "3");

        assertEquals(Recovery.COMPLETE, subscription.recovery());
        peer(pair).expectText(second + " 2").expectText(third + " 3");
        assertEquals(Recovery.COMPLETE, later.subscribe(end(pair), "a", PLACED.since(third)).recovery());
        for (int i = 0; i < 6; i++) {
            first.publish("a", "more");
        }
        Topics last = topics(HISTORY);
        assertEquals(Recovery.IMPOSSIBLE, last.subscribe(end(pair), "a", PLACED.since(seen)).recovery());
        assertEquals(5, last.history("a", 10).size());
    }

    @Test
    void emptyTopicMustHaveAPositionToComeBackTo() throws Exception {
        Topics first = topics(HISTORY);
        first.publish("other", "x");
        TestPair pair = pair();
        Position start = first.subscribe(end(pair), "a", PLACED).start();
        first.unsubscribe(end(pair), "a");
        Position one = first.publish("a", "1");
        first.publish("other", "x");

        Topics second = topics(HISTORY);
        assertEquals(Recovery.COMPLETE, second.subscribe(end(pair), "a", PLACED.since(start)).recovery());
        peer(pair).expectText(one + " 1");
    }

    @Test
    void topicThatAFilterHasBegunMustHaveItsWholeHistory() throws Exception {
        Topics first = topics(HISTORY);
        Position one = first.publish("a/1", "1");
        Position two = first.publish("a/1", "2");
        Topics second = topics(HISTORY);
        TestPair filter = pair();
        second.subscribeMatching(end(filter), "a/#", PLACED);
        Position three = first.publish("a/1", "3");
        peer(filter).expectText(three + " 3");

        TestPair last = pair();
        second.subscribe(end(last), "a/1", PLACED.last(5));
        peer(last).expectText(one + " 1").expectText(two + " 2").expectText(three + " 3");
        TestPair since = pair();
        assertEquals(Recovery.COMPLETE, second.subscribe(end(since), "a/1", PLACED.since(one)).recovery());
        peer(since).expectText(two + " 2").expectText(three + " 3");
        Position four = first.publish("a/1", "4");
        for (TestPair each : List.of(filter, last, since)) {
            peer(each).expectText(four + " 4");
        }
    }

    /** A message before the newest position that is not in the history would be lost to the node that reads it. */
    @Test
    void historyMustHoldWhatIsPublishedWhileItIsRead() throws Exception {
        Topics publishing = topics(HISTORY);
        Backplane reading = opened(node());
        Topics.builder().limits(HISTORY).backplane(reading).build();
        for (int i = 0; i < 200; i++) {
            String topic = "a" + i;
            FutureTask<BackplaneHistory> read = new FutureTask<>(() -> reading.read(topic));
            Thread.ofVirtual().start(read);
            Position position = publishing.publish(topic, "x");
            BackplaneHistory history = read.get();
            int expected = history.newest().offset() < position.offset() ? 0 : 1;
            assertEquals(expected, history.messages().size(), () -> position + " in " + history);
        }
    }

    @Test
    void nodeThatReturnsToATopicMustHaveMissedNothing() throws Exception {
        Topics first = topics(HISTORY);
        Topics second = topics(HISTORY);
        TestPair pair = pair();
        second.subscribe(end(pair), "a", PLACED);
        Position seen = first.publish("a", "1");
        peer(pair).expectText(seen + " 1");
        second.unsubscribe(end(pair), "a");
        Position missed = first.publish("a", "2");

        assertEquals(Recovery.COMPLETE, second.subscribe(end(pair), "a", PLACED.since(seen)).recovery());
        peer(pair).expectText(missed + " 2");
        assertEquals(List.of(seen, missed), second.history("a", 5).stream().map(Publication::position).toList());
    }

    @Test
    void keyMustReachOtherNodes() throws Exception {
        Topics first = topics(NO_HISTORY);
        Topics second = topics(NO_HISTORY);
        TestPair slow = pair();
        second.subscribe(end(slow), "prices");
        String filler = " ".repeat(20_000);
        for (int i = 0; i < 100; i++) {
            first.publishLatest("prices", "a", PreparedMessage.text(i + filler));
        }
        Await.until("values are replaced", () -> end(slow).queue().replacedMessages() > 20);
    }

    @Test
    void membersMustBeThoseOfAllNodes() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics first = withPresence(events, "ann");
        Topics second = withPresence(events, "ann");
        Topics third = withPresence(events, "bob: é/*");
        TestPair near = pair();
        TestPair far = pair();
        first.subscribe(end(near), "a/b");
        assertEquals("+ann a/b", next(events));
        second.subscribe(end(far), "a/b");
        Await.until("both are there", () -> first.presence("a/b").equals(Map.of("ann", 2)));
        third.subscribe(end(pair()), "a/b");
        assertEquals("+bob: é/* a/b", next(events));
        assertEquals(Map.of("ann", 2, "bob: é/*", 1), third.presence("a/b"));
        assertEquals(Map.of(), first.presence("a"));

        first.unsubscribe(end(near), "a/b");
        Await.until("one is there", () -> first.presence("a/b").equals(Map.of("ann", 1, "bob: é/*", 1)));
        assertTrue(events.isEmpty());
        second.unsubscribe(end(far), "a/b");
        assertEquals("-ann a/b", next(events));
    }

    /** Users may choose these names, which mean something in the names of subjects and keys. */
    @ParameterizedTest
    @ValueSource(strings = {"*", ">", "", "=", "a.b", "a:b"})
    void memberMustHaveAnyName(String name) throws Exception {
        TestPair bob = pair();
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics topics = start(Topics.builder().member(connection -> connection == end(bob) ? "bob" : name)
                .presenceListener(new PresenceRecorder(events)));
        TestPair named = pair();
        topics.subscribe(end(bob), "a");
        assertEquals("+bob a", next(events));
        topics.subscribe(end(named), "a");
        assertEquals("+" + name + " a", next(events));
        assertEquals(Map.of("bob", 1, name, 1), topics.presence("a"));
        topics.unsubscribe(end(named), "a");
        assertEquals("-" + name + " a", next(events));
        assertEquals(Map.of("bob", 1), topics.presence("a"));
    }

    @Test
    void membersOfANodeThatIsClosedMustLeave() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics staying = withPresence(events, "ann");
        Backplane closing = node();
        Topics topics = Topics.builder().backplane(closing).member(connection -> "bob").build();
        topics.subscribe(end(pair()), "a");
        staying.subscribe(end(pair()), "a");
        assertEquals("+ann a", next(events));
        Await.until("both are there", () -> staying.presence("a").size() == 2);

        closing.close();

        assertEquals("-bob a", next(events));
        assertEquals(Map.of("ann", 1), staying.presence("a"));
        assertFalse(closing.health().connected());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void nodesThatFollowATopicMustBeToldWhenMembersOfAnotherChange(int history) throws Exception {
        TopicLimits limits = TopicLimits.builder().historyLength(history).build();
        BlockingQueue<String> toExact = new LinkedBlockingQueue<>();
        BlockingQueue<String> toFiltering = new LinkedBlockingQueue<>();
        BlockingQueue<String> toOther = new LinkedBlockingQueue<>();
        Topics acting = recording(limits, "ann", new LinkedBlockingQueue<>());
        Topics exact = recording(limits, "bob", toExact);
        Topics filtering = recording(limits, "carl", toFiltering);
        Topics other = recording(limits, "dora", toOther);
        TestPair watching = pair();
        TestPair apart = pair();
        TestPair coming = pair();
        exact.subscribe(end(watching), "room/[é]");
        Await.until("bob is there", () -> exact.presence("room/[é]").size() == 1);
        filtering.subscribeMatching(end(pair()), "room/*", SubscribeOptions.DEFAULT);
        other.subscribe(end(apart), "room/[e]");
        // In Redis, such a pattern matches more than the filter.
        other.subscribeMatching(end(apart), "*", SubscribeOptions.DEFAULT);

        acting.publish("room/[é]", "1");
        acting.subscribe(end(coming), "room/[é]");
        awaitMembers(Map.of("ann", 1, "bob", 1), exact, toExact);
        awaitMembers(Map.of("ann", 1, "bob", 1), filtering, toFiltering);
        acting.unsubscribe(end(coming), "room/[é]");
        awaitMembers(Map.of("bob", 1), exact, toExact);
        awaitMembers(Map.of("bob", 1), filtering, toFiltering);

        // Messages are as before.
        acting.publish("room/[é]", "2");
        peer(watching).expectText("1").expectText("2");
        acting.publish("room/[e]", "3");
        peer(apart).expectText("3");
        assertFalse(toOther.contains("room/[é]"));
    }

    @Test
    void allNodesMustBeToldWhenMembersOfADeadOneLeave() throws Exception {
        BlockingQueue<String> toFirst = new LinkedBlockingQueue<>();
        BlockingQueue<String> toSecond = new LinkedBlockingQueue<>();
        Topics first = recording(NO_HISTORY, "ann", toFirst);
        Topics second = recording(NO_HISTORY, "ann", toSecond);
        Backplane closing = node();
        Topics topics = Topics.builder().backplane(closing).member(connection -> "bob").build();
        topics.subscribe(end(pair()), "a");
        first.subscribe(end(pair()), "a");
        second.subscribe(end(pair()), "a");
        Await.until("all are there", () -> first.presence("a").equals(Map.of("ann", 2, "bob", 1)));
        toFirst.clear();
        toSecond.clear();

        closing.close();

        awaitMembers(Map.of("ann", 2), first, toFirst);
        awaitMembers(Map.of("ann", 2), second, toSecond);
    }

    private Topics recording(TopicLimits limits, String member, BlockingQueue<String> events) throws Exception {
        return start(Topics.builder().limits(limits).member(connection -> member)
                .presenceListener(new ChangeRecorder(events)));
    }

    /** Who asks whenever something is told must have the right members then. */
    private static void awaitMembers(Map<String, Integer> expected, Topics topics, BlockingQueue<String> events)
            throws Exception {
        String event;
        do {
            event = next(events);
            assertNotNull(event, "it was not told");
        } while (!topics.presence(event.replace("-", "")).equals(expected));
    }

    protected final Topics withPresence(BlockingQueue<String> events, String member) throws Exception {
        return start(Topics.builder().member(connection -> member).presenceListener(new PresenceRecorder(events)));
    }

    protected static String next(BlockingQueue<String> events) throws InterruptedException {
        return events.poll(30, TimeUnit.SECONDS);
    }
}
