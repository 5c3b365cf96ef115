package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Await;
import dev.weft.testing.TestPair;
import dev.weft.topics.TopicException.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values of keys that connections publish, and what a subscriber gets that does not read. */
@Timeout(60)
class LatestValuesTest {
    private static final String FILLER = "x".repeat(100_000);

    private final List<TestPair> pairs = new ArrayList<>();

    @AfterEach
    void close() {
        pairs.forEach(TestPair::close);
    }

    private TestPair pair() {
        TestPair pair = TestPair.builder().connect();
        pairs.add(pair);
        return pair;
    }

    private static WebSocketConnection end(TestPair pair) {
        return pair.server().connection();
    }

    private static PreparedMessage text(String text) {
        return PreparedMessage.text(text);
    }

    /** Fills the network, so that what follows waits. Returns the number of messages that it took. */
    private static int fill(TestPair slow) {
        int fillers = 0;
        while (end(slow).queue().queuedBytes() < FILLER.length()) {
            assertTrue(end(slow).trySend(FILLER).isAccepted());
            fillers++;
        }
        return fillers;
    }

    private static void expectFillers(TestPair slow, int count) {
        for (int i = 0; i < count; i++) {
            slow.client().expectText(FILLER);
        }
    }

    /** Connections may publish to topics whose name begins with "own". */
    private static Topics topics() {
        return Topics.builder().authorizer(new TopicAuthorizer() {
            @Override
            public boolean maySubscribe(WebSocketConnection connection, String filter) {
                return true;
            }

            @Override
            public boolean mayPublish(WebSocketConnection connection, String topic) {
                return topic.startsWith("own");
            }
        }).limits(TopicLimits.builder().historyLength(10).build()).build();
    }

    // Connections that publish.

    @Test
    void valueOfAConnectionMustTakeThePlaceOfTheOneThatWaits() {
        Topics topics = topics();
        TestPair slow = pair();
        topics.subscribe(end(slow), "own/1");
        WebSocketConnection from = end(pair());
        int fillers = fill(slow);

        topics.publishLatest(from, "own/1", "A", text("A1"));
        topics.publishLatest(from, "own/1", "B", text("B1"));
        Position newest = topics.publishLatest(from, "own/1", "A", text("A2"));
        topics.publish(from, "own/1", text("end"));

        expectFillers(slow, fillers);
        slow.client().expectText("A2").expectText("B1").expectText("end");
        assertEquals(3, newest.offset());
        assertEquals(List.of("A", "B", "A", "none"),
                topics.history("own/1", 10).stream().map(each -> each.key().orElse("none")).toList());
    }

    @Test
    void connectionThatMayNotPublishMustNotReplaceAValue() {
        Topics topics = topics();
        TestPair slow = pair();
        topics.subscribe(end(slow), "other");
        WebSocketConnection from = end(pair());
        int fillers = fill(slow);

        topics.publishLatest("other", "A", text("A1"));
        assertReason(Reason.NOT_AUTHORIZED, () -> topics.publishLatest(from, "other", "A", text("A2")));
        assertReason(Reason.NOT_AUTHORIZED, () -> topics.publishLatest(from, "unknown", "A", text("A2")));
        assertReason(Reason.INVALID_NAME, () -> topics.publishLatest(from, "own/*", "A", text("A2")));

        expectFillers(slow, fillers);
        slow.client().expectText("A1");
        assertEquals(1, topics.statistics("other").orElseThrow().published());
        assertTrue(topics.statistics("unknown").isEmpty());
    }

    // Keys.

    @ParameterizedTest
    @ValueSource(strings = {"", "a\nb", "\u0000", "a\u007f", "\u0085"})
    void invalidKeysMustBeRefused(String key) {
        Topics topics = topics();
        WebSocketConnection from = end(pair());
        for (String each : List.of(key, "k".repeat(256))) {
            assertReason(Reason.INVALID_KEY, () -> topics.publishLatest("own/1", each, text("value")));
            assertReason(Reason.INVALID_KEY, () -> topics.publishLatest(from, "own/1", each, text("value")));
        }
        assertTrue(topics.statistics("own/1").isEmpty());
        assertThrows(NullPointerException.class, () -> topics.publishLatest("own/1", null, text("value")));
    }

    @Test
    void refusalOfAKeyMustSayWhyAndNotRepeatAllOfIt() {
        TopicException refused = assertThrows(TopicException.class,
                () -> topics().publishLatest("own/1", "k".repeat(60_000), text("value")));
        String message = refused.getMessage();
        assertTrue(message.startsWith("key 'kkk") && message.length() < 500, message);
        assertTrue(message.endsWith("': it has 60000 characters, not 1 to 255"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b//c", "*", "#", " ", "EUR/USD 🧵"})
    void keyMustBeAnyOtherText(String key) {
        Topics topics = topics();
        topics.publishLatest("own/1", key, text("value"));
        assertEquals(key, topics.history("own/1", 1).getFirst().key().orElseThrow());
    }

    @Test
    void longestKeyMustReachOtherNodesAsItIs() {
        for (String key : List.of("k".repeat(255), "\uffff".repeat(255), "🧵".repeat(127) + "k")) {
            topics().publishLatest("own/1", key, text("value"));
            byte[] encoded = new BackplaneMessage("own/1", key, text("value"), Instant.EPOCH, 1, 2).encode();
            assertEquals(26 + 4 + key.getBytes(StandardCharsets.UTF_8).length + 5, encoded.length);
            assertEquals(key, BackplaneMessage.decode("own/1", encoded).key().orElseThrow());
        }
    }

    /** Without this, a client could fill the memory with keys. */
    @Test
    void keyMustCountAsAPartOfTheHistory() {
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(100).historySize(500).build())
                .build();
        topics.publish("a", "x".repeat(36));
        topics.publishLatest("a", "k".repeat(200), text("x".repeat(36)));
        assertEquals(400, topics.statistics("a").orElseThrow().historySize());
        topics.publishLatest("a", "k".repeat(100), text(""));
        assertEquals(List.of(200, 100), topics.history("a", 10).stream()
                .map(each -> each.key().orElse("").length()).toList());
        topics.publish("a", "x".repeat(436));
        assertEquals(500, topics.statistics("a").orElseThrow().historySize());
    }

    // Greetings.

    private static SubscribeOptions greeted(String greeting) {
        return SubscribeOptions.DEFAULT.greeting(it -> text(greeting));
    }

    /** Who takes the greeting for the begin of a subscription would lose a value that was sent before it. */
    @Test
    void valueMustNotOvertakeTheGreetingOfALaterSubscription() {
        Topics topics = topics();
        TestPair slow = pair();
        topics.subscribeMatching(end(slow), "own/*", SubscribeOptions.DEFAULT);
        int fillers = fill(slow);

        topics.publishLatest("own/1", "A", text("A1"));
        topics.subscribe(end(slow), "own/1", greeted("one"));
        topics.publishLatest("own/1", "A", text("A2"));
        topics.publishLatest("own/1", "A", text("A3"));
        topics.subscribeMatching(end(slow), "#", greeted("all"));
        topics.publishLatest("own/1", "A", text("A4"));

        expectFillers(slow, fillers);
        slow.client().expectText("A1").expectText("one").expectText("A3").expectText("all").expectText("A4");
        assertEquals(1, end(slow).queue().replacedMessages());
    }

    /** Its first subscription may be over, or end because the second one replaces it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void valueMustNotOvertakeTheGreetingOfTheSameTopic(boolean unsubscribed) {
        Topics topics = topics();
        TestPair slow = pair();
        topics.subscribe(end(slow), "own/1", greeted("first"));
        slow.client().expectText("first");
        int fillers = fill(slow);

        topics.publishLatest("own/1", "A", text("A1"));
        if (unsubscribed) {
            topics.unsubscribe(end(slow), "own/1");
        }
        topics.subscribe(end(slow), "own/1", greeted("second"));
        topics.publishLatest("own/1", "A", text("A2"));

        expectFillers(slow, fillers);
        slow.client().expectText("A1").expectText("second").expectText("A2");
    }

    /** Otherwise, the last value that the client gets would be an older one, from the history. */
    @Test
    void valueMustNotOvertakeTheHistoryOfALaterSubscription() {
        Topics topics = topics();
        TestPair slow = pair();
        topics.subscribeMatching(end(slow), "own/*", SubscribeOptions.DEFAULT);
        int fillers = fill(slow);

        topics.publishLatest("own/1", "A", text("A1"));
        topics.publishLatest("own/1", "B", text("B1"));
        topics.subscribe(end(slow), "own/1", SubscribeOptions.DEFAULT.last(10));
        topics.publishLatest("own/1", "A", text("A2"));
        topics.publishLatest("own/1", "A", text("A3"));

        expectFillers(slow, fillers);
        slow.client().expectText("A1").expectText("B1").expectText("A1").expectText("B1").expectText("A3");
        assertEquals(1, end(slow).queue().replacedMessages());
    }

    /** The value before the greeting and the one after it have the same key. When the former is sent, the latter still waits. */
    @Test
    void valueAfterAGreetingMustBeReplacedAlsoWhenTheOneBeforeItIsSent() {
        Topics topics = topics();
        TestPair slow = pair();
        topics.subscribeMatching(end(slow), "own/*", SubscribeOptions.DEFAULT);
        int fillers = fill(slow);

        topics.publishLatest("own/1", "A", text("A1"));
        topics.subscribe(end(slow), "own/1", greeted("greeting"));
        for (int i = 0; i <= fillers; i++) {
            assertTrue(end(slow).trySend(FILLER).isAccepted());
        }
        topics.publishLatest("own/1", "A", text("A2"));
        expectFillers(slow, fillers);
        slow.client().expectText("A1").expectText("greeting");
        topics.publishLatest("own/1", "A", text("A3"));

        expectFillers(slow, fillers + 1);
        slow.client().expectText("A3");
        topics.publish("own/1", "end");
        slow.client().expectText("end");
    }

    @Test
    void valueMustNotOvertakeTheNoticeOfAGap() {
        MemoryBroker.Node node = new MemoryBroker(1).node();
        Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(5).build()).backplane(node).build();
        TestPair slow = pair();
        topics.subscribe(end(slow), "a", SubscribeOptions.DEFAULT.gapNotice(it -> text("gap")));
        int fillers = fill(slow);

        topics.publishLatest("a", "A", text("A1"));
        Await.until("the first value waits", () -> topics.totals().delivered() == 1);
        node.losing = 8;
        for (int i = 2; i <= 10; i++) {
            topics.publishLatest("a", "A", text("A" + i));
        }
        Await.until("the values after the gap wait", () -> topics.totals().delivered() == 6);

        expectFillers(slow, fillers);
        slow.client().expectText("A1").expectText("gap").expectText("A10");
    }

    private static void assertReason(Reason reason, Runnable action) {
        assertEquals(reason, assertThrows(TopicException.class, action::run).reason());
    }
}
