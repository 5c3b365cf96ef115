package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionLimits;
import dev.weft.OverflowPolicy;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.server.Endpoint;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import dev.weft.testing.TestServer;
import dev.weft.topics.TopicException.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TopicsTest {
    private static final TopicLimits HISTORY = TopicLimits.builder().historyLength(3).build();
    private static final Duration SOON = Duration.ofMillis(50);

    private final List<TestPair> pairs = new ArrayList<>();

    @AfterEach
    void close() {
        pairs.forEach(TestPair::close);
    }

    private TestPair pair() {
        return pair(ConnectionLimits.DEFAULT);
    }

    private TestPair pair(ConnectionLimits limits) {
        TestPair pair = TestPair.builder().limits(limits).connect();
        pairs.add(pair);
        return pair;
    }

    private static WebSocketConnection end(TestPair pair) {
        return pair.server().connection();
    }

    private static TestConnection peer(TestPair pair) {
        return pair.client();
    }

    private static Topics topics(TopicLimits limits) {
        return Topics.builder().limits(limits).build();
    }

    // Subscribing and publishing.

    @Test
    void everySubscriberOfTheTopicMustGetTheMessage() {
        Topics topics = Topics.builder().build();
        TestPair first = pair();
        TestPair second = pair();
        TestPair other = pair();
        topics.subscribe(end(first), "room/1");
        topics.subscribe(end(second), "room/1");
        topics.subscribe(end(other), "room/2");

        topics.publish("room/1", "hello");

        peer(first).expectText("hello");
        peer(second).expectText("hello");
        peer(other).expectNothingFor(SOON);
        assertEquals(2, topics.statistics("room/1").orElseThrow().delivered());
    }

    @Test
    void positionsMustCountTheMessagesOfATopic() {
        Topics topics = Topics.builder().build();

        Position first = topics.publish("a", "1");
        Position second = topics.publish("a", "2");
        Position elsewhere = topics.publish("b", "1");

        assertEquals(1, first.offset());
        assertEquals(2, second.offset());
        assertEquals(first.epoch(), second.epoch());
        assertEquals(1, elsewhere.offset());
        assertEquals(second, Position.parse(second.toString()));
    }

    @ParameterizedTest
    @CsvSource({"room/*,room/1,true", "room/*,room/1/2,false", "room/*,room,false", "*,room,true", "*/1,room/1,true",
            "*/1,room/2,false", "room/#,room/1,true", "room/#,room/1/2/3,true", "room/#,room,false", "#,a/b/c,true",
            "*/*/c,a/b/c,true", "a/*/#,a/b,false", "a/*/#,a/b/c/d,true"})
    void filterMustMatchByLevels(String filter, String topic, boolean matches) {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        topics.subscribeMatching(end(pair), filter, SubscribeOptions.DEFAULT);

        topics.publish(topic, "message");

        if (matches) {
            peer(pair).expectText("message");
        } else {
            topics.publish(filter.replace("*", "x").replace("#", "y"), "end");
            peer(pair).expectText("end");
        }
    }

    @Test
    void connectionMustGetAMessageOnceHoweverManyOfItsFiltersMatch() {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        for (String filter : List.of("room/1", "room/*", "#", "*/1")) {
            topics.subscribeMatching(end(pair), filter, SubscribeOptions.DEFAULT);
        }

        topics.publish("room/1", "once");
        topics.publish("room/2", "end");

        peer(pair).expectText("once").expectText("end");
    }

    @Test
    void mostExactSubscriptionMustDecideOnTheFormOfAMessage() {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        List<String> filters = new ArrayList<>(List.of("#", "*/#", "*/1", "room/#", "room/*", "room/1"));
        for (String filter : filters) {
            topics.subscribeMatching(end(pair), filter,
                    SubscribeOptions.DEFAULT.format(it -> PreparedMessage.text(filter)));
        }
        for (String filter : filters.reversed()) {
            topics.publish("room/1", "once");
            peer(pair).expectText(filter);
            topics.unsubscribe(end(pair), filter);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/a", "a/", "a//b", "a*", "a/b#", "a\nb", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"})
    void invalidNamesMustBeRefused(String name) {
        Topics topics = Topics.builder().build();
        WebSocketConnection connection = end(pair());

        assertReason(Reason.INVALID_NAME, () -> topics.publish(name, "message"));
        assertReason(Reason.INVALID_NAME, () -> topics.subscribe(connection, name));
        assertReason(Reason.INVALID_NAME, () -> topics.publish("x".repeat(256), "message"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/*", "#", "a/#"})
    void wildcardMustNotBeTakenForATopic(String filter) {
        WebSocketConnection connection = end(pair());
        assertReason(Reason.INVALID_NAME, () -> Topics.builder().build().publish(filter, "message"));
        assertReason(Reason.INVALID_NAME, () -> Topics.builder().build().subscribe(connection, filter));
    }

    @Test
    void restMustBeTheLastLevelOfAFilter() {
        WebSocketConnection connection = end(pair());
        assertReason(Reason.INVALID_NAME,
                () -> Topics.builder().build().subscribeMatching(connection, "#/a", SubscribeOptions.DEFAULT));
    }

    @Test
    void whoHasUnsubscribedMustGetNothingMore() {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        Subscription one = topics.subscribe(end(pair), "a");
        Subscription many = topics.subscribeMatching(end(pair), "b/*", SubscribeOptions.DEFAULT);
        assertEquals(List.of("a", "b/*"), topics.subscriptions(end(pair)));

        assertTrue(topics.unsubscribe(end(pair), "a"));
        assertTrue(topics.unsubscribe(end(pair), "b/*"));
        assertFalse(topics.unsubscribe(end(pair), "a"));
        topics.publish("a", "late");
        topics.publish("b/1", "late");

        peer(pair).expectNothingFor(SOON);
        assertFalse(one.isActive() || many.isActive());
        assertEquals(List.of(), topics.subscriptions(end(pair)));
    }

    @Test
    void subscriptionMustEndWithItsConnection() {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        Subscription subscription = topics.subscribe(end(pair), "a");

        end(pair).abort();

        Await.until("the subscription ends",
                () -> topics.statistics("a").orElseThrow().subscribers() == 0 && !subscription.isActive());
        assertEquals(List.of(), topics.subscriptions(end(pair)));
        assertEquals(Map.of(), topics.presence("a"));
    }

    @Test
    void subscriptionOfAConnectionThatHasEndedMustNotStay() {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        end(pair).abort();

        topics.subscribe(end(pair), "a");

        Await.until("nothing is left of the subscription",
                () -> topics.statistics("a").map(TopicStatistics::subscribers).orElse(0) == 0
                        && topics.subscriptions(end(pair)).isEmpty());
    }

    @Test
    void anotherSubscriptionToTheSameFilterMustReplaceTheFirst() {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        Subscription first = topics.subscribe(end(pair), "a");
        Subscription second = topics.subscribe(end(pair), "a");

        topics.publish("a", "once");
        topics.publish("a", "end");

        peer(pair).expectText("once").expectText("end");
        assertFalse(first.isActive());
        assertTrue(second.isActive());
    }

    // Counting.

    @Test
    void totalsMustCountWhatAllTopicsHaveDone() {
        MovedClock clock = new MovedClock();
        Topics topics = Topics.builder().limits(HISTORY).clock(clock).build();
        TestPair first = pair();
        TestPair second = pair();
        topics.subscribe(end(first), "a");
        topics.subscribe(end(first), "a");
        topics.subscribe(end(second), "b");
        topics.subscribeMatching(end(second), "*", SubscribeOptions.DEFAULT);
        assertThrows(TopicException.class, () -> topics.subscribe(end(second), "*"));

        topics.publish("a", "1");
        topics.publish("b", "2");
        topics.publish("b/c", "nobody gets it");

        TopicTotals totals = topics.totals();
        assertEquals(3, totals.subscriptions());
        assertEquals(3, totals.topics());
        assertEquals(Set.of("a", "b", "b/c"), Set.copyOf(topics.names()));
        assertEquals(3, totals.published());
        assertEquals(3, totals.delivered());
        assertEquals(0, totals.undelivered());
        assertEquals(0, totals.gaps());
        end(first).close();
        topics.publish("a", "not for a connection that is closing");
        assertEquals(4, topics.totals().delivered());
        assertEquals(0, topics.totals().undelivered());
        assertEquals(3 * 64 + 2 + 14, totals.historySize());
        assertTrue(totals.backplane().isEmpty());

        topics.unsubscribe(end(first), "a");
        end(second).abort();
        Await.until("the subscriptions have ended", () -> topics.totals().subscriptions() == 0);
        clock.move(Duration.ofHours(2));
        topics.publish("d", "this looks for topics that are not used");
        Await.until("unused topics are forgotten", () -> topics.names().equals(List.of("d")));
        assertEquals(5, topics.totals().published());
    }

    // Limits and permissions.

    @Test
    void connectionMustNotSubscribeMoreThanItsLimit() {
        Topics topics = topics(TopicLimits.builder().maxSubscriptionsPerConnection(2).build());
        WebSocketConnection connection = end(pair());
        topics.subscribe(connection, "a");
        topics.subscribe(connection, "b");

        assertReason(Reason.TOO_MANY_SUBSCRIPTIONS, () -> topics.subscribe(connection, "c"));
        topics.subscribe(connection, "b");
        topics.unsubscribe(connection, "a");
        topics.subscribe(connection, "c");
    }

    @Test
    void topicsInUseMustNotExceedTheirLimit() {
        Topics topics = topics(TopicLimits.builder().maxTopics(2).build());
        WebSocketConnection connection = end(pair());
        topics.subscribe(connection, "a");
        topics.subscribe(connection, "b");

        assertReason(Reason.TOO_MANY_TOPICS, () -> topics.publish("c", "message"));
        topics.unsubscribe(connection, "a");
        Await.until("an unused topic makes room", () -> {
            try {
                topics.publish("c", "message");
                return true;
            } catch (TopicException e) {
                return false;
            }
        });
    }

    @Test
    void whoMayNotMustBeRefused() {
        Topics topics = Topics.builder().authorizer(new TopicAuthorizer() {
            @Override
            public boolean maySubscribe(WebSocketConnection connection, String filter) {
                return !filter.startsWith("secret");
            }

            @Override
            public boolean mayPublish(WebSocketConnection connection, String topic) {
                return topic.startsWith("own");
            }
        }).build();
        TestPair pair = pair();

        assertReason(Reason.NOT_AUTHORIZED, () -> topics.subscribe(end(pair), "secret"));
        assertReason(Reason.NOT_AUTHORIZED,
                () -> topics.publish(end(pair), "other", PreparedMessage.text("message")));
        topics.subscribe(end(pair), "own/1");
        topics.publish(end(pair), "own/1", PreparedMessage.text("allowed"));
        peer(pair).expectText("allowed");
        assertTrue(topics.statistics("other").isEmpty());
    }

    // Slow subscribers.

    @Test
    void connectionThatIsBehindMustBeClosedAndTheOthersServed() {
        Topics topics = Topics.builder().build();
        TestPair slow = pair(ConnectionLimits.builder().maxQueuedSize(1000).build());
        TestPair quick = pair();
        Subscription behind = topics.subscribe(end(slow), "a");
        topics.subscribe(end(quick), "a");
        String message = "x".repeat(100_000);

        while (behind.isActive()) {
            topics.publish("a", message);
            peer(quick).expectText(message);
        }

        assertEquals(1, behind.missed());
        assertEquals(1, topics.statistics("a").orElseThrow().undelivered());
        while (end(slow).isOpen() || peer(slow).connection().isOpen()) {
            try {
                peer(slow).expectText(message);
            } catch (AssertionError e) {
                break;
            }
        }
        assertEquals(1013, end(slow).closeStatus().map(status -> status.code()).orElse(1013));
    }

    @Test
    void messagesThatAConnectionMissesMustBeCountedIfItStays() {
        Topics topics = Topics.builder().build();
        TestPair slow = pair(ConnectionLimits.builder().maxQueuedSize(1000).build());
        Subscription behind = topics.subscribe(end(slow), "a", SubscribeOptions.DEFAULT.closesWhenBehind(false));
        String message = "x".repeat(100_000);

        int published = 0;
        while (behind.missed() < 3) {
            topics.publish("a", message);
            published++;
        }

        for (int i = 0; i < published - 3; i++) {
            peer(slow).expectText(message);
        }
        // The peer may have the last message before its queue is empty.
        Await.until("there is room", () -> {
            long missed = behind.missed();
            topics.publish("a", "end");
            return behind.missed() == missed;
        });
        peer(slow).expectText("end");
    }

    @Test
    void messagesThatAConnectionMissesMustBeCountedByAllItsSubscriptions() {
        Topics topics = Topics.builder().build();
        TestPair slow = pair(ConnectionLimits.builder().maxQueuedSize(1000).build());
        SubscribeOptions staying = SubscribeOptions.DEFAULT.closesWhenBehind(false);
        Subscription exact = topics.subscribe(end(slow), "a", staying);
        Subscription any = topics.subscribeMatching(end(slow), "*", staying);
        Subscription other = topics.subscribeMatching(end(slow), "b/*", staying);

        publishUntil(() -> exact.missed() + any.missed() >= 3, topics);

        assertEquals(exact.missed(), any.missed());
        assertEquals(0, other.missed());
        assertEquals(exact.missed(), topics.statistics("a").orElseThrow().undelivered());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void connectionThatIsBehindMustBeClosedIfOneOfItsSubscriptionsSaysSo(boolean exact) {
        Topics topics = Topics.builder().build();
        TestPair slow = pair(ConnectionLimits.builder().maxQueuedSize(1000).build());
        Subscription named = topics.subscribe(end(slow), "a", SubscribeOptions.DEFAULT.closesWhenBehind(exact));
        Subscription any = topics.subscribeMatching(end(slow), "*", SubscribeOptions.DEFAULT.closesWhenBehind(!exact));

        publishUntil(() -> named.missed() + any.missed() > 0, topics);

        assertFalse(end(slow).isOpen());
    }

    private static void publishUntil(BooleanSupplier done, Topics topics) {
        String message = "x".repeat(100_000);
        while (!done.getAsBoolean()) {
            topics.publish("a", message);
        }
    }

    @Test
    void slowSubscriberMustGetTheNewestValueOfEachKey() {
        Topics topics = Topics.builder().build();
        TestPair slow = pair();
        topics.subscribe(end(slow), "prices");
        topics.subscribe(end(slow), "more");
        String filler = " ".repeat(2000);

        for (int round = 0; round < 200; round++) {
            for (String key : List.of("a", "b")) {
                topics.publishLatest("prices", key, PreparedMessage.text(key + round + filler));
                topics.publishLatest("more", key, PreparedMessage.text("more " + key + round + filler));
            }
        }
        topics.publish("prices", "end");

        List<String> received = new ArrayList<>();
        String text;
        while (!(text = peer(slow).expectText()).equals("end")) {
            received.add(text.strip());
        }
        assertEquals(Set.of("a199", "more a199", "b199", "more b199"),
                Set.copyOf(received.subList(received.size() - 4, received.size())));
        assertTrue(received.size() < 100, "values: " + received.size());
        assertEquals(800 - received.size(), end(slow).queue().replacedMessages());
    }

    /** So a client must not store the position of a value with a key: it could miss others without knowing. */
    @Test
    void newerValueMustTakeThePlaceOfTheOlderOneAndNotItsPosition() {
        Topics topics = topics(TopicLimits.builder().historyLength(10).build());
        SubscribeOptions keyed = SubscribeOptions.DEFAULT.format(it -> PreparedMessage
                .text(it.position().offset() + " " + it.key().orElse("none") + " " + text(it.message())));
        TestPair slow = pair();
        topics.subscribe(end(slow), "prices", keyed);
        Position plain = topics.publish("prices", "open");
        String filler = "x".repeat(100_000);
        int fillers = 0;
        while (end(slow).queue().queuedBytes() < filler.length()) {
            assertTrue(end(slow).trySend(filler).isAccepted());
            fillers++;
        }
        topics.publishLatest("prices", "A", PreparedMessage.text("A1"));
        topics.publishLatest("prices", "B", PreparedMessage.text("B1"));
        Position newest = topics.publishLatest("prices", "A", PreparedMessage.text("A2"));

        peer(slow).expectText("1 none open");
        for (int i = 0; i < fillers; i++) {
            peer(slow).expectText(filler);
        }
        peer(slow).expectText("4 A A2");
        // Here the connection could end. With the position of A2, the client would not get B1.
        assertEquals(0, topics.subscribe(end(pair()), "prices", keyed.since(newest)).replayed());
        TestPair back = pair();
        assertEquals(Recovery.COMPLETE, topics.subscribe(end(back), "prices", keyed.since(plain)).recovery());
        peer(back).expectText("2 A A1").expectText("3 B B1").expectText("4 A A2");
        peer(slow).expectText("3 B B1");
    }

    private static String text(PreparedMessage message) {
        return StandardCharsets.UTF_8.decode(message.payload()).toString();
    }

    @Test
    void connectionWithAPolicyOfItsOwnMustStay() {
        Topics topics = Topics.builder().build();
        TestPair slow = pair(ConnectionLimits.builder().maxQueuedSize(1000).build());
        end(slow).queue().overflowPolicy(OverflowPolicy.DROP_NEWEST);
        Subscription behind = topics.subscribe(end(slow), "a");
        String message = "x".repeat(100_000);

        while (behind.missed() < 3) {
            topics.publish("a", message);
        }

        assertTrue(behind.isActive() && end(slow).isOpen());
        assertEquals(3, end(slow).queue().droppedMessages());
    }

    // History and recovery.

    @Test
    void whoComesBackMustGetWhatItHasMissed() {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        Position seen = topics.publish("a", "1");
        topics.publish("a", "2");
        topics.publish("a", "3");

        Subscription subscription = topics.subscribe(end(pair), "a", SubscribeOptions.DEFAULT.since(seen));
        topics.publish("a", "4");

        assertEquals(Recovery.COMPLETE, subscription.recovery());
        assertEquals(3, subscription.start().offset());
        peer(pair).expectText("2").expectText("3").expectText("4");
    }

    @Test
    void whoHasMissedNothingMustGetNothingAgain() {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        Position seen = topics.publish("a", "1");

        Subscription subscription = topics.subscribe(end(pair), "a", SubscribeOptions.DEFAULT.since(seen));
        topics.publish("a", "2");

        assertEquals(Recovery.COMPLETE, subscription.recovery());
        peer(pair).expectText("2");
    }

    @Test
    void whoHasMissedMoreThanTheHistoryMustBeTold() {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        Position seen = topics.publish("a", "1");
        for (int i = 2; i <= 5; i++) {
            topics.publish("a", "" + i);
        }

        Subscription subscription = topics.subscribe(end(pair), "a", SubscribeOptions.DEFAULT.since(seen));
        topics.publish("a", "6");

        assertEquals(Recovery.IMPOSSIBLE, subscription.recovery());
        peer(pair).expectText("6");
    }

    @Test
    void positionOfAnotherLifeOrOfTheFutureMustBeTold() {
        Topics topics = topics(HISTORY);
        WebSocketConnection connection = end(pair());
        Position seen = topics.publish("a", "1");

        Position future = Position.parse(seen.toString().replace(":1", ":2"));
        assertEquals(Recovery.IMPOSSIBLE,
                topics.subscribe(connection, "a", SubscribeOptions.DEFAULT.since(future)).recovery());
        Position elsewhere = topics(HISTORY).publish("a", "1");
        assertNotEquals(seen, elsewhere);
        assertEquals(Recovery.IMPOSSIBLE,
                topics.subscribe(connection, "a", SubscribeOptions.DEFAULT.since(elsewhere)).recovery());
    }

    @Test
    void newSubscriberMustGetTheNewestMessagesIfItAsksForThem() {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        for (int i = 1; i <= 5; i++) {
            topics.publish("a", "" + i);
        }

        topics.subscribe(end(pair), "a", SubscribeOptions.DEFAULT.last(2));

        peer(pair).expectText("4").expectText("5");
        assertEquals(List.of(3L, 4L, 5L),
                topics.history("a", 10).stream().map(each -> each.position().offset()).toList());
    }

    @Test
    void greetingMustComeFirstAndKnowTheRecovery() {
        Topics topics = topics(HISTORY);
        TestPair pair = pair();
        Position seen = topics.publish("a", "1");
        topics.publish("a", "2");

        topics.subscribe(end(pair), "a", SubscribeOptions.DEFAULT.since(seen)
                .greeting(it -> PreparedMessage.text(it.recovery() + " " + it.start().offset()))
                .format(it -> PreparedMessage.text(it.topic() + it.position().offset())));
        topics.publish("a", "3");

        peer(pair).expectText("COMPLETE 2").expectText("a2").expectText("a3");
    }

    @Test
    void messageMustBeFormattedOnceForAllSubscriptionsOfAFormat() {
        Topics topics = Topics.builder().build();
        List<Publication> formatted = new ArrayList<>();
        SubscribeOptions options = SubscribeOptions.DEFAULT.format(it -> {
            formatted.add(it);
            return it.message();
        });
        List<TestPair> all = List.of(pair(), pair(), pair());
        all.forEach(each -> topics.subscribe(end(each), "a", options));

        topics.publish("a", "once");

        all.forEach(each -> peer(each).expectText("once"));
        assertEquals(1, formatted.size());
    }

    @Test
    void formatThatFailsMustEndItsSubscriptionAlone() {
        Topics topics = Topics.builder().build();
        TestPair failing = pair();
        TestPair other = pair();
        topics.subscribe(end(failing), "a", SubscribeOptions.DEFAULT.format(it -> {
            throw new IllegalStateException("on purpose");
        }));
        topics.subscribe(end(other), "a");

        topics.publish("a", "message");

        peer(other).expectText("message");
        peer(failing).expectClose(1011);
    }

    @Test
    void historyMustKeepItsBounds() {
        MovedClock clock = new MovedClock();
        Topics topics = Topics.builder().clock(clock).limits(TopicLimits.builder().historyLength(100)
                .historySize(500).totalHistorySize(700).historyTime(Duration.ofMinutes(1)).build()).build();
        for (int i = 0; i < 20; i++) {
            topics.publish("a", "x".repeat(36));
        }
        assertEquals(5, topics.history("a", 100).size());
        assertEquals(500, topics.statistics("a").orElseThrow().historySize());

        for (int i = 0; i < 20; i++) {
            topics.publish("b", "x".repeat(36));
        }
        assertEquals(2, topics.history("b", 100).size());

        clock.move(Duration.ofSeconds(61));
        assertEquals(List.of(), topics.history("a", 100));
        topics.publish("b", "x".repeat(36));
        assertEquals(1, topics.history("b", 100).size());
    }

    @Test
    void numberOfMessagesMustBeZeroOrMore() {
        Topics topics = topics(HISTORY);
        topics.publish("a", "1");
        assertEquals(List.of(), topics.history("a", 0));
        for (String topic : List.of("a", "unknown")) {
            assertThrows(IllegalArgumentException.class, () -> topics.history(topic, -1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a//b", "a/*", "#", "a\nb"})
    void questionsMustNotAcceptInvalidNames(String name) {
        Topics topics = topics(HISTORY);
        assertReason(Reason.INVALID_NAME, () -> topics.history(name, 1));
        assertReason(Reason.INVALID_NAME, () -> topics.presence(name));
    }

    @Test
    void historyOfAFilterMustBeRefused() {
        WebSocketConnection connection = end(pair());
        assertThrows(IllegalArgumentException.class,
                () -> topics(HISTORY).subscribeMatching(connection, "#", SubscribeOptions.DEFAULT.last(1)));
    }

    @Test
    void unusedTopicsMustBeForgottenAndBeginAnew() {
        MovedClock clock = new MovedClock();
        Topics topics = Topics.builder().clock(clock).limits(HISTORY).build();
        Position before = topics.publish("a", "1");

        clock.move(Duration.ofHours(2));
        topics.publish("b", "this looks for topics that are not used");

        Await.until("the unused topic is forgotten", () -> topics.topicCount() == 1);
        assertNotEquals(before.epoch(), topics.publish("a", "1").epoch());
    }

    // Presence.

    @Test
    void memberMustJoinWithItsFirstConnectionAndLeaveWithItsLast() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        TestPair first = pair();
        TestPair second = pair();
        TestPair other = pair();
        Topics topics = Topics.builder().member(connection -> connection == end(other) ? "bob" : "ann")
                .presenceListener(new PresenceRecorder(events)).build();

        topics.subscribe(end(first), "a");
        assertEquals("+ann a", next(events));
        topics.subscribe(end(second), "a");
        topics.subscribeMatching(end(second), "#", SubscribeOptions.DEFAULT);
        topics.subscribe(end(other), "a");
        assertEquals("+bob a", next(events));
        assertEquals(Map.of("ann", 2, "bob", 1), topics.presence("a"));

        topics.unsubscribe(end(first), "a");
        topics.unsubscribe(end(other), "a");
        assertEquals("-bob a", next(events));
        end(second).abort();
        assertEquals("-ann a", next(events));
        assertEquals(Map.of(), topics.presence("a"));
        assertTrue(events.isEmpty());
    }

    @Test
    void presenceListenerThatFailsMustBeToldTheNextEvents() throws Exception {
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        Topics topics = Topics.builder().presenceListener(new PresenceListener() {
            @Override
            public void joined(String topic, String member) {
                throw new IllegalStateException("on purpose");
            }

            @Override
            public void left(String topic, String member) {
                events.add(topic);
            }
        }).build();
        TestPair pair = pair();
        topics.subscribe(end(pair), "a");
        // Otherwise both may cancel out.
        Await.until("the listener is told", () -> {
            topics.unsubscribe(end(pair), "a");
            boolean told = !events.isEmpty();
            if (!told) {
                topics.subscribe(end(pair), "a");
            }
            return told;
        });
        assertEquals("a", next(events));
    }

    // The guide.

    @Test
    void roomOfTheGuideMustSendItsHistory() throws Exception {
        try (TestServer server = TestServer.of(Snippets.room())) {
            TestConnection first = server.open("/").send("hello").expectText("hello");
            server.open("/").expectText("hello").send("hi").expectText("hi");
            first.expectText("hi");
        }
    }

    @Test
    void roomOfTheGuideMustRecover() throws Exception {
        Topics topics = topics(HISTORY);
        Position seen = topics.publish("room/7", "1");
        Position missed = topics.publish("room/7", "2");
        try (TestServer server = TestServer.of("/rooms/{room}", Endpoint.of(ws -> Snippets.serveRoom(ws, topics)))) {
            server.open("/rooms/7?since=" + seen).expectText("COMPLETE " + missed).expectText(missed + " room/7");
            server.open("/rooms/7").expectText("NOT_REQUESTED " + missed);
        }
    }

    // Many threads.

    @Test
    void everySubscriberMustGetEachMessageOnceAndInOrder() throws Exception {
        Topics topics = topics(TopicLimits.builder().historyLength(100_000).historySize(1 << 26).build());
        SubscribeOptions numbered = SubscribeOptions.DEFAULT
                .format(it -> PreparedMessage.text(Long.toString(it.position().offset())));
        Position begin = topics.publish("a", "first");
        int publishers = 4;
        int each = 500;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < publishers; i++) {
            threads.add(Thread.ofVirtual().start(() -> IntStream.range(0, each)
                    .forEach(number -> topics.publish("a", "message"))));
        }
        BlockingQueue<AssertionError> errors = new LinkedBlockingQueue<>();
        for (int i = 0; i < 6; i++) {
            TestPair pair = pair();
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    topics.subscribe(end(pair), "a", numbered.since(begin));
                    for (int number = 2; number <= 1 + publishers * each; number++) {
                        peer(pair).expectText(Integer.toString(number));
                        if (number % 300 == 0) {
                            // Comes back while others publish.
                            topics.unsubscribe(end(pair), "a");
                            long missing = drained(pair, number);
                            topics.subscribe(end(pair), "a",
                                    numbered.since(Position.parse(begin.toString().replace(":1", ":" + missing))));
                            number = (int) missing;
                        }
                    }
                } catch (AssertionError e) {
                    errors.add(e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), List.copyOf(errors));
    }

    /** Reads what is still under way; returns the last number. */
    private static long drained(TestPair pair, long last) {
        end(pair).trySend("mark");
        long number = last;
        String text;
        while (!(text = peer(pair).expectText()).equals("mark")) {
            assertEquals(number + 1, Long.parseLong(text));
            number++;
        }
        return number;
    }

    private static String next(BlockingQueue<String> events) throws InterruptedException {
        return events.poll(30, TimeUnit.SECONDS);
    }

    private static void assertReason(Reason reason, Runnable action) {
        assertEquals(reason, assertThrows(TopicException.class, action::run).reason());
    }
}
