package dev.weft.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.ConnectionLimits;
import dev.weft.server.Await;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.testing.TestPair;
import dev.weft.testing.TestServer;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The totals of topics among the metrics of a server. */
@Timeout(60)
class TopicMetricsTest extends TwoNodes {
    private static WebSocketServerBuilder builder(Topics topics) {
        return WebSocketServer.builder().handler(ws -> {}).metrics("/metrics", topics);
    }

    /** The samples of topics and of their backplane. */
    private static List<String> samples(TestServer server) {
        return server.request("/metrics").get().expectStatus(200).body().lines()
                .filter(line -> line.matches("weft_(max_)?(topic|backplane).*")).toList();
    }

    @Test
    void metricsMustIncludeTheTotalsOfTopics() {
        Topics topics = topics(here, HISTORY);
        List<TestPair> told = List.of(pair(), pair(), pair());
        told.forEach(each -> topics.subscribe(end(each), "a", NUMBERED));
        topics.publish("a", "1");
        told.forEach(each -> peer(each).expectText("1 1"));
        here.losing = 8;
        for (int i = 2; i <= 10; i++) {
            topics.publish("a", "" + i);
        }
        told.forEach(each -> peer(each).expectText("gap 1 5"));

        TestPair slow = TestPair.builder().limits(ConnectionLimits.builder().maxQueuedSize(1000).build()).connect();
        topics.subscribeMatching(end(slow), "c/*", SubscribeOptions.DEFAULT);
        topics.subscribe(end(slow), "b", SubscribeOptions.DEFAULT.closesWhenBehind(false));
        String message = "x".repeat(100_000);
        int attempts = 3 * 6;
        while (topics.totals().undelivered() == 0) {
            topics.publish("b", message);
            int all = ++attempts;
            Await.until("it is counted", () -> topics.totals().delivered() + topics.totals().undelivered() == all);
        }
        int delivered = attempts - 1;

        TopicTotals totals = topics.totals();
        assertEquals(8, LongStream.of(2, 5, totals.published(), delivered, 1, 3, totals.historySize(),
                totals.maxHistorySize()).distinct().count(), "none can be mistaken for another");
        try (TestServer server = TestServer.of(builder(topics).build().toBuilder().build())) {
            assertEquals(List.of("weft_topics 2", "weft_topic_subscriptions 5",
                    "weft_topic_published_messages_total " + totals.published(),
                    "weft_topic_delivered_messages_total " + delivered, "weft_topic_undelivered_messages_total 1",
                    "weft_topic_gaps_total 3", "weft_topic_history_bytes " + totals.historySize(),
                    "weft_max_topic_history_bytes " + (64 << 20), "weft_backplane_up 1"), samples(server));
        } finally {
            slow.close();
        }
    }

    @Test
    void metricsMustSayWhetherTheBrokerCanBeReached() {
        try (TestServer server = TestServer.of(builder(topics(here, HISTORY)).build())) {
            assertEquals("weft_backplane_up 1", samples(server).getLast());
            broker.away(true);
            assertEquals("weft_backplane_up 0", samples(server).getLast());
            broker.away(false);
            assertEquals("weft_backplane_up 1", samples(server).getLast());
        }
    }

    @Test
    void metricsMustNotMentionABackplaneThatIsNotThere() {
        try (TestServer server = TestServer.of(builder(Topics.builder().build()).build())) {
            assertEquals("weft_max_topic_history_bytes " + (64 << 20), samples(server).getLast());
        }
    }

    @Test
    void pathAloneMustTakeTheTopicsAway() {
        try (TestServer server = TestServer.of(builder(Topics.builder().build()).metrics("/metrics").build())) {
            assertEquals(List.of(), samples(server));
        }
    }
}
