package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.server.Await;
import dev.weft.testing.TestPair;
import dev.weft.topics.TopicException.Reason;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What every backplane does whose broker is a process, when that fails. */
public abstract class BrokerContract extends BackplaneContract {
    /** Starts a broker that keeps its files, for one test. */
    protected abstract BrokerProcess ownBroker() throws Exception;

    /** A node of this broker, not yet started, with a timeout of a second. */
    protected abstract Backplane node(BrokerProcess broker);

    @Test
    void brokerThatIsKilledMustBeWaitedForAndItsLossTold() throws Exception {
        try (BrokerProcess own = ownBroker()) {
            Backplane node = opened(node(own));
            Topics topics = Topics.builder().limits(HISTORY).backplane(node).build();
            TestPair pair = pair();
            topics.subscribe(end(pair), "a", PLACED);
            Position before = topics.publish("a", "1");
            peer(pair).expectText(before + " 1");

            own.kill();
            Await.until("the node has noticed", () -> !node.health().connected());
            long start = System.nanoTime();
            assertReason(Reason.BACKPLANE_AWAY, () -> topics.publish("a", "2"));
            assertReason(Reason.BACKPLANE_AWAY, () -> topics.subscribe(end(pair), "b"));
            assertTrue(System.nanoTime() - start < Duration.ofSeconds(5).toNanos());

            own.restart();
            peer(pair).expectText("gap");
            Position after = published(topics, "a", "3");
            peer(pair).expectText(after + " 3");
            // The broker has restored the history, but may have lost its end.
            assertNotEquals(before.epoch(), after.epoch());
            assertEquals(Recovery.IMPOSSIBLE, topics.subscribe(end(pair), "a", PLACED.since(before)).recovery());
        }
    }

    @Test
    void brokerThatStandsStillMustBeWaitedForBriefly() throws Exception {
        try (BrokerProcess own = ownBroker()) {
            Backplane node = opened(node(own));
            Topics topics = Topics.builder().limits(HISTORY).backplane(node).build();
            TestPair pair = pair();
            topics.subscribe(end(pair), "a", PLACED);
            Position before = topics.publish("a", "1");
            peer(pair).expectText(before + " 1");

            own.stop();
            TopicException refused = assertThrows(TopicException.class, () -> topics.publish("a", "2"));
            assertEquals(Reason.BACKPLANE_UNCERTAIN, refused.reason());
            Await.until("the node has noticed", () -> !node.health().connected());
            own.goOn();

            Position after = published(topics, "a", "3");
            assertEquals(before.epoch(), after.epoch());
            // The message whose fate was uncertain may have been published, and once at most.
            String next = peer(pair).expectText();
            if (next.endsWith(" 2")) {
                next = peer(pair).expectText();
            }
            assertEquals(after + " 3", next);
        }
    }

    @Test
    void nodeMustStartWithoutItsBroker() throws Exception {
        try (BrokerProcess own = ownBroker()) {
            own.kill();
            Backplane node = opened(node(own));
            Topics topics = Topics.builder().limits(HISTORY).backplane(node).goesOnAlone(true).build();
            TestPair pair = pair();
            assertFalse(node.health().connected());
            topics.subscribe(end(pair), "a", PLACED);

            own.restart();
            // What may have been published before is told.
            peer(pair).expectText("gap");
            Position position = published(topics, "a", "1");
            peer(pair).expectText(position + " 1");
            assertTrue(node.health().connected());
        }
    }
}
