package dev.weft.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.Installed;
import dev.weft.Message;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.micrometer.Dashboard.Panel;
import dev.weft.micrometer.Dashboard.Query;
import dev.weft.micrometer.Exposition.Series;
import dev.weft.server.Await;
import dev.weft.server.TlsCertificates;
import dev.weft.server.WebSocketServer;
import dev.weft.topics.MemoryBroker;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The queries of the dashboard for Grafana, against what servers serve. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DashboardTest {
    private static final Path KEYS = Path.of("../src/test/resources/tls");
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private WebSocketServer server;
    /** Has a certificate, which expires. */
    private WebSocketServer secure;
    /** Serves the metrics of the former without TLS. */
    private WebSocketServer inner;

    @BeforeEach
    void startServers() throws Exception {
        Topics topics = Topics.builder().backplane(new MemoryBroker(1).node()).build();
        server = WebSocketServer.builder().metrics("/metrics", topics).shutdownGrace(Duration.ZERO)
                .endpoint("/chat", ws -> {
                    while (ws.receive() instanceof Message.Text(String text)) {
                        ws.send(text);
                    }
                }).start();
        secure = WebSocketServer.builder().shutdownGrace(Duration.ZERO).handler(WebSocketConnection::awaitClose)
                .tls(TlsCertificates.fromPem(KEYS.resolve("ec.pem"), KEYS.resolve("ec.key"))).start();
        inner = WebSocketServer.builder().shutdownGrace(Duration.ZERO).http("/metrics", secure.metricsHandler())
                .start();
        try (WebSocketConnection ws = WebSocketClient
                .connect(URI.create("ws://127.0.0.1:" + server.port() + "/chat"))) {
            ws.send("hello");
            assertEquals(new Message.Text("hello"), ws.receive());
        }
        Await.until("the close is counted", () -> !server.statistics().closes().isEmpty());
    }

    @AfterEach
    void closeServers() {
        inner.close();
        secure.close();
        server.close();
    }

    private Set<Series> exposition() throws Exception {
        Set<Series> all = new HashSet<>(Exposition.of(server).keySet());
        all.addAll(Exposition.of(inner).keySet());
        return all;
    }

    @Test
    void queriesMustUseOnlyMetricsAndLabelsThatAServerHas() throws Exception {
        Map<String, Set<String>> labels = exposition().stream().collect(Collectors.toMap(Series::name,
                series -> new HashSet<>(series.labels().keySet()), (one, other) -> {
                    one.retainAll(other);
                    return one;
                }));
        List<String> wrong = new ArrayList<>();
        for (Query query : Dashboard.read().queries()) {
            assertFalse(query.metrics().isEmpty(), query.expression());
            for (String metric : query.metrics()) {
                Set<String> unknown = new HashSet<>(query.labels());
                unknown.remove("instance"); // is Prometheus's
                unknown.removeAll(labels.getOrDefault(metric, Set.of()));
                if (!labels.containsKey(metric) || !unknown.isEmpty()) {
                    wrong.add(metric + " " + unknown + " in " + query.expression());
                }
            }
            if (!query.labels().containsAll(query.legendLabels())) {
                wrong.add(query.legend() + " of " + query.expression());
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void everyMetricMustBeShown() throws Exception {
        Set<String> shown = Dashboard.read().queries().stream().flatMap(query -> query.metrics().stream())
                .collect(Collectors.toSet());
        assertEquals(Set.of(), exposition().stream().map(Series::name).filter(name -> !shown.contains(name))
                .collect(Collectors.toSet()));
    }

    @Test
    void panelsMustNotOverlap() throws Exception {
        List<Panel> panels = Dashboard.read().panels();
        assertTrue(panels.size() > 20, panels.toString());
        assertEquals(panels.size(), panels.stream().map(Panel::id).distinct().count());
        for (Panel panel : panels) {
            assertTrue(panel.x() + panel.width() <= 24, panel.title());
            assertEquals(List.of(), panels.stream().filter(other -> other != panel && panel.overlaps(other)).toList());
        }
    }

    /** Skipped where there is no Prometheus. */
    @Test
    void prometheusMustAnswerEveryQuery(@TempDir Path folder) throws Exception {
        String program = Installed.program("prometheus");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path configuration = Files.writeString(folder.resolve("prometheus.yml"), """
                global: {scrape_interval: 200ms, scrape_timeout: 200ms}
                scrape_configs:
                  - job_name: weft
                    static_configs:
                      - targets: ['127.0.0.1:%d', '127.0.0.1:%d']
                """.formatted(server.port(), inner.port()));
        ProcessBuilder builder = new ProcessBuilder(program, "--config.file=" + configuration,
                "--storage.tsdb.path=" + folder.resolve("data"), "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
        Process process;
        try (TestProcess prometheus = TestProcess.start(builder, LIMIT);
                HttpClient client = HttpClient.newHttpClient()) {
            String scraped = "count(count_over_time(weft_connections[1m]) >= 3) == 2";
            Await.until("the servers are scraped", LIMIT, () -> {
                assertTrue(prometheus.process().isAlive(), () -> log(folder));
                return answers(client, port, scraped);
            });
            List<String> unanswered = new ArrayList<>();
            for (Query query : Dashboard.read().queries()) {
                if (!answers(client, port, query.resolved())) {
                    unanswered.add(query.resolved());
                }
            }
            assertEquals(List.of(), unanswered, () -> log(folder));
            process = prometheus.process();
        }
        assertTrue(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS), "it holds files of the folder");
    }

    private static String log(Path folder) {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Whether the answer has a series; false as long as Prometheus does not listen or is not ready. */
    private static boolean answers(HttpClient client, int port, String query) {
        HttpResponse<String> response;
        try {
            response = client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/query?query="
                    + URLEncoder.encode(query, StandardCharsets.UTF_8))).timeout(Duration.ofSeconds(20)).build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (response.statusCode() == 503) {
            return false;
        }
        assertEquals(200, response.statusCode(), response.body());
        JsonObject answer = JsonParser.parseString(response.body()).getAsJsonObject();
        return !answer.getAsJsonObject("data").getAsJsonArray("result").isEmpty();
    }
}
