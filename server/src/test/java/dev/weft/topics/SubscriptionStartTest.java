package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.PreparedMessage;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a subscription begins with. */
@Timeout(60)
class SubscriptionStartTest {
    private final Topics topics = Topics.builder().limits(TopicLimits.builder().historyLength(3).build()).build();
    private TestPair pair;

    @BeforeEach
    void connect() {
        pair = TestConnection.pair();
    }

    @AfterEach
    void close() {
        pair.close();
    }

    private Subscription subscribe(SubscribeOptions options) {
        return topics.subscribe(pair.server().connection(), "a", options);
    }

    @Test
    void thePositionAfterWhichMessagesComeMustCountTheHistory() {
        Position first = topics.publish("a", "1");
        for (int i = 2; i <= 5; i++) {
            topics.publish("a", Integer.toString(i));
        }
        Position third = Position.parse(first.toString().replace(":1", ":3"));
        assertEquals(5, subscribe(SubscribeOptions.DEFAULT).after().offset());
        assertEquals(3, subscribe(SubscribeOptions.DEFAULT.last(2)).after().offset());
        assertEquals(2, subscribe(SubscribeOptions.DEFAULT.last(50)).after().offset());
        assertEquals(third, subscribe(SubscribeOptions.DEFAULT.since(third)).after());
        Subscription late = subscribe(SubscribeOptions.DEFAULT.since(first));
        assertEquals(Recovery.IMPOSSIBLE, late.recovery());
        assertEquals(late.start(), late.after());
    }

    /** A client that sees the greeting of a filter, and then publishes, must get the message, and nothing before the greeting. */
    @Test
    void aFilterMustMatchFromItsGreetingOn() {
        SubscribeOptions greeted = SubscribeOptions.DEFAULT.greeting(it -> PreparedMessage.text("greeting"));
        for (int i = 0; i < 2_000; i++) {
            Thread.ofVirtual().start(() -> topics.subscribeMatching(pair.server().connection(), "*", greeted));
            pair.client().expectText("greeting");
            topics.publish("b", "message");
            pair.client().expectText("message");
            topics.unsubscribe(pair.server().connection(), "*");
        }
    }

    @Test
    void everyPresenceListenerMustBeTold() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        for (String name : List.of("first", "second")) {
            topics.addPresenceListener(new PresenceListener() {
                @Override
                public void joined(String topic, String member) {
                    told.add(name + " joined");
                    throw new IllegalStateException("this listener fails, as the test wants");
                }

                @Override
                public void left(String topic, String member) {
                    told.add(name + " left");
                }
            });
        }
        subscribe(SubscribeOptions.DEFAULT);
        assertEquals("first joined", told.poll(20, TimeUnit.SECONDS));
        assertEquals("second joined", told.poll(20, TimeUnit.SECONDS));
        pair.client().connection().close();
        assertEquals("first left", told.poll(20, TimeUnit.SECONDS));
        assertEquals("second left", told.poll(20, TimeUnit.SECONDS));
    }
}
