package dev.weft.examples.feed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.TestClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.SocketFactory;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.WebSocketListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

@Timeout(240)
class FeedTest {
    private static final int READERS = 1900;
    private static final int SLEEPERS = 100;
    /** The longest keys, of three bytes for each character, so that the network cannot hold what a sleeper does not read. */
    private static final List<String> SYMBOLS = Stream.of("€", "₤", "₩", "₪").map(each -> each.repeat(255)).toList();
    private static final int ROUNDS = 26;

    private HttpClient http;
    private Feed feed;

    @BeforeEach
    void start() throws IOException {
        http = HttpClient.newHttpClient();
        feed = new Feed(0);
    }

    @AfterEach
    void stop() {
        http.shutdownNow();
        feed.server.close();
    }

    private void publish(String symbol, double price) {
        feed.publish(symbol, new Feed.Price(price, Instant.EPOCH));
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + feed.server.port() + path))
                .timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static double price(JsonNode news, String symbol) {
        return news.get(symbol).get("price").doubleValue();
    }

    @Test
    void aNewSubscriberGetsAllPricesAndThenWhatChanges() throws Exception {
        publish("ACME", 1);
        publish("BOLT", 2);
        try (TestClient client = TestClient.connect(http, feed.server.port(), "/feed")) {
            JsonNode all = client.json();
            assertEquals(2, all.size());
            assertEquals(1, price(all, "ACME"));
            assertEquals(2, price(all, "BOLT"));
            publish("BOLT", 3);
            JsonNode news = client.json();
            assertEquals(1, news.size());
            assertEquals(3, price(news, "BOLT"));
            assertEquals("1970-01-01T00:00:00Z", news.get("BOLT").get("time").stringValue());
        }
    }

    @Test
    void browsersGetThePage() throws Exception {
        String page = TestClient.page(http, feed.server.port());
        assertTrue(page.startsWith("200 text/html"), page);
        assertTrue(page.contains("<title>Weft feed</title>"), page);
    }

    @Test
    void aHealthyServerSaysSo() throws Exception {
        HttpResponse<String> health = get("/health");
        assertEquals(200, health.statusCode());
        assertTrue(health.body().contains("HEALTHY"), health.body());
    }

    @Test
    void metricsCountWhatWasSent() throws Exception {
        publish("ACME", 1);
        try (TestClient client = TestClient.connect(http, feed.server.port(), "/feed")) {
            client.json();
            publish("ACME", 2);
            client.json();
            HttpResponse<String> metrics = get("/metrics");
            assertEquals(200, metrics.statusCode());
            assertTrue(metrics.body().contains("\nweft_sent_messages_total 2\n"), metrics.body());
            assertTrue(metrics.body().contains("\nweft_topic_published_messages_total 2\n"), metrics.body());
            assertTrue(metrics.body().contains("\nweft_topic_delivered_messages_total 1\n"), metrics.body());
        }
    }

    /** Counts messages; to parse them all would take longer than to serve them. */
    private static final class Reader implements WebSocket.Listener {
        private final Semaphore arrived;

        Reader(Semaphore arrived) {
            this.arrived = arrived;
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            if (last) {
                arrived.release();
            }
            socket.request(1);
            return null;
        }
    }

    /** Reads nothing after the first message until it is woken. */
    private static final class Sleeper extends WebSocketListener {
        final CountDownLatch done = new CountDownLatch(1);
        /** The prices of one symbol, in order. */
        final List<Double> seen = new ArrayList<>();
        private final CountDownLatch subscribed;
        private final CountDownLatch wake;

        Sleeper(CountDownLatch subscribed, CountDownLatch wake) {
            this.subscribed = subscribed;
            this.wake = wake;
        }

        @Override
        public void onMessage(okhttp3.WebSocket socket, String text) {
            subscribed.countDown(); // has an effect before the test wakes this
            try {
                wake.await();
            } catch (InterruptedException e) {
                return; // the test is over
            }
            JsonNode news = TestClient.JSON.readTree(text);
            if (news.has(SYMBOLS.getFirst())) {
                seen.add(price(news, SYMBOLS.getFirst()));
                if (seen.getLast() == ROUNDS) {
                    done.countDown();
                }
            }
        }
    }

    /** Sockets that the system holds little for. */
    private static SocketFactory smallBuffers() {
        return new SocketFactory() {
            @Override
            public Socket createSocket() throws IOException {
                Socket socket = new Socket();
                socket.setReceiveBufferSize(4 << 10);
                return socket;
            }

            @Override
            public Socket createSocket(String host, int port) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Socket createSocket(InetAddress host, int port) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
                throw new UnsupportedOperationException();
            }
        };
    }

    private static OkHttpClient sleepersClient() {
        OkHttpClient client = new OkHttpClient.Builder().socketFactory(smallBuffers())
                // Uncompressed, so that it is known how much is on its way.
                .addInterceptor(chain -> chain.proceed(
                        chain.request().newBuilder().removeHeader("Sec-WebSocket-Extensions").build()))
                .build();
        client.dispatcher().setMaxRequests(SLEEPERS);
        return client;
    }

    private void connectReaders(Semaphore arrived) throws Exception {
        URI uri = URI.create("ws://127.0.0.1:" + feed.server.port() + "/feed");
        for (int batch = 0; batch < READERS; batch += 100) {
            List<CompletableFuture<WebSocket>> opening = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                opening.add(http.newWebSocketBuilder().buildAsync(uri, new Reader(arrived)));
            }
            CompletableFuture.allOf(opening.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
        }
    }

    /** 2,000 subscribers, of which 100 do not read: the others do not wait for them, and they find the latest later. */
    @Test
    void slowSubscribersMissValuesButGetTheLatest() throws Exception {
        Semaphore arrived = new Semaphore(0);
        CountDownLatch subscribed = new CountDownLatch(SLEEPERS);
        CountDownLatch wake = new CountDownLatch(1);
        OkHttpClient okHttp = sleepersClient();
        try {
            Request request = new Request.Builder().url("ws://127.0.0.1:" + feed.server.port() + "/feed").build();
            List<Sleeper> sleepers = new ArrayList<>();
            for (int i = 0; i < SLEEPERS; i++) {
                sleepers.add(new Sleeper(subscribed, wake));
                okHttp.newWebSocket(request, sleepers.getLast());
            }
            connectReaders(arrived);
            assertTrue(subscribed.await(60, TimeUnit.SECONDS), "all sleepers are subscribed");
            assertTrue(arrived.tryAcquire(READERS, 60, TimeUnit.SECONDS), "so are all readers");
            for (int round = 1; round <= ROUNDS; round++) {
                for (String symbol : SYMBOLS) {
                    publish(symbol, round);
                }
                assertTrue(arrived.tryAcquire(READERS * SYMBOLS.size(), 60, TimeUnit.SECONDS),
                        "round " + round + " reaches all readers");
            }
            wake.countDown();
            for (Sleeper sleeper : sleepers) {
                assertTrue(sleeper.done.await(60, TimeUnit.SECONDS), "a sleeper gets the latest prices");
                assertTrue(sleeper.seen.size() < ROUNDS, () -> "no backlog, but " + sleeper.seen);
                assertEquals(sleeper.seen.stream().sorted().distinct().toList(), sleeper.seen, "in order");
            }
        } finally {
            okHttp.dispatcher().executorService().shutdownNow();
        }
    }
}
