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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.SocketFactory;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
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
    private static final int SYMBOLS = 200;
    private static final int ROUNDS = 20;

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

    private static Map<String, Feed.Price> prices(String symbol, double price) {
        return Map.of(symbol, new Feed.Price(price, Instant.EPOCH));
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
        feed.publish(prices("ACME", 1));
        feed.publish(prices("BOLT", 2));
        try (TestClient client = TestClient.connect(http, feed.server.port(), "/feed")) {
            JsonNode all = client.json();
            assertEquals(2, all.size());
            assertEquals(1, price(all, "ACME"));
            assertEquals(2, price(all, "BOLT"));
            feed.publish(prices("BOLT", 3));
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
        feed.publish(prices("ACME", 1));
        try (TestClient client = TestClient.connect(http, feed.server.port(), "/feed")) {
            client.json();
            feed.publish(prices("ACME", 2));
            client.json();
            feed.publish(prices("ACME", 3));
            client.json(); // so the second has been counted
            HttpResponse<String> metrics = get("/metrics");
            assertEquals("text/plain; version=0.0.4; charset=utf-8",
                    metrics.headers().firstValue("Content-Type").orElse(""));
            Matcher sent = Pattern.compile("(?m)^feed_messages_sent_total (\\d+)$").matcher(metrics.body());
            assertTrue(sent.find(), metrics.body());
            assertTrue(List.of("2", "3").contains(sent.group(1)), metrics.body());
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

    /** Reads nothing until it is woken. */
    private static final class Sleeper extends WebSocketListener {
        final CountDownLatch done = new CountDownLatch(1);
        /** The prices of one symbol, in order. */
        final List<Double> seen = new ArrayList<>();
        private final CountDownLatch opened;
        private final CountDownLatch wake;

        Sleeper(CountDownLatch opened, CountDownLatch wake) {
            this.opened = opened;
            this.wake = wake;
        }

        @Override
        public void onOpen(okhttp3.WebSocket socket, Response response) {
            opened.countDown();
        }

        @Override
        public void onMessage(okhttp3.WebSocket socket, String text) {
            try {
                wake.await();
            } catch (InterruptedException e) {
                return; // the test is over
            }
            seen.add(price(TestClient.JSON.readTree(text), "S0"));
            if (seen.getLast() == ROUNDS) {
                done.countDown();
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

    private void publishRound(int round) {
        Map<String, Feed.Price> prices = new HashMap<>();
        for (int i = 0; i < SYMBOLS; i++) {
            prices.put("S" + i, new Feed.Price(round, Instant.EPOCH));
        }
        feed.publish(prices);
    }

    /** 2,000 subscribers, of which 100 do not read: the others do not wait for them, and they find the latest later. */
    @Test
    void slowSubscribersMissValuesButGetTheLatest() throws Exception {
        Semaphore arrived = new Semaphore(0);
        CountDownLatch opened = new CountDownLatch(SLEEPERS);
        CountDownLatch wake = new CountDownLatch(1);
        OkHttpClient okHttp = sleepersClient();
        try {
            Request request = new Request.Builder().url("ws://127.0.0.1:" + feed.server.port() + "/feed").build();
            List<Sleeper> sleepers = new ArrayList<>();
            for (int i = 0; i < SLEEPERS; i++) {
                sleepers.add(new Sleeper(opened, wake));
                okHttp.newWebSocket(request, sleepers.getLast());
            }
            connectReaders(arrived);
            assertTrue(opened.await(60, TimeUnit.SECONDS), "all sleepers are connected");
            for (int round = 1; round <= ROUNDS; round++) {
                publishRound(round);
                assertTrue(arrived.tryAcquire(READERS, 60, TimeUnit.SECONDS),
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
