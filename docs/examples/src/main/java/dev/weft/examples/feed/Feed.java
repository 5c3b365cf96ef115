package dev.weft.examples.feed;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Endpoint;
import dev.weft.server.HttpEndpoint;
import dev.weft.server.ServerHealth;
import dev.weft.server.StaticFiles;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import tools.jackson.databind.json.JsonMapper;

/** A live feed of prices. A subscriber that reads slowly misses some, but the next that it gets are always the latest. */
public final class Feed {
    record Price(double price, Instant time) {}

    /** All prices at one time; those before; the difference, encoded once for all subscribers; completed by the next snapshot. */
    private record Snapshot(Map<String, Price> prices, Map<String, Price> before, PreparedMessage news,
            CompletableFuture<Void> replaced) {}

    private static final JsonMapper JSON = new JsonMapper();
    private static final List<String> SYMBOLS = List.of("ACME", "BOLT", "CRUX", "DUNE", "FLUX", "GLOW", "HIVE", "IRIS");

    private final LongAdder sent = new LongAdder();
    final WebSocketServer server;
    private volatile Snapshot latest = new Snapshot(Map.of(), Map.of(), message(Map.of()), new CompletableFuture<>());

    Feed(int port) throws IOException {
        server = WebSocketServer.builder().port(port).shutdownHook(true)
                .sendBufferSize(32 << 10) // what waits in the system is not replaced by what is newer
                .endpoint("/feed", Endpoint.of(this::serve).writeTimeout(Duration.ofMinutes(1)))
                .files("/", StaticFiles.onClassPath(Feed.class, "web/feed"))
                .start();
        server.addHttp("/health", HttpEndpoint.of("GET", request -> health()));
        server.addHttp("/metrics", HttpEndpoint.of("GET", request -> metrics()));
    }

    /** Runs the feed with made-up prices. The argument is the port. */
    public static void main(String[] arguments) throws Exception {
        Feed feed = new Feed(Integer.parseInt(arguments[0]));
        System.out.println("Feed at http://127.0.0.1:" + feed.server.port() + "/");
        while (!feed.server.awaitTermination(Duration.ofMillis(50))) {
            int symbol = ThreadLocalRandom.current().nextInt(SYMBOLS.size());
            double price = 100 + 9 * Math.sin(System.nanoTime() / 8e9 + symbol)
                    + ThreadLocalRandom.current().nextDouble();
            feed.publish(Map.of(SYMBOLS.get(symbol), new Price(Math.round(100 * price) / 100.0, Instant.now())));
        }
    }

    /** Called by one thread at a time. Does not wait for subscribers. */
    void publish(Map<String, Price> changes) {
        Snapshot previous = latest;
        Map<String, Price> prices = new HashMap<>(previous.prices);
        prices.putAll(changes);
        latest = new Snapshot(prices, previous.prices, message(changes), new CompletableFuture<>());
        previous.replaced.complete(null);
    }

    /** Sends what is new, as fast as the subscriber reads. When it has gone, {@code send} throws, which ends this. */
    private void serve(WebSocketConnection subscriber) throws Exception {
        Map<String, Price> known = Map.of();
        while (true) {
            Snapshot snapshot = latest;
            if (snapshot.prices == known) {
                snapshot.replaced.get();
            } else {
                subscriber.send(snapshot.before == known ? snapshot.news : newsSince(known, snapshot.prices));
                sent.increment();
                known = snapshot.prices;
            }
        }
    }

    private static PreparedMessage newsSince(Map<String, Price> known, Map<String, Price> prices) {
        Map<String, Price> changes = new HashMap<>(prices);
        changes.entrySet().removeAll(known.entrySet());
        return message(changes);
    }

    private static PreparedMessage message(Map<String, Price> prices) {
        return PreparedMessage.text(JSON.writeValueAsString(prices));
    }

    private HttpResponse health() {
        ServerHealth health = server.health();
        return HttpResponse.text(health.isHealthy() ? 200 : 503, health.toString());
    }

    /** In the text format of Prometheus. */
    private HttpResponse metrics() {
        String text = """
                # TYPE weft_connections gauge
                weft_connections %d
                # TYPE feed_messages_sent_total counter
                feed_messages_sent_total %d
                """.formatted(server.connectionCount(), sent.sum());
        return HttpResponse.bytes(200, "text/plain; version=0.0.4; charset=utf-8", text.getBytes(UTF_8));
    }
}
