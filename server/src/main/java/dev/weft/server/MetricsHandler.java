package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import java.nio.charset.StandardCharsets;

/** Serves a server's statistics to Prometheus, and to others that read its format. */
final class MetricsHandler implements HttpHandler {
    private static final String OPEN_METRICS = "application/openmetrics-text";

    private final WebSocketServer server;

    MetricsHandler(WebSocketServer server) {
        this.server = server;
    }

    @Override
    public HttpResponse handle(HttpRequest request) {
        boolean openMetrics = request.headers().all("Accept").stream().anyMatch(value -> value.contains(OPEN_METRICS));
        String type = openMetrics ? OPEN_METRICS + "; version=1.0.0" : "text/plain; version=0.0.4";
        return HttpResponse.bytes(200, type + "; charset=utf-8",
                MetricsText.of(server.statistics(), openMetrics).getBytes(StandardCharsets.UTF_8));
    }
}
