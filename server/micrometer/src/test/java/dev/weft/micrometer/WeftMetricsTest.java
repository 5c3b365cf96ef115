package dev.weft.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.client.WebSocketClient;
import dev.weft.micrometer.Exposition.Series;
import dev.weft.server.Await;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server's meters in registries of Micrometer. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WeftMetricsTest {
    private static final WebSocketHandler ECHO = ws -> {
        while (ws.receive() instanceof Message.Text(String text)) {
            ws.ping(Duration.ofSeconds(30));
            ws.send(text);
        }
    };

    private final MockClock clock = new MockClock();
    private final MeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);

    private static WebSocketServerBuilder builder() {
        return WebSocketServer.builder().metrics("/metrics").shutdownGrace(Duration.ZERO).endpoint("/chat", ECHO);
    }

    private static WebSocketConnection connect(WebSocketServer server) throws Exception {
        return WebSocketClient.connect(URI.create("ws://127.0.0.1:" + server.port() + "/chat"));
    }

    /** Has one connection exchange one message, and waits until the server has counted its end. */
    private static void converse(WebSocketServer server) throws Exception {
        int before = server.statistics().closes().size();
        try (WebSocketConnection ws = connect(server)) {
            ws.send("hello");
            assertEquals(new Message.Text("hello"), ws.receive());
        }
        Await.until("its end is counted",
                () -> server.statistics().closes().size() > before && server.statistics().connections() == 0);
    }

    @Test
    void metersMustShowWhatTheServerHasDone() throws Exception {
        try (WebSocketServer server = builder().start(); WeftMetrics metrics = new WeftMetrics(server)) {
            metrics.bindTo(registry);
            assertEquals(0, registry.get("weft.received.messages").functionCounter().count());
            converse(server);
            clock.add(Duration.ofSeconds(1));
            assertEquals(1, registry.get("weft.received.messages").functionCounter().count());
            assertEquals(1, registry.get("weft.handshakes").tag("outcome", "accepted").functionCounter().count());
            assertEquals(1, registry.get("weft.closes").tags("code", "1000", "by", "remote", "cause", "closed")
                    .functionCounter().count());
            assertEquals(0, registry.get("weft.connections").gauge().value());
            assertEquals(1, registry.get("weft.health").tag("status", "healthy").gauge().value());
            assertEquals(1, registry.get("weft.ping.latency").functionTimer().count());
            assertTrue(registry.get("weft.ping.latency").functionTimer().totalTime(TimeUnit.NANOSECONDS) > 0);
            assertEquals(1,
                    registry.get("weft.ping.latency.histogram").tag("le", "+Inf").functionCounter().count());
            try (WebSocketConnection ws = connect(server)) {
                Await.until("the server has it too", () -> server.statistics().openedWebSockets() == 2);
                clock.add(Duration.ofSeconds(1));
                assertEquals(1, registry.get("weft.endpoint.connections").tag("endpoint", "/chat").gauge().value());
                assertEquals(1, registry.get("weft.connections.by.state").tag("state", "open").gauge().value());
                assertTrue(ws.closeStatus().isEmpty());
            }
        }
    }

    /** A registry reads its meters one by one; a snapshot goes through all connections. */
    @Test
    void scrapeMustTakeOneSnapshot() throws Exception {
        PrometheusMeterRegistry prometheus = prometheus(clock);
        AtomicInteger snapshots = new AtomicInteger();
        try (WebSocketServer server = builder().start(); WeftMetrics metrics = new WeftMetrics(() -> {
            snapshots.incrementAndGet();
            return server.statistics();
        }, Tags.empty())) {
            metrics.bindTo(prometheus);
            assertEquals(1, snapshots.get());
            for (int scrape = 2; scrape < 5; scrape++) {
                clock.add(Duration.ofSeconds(1));
                Exposition.samples(prometheus.scrape());
                assertEquals(scrape, snapshots.get());
            }
            clock.add(Duration.ofMillis(999));
            prometheus.scrape();
            assertEquals(4, snapshots.get(), "as old as that");
        }
    }

    private static PrometheusMeterRegistry prometheus(Clock clock) {
        return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, new PrometheusRegistry(), clock);
    }

    /** So that queries work with both, except for the buckets of histograms. */
    @Test
    void prometheusMustShowTheNamesOfTheServersOwnMetrics() throws Exception {
        PrometheusMeterRegistry prometheus = prometheus(clock);
        try (WebSocketServer server = builder().start(); WeftMetrics metrics = new WeftMetrics(server)) {
            metrics.bindTo(prometheus);
            converse(server);
            clock.add(Duration.ofSeconds(1));
            prometheus.scrape(); // registers the close
            Map<Series, Double> micrometer = Exposition.samples(prometheus.scrape());
            Map<Series, Double> own = Exposition.of(server);
            Set<Series> missing = new HashSet<>(own.keySet());
            missing.removeIf(series -> series.name().endsWith("_bucket"));
            missing.removeAll(micrometer.keySet());
            assertEquals(Set.of(), missing);
            Set<String> further = micrometer.keySet().stream().filter(series -> !own.containsKey(series))
                    .map(Series::name).collect(Collectors.toSet());
            assertTrue(further.containsAll(Set.of("weft_handshake_duration_histogram_total",
                    "weft_ping_latency_histogram_total", "weft_scheduling_lag_histogram_total")), further.toString());
            further.removeIf(name -> name.endsWith("_histogram_total") || name.endsWith("_seconds_max"));
            assertEquals(Set.of(), further);
            for (String name : List.of("weft_sent_messages_total", "weft_websockets_opened_total",
                    "weft_ping_latency_seconds_count", "weft_ping_latency_seconds_sum", "weft_max_buffered_bytes",
                    "weft_sent_bytes_total")) {
                Series series = new Series(name, Map.of());
                assertEquals(own.get(series), micrometer.get(series), 1e-9, name);
            }
            assertEquals(1, own.get(new Series("weft_ping_latency_seconds_count", Map.of())));
            own.forEach((series, count) -> {
                if (series.name().equals("weft_ping_latency_seconds_bucket")) {
                    assertEquals(count, micrometer.get(new Series("weft_ping_latency_histogram_total",
                            series.labels())), series.toString());
                }
            });
        }
    }

    @Test
    void endpointsMustComeAndGoWithTheServers() throws Exception {
        try (WebSocketServer server = builder().start(); WeftMetrics metrics = new WeftMetrics(server)) {
            metrics.bindTo(registry);
            assertNotNull(registry.find("weft.endpoint.connections").tag("endpoint", "/chat").gauge());
            assertTrue(server.removeEndpoint("/chat"));
            clock.add(Duration.ofSeconds(1));
            registry.get("weft.connections").gauge().value();
            assertNull(registry.find("weft.endpoint.connections").tag("endpoint", "/chat").gauge());
        }
    }

    @Test
    void closingMustRemoveTheMeters() throws Exception {
        MeterRegistry second = prometheus(clock);
        try (WebSocketServer server = builder().start()) {
            converse(server);
            registry.counter("other").increment();
            WeftMetrics metrics = new WeftMetrics(server);
            metrics.bindTo(registry);
            metrics.bindTo(second);
            assertTrue(registry.getMeters().size() > 50 && second.getMeters().size() > 50);
            metrics.close();
            assertEquals(List.of("other"),
                    registry.getMeters().stream().map(Meter::getId).map(Meter.Id::getName).toList());
            assertEquals(List.of(), second.getMeters());
            metrics.close();
            assertThrows(IllegalStateException.class, () -> metrics.bindTo(registry));
            assertEquals(1, registry.getMeters().size());
        }
    }

    @Test
    void serversMustBeToldApartByTags() throws Exception {
        try (WebSocketServer first = builder().start();
                WebSocketServer other = builder().start();
                WeftMetrics ofFirst = new WeftMetrics(first, Tags.of("server", "first"));
                WeftMetrics ofOther = new WeftMetrics(other, Tags.of("server", "other"))) {
            converse(other);
            ofFirst.bindTo(registry);
            ofOther.bindTo(registry);
            assertTrue(registry.getMeters().stream().allMatch(meter -> meter.getId().getTag("server") != null));
            assertEquals(0, registry.get("weft.sent.messages").tag("server", "first").functionCounter().count());
            assertEquals(1, registry.get("weft.sent.messages").tag("server", "other").functionCounter().count());
        }
    }

    @Test
    void countersMustKeepTheirLastValuesAfterTheServersEnd() throws Exception {
        try (WeftMetrics metrics = endedServersMetrics()) {
            metrics.bindTo(registry);
            clock.add(Duration.ofSeconds(1));
            assertEquals(1, registry.get("weft.received.messages").functionCounter().count());
            assertEquals(0, registry.get("weft.connections").gauge().value());
        }
    }

    private static WeftMetrics endedServersMetrics() throws Exception {
        try (WebSocketServer server = builder().start()) {
            converse(server);
            return new WeftMetrics(server);
        }
    }

    /** The example of the documentation. */
    @Test
    void exampleMustWork() throws Exception {
        try (WebSocketServer server = builder().start()) {
            // @start region="micrometer"
            var metrics = new WeftMetrics(server);
            metrics.bindTo(registry);
            // @end
            assertEquals(0, registry.get("weft.connections").gauge().value());
            metrics.close();
        }
    }
}
