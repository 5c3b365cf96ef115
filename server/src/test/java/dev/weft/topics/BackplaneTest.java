package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.testing.TestPair;
import dev.weft.topics.TopicException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two nodes in one process, with a broker in memory. */
@Timeout(60)
class BackplaneTest extends TwoNodes {
    // Publishing.

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void messageMustReachSubscribersOfAllNodesOnce(int history) {
        TopicLimits limits = TopicLimits.builder().historyLength(history).build();
        Topics first = topics(here, limits);
        Topics second = topics(there, limits);
        TestPair near = pair();
        TestPair far = pair();
        TestPair all = pair();
        first.subscribe(end(near), "room/1");
        second.subscribe(end(far), "room/1");
        second.subscribeMatching(end(all), "room/*", SubscribeOptions.DEFAULT);
        second.subscribeMatching(end(all), "#", SubscribeOptions.DEFAULT);

        for (int i = 0; i < 100; i++) {
            first.publish("room/1", "a" + i);
            second.publish("room/1", PreparedMessage.binary(new byte[]{(byte) i}));
        }

        for (TestPair each : List.of(near, far, all)) {
            for (int i = 0; i < 100; i++) {
                peer(each).expectText("a" + i).expectBinary(new byte[]{(byte) i});
            }
        }
    }

    @Test
    void allNodesMustHaveTheSameOrderAndPositions() throws Exception {
        Topics first = topics(here, TopicLimits.builder().historyLength(1000).build());
        Topics second = topics(there, TopicLimits.builder().historyLength(1000).build());
        TestPair near = pair();
        TestPair far = pair();
        first.subscribe(end(near), "a", NUMBERED);
        second.subscribe(end(far), "a", NUMBERED);

        List<Thread> threads = new ArrayList<>();
        for (Topics each : List.of(first, second, first)) {
            threads.add(Thread.ofVirtual().start(() -> IntStream.range(0, 200)
                    .forEach(i -> each.publish("a", "m" + i))));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        for (int i = 1; i <= 600; i++) {
            String text = peer(near).expectText();
            assertTrue(text.startsWith(i + " "), text);
            peer(far).expectText(text);
        }
    }

    @Test
    void keyMustReachOtherNodes() {
        Topics first = topics(here, TopicLimits.DEFAULT);
        Topics second = topics(there, TopicLimits.DEFAULT);
        TestPair slow = pair();
        second.subscribe(end(slow), "prices");
        String filler = " ".repeat(20_000);

        for (int i = 0; i < 100; i++) {
            first.publishLatest("prices", "a", PreparedMessage.text(i + filler));
        }

        Await.until("values are replaced", () -> end(slow).queue().replacedMessages() > 50);
    }

    // Interest.

    @Test
    void nodeMustSubscribeOnlyToWhatItsConnectionsWant() {
        Topics topics = topics(here, HISTORY);
        TestPair first = pair();
        TestPair second = pair();
        topics.subscribe(end(first), "a");
        topics.subscribe(end(second), "a");
        topics.subscribe(end(second), "a", SubscribeOptions.DEFAULT.last(1));
        topics.subscribeMatching(end(first), "b/#", SubscribeOptions.DEFAULT);
        topics.publish("c", "for others");
        assertEquals(Set.of("a", "b/#"), here.filters);

        topics.unsubscribe(end(first), "a");
        topics.unsubscribe(end(first), "b/#");
        assertEquals(Set.of("a"), here.filters);
        end(second).abort();
        Await.until("the node has unsubscribed", () -> here.filters.isEmpty());
    }

    @Test
    void subscriptionThatIsRefusedMustNotStayAtTheBroker() {
        Topics topics = topics(here, TopicLimits.builder().maxTopics(1).build());
        WebSocketConnection connection = end(pair());
        topics.subscribe(connection, "a");
        assertThrows(TopicException.class, () -> topics.subscribe(connection, "b"));
        assertEquals(Set.of("a"), here.filters);
    }

    @Test
    void historyMustBeReadOnceForAllSubscribersOfANode() {
        Topics first = topics(here, HISTORY);
        Position seen = first.publish("a", "1");
        first.publish("a", "2");
        Topics second = topics(there, HISTORY);
        for (int i = 0; i < 10; i++) {
            TestPair pair = pair();
            Subscription subscription = second.subscribe(end(pair), "a", NUMBERED.since(seen));
            assertEquals(Recovery.COMPLETE, subscription.recovery());
            peer(pair).expectText("2 2");
        }
        assertEquals(1, there.reads);
        assertEquals(2, second.history("a", 5).size());
    }

    @Test
    void historyOfATopicThatTheNodeDoesNotFollowMustKeepTheLimits() {
        MovedClock clock = new MovedClock();
        TopicLimits limits = TopicLimits.builder().historyLength(5).historyTime(Duration.ofMinutes(1)).historySize(200)
                .build();
        Topics topics = Topics.builder().limits(limits).clock(clock).backplane(here).build();
        topics.publish("a", "1");
        clock.move(Duration.ofSeconds(61));
        topics.publish("a", "2");
        assertEquals(List.of("2"), texts(topics.history("a", 10)));
        topics.publish("a", "3");
        assertEquals(List.of("2", "3"), texts(topics.history("a", 10)));
        assertEquals(List.of("3"), texts(topics.history("a", 1)));
        assertEquals(List.of(), texts(topics.history("a", 0)));
        topics.publish("a", "x".repeat(100));
        assertEquals(1, topics.history("a", 10).size());

        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        assertEquals(1, topics.history("a", 10).size());
    }

    private static List<String> texts(List<Publication> publications) {
        return publications.stream().map(each -> text(each.message())).toList();
    }

    @Test
    void subscriberThatComesToAnotherNodeMustGetExactlyWhatItHasMissed() {
        Topics first = topics(here, HISTORY);
        Topics second = topics(there, HISTORY);
        TestPair pair = pair();
        second.subscribe(end(pair), "a", NUMBERED);
        first.publish("a", "1");
        Position seen = first.publish("a", "2");
        peer(pair).expectText("1 1").expectText("2 2");
        second.unsubscribe(end(pair), "a");
        first.publish("a", "3");

        assertEquals(Recovery.COMPLETE, second.subscribe(end(pair), "a", NUMBERED.since(seen)).recovery());
        first.publish("a", "4");
        peer(pair).expectText("3 3").expectText("4 4");

        TestPair late = pair();
        for (int i = 5; i <= 8; i++) {
            first.publish("a", "" + i);
        }
        Await.until("they have arrived", () -> second.history("a", 1).getFirst().position().offset() == 8);
        assertEquals(Recovery.IMPOSSIBLE, second.subscribe(end(late), "a", NUMBERED.since(seen)).recovery());
    }

    /** The client has got its last message from a faster node. */
    @Test
    void subscriberThatComesToASlowerNodeMustGetNothingTwice() {
        Topics first = topics(here, HISTORY);
        Topics second = topics(there, HISTORY);
        TestPair near = pair();
        second.subscribe(end(near), "a", NUMBERED);
        first.publish("a", "1");
        peer(near).expectText("1 1");
        there.losing = 1;
        Position seen = first.publish("a", "2");

        TestPair coming = pair();
        assertEquals(Recovery.COMPLETE, second.subscribe(end(coming), "a", NUMBERED.since(seen)).recovery());
        first.publish("a", "3");
        peer(coming).expectText("3 3");
        peer(near).expectText("2 2").expectText("3 3");
    }

    /** The same, where this node has not noticed yet that the broker has lost its data. */
    @Test
    void subscriberThatComesToANodeOfAnOlderEpochMustGetNothingTwice() {
        Topics first = topics(here, HISTORY);
        Topics second = topics(there, HISTORY);
        TestPair near = pair();
        second.subscribe(end(near), "a", NUMBERED);
        first.publish("a", "1");
        peer(near).expectText("1 1");
        broker.loseData();
        there.losing = 1;
        Position seen = first.publish("a", "2");

        TestPair coming = pair();
        assertEquals(Recovery.COMPLETE, second.subscribe(end(coming), "a", NUMBERED.since(seen)).recovery());
        first.publish("a", "3");
        peer(coming).expectText("2 3");
        peer(near).expectText("gap 1 0").expectText("1 2").expectText("2 3");
    }

    @Test
    void newFilterMustGetNothingFromBefore() {
        Topics topics = topics(here, HISTORY);
        TestPair pair = pair();
        topics.subscribeMatching(end(pair), "#", NUMBERED);
        topics.publish("a", "1");
        peer(pair).expectText("1 1");
        topics.unsubscribe(end(pair), "#");
        topics.publish("a", "2");

        topics.subscribeMatching(end(pair), "#", NUMBERED);
        topics.publish("a", "3");
        peer(pair).expectText("3 3");
    }

    // Loss, doubling and disorder between the broker and the node.

    @ParameterizedTest
    @ValueSource(ints = {1, 7})
    void lostMessagesMustBeReadFromTheHistory(int step) {
        MemoryBroker stepping = new MemoryBroker(step);
        MemoryBroker.Node node = stepping.node();
        Topics topics = topics(node, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        topics.publish("a", "1");
        node.losing = 4;
        for (int i = 2; i <= 6; i++) {
            topics.publish("a", "" + i);
        }
        for (int i = 1; i <= 6; i++) {
            peer(pair).expectText(i * step + " " + i);
        }
    }

    /** It continues from a position between two messages: nothing has that offset, and nothing is missing. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7})
    void positionAfterWhichTheNewestMessagesComeMustLeadToARecovery(int step) {
        Topics topics = topics(new MemoryBroker(step).node(), HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        for (int i = 1; i <= 7; i++) {
            topics.publish("a", "" + i);
            peer(pair).expectText(i * step + " " + i);
        }
        for (int last = 1; last <= 5; last++) {
            Position after = topics.subscribe(end(pair()), "a", NUMBERED.last(last)).after();
            Subscription again = topics.subscribe(end(pair()), "a", NUMBERED.since(after));
            assertEquals(Recovery.COMPLETE, again.recovery());
            assertEquals(last, again.replayed());
        }
        long epoch = topics.history("a", 1).getFirst().position().epoch();
        for (long offset : List.of(2L * step - 1, 7L * step + 1)) {
            Position unknown = Position.of(epoch, offset);
            assertEquals(Recovery.IMPOSSIBLE, topics.subscribe(end(pair()), "a", NUMBERED.since(unknown)).recovery());
        }
    }

    @Test
    void filterMustBeToldOfAMessageForWhoseTopicThereIsNoRoom() {
        Topics topics = topics(here, HISTORY.toBuilder().maxTopics(1).build());
        Topics other = topics(there, HISTORY);
        TestPair named = pair();
        TestPair filter = pair();
        topics.subscribe(end(named), "a/1", NUMBERED);
        topics.subscribeMatching(end(filter), "a/*", NUMBERED);
        topics.subscribeMatching(end(pair()), "b/*", NUMBERED);
        other.publish("a/2", "lost");
        peer(filter).expectText("gap 0 0");
        other.publish("a/1", "1");
        peer(filter).expectText("1 1");
        peer(named).expectText("1 1");
        assertEquals(1, topics.totals().gaps());
    }

    @Test
    void gapThatCannotBeFilledMustBeTold() {
        Topics topics = topics(here, HISTORY);
        TestPair told = pair();
        TestPair closed = pair();
        TestPair kept = pair();
        topics.subscribe(end(told), "a", NUMBERED);
        topics.subscribe(end(closed), "a");
        Subscription silent = topics.subscribe(end(kept), "a", SubscribeOptions.DEFAULT.closesWhenBehind(false));
        topics.publish("a", "1");
        Await.until("it has arrived", () -> topics.history("a", 1).size() == 1);
        here.losing = 8;
        for (int i = 2; i <= 10; i++) {
            topics.publish("a", "" + i);
        }

        peer(told).expectText("1 1").expectText("gap 1 5").expectText("6 6").expectText("7 7");
        peer(closed).expectText("1").expectClose(1013);
        peer(kept).expectText("1").expectText("6");
        assertEquals(1, silent.missed());
    }

    /** One of them wants no notice and stays open, and the other one must not go on as if nothing were missing. */
    @Test
    void gapMustBeToldToAConnectionIfOneOfItsSubscriptionsHasANotice() {
        Topics topics = topics(here, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        topics.subscribeMatching(end(pair), "*", NUMBERED);
        Subscription silent = topics.subscribeMatching(end(pair), "#",
                SubscribeOptions.DEFAULT.closesWhenBehind(false));
        topics.publish("a", "1");
        Await.until("it has arrived", () -> topics.history("a", 1).size() == 1);
        // Once for each subscription of the node.
        here.losing = 3 * 8;
        for (int i = 2; i <= 10; i++) {
            topics.publish("a", "" + i);
        }
        Await.until("all have arrived", () -> topics.totals().delivered() == 6);
        topics.publish("a", "11");

        List<String> received = new ArrayList<>();
        do {
            received.add(peer(pair).expectText());
        } while (!received.getLast().endsWith("11"));
        assertEquals(1, received.stream().filter(each -> each.startsWith("gap")).count(), received.toString());
        assertEquals(8, received.size(), received.toString());
        assertEquals(1, silent.missed());
    }

    @Test
    void repeatedAndLateMessagesMustBeDropped() {
        Topics topics = topics(here, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        topics.publish("a", "1");
        topics.publish("a", "2");
        BackplaneHistory history = here.read("a");
        here.passAgain(history.messages().get(1));
        here.passAgain(history.messages().get(0));
        topics.publish("a", "3");
        peer(pair).expectText("1 1").expectText("2 2").expectText("3 3");
    }

    @Test
    void brokerThatHasLostItsDataMustBeNoticed() {
        Topics topics = topics(here, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        Position before = topics.publish("a", "1");
        topics.publish("a", "2");
        peer(pair).expectText("1 1").expectText("2 2");

        broker.loseData();
        Position after = topics.publish("a", "3");

        assertNotEquals(before.epoch(), after.epoch());
        peer(pair).expectText("gap 2 0").expectText("1 3");
        assertEquals(Recovery.IMPOSSIBLE,
                topics.subscribe(end(pair), "a", NUMBERED.since(before)).recovery());
    }

    // The broker is away.

    @Test
    void publishingAndSubscribingMustFailWhileTheBrokerIsAway() {
        Topics topics = Topics.builder().limits(HISTORY).backplane(here).member(connection -> "ann").build();
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        broker.away(true);

        assertReason(Reason.BACKPLANE_AWAY, () -> topics.publish("a", "1"));
        assertReason(Reason.BACKPLANE_AWAY, () -> topics.subscribe(end(pair), "b"));
        assertReason(Reason.BACKPLANE_AWAY, () -> topics.presence("a"));
        assertEquals(List.of("a"), topics.subscriptions(end(pair)));

        broker.away(false);
        topics.publish("a", "2");
        peer(pair).expectText("1 2");
    }

    @Test
    void messagesOfOtherNodesMustBeReadWhenTheBrokerIsBack() {
        Topics topics = topics(here, HISTORY);
        Topics other = topics(there, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        other.publish("a", "1");
        peer(pair).expectText("1 1");
        here.losing = 2;
        other.publish("a", "2");
        other.publish("a", "3");

        broker.away(true);
        broker.away(false);

        peer(pair).expectText("2 2").expectText("3 3");
    }

    @Test
    void withoutHistoryAnInterruptionMustBeTold() {
        Topics topics = topics(here, TopicLimits.DEFAULT);
        TestPair told = pair();
        TestPair closed = pair();
        topics.subscribe(end(told), "a", NUMBERED);
        topics.subscribeMatching(end(told), "b/*", NUMBERED);
        topics.subscribe(end(closed), "a");
        Position before = topics.subscribe(end(told), "a", NUMBERED).start();

        broker.away(true);
        broker.away(false);

        peer(closed).expectClose(1013);
        peer(told).expectText("gap 0 0").expectText("gap 0 0");
        topics.publish("a", "1");
        peer(told).expectText("1 1");
        assertEquals(Recovery.IMPOSSIBLE, topics.subscribe(end(told), "a", NUMBERED.since(before)).recovery());
    }

    @Test
    void nodeMustGoOnAloneIfTheApplicationHasChosenSo() {
        Topics topics = Topics.builder().limits(HISTORY).backplane(here).goesOnAlone(true).build();
        Topics other = topics(there, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        topics.publish("a", "1");
        peer(pair).expectText("1 1");

        broker.away(true);
        Position alone = topics.publish("a", "alone");
        peer(pair).expectText("1 alone");
        topics.subscribe(end(pair), "new", NUMBERED);
        topics.publish("new", "new");
        peer(pair).expectText("1 new");
        assertEquals(Map.of(Long.toString(end(pair).id()), 1), topics.presence("a"));

        broker.away(false);
        other.publish("a", "2");
        // Whether the gap is told first depends on which topic is compared first.
        assertEquals(Set.of("gap 0 0", "2 2"), Set.of(peer(pair).expectText(), peer(pair).expectText()));
        other.publish("new", "3");
        peer(pair).expectText("1 3");
        assertEquals(Recovery.IMPOSSIBLE, topics.subscribe(end(pair), "a", NUMBERED.since(alone)).recovery());
    }

    // Presence.

    @Test
    void memberMustJoinAndLeaveOnceOnAllNodesTogether() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics first = withPresence(here, events);
        Topics second = withPresence(there, events);
        TestPair near = pair();
        TestPair far = pair();
        first.subscribe(end(near), "a");
        assertEquals("+ann a", events.poll(30, TimeUnit.SECONDS));
        second.subscribe(end(far), "a");
        Await.until("both are there", () -> first.presence("a").equals(Map.of("ann", 2)));
        first.unsubscribe(end(near), "a");
        Await.until("one is there", () -> first.presence("a").equals(Map.of("ann", 1)));
        assertEquals(List.of(), List.copyOf(events));
        second.unsubscribe(end(far), "a");
        assertEquals("-ann a", events.poll(30, TimeUnit.SECONDS));
    }

    @Test
    void membersOfANodeThatDiesMustLeave() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics first = withPresence(here, events);
        Topics second = withPresence(there, events);
        second.subscribe(end(pair()), "a");
        assertEquals("+ann a", events.poll(30, TimeUnit.SECONDS));
        there.close();
        assertEquals("-ann a", events.poll(30, TimeUnit.SECONDS));
        assertEquals(Map.of(), first.presence("a"));
    }

    @Test
    void changesWhileTheBrokerIsAwayMustBeToldLater() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics topics = withPresence(here, events);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        assertEquals("+ann a", events.poll(30, TimeUnit.SECONDS));
        broker.away(true);
        topics.unsubscribe(end(pair), "a");
        assertFalse(here.members.isEmpty());
        broker.away(false);
        assertEquals("-ann a", events.poll(30, TimeUnit.SECONDS));
        assertEquals(Map.of(), topics.presence("a"));
    }

    @Test
    void afterAnInterruptionMembersMayHaveChanged() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics topics = Topics.builder().backplane(here).member(connection -> "ann")
                .presenceListener(new ChangeRecorder(events)).build();
        topics.publish("not followed", "x");
        topics.subscribe(end(pair()), "a");
        broker.away(true);
        broker.away(false);
        assertEquals("a", events.poll(30, TimeUnit.SECONDS));
        assertEquals(List.of(), List.copyOf(events));
    }

    private static Topics withPresence(Backplane backplane, BlockingQueue<String> events) {
        return Topics.builder().backplane(backplane).member(connection -> "ann")
                .presenceListener(new PresenceRecorder(events)).build();
    }

    private static void assertReason(Reason reason, Runnable action) {
        assertEquals(reason, assertThrows(TopicException.class, action::run).reason());
    }
}
