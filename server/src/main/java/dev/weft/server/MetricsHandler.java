package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import dev.weft.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Serves a server's statistics, and the totals of topics, to Prometheus, and to others that read its format. */
final class MetricsHandler implements HttpHandler {
    private static final String OPEN_METRICS = "application/openmetrics-text";

    private final WebSocketServer server;
    private final Optional<Topics> topics;

    MetricsHandler(WebSocketServer server, Optional<Topics> topics) {
        this.server = server;
        this.topics = topics;
    }

    @Override
    public HttpResponse handle(HttpRequest request) {
        boolean openMetrics = request.headers().all("Accept").stream().anyMatch(value -> value.contains(OPEN_METRICS));
        String type = openMetrics ? OPEN_METRICS + "; version=1.0.0" : "text/plain; version=0.0.4";
        String text = MetricsText.of(server.statistics(), topics.map(Topics::totals), openMetrics);
        return HttpResponse.bytes(200, type + "; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }
}
