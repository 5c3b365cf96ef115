package dev.weft.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.ConnectionLimits;
import dev.weft.micrometer.Exposition.Series;
import dev.weft.server.Await;
import dev.weft.server.WebSocketServer;
import dev.weft.testing.TestConnection;
import dev.weft.testing.TestPair;
import dev.weft.topics.MemoryBroker;
import dev.weft.topics.TopicLimits;
import dev.weft.topics.TopicTotals;
import dev.weft.topics.Topics;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The meters of topics in registries of Micrometer. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WeftTopicMetricsTest {
    private static final TopicLimits HISTORY = TopicLimits.builder().historyLength(5).build();

    private final MockClock clock = new MockClock();
    private final MeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
    private final MemoryBroker broker = new MemoryBroker(1);
    private final Topics topics = Topics.builder().limits(HISTORY).backplane(broker.node()).build();

    /** Two subscribers get three messages, and another one is so slow that it does not get all. Nobody is subscribed then. */
    private static void exchange(Topics topics) {
        ConnectionLimits narrow = ConnectionLimits.builder().maxQueuedSize(1000).build();
        try (TestPair first = TestConnection.pair();
                TestPair second = TestConnection.pair();
                TestPair slow = TestPair.builder().limits(narrow).connect()) {
            topics.subscribe(first.server().connection(), "a");
            topics.subscribe(second.server().connection(), "a");
            topics.subscribe(slow.server().connection(), "b");
            for (String text : List.of("1", "2", "3")) {
                topics.publish("a", text);
            }
            int attempts = 6;
            while (topics.totals().undelivered() == 0) {
                topics.publish("b", "x".repeat(100_000));
                int all = ++attempts;
                Await.until("it is counted", () -> topics.totals().delivered() + topics.totals().undelivered() == all);
            }
        }
        Await.until("the subscriptions have ended", () -> topics.totals().subscriptions() == 0);
    }

    private double gauge(String name) {
        return registry.get(name).gauge().value();
    }

    private double counter(String name) {
        return registry.get(name).functionCounter().count();
    }

    @Test
    void metersMustShowWhatTheTopicsHaveDone() {
        try (WeftTopicMetrics metrics = new WeftTopicMetrics(topics);
                TestPair subscriber = TestConnection.pair()) {
            metrics.bindTo(registry);
            assertEquals(0, gauge("weft.topics"));
            exchange(topics);
            topics.subscribe(subscriber.server().connection(), "c");
            TopicTotals totals = topics.totals();
            assertEquals(7, LongStream.of(totals.published(), totals.delivered(), totals.undelivered(), totals.gaps(),
                    totals.historySize(), totals.maxHistorySize(), 3).distinct().count(), totals.toString());
            assertEquals(0, gauge("weft.topics"), "a second has not passed");
            clock.add(Duration.ofSeconds(1));
            assertEquals(3, gauge("weft.topics"));
            assertEquals(1, gauge("weft.topic.subscriptions"));
            assertEquals(totals.published(), counter("weft.topic.published.messages"));
            assertEquals(totals.delivered(), counter("weft.topic.delivered.messages"));
            assertEquals(totals.undelivered(), counter("weft.topic.undelivered.messages"));
            assertEquals(totals.gaps(), counter("weft.topic.gaps"));
            assertEquals(totals.historySize(), gauge("weft.topic.history"));
            assertEquals(totals.maxHistorySize(), gauge("weft.max.topic.history"));
        }
    }

    @Test
    void meterMustSayWhetherTheBrokerCanBeReached() {
        try (WeftTopicMetrics metrics = new WeftTopicMetrics(topics)) {
            metrics.bindTo(registry);
            assertEquals(1, gauge("weft.backplane.up"));
            broker.away(true);
            clock.add(Duration.ofSeconds(1));
            assertEquals(0, gauge("weft.backplane.up"));
            broker.away(false);
            clock.add(Duration.ofSeconds(1));
            assertEquals(1, gauge("weft.backplane.up"));
        }
    }

    @Test
    void backplaneThatIsNotThereMustHaveNoMeter() {
        try (WeftTopicMetrics metrics = new WeftTopicMetrics(Topics.builder().build())) {
            metrics.bindTo(registry);
            assertEquals(0, gauge("weft.topics"));
            assertNull(registry.find("weft.backplane.up").gauge());
        }
    }

    @Test
    void metersMustBeReadFromOneSnapshot() {
        AtomicInteger snapshots = new AtomicInteger();
        try (WeftTopicMetrics metrics = new WeftTopicMetrics(() -> {
            snapshots.incrementAndGet();
            return topics.totals();
        }, Tags.empty())) {
            metrics.bindTo(registry);
            clock.add(Duration.ofSeconds(1));
            registry.getMeters().forEach(meter -> meter.measure().forEach(Measurement::getValue));
            assertEquals(2, snapshots.get());
        }
    }

    private static PrometheusMeterRegistry prometheus(Clock clock) {
        return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, new PrometheusRegistry(), clock);
    }

    private static Map<String, Double> ofTopics(Map<Series, Double> samples) {
        Map<String, Double> values = new TreeMap<>();
        samples.forEach((series, value) -> {
            if (series.name().matches("weft_(max_)?(topic|backplane).*")) {
                values.put(series.toString(), value);
            }
        });
        return values;
    }

    @Test
    void prometheusMustShowTheNamesOfTheServersOwnMetrics() throws Exception {
        PrometheusMeterRegistry prometheus = prometheus(clock);
        exchange(topics);
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {}).metrics("/metrics", topics).start();
                WeftMetrics metrics = new WeftMetrics(server);
                WeftTopicMetrics topicMetrics = new WeftTopicMetrics(topics)) {
            metrics.bindTo(prometheus);
            topicMetrics.bindTo(prometheus);
            Map<String, Double> own = ofTopics(Exposition.of(server));
            assertEquals(9, own.size(), own.toString());
            assertEquals(own, ofTopics(Exposition.samples(prometheus.scrape())));
        }
    }

    @Test
    void closingMustRemoveTheMeters() {
        MeterRegistry second = prometheus(clock);
        registry.counter("other").increment();
        WeftTopicMetrics metrics = new WeftTopicMetrics(topics);
        metrics.bindTo(registry);
        metrics.bindTo(second);
        assertEquals(10, registry.getMeters().size());
        assertEquals(9, second.getMeters().size());
        metrics.close();
        assertEquals(List.of("other"), registry.getMeters().stream().map(meter -> meter.getId().getName()).toList());
        assertEquals(List.of(), second.getMeters());
        metrics.close();
        assertThrows(IllegalStateException.class, () -> metrics.bindTo(registry));
        assertEquals(1, registry.getMeters().size());
    }

    @Test
    void topicsMustBeToldApartByTags() {
        Topics others = Topics.builder().build();
        others.publish("a", "1");
        try (WeftTopicMetrics ofFirst = new WeftTopicMetrics(topics, Tags.of("of", "first"));
                WeftTopicMetrics ofOthers = new WeftTopicMetrics(others, Tags.of("of", "others"))) {
            ofFirst.bindTo(registry);
            ofOthers.bindTo(registry);
            assertEquals(0, registry.get("weft.topics").tag("of", "first").gauge().value());
            assertEquals(1, registry.get("weft.topics").tag("of", "others").gauge().value());
            assertEquals(1,
                    registry.get("weft.topic.published.messages").tag("of", "others").functionCounter().count());
        }
    }

    /** The example of the documentation. */
    @Test
    void exampleMustWork() {
        // @start region="topics"
        var topicMetrics = new WeftTopicMetrics(topics);
        topicMetrics.bindTo(registry);
        // @end
        assertEquals(0, gauge("weft.topics"));
        topicMetrics.close();
    }
}
