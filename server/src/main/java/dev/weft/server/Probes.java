package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Serves the probes and the metrics of a server, together with its own HTTP endpoints or on a listener of their own. */
final class Probes {
    private static final int LARGEST_CROWD = 64;
    private static final int BUFFER_SIZE = 4096;
    private static final long MOST_BUFFERED = 1 << 20;
    private static final CloseOptions AT_ONCE = CloseOptions.builder().grace(Duration.ZERO).build();

    private final WebSocketServer server;
    private final Map<String, HttpEndpoint> endpoints = new LinkedHashMap<>();
    /** {@code null} unless there is a listener of their own. */
    private volatile @Nullable WebSocketServer own;

    Probes(WebSocketServer server) {
        this.server = server;
        ProbeSettings settings = server.configuration().probeSettings();
        settings.liveness().ifPresent(path -> endpoints.put(path, HttpEndpoint.of(request -> liveness())));
        settings.readiness().ifPresent(path -> endpoints.put(path, HttpEndpoint.of(request -> readiness())));
        settings.health().ifPresent(path -> endpoints.put(path, HttpEndpoint.of(request -> health())));
        ServerConfiguration configuration = server.configuration();
        configuration.metrics().ifPresent(path -> endpoints.put(path,
                HttpEndpoint.of("GET", new MetricsHandler(server, configuration.metricsTopics()))));
    }

    /** Adds them to the server's endpoints, unless there is a listener of their own. */
    void addTo(HttpEndpoints table) {
        if (server.configuration().probeSettings().address().isEmpty()) {
            endpoints.forEach(table::addOwn);
        }
    }

    /** Starts the listener of their own, if there is one. */
    void start() throws IOException {
        Optional<InetSocketAddress> address = server.configuration().probeSettings().address();
        if (address.isPresent()) {
            // Independent of the loops and carriers on which the connections depend.
            WebSocketServerBuilder builder = WebSocketServer.builder().listen(address.get())
                    .transport(TransportKind.BLOCKING).threads(Thread.ofPlatform().daemon().factory())
                    .maxConnections(LARGEST_CROWD).readBufferSize(BUFFER_SIZE).maxBufferedSize(MOST_BUFFERED);
            endpoints.forEach(builder::http);
            own = builder.start();
        }
    }

    /** The address of the listener of their own; empty if there is none. */
    Optional<InetSocketAddress> address() {
        return Optional.ofNullable(own).map(WebSocketServer::address);
    }

    void close() {
        WebSocketServer listening = own;
        if (listening != null) {
            listening.close(AT_ONCE);
        }
    }

    private HttpResponse liveness() {
        ServerHealth health = server.health();
        return health.status() == ServerHealth.Status.FAILED ? text(503, health.reason()) : text(200, "alive");
    }

    private HttpResponse readiness() {
        Readiness readiness = Readiness.of(server);
        return readiness.isReady() ? text(200, "ready") : text(503, readiness.reason());
    }

    private static HttpResponse text(int status, String line) {
        return uncached(HttpResponse.text(status, line + "\n"));
    }

    private static HttpResponse uncached(HttpResponse response) {
        return response.withHeader("Cache-Control", "no-store");
    }

    private HttpResponse health() {
        ServerHealth health = server.health();
        String json = "{\"status\":\"" + health.status() + "\",\"reason\":\"" + escaped(health.reason())
                + "\",\"ready\":" + server.isReady() + ",\"draining\":" + server.shutdown().isDraining()
                + ",\"connections\":" + server.connectionCount() + "}\n";
        return uncached(HttpResponse.bytes(health.isHealthy() ? 200 : 503, "application/json",
                json.getBytes(StandardCharsets.UTF_8)));
    }

    /** RFC 8259 §7. */
    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (char c : text.toCharArray()) {
            if (c < ' ') {
                escaped.append(String.format("\\u%04x", (int) c));
            } else {
                escaped.append(c == '"' || c == '\\' ? "\\" : "").append(c);
            }
        }
        return escaped.toString();
    }
}
