package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.testing.TestPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node delivers after it has missed something, and in which order. */
@Timeout(60)
class FeedTest extends TwoNodes {
    private static final TopicLimits NO_HISTORY = TopicLimits.DEFAULT;

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // A filter with wildcards, and then a subscription by name.

    @Test
    void topicThatAFilterHasBegunMustHaveItsWholeHistory() {
        Topics other = topics(there, HISTORY);
        Position first = other.publish("a/1", "1");
        other.publish("a/1", "2");
        Topics topics = topics(here, HISTORY);
        TestPair filter = pair();
        topics.subscribeMatching(end(filter), "a/#", NUMBERED);
        other.publish("a/1", "3");
        peer(filter).expectText("3 3");

        TestPair last = pair();
        topics.subscribe(end(last), "a/1", NUMBERED.last(5));
        peer(last).expectText("1 1").expectText("2 2").expectText("3 3");
        TestPair since = pair();
        assertEquals(Recovery.COMPLETE, topics.subscribe(end(since), "a/1", NUMBERED.since(first)).recovery());
        peer(since).expectText("2 2").expectText("3 3");
        assertEquals(3, topics.history("a/1", 10).size());

        other.publish("a/1", "4");
        for (TestPair each : List.of(filter, last, since)) {
            peer(each).expectText("4 4");
        }
    }

    @Test
    void topicThatBeginsAnewWhileItsHistoryIsReadMustBeWhole() {
        Topics other = topics(there, HISTORY);
        other.publish("a/1", "1");
        Topics topics = topics(here, HISTORY);
        TestPair filter = pair();
        topics.subscribeMatching(end(filter), "a/#", NUMBERED);
        other.publish("a/1", "2");
        peer(filter).expectText("2 2");
        AtomicInteger reads = new AtomicInteger();
        here.beforeRead = topic -> {
            if (reads.incrementAndGet() == 2) {
                broker.loseData();
                here.losing = Integer.MAX_VALUE;
                other.publish("a/1", "3");
                other.publish("a/1", "4");
                here.losing = 0;
            }
        };

        TestPair named = pair();
        topics.subscribe(end(named), "a/1", NUMBERED.last(5));
        peer(named).expectText("1 3").expectText("2 4");
        peer(filter).expectText("gap 2 0").expectText("1 3").expectText("2 4");
    }

    /** The history has these messages already, and then they arrive. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8})
    void filterMustGetWhatArrivesWhileTheFirstConnectionSubscribesByName(int messages) {
        Topics topics = topics(here, HISTORY);
        topics.publish("room/42", "before");
        TestPair filter = pair();
        topics.subscribeMatching(end(filter), "room/#", NUMBERED);
        here.beforeRead = topic -> IntStream.range(0, messages).forEach(i -> topics.publish(topic, "m" + i));

        TestPair named = pair();
        Subscription subscription = topics.subscribe(end(named), "room/42", NUMBERED);
        here.beforeRead = topic -> {};
        topics.publish("room/42", "after");

        assertEquals(messages + 1, subscription.start().offset());
        for (int i = 0; i < messages; i++) {
            peer(filter).expectText(i + 2 + " m" + i);
        }
        for (TestPair each : List.of(filter, named)) {
            peer(each).expectText(messages + 2 + " after");
        }
    }

    @Test
    void filterMustGetWhatIsLostWhileTheFirstConnectionSubscribesByName() {
        Topics topics = topics(here, HISTORY);
        TestPair filter = pair();
        topics.subscribeMatching(end(filter), "room/#", NUMBERED);
        here.beforeRead = topic -> {
            topics.publish(topic, "1");
            // Once for the name, and once for the filter.
            here.losing = 2;
            topics.publish(topic, "2");
        };

        topics.subscribe(end(pair()), "room/42");
        here.beforeRead = topic -> {};
        topics.publish("room/42", "3");

        peer(filter).expectText("1 1").expectText("2 2").expectText("3 3");
    }

    @Test
    void messagesThatNobodyWantsAnyMoreMustNotBeginATopic() {
        Topics other = topics(there, HISTORY);
        Topics topics = topics(here, HISTORY);
        CountDownLatch ended = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        TestPair first = pair();
        topics.subscribeMatching(end(first), "a/*", SubscribeOptions.DEFAULT.format(it -> {
            entered.countDown();
            await(ended);
            return it.message();
        }));
        other.publish("a/1", "1");
        await(entered);
        other.publish("a/1", "2");
        topics.unsubscribe(end(first), "a/*");
        ended.countDown();
        other.publish("a/1", "3");

        TestPair second = pair();
        topics.subscribeMatching(end(second), "a/*", NUMBERED);
        topics.subscribe(end(pair()), "a/1");
        other.publish("a/1", "4");
        peer(second).expectText("4 4");
    }

    /** It comes for the name and for the filter, to which no connection is subscribed yet. */
    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void messageMustArriveOnceWhileTheNodeSubscribesToItsFirstFilter(int history) {
        Topics topics = topics(here, TopicLimits.builder().historyLength(history).build());
        TestPair named = pair();
        topics.subscribe(end(named), "a/1", NUMBERED);
        here.afterSubscribe = filter -> {
            topics.publish("a/1", "1");
            peer(named).expectText("1 1");
        };
        topics.subscribeMatching(end(pair()), "a/*", NUMBERED);
        topics.publish("a/1", "2");
        peer(named).expectText("2 2");
    }

    /** Nobody is subscribed to it by name, and its history is too old, but a filter wants what it is reading. */
    @Test
    void topicThatReadsWhatItHasMissedMustNotBeForgotten() {
        TopicLimits limits = HISTORY.toBuilder().historyTime(Duration.ofSeconds(1)).maxTopics(2).build();
        MovedClock clock = new MovedClock();
        Topics topics = Topics.builder().limits(limits).clock(clock).backplane(here).build();
        Topics other = Topics.builder().limits(limits).clock(clock).backplane(there).build();
        TestPair filter = pair();
        topics.subscribeMatching(end(filter), "a/*", NUMBERED);
        other.publish("a/1", "1");
        peer(filter).expectText("1 1");
        WebSocketConnection connection = end(pair());
        topics.subscribe(connection, "unused");
        topics.unsubscribe(connection, "unused");
        clock.move(Duration.ofSeconds(4));
        CountDownLatch slow = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        here.beforeRead = slowIn("a", begun, slow);
        here.losing = 1;
        other.publish("a/1", "2");
        other.publish("a/1", "3");
        await(begun);

        // There is room only if a topic is forgotten.
        topics.subscribe(connection, "new");
        other.publish("a/1", "4");
        slow.countDown();

        peer(filter).expectText("2 2").expectText("3 3").expectText("4 4");
        assertEquals(Set.of("a/1", "new"), Set.copyOf(topics.names()));
    }

    // The place of a gap.

    /** Messages that arrive before the backplane has told its return must follow the notice. */
    @Test
    void gapMustBeToldBeforeWhatFollowsAnInterruption() {
        Topics topics = topics(here, NO_HISTORY);
        Topics other = topics(there, NO_HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        other.publish("a", "1");
        peer(pair).expectText("1 1");

        broker.away(true);
        broker.returnUntold();
        other.publish("a", "2");
        broker.tellReturn();
        other.publish("a", "3");

        peer(pair).expectText("gap 1 0").expectText("1 2").expectText("2 3");
        assertEquals(1, topics.totals().gaps());
        assertTrue(topics.totals().backplane().orElseThrow().connected());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void gapOfAFilterMustBeToldBeforeWhatFollowsAnInterruption(int history) {
        TopicLimits limits = TopicLimits.builder().historyLength(history).build();
        Topics topics = topics(here, limits);
        Topics other = topics(there, limits);
        TestPair pair = pair();
        topics.subscribeMatching(end(pair), "a/*", NUMBERED);

        broker.away(true);
        broker.returnUntold();
        other.publish("a/1", "1");
        broker.tellReturn();

        peer(pair).expectText("gap 0 0").expectText("1 1");
    }

    @Test
    void subscriberThatHasComeDuringAnInterruptionMustBeToldOfIt() {
        Topics topics = Topics.builder().backplane(here).goesOnAlone(true).build();
        Topics other = topics(there, NO_HISTORY);
        TestPair pair = pair();
        broker.away(true);
        topics.subscribe(end(pair), "a", NUMBERED);
        broker.returnUntold();
        other.publish("a", "1");
        broker.tellReturn();

        peer(pair).expectText("gap 0 0").expectText("1 1");
    }

    @Test
    void subscriberToANewTopicMustBeToldWhatItMayHaveMissedWhileTheBrokerWasAway() {
        Topics topics = Topics.builder().limits(HISTORY).backplane(here).goesOnAlone(true).build();
        Topics other = topics(there, HISTORY);
        TestPair pair = pair();
        broker.away(true);
        topics.subscribe(end(pair), "new", NUMBERED);
        broker.returnUntold();
        here.losing = 1;
        other.publish("new", "1");
        other.publish("new", "2");
        broker.tellReturn();

        peer(pair).expectText("gap 0 2");
        other.publish("new", "3");
        peer(pair).expectText("3 3");
    }

    /** The first message after it has none before it at the broker, as if nothing were missing. */
    @Test
    void messagesThatAreTooOldWhenTheBrokerIsBackMustBeAGap() {
        Topics topics = topics(here, HISTORY);
        Topics other = topics(there, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        other.publish("a", "1");
        peer(pair).expectText("1 1");
        here.losing = 1;
        other.publish("a", "2");
        broker.away(true);
        broker.returnUntold();
        broker.expire("a");
        other.publish("a", "3");
        broker.tellReturn();

        peer(pair).expectText("gap 1 0").expectText("3 3");
    }

    /** Without an interruption, nothing can be missing. */
    @Test
    void messageAfterALongPauseMustBeNoGap() {
        Topics topics = topics(here, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        topics.publish("a", "1");
        peer(pair).expectText("1 1");
        broker.expire("a");
        topics.publish("a", "2");

        peer(pair).expectText("2 2");
    }

    @Test
    void gapOfAnOverflowMustBeToldInItsPlace() {
        int most = 10_000;
        Topics topics = topics(here, NO_HISTORY);
        Topics other = topics(there, NO_HISTORY);
        List<String> told = new CopyOnWriteArrayList<>();
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch third = new CountDownLatch(3);
        Semaphore allowed = new Semaphore(0);
        topics.subscribe(end(pair()), "a", SubscribeOptions.DEFAULT.closesWhenBehind(false).format(it -> {
            first.countDown();
            third.countDown();
            allowed.acquireUninterruptibly();
            String number = text(it.message());
            if (Integer.parseInt(number) > most - 1) {
                told.add(number);
            }
            return it.message();
        }).gapNotice(it -> {
            told.add("gap");
            return PreparedMessage.text("gap");
        }));
        other.publish("a", "0");
        await(first);
        // One more than may wait.
        for (int i = 1; i <= most + 1; i++) {
            other.publish("a", "" + i);
        }
        allowed.release(2);
        await(third);
        other.publish("a", "" + (most + 2));
        allowed.release(2 * most);

        Await.until("the last one is delivered", () -> told.contains("" + (most + 2)));
        assertEquals(List.of("" + most, "gap", "" + (most + 2)), told);
    }

    /** When the broker is back, a subscriber may compare a topic before its turn. */
    @Test
    void comparisonThatFailsForASubscriberMustBeMadeAgain() {
        TopicTable table = new TopicTable(HISTORY, Clock.systemUTC());
        Presence presence = new Presence(null);
        Uplink uplink = new Uplink(here, false, table, new FilterTree(), presence);
        table.begin(presence, uplink);
        here.start(HISTORY, uplink);
        Topics other = topics(there, HISTORY);
        uplink.want("a");
        Topic topic = table.get("a", List.of("a"));
        uplink.prepare(topic, null);
        TestPair pair = pair();
        topic.subscribe(new Subscription(end(pair), "a", List.of("a"), NUMBERED), "ann", Instant.now());
        here.losing = 1;
        Position missed = other.publish("a", "1");

        topic.feed().suspect();
        here.beforeRead = it -> {
            throw BackplaneException.uncertain("no answer, on purpose", new TimeoutException());
        };
        assertThrows(TopicException.class, () -> uplink.prepare(topic, missed));
        here.beforeRead = it -> {};
        topic.feed().wake();
        peer(pair).expectText("1 1");
    }

    /** Nobody tells the node that its backplane is closed. */
    @Test
    void topicMustNotBeComparedWithAClosedBackplaneAgainAndAgain() throws Exception {
        TopicTable table = new TopicTable(HISTORY, Clock.systemUTC());
        Presence presence = new Presence(null);
        Uplink uplink = new Uplink(here, false, table, new FilterTree(), presence);
        table.begin(presence, uplink);
        here.start(HISTORY, uplink);
        uplink.want("a");
        Topic topic = table.get("a", List.of("a"));
        uplink.prepare(topic, null);
        CompletableFuture<Thread> comparing = new CompletableFuture<>();
        here.beforeRead = it -> comparing.complete(Thread.currentThread());
        here.close();
        topic.feed().suspect();
        topic.feed().wake();

        assertTrue(comparing.get(30, TimeUnit.SECONDS).join(Duration.ofSeconds(10)), "it goes on");
    }

    @Test
    void topicThatIsNotComparedBeforeAnInterruptionIsNoticedMustBeComparedAfterIt() throws Exception {
        Topics topics = topics(here, HISTORY);
        Topics other = topics(there, HISTORY);
        TestPair pair = pair();
        topics.subscribe(end(pair), "a", NUMBERED);
        here.losing = 1;
        other.publish("a", "1");
        CompletableFuture<Thread> comparing = new CompletableFuture<>();
        here.beforeRead = it -> {
            broker.leaveUntold();
            comparing.complete(Thread.currentThread());
        };
        other.publish("a", "2");
        assertTrue(comparing.get(30, TimeUnit.SECONDS).join(Duration.ofSeconds(10)), "it goes on");
        here.beforeRead = it -> {};
        broker.away(true);
        broker.away(false);

        peer(pair).expectText("1 1").expectText("2 2");
    }

    /** Without memory, for example. Nobody has got the message then. */
    @Test
    void messageWhoseDeliveryFailsMustBeDeliveredAgain() {
        TopicTable table = new TopicTable(HISTORY, Clock.systemUTC());
        Presence presence = new Presence(null);
        FilterTree filters = new FilterTree();
        Uplink uplink = new Uplink(here, false, table, filters, presence);
        table.begin(presence, uplink);
        here.start(HISTORY, uplink);
        Topics other = topics(there, HISTORY);
        filters.begin(new Subscription(end(pair()), "b/*", List.of("b", "*"), NUMBERED));
        uplink.want("a");
        AtomicInteger failing = new AtomicInteger();
        Topic topic = table.get("a", new AbstractList<>() {
            @Override
            public String get(int index) {
                return "a";
            }

            @Override
            public int size() {
                if (failing.getAndSet(0) > 0) {
                    throw new OutOfMemoryError("on purpose");
                }
                return 1;
            }
        });
        uplink.prepare(topic, null);
        TestPair pair = pair();
        topic.subscribe(new Subscription(end(pair), "a", List.of("a"), NUMBERED), "ann", Instant.now());

        failing.set(1);
        other.publish("a", "1");
        peer(pair).expectText("1 1");
        other.publish("a", "2");
        peer(pair).expectText("2 2");
        assertEquals(2, topic.last(5, Instant.now()).size());
    }

    // Many topics at a time.

    @Test
    void topicsMustBeComparedAFewAtATime() {
        int count = 2_000;
        int atATime = 32;
        Topics topics = topics(here,
                HISTORY.toBuilder().maxSubscriptionsPerConnection(count).build());
        Topics other = topics(there, HISTORY);
        TestPair pair = pair();
        for (int i = 0; i < count; i++) {
            topics.subscribe(end(pair), "t" + i);
        }
        here.losing = count;
        for (int i = 0; i < count; i++) {
            other.publish("t" + i, "missed");
        }
        int before = here.reads;
        AtomicInteger reading = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch slow = new CountDownLatch(1);
        here.beforeRead = topic -> {
            most.accumulateAndGet(reading.incrementAndGet(), Math::max);
            await(slow);
            reading.decrementAndGet();
        };

        broker.away(true);
        broker.away(false);
        Await.until("as many as possible are read", () -> reading.get() >= atATime);
        slow.countDown();

        for (int i = 0; i < count; i++) {
            peer(pair).expectText("missed");
        }
        assertEquals(atATime, most.get());
        assertEquals(before + count, here.reads);
    }

    @Test
    void subscriberMustNotWaitUntilAllTopicsAreCompared() throws Exception {
        Topics topics = topics(here, HISTORY);
        WebSocketConnection connection = end(pair());
        for (int i = 0; i < 100; i++) {
            topics.subscribe(connection, "t" + i);
        }
        CountDownLatch slow = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(32);
        here.beforeRead = slowIn("t", begun, slow);
        broker.away(true);
        broker.away(false);
        await(begun);
        WebSocketConnection coming = end(pair());
        try {
            Thread thread = Thread.ofVirtual().start(() -> {
                topics.subscribe(coming, "new");
                for (int i = 0; i < 99; i++) {
                    topics.subscribe(coming, "t" + i, NUMBERED.last(5));
                }
            });
            assertTrue(thread.join(Duration.ofSeconds(10)), "it waits");
        } finally {
            slow.countDown();
        }
    }

    private static Consumer<String> slowIn(String prefix, CountDownLatch begun, CountDownLatch slow) {
        return topic -> {
            if (topic.startsWith(prefix)) {
                begun.countDown();
                await(slow);
            }
        };
    }
}
