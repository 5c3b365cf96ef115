package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import dev.weft.topics.TopicException.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions of the application that fail, and threads that meet. */
@Timeout(60)
class TopicFailuresTest {
    private static final TopicLimits HISTORY = TopicLimits.builder().historyLength(3).build();

    private final List<TestPair> pairs = new ArrayList<>();
    private final CountDownLatch released = new CountDownLatch(1);

    @AfterEach
    void close() {
        released.countDown();
        pairs.forEach(TestPair::close);
    }

    private TestPair pair() {
        TestPair pair = TestConnection.pair();
        pairs.add(pair);
        return pair;
    }

    private static WebSocketConnection end(TestPair pair) {
        return pair.server().connection();
    }

    private static TestConnection peer(TestPair pair) {
        return pair.client();
    }

    /** Fails in ways that applications fail. */
    private static RuntimeException failing(String how) {
        return switch (how) {
            case "exception" -> throw new IllegalStateException("on purpose");
            case "error" -> throw new StackOverflowError("on purpose");
            default -> new IllegalArgumentException(how);
        };
    }

    /** Options whose format waits until the test releases it. */
    private SubscribeOptions waiting(CountDownLatch entered) {
        return SubscribeOptions.DEFAULT.format(it -> {
            entered.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return it.message();
        });
    }

    private static void assertNothingOf(Topics topics, TestPair pair, String topic) {
        assertEquals(Map.of(), topics.presence(topic));
        assertEquals(0, topics.statistics(topic).map(TopicStatistics::subscribers).orElse(0));
        assertEquals(List.of(), topics.subscriptions(end(pair)));
    }

    // Presence.

    @ParameterizedTest
    @ValueSource(strings = {"exception", "error"})
    void presenceListenerThatFailsMustBeToldWhatFollows(String how) throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        Topics topics = Topics.builder().member(it -> "ann").presenceListener(new PresenceListener() {
            @Override
            public void joined(String topic, String member) {
                told.add("+" + topic);
                throw failing(how);
            }

            @Override
            public void left(String topic, String member) {
                told.add("-" + topic);
                throw failing(how);
            }
        }).build();
        TestPair pair = pair();

        topics.subscribe(end(pair), "a");
        assertEquals("+a", told.poll(20, TimeUnit.SECONDS));
        topics.subscribe(end(pair), "b");
        assertEquals("+b", told.poll(20, TimeUnit.SECONDS));
        topics.unsubscribe(end(pair), "a");
        assertEquals("-a", told.poll(20, TimeUnit.SECONDS));
        end(pair).abort();
        assertEquals("-b", told.poll(20, TimeUnit.SECONDS));
    }

    // Subscriptions that fail.

    @Test
    void subscriptionWithoutAMemberMustLeaveNothing() {
        Topics topics = Topics.builder().member(it -> null).build();
        TestPair pair = pair();

        assertThrows(NullPointerException.class, () -> topics.subscribe(end(pair), "a"));

        assertNothingOf(topics, pair, "a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"exception", "error"})
    void subscriptionWhoseGreetingFailsMustLeaveNothing(String how) {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        SubscribeOptions greeted = SubscribeOptions.DEFAULT.greeting(it -> {
            throw failing(how);
        });

        for (String filter : List.of("a", "*")) {
            assertThrows(Throwable.class, () -> topics.subscribeMatching(end(pair), filter, greeted));
        }

        assertNothingOf(topics, pair, "a");
        topics.publish("a", "message");
        assertEquals(0, topics.statistics("a").orElseThrow().delivered());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "*"})
    void subscriptionMustGoOnIfItsReplacementFails(String filter) {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        Subscription first = topics.subscribeMatching(end(pair), filter, SubscribeOptions.DEFAULT);

        assertThrows(StackOverflowError.class,
                () -> topics.subscribeMatching(end(pair), filter, SubscribeOptions.DEFAULT.greeting(it -> {
                    throw failing("error");
                })));

        assertTrue(first.isActive());
        assertEquals(List.of(filter), topics.subscriptions(end(pair)));
        topics.publish("a", "message");
        peer(pair).expectText("message");
        assertTrue(topics.unsubscribe(end(pair), filter));
        assertFalse(first.isActive());
    }

    @Test
    void subscriptionWhoseHistoryHasNoFormMustLeaveNothing() throws Exception {
        for (String how : List.of("exception", "error", "null")) {
            BlockingQueue<String> told = new LinkedBlockingQueue<>();
            Topics topics = Topics.builder().limits(HISTORY).presenceListener(listener(told)).build();
            TestPair pair = pair();
            topics.publish("a", "message");

            Subscription subscription = topics.subscribe(end(pair), "a", SubscribeOptions.DEFAULT.last(1)
                    .format(it -> how.equals("null") ? null : PreparedMessage.text(failing(how).toString())));

            assertFalse(subscription.isActive());
            assertNothingOf(topics, pair, "a");
            peer(pair).expectClose(1011);
            assertNull(told.poll());
        }
    }

    @Test
    void connectionThatHasEndedMustNotJoin() {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        Topics topics = Topics.builder().presenceListener(listener(told)).build();
        TestPair pair = pair();
        end(pair).abort();

        assertFalse(topics.subscribe(end(pair), "a").isActive());
        assertFalse(topics.subscribeMatching(end(pair), "*", SubscribeOptions.DEFAULT).isActive());

        assertNothingOf(topics, pair, "a");
        assertNull(told.poll());
    }

    @Test
    void connectionThatEndsWhileItSubscribesMustNotJoin() {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        Topics topics = Topics.builder().presenceListener(listener(told)).build();
        TestPair pair = pair();
        SubscribeOptions ending = SubscribeOptions.DEFAULT.greeting(it -> {
            it.connection().abort();
            return PreparedMessage.text("greeting");
        });

        assertFalse(topics.subscribe(end(pair), "a", ending).isActive());

        assertNothingOf(topics, pair, "a");
        assertNull(told.poll());
    }

    @Test
    void refusedSubscriptionMustLeaveNothing() {
        TestPair pair = pair();
        Topics topics = Topics.builder().limits(TopicLimits.builder().maxTopics(1).build())
                .authorizer(new TopicAuthorizer() {
                    @Override
                    public boolean maySubscribe(WebSocketConnection connection, String filter) {
                        if (filter.equals("failing")) {
                            throw failing("error");
                        }
                        return true;
                    }

                    @Override
                    public boolean mayPublish(WebSocketConnection connection, String topic) {
                        throw failing("error");
                    }
                }).build();

        assertThrows(StackOverflowError.class, () -> topics.subscribe(end(pair), "failing"));
        assertThrows(StackOverflowError.class,
                () -> topics.publish(end(pair), "failing", PreparedMessage.text("message")));
        assertEquals(0, topics.topicCount());
        topics.subscribe(end(pair), "a");
        assertEquals(Reason.TOO_MANY_TOPICS,
                assertThrows(TopicException.class, () -> topics.subscribe(end(pair), "b")).reason());

        assertEquals(List.of("a"), topics.subscriptions(end(pair)));
        topics.unsubscribe(end(pair), "a");
        assertNothingOf(topics, pair, "a");
    }

    private static PresenceListener listener(BlockingQueue<String> told) {
        return new PresenceListener() {
            @Override
            public void joined(String topic, String member) {
                told.add("+" + topic);
            }

            @Override
            public void left(String topic, String member) {
                told.add("-" + topic);
            }
        };
    }

    // Formats.

    @ParameterizedTest
    @ValueSource(strings = {"exception", "error", "null"})
    void formatThatFailsMustEndItsSubscriptionsAlone(String how) {
        Topics topics = Topics.builder().limits(HISTORY).build();
        AtomicInteger calls = new AtomicInteger();
        Function<Publication, PreparedMessage> format = it -> {
            calls.incrementAndGet();
            return how.equals("null") ? null : PreparedMessage.text(failing(how).toString());
        };
        List<TestPair> failing = List.of(pair(), pair());
        TestPair other = pair();
        failing.forEach(each -> topics.subscribe(end(each), "a", SubscribeOptions.DEFAULT.format(format)));
        topics.subscribe(end(other), "a");

        assertEquals(1, topics.publish("a", "message").offset());
        topics.publish("a", "next");

        peer(other).expectText("message").expectText("next");
        failing.forEach(each -> peer(each).expectClose(1011));
        assertEquals(1, calls.get());
        TopicStatistics statistics = topics.statistics("a").orElseThrow();
        assertEquals(2, statistics.delivered());
        assertEquals(2, statistics.undelivered());
        Await.until("the failed subscriptions end", () -> topics.presence("a").size() == 1);
    }

    @Test
    void messagesOfTheHistoryMustBeCountedAsDelivered() {
        Topics topics = Topics.builder().limits(HISTORY).build();
        topics.publish("a", "1");
        topics.publish("a", "2");
        TestPair pair = pair();

        topics.subscribe(end(pair), "a", SubscribeOptions.DEFAULT.last(2));

        peer(pair).expectText("1").expectText("2");
        assertEquals(2, topics.statistics("a").orElseThrow().delivered());
    }

    // Filters with wildcards.

    /** A client that sees the greeting of a filter, and then publishes, must get the message. */
    @Test
    void filterMustMatchFromItsGreetingOn() {
        Topics topics = Topics.builder().build();
        TestPair pair = pair();
        topics.subscribeMatching(end(pair()), "*", SubscribeOptions.DEFAULT);
        topics.publish("a", "before");

        topics.subscribeMatching(end(pair), "*", SubscribeOptions.DEFAULT.greeting(it -> {
            Thread publisher = Thread.ofVirtual().start(() -> topics.publish("a", "message"));
            // It has published, or waits for the subscription.
            Await.until("the publisher goes as far as it can",
                    () -> publisher.getState() == Thread.State.WAITING || !publisher.isAlive());
            return PreparedMessage.text("greeting");
        }));

        peer(pair).expectText("greeting").expectText("message");
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "a"})
    void replacedSubscriptionMustMissNothing(String filter) throws Exception {
        Topics topics = Topics.builder().build();
        CountDownLatch entered = new CountDownLatch(1);
        TestPair pair = pair();
        topics.subscribeMatching(end(pair()), filter, waiting(entered));
        topics.subscribeMatching(end(pair), filter, SubscribeOptions.DEFAULT);
        Thread publisher = Thread.ofVirtual().start(() -> topics.publish("a", "under way"));
        entered.await();

        Thread subscriber = Thread.ofVirtual()
                .start(() -> topics.subscribeMatching(end(pair), filter, SubscribeOptions.DEFAULT));
        Await.until("the subscriber goes as far as it can",
                () -> subscriber.getState() == Thread.State.WAITING || !subscriber.isAlive());
        released.countDown();
        publisher.join();
        subscriber.join();
        topics.publish("a", "end");

        peer(pair).expectText("under way").expectText("end");
    }

    // Topics that nobody needs, and the limit.

    @Test
    void retiredTopicMustNotComeBack() {
        Instant now = Instant.EPOCH;
        TestPair pair = pair();
        TopicTable table = new TopicTable(TopicLimits.DEFAULT, Clock.systemUTC());
        table.begin(new Presence(null), null);
        Topic topic = table.get("a", List.of("a"));
        FilterTree filters = new FilterTree();
        Subscription late = new Subscription(end(pair), "a", List.of("a"), SubscribeOptions.DEFAULT);
        Instant later = Clock.systemUTC().instant().plusSeconds(1);

        assertTrue(topic.sweep(now, later));
        topic.unsubscribe(late, "ann", later.plusSeconds(1));

        assertTrue(topic.sweep(now, now));
        assertNull(topic.publish(PreparedMessage.text("lost"), null, filters, later));
        assertEquals(Topic.Start.RETIRED, topic.subscribe(late, "ann", later));
        table.remove(topic);
        Topic next = table.get("a", List.of("a"));
        table.remove(topic);
        assertSame(next, table.get("a", List.of("a")));
    }

    @Test
    void topicThatIsBusyMustNotHoldUpOthers() throws Exception {
        MovedClock clock = new MovedClock();
        Topics topics = Topics.builder().clock(clock).limits(TopicLimits.builder().maxTopics(2).build()).build();
        CountDownLatch entered = new CountDownLatch(1);
        topics.subscribe(end(pair()), "busy", waiting(entered));
        Thread publisher = Thread.ofVirtual().start(() -> topics.publish("busy", "message"));
        entered.await();
        topics.publish("unused", "message");
        clock.move(Duration.ofSeconds(1));

        topics.publish("next", "message");

        assertTrue(topics.statistics("unused").isEmpty());
        released.countDown();
        publisher.join();
    }

    @Test
    void threadsMustNotMakeMoreTopicsThanAllowed() throws Exception {
        int most = 3;
        int threads = 4;
        TopicLimits limits = TopicLimits.builder().maxTopics(most).historyLength(1).build();
        for (int round = 0; round < 300; round++) {
            Topics topics = Topics.builder().limits(limits).build();
            topics.publish("0", "message");
            CyclicBarrier start = new CyclicBarrier(threads);
            List<Thread> all = new ArrayList<>();
            AtomicInteger published = new AtomicInteger();
            for (int i = 1; i <= threads; i++) {
                String topic = Integer.toString(i);
                all.add(Thread.ofPlatform().start(() -> {
                    try {
                        start.await();
                        topics.publish(topic, "message");
                        published.incrementAndGet();
                    } catch (TopicException e) {
                        // As it must be for some.
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                }));
            }
            for (Thread thread : all) {
                thread.join();
            }
            assertEquals(most, topics.topicCount());
            assertEquals(most - 1, published.get());
        }
    }

    @Test
    void refusalAtTheLimitMustNotCheckAllTopicsEachTime() {
        MovedClock clock = new MovedClock();
        Topics topics = Topics.builder().clock(clock).limits(TopicLimits.builder().maxTopics(1).build()).build();
        topics.subscribe(end(pair()), "a");
        int before = clock.asked.get();

        int refusals = 1000;
        for (int i = 0; i < refusals; i++) {
            assertThrows(TopicException.class, () -> topics.publish("b", "message"));
        }

        // Once for each refusal, and more only for each check.
        int asked = clock.asked.get() - before;
        assertTrue(asked < refusals * 3 / 2, "asked: " + asked);
    }

    @Test
    void topicsMustBeCheckedThoughTheTimeWasSetBack() {
        MovedClock clock = new MovedClock();
        Topics topics = Topics.builder().clock(clock).limits(HISTORY).build();
        clock.move(Duration.ofDays(-1));
        topics.publish("a", "message");

        // A check skips a topic that another one is just looking at.
        Await.until("the unused topic is forgotten", () -> {
            clock.move(Duration.ofHours(2));
            topics.publish("b", "message");
            return topics.topicCount() == 1;
        });
    }
}
