package dev.weft.examples.feed;

import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.server.Endpoint;
import dev.weft.server.ProbeSettings;
import dev.weft.server.StaticFiles;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.SubscribeOptions;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ThreadLocalRandom;
import tools.jackson.databind.json.JsonMapper;

/** A live feed of prices. A subscriber that reads slowly misses some, but the next that it gets are always the latest. */
public final class Feed {
    record Price(double price, Instant time) {}

    private static final String TOPIC = "prices";
    private static final JsonMapper JSON = new JsonMapper();
    private static final List<String> SYMBOLS = List.of("ACME", "BOLT", "CRUX", "DUNE", "FLUX", "GLOW", "HIVE", "IRIS");

    private final Map<String, Price> prices = new ConcurrentSkipListMap<>();
    private final Topics topics = Topics.builder().build();
    final WebSocketServer server;

    Feed(int port) throws IOException {
        server = WebSocketServer.builder().port(port).shutdownHook(true)
                .sendBufferSize(32 << 10) // what waits in the system is not replaced by what is newer
                .endpoint("/feed", Endpoint.of(this::serve))
                .metrics("/metrics", topics).probeSettings(ProbeSettings.builder().health("/health").build())
                .files("/", StaticFiles.onClassPath(Feed.class, "web/feed"))
                .start();
    }

    /** Runs the feed with made-up prices. The argument is the port. */
    public static void main(String[] arguments) throws Exception {
        Feed feed = new Feed(Integer.parseInt(arguments[0]));
        System.out.println("Feed at http://127.0.0.1:" + feed.server.port() + "/");
        while (!feed.server.awaitTermination(Duration.ofMillis(50))) {
            int symbol = ThreadLocalRandom.current().nextInt(SYMBOLS.size());
            double price = 100 + 9 * Math.sin(System.nanoTime() / 8e9 + symbol)
                    + ThreadLocalRandom.current().nextDouble();
            feed.publish(SYMBOLS.get(symbol), new Price(Math.round(100 * price) / 100.0, Instant.now()));
        }
    }

    /** Called by one thread at a time. Does not wait for subscribers. */
    void publish(String symbol, Price price) {
        prices.put(symbol, price);
        topics.publishLatest(TOPIC, symbol, message(Map.of(symbol, price)));
    }

    /** Sends all prices, and then what changes. */
    private void serve(WebSocketConnection subscriber) throws IOException {
        topics.subscribe(subscriber, TOPIC, SubscribeOptions.DEFAULT.greeting(it -> message(prices)));
        while (!(subscriber.receive() instanceof Message.Close)) {} // what subscribers send means nothing
    }

    private static PreparedMessage message(Map<String, Price> news) {
        return PreparedMessage.text(JSON.writeValueAsString(news));
    }
}
