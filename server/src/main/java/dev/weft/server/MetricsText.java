package dev.weft.server;

import dev.weft.server.ServerHealth.Status;
import java.util.Locale;

/**
 * Writes statistics in the text format of OpenMetrics 1.0, or in the older one of Prometheus (0.0.4), which names a
 * counter's family after its samples and has no units. Not thread-safe.
 */
final class MetricsText {
    private final boolean openMetrics;
    private final StringBuilder text = new StringBuilder(4096);

    private MetricsText(boolean openMetrics) {
        this.openMetrics = openMetrics;
    }

    static String of(ServerStatistics statistics, boolean openMetrics) {
        MetricsText text = new MetricsText(openMetrics);
        text.connections(statistics);
        text.traffic(statistics);
        text.tls(statistics);
        text.resources(statistics);
        if (openMetrics) {
            text.text.append("# EOF\n");
        }
        return text.text.toString();
    }

    private void connections(ServerStatistics statistics) {
        gauge("weft_connections", "", "Connections that have not ended.", statistics.connections());
        gauge("weft_max_connections", "", "The limit of connections.", statistics.maxConnections());
        counter("weft_connections_accepted", "", "Connections accepted, those refused afterwards included.",
                statistics.acceptedConnections());
        counter("weft_websockets_opened", "", "Opening handshakes accepted.", statistics.openedWebSockets());
        counter("weft_refusals", "", "Requests, and connections before any request, refused.");
        statistics.refusals().forEach((reason, count) -> sample("weft_refusals_total",
                "{reason=\"" + name(reason) + "\"}", count));
        counter("weft_closes", "", "WebSocket connections ended, by the first Close frame's code and sender.");
        statistics.closes().forEach((closing, count) -> sample("weft_closes_total", "{code=\"" + closing.code()
                + "\",by=\"" + closing.by().map(MetricsText::name).orElse("none") + "\"}", count));
    }

    private void traffic(ServerStatistics statistics) {
        counter("weft_received_messages", "", "Messages received.", statistics.receivedMessages());
        counter("weft_received_bytes", "bytes", "Bytes received, requests included, TLS excluded.",
                statistics.receivedBytes());
        counter("weft_sent_messages", "", "Messages sent.", statistics.sentMessages());
        counter("weft_sent_bytes", "bytes", "Bytes sent in frames, TLS excluded.", statistics.sentBytes());
    }

    private void tls(ServerStatistics statistics) {
        counter("weft_tls_handshakes", "", "TLS handshakes completed.", statistics.tlsHandshakes());
        gauge("weft_tls_handshakes_in_progress", "", "TLS handshakes in progress.",
                statistics.tlsHandshakesInProgress());
        gauge("weft_tls_handshakes_waiting", "", "Connections that wait for their TLS handshake to begin.",
                statistics.tlsHandshakesWaiting());
        statistics.certificateExpiry().ifPresent(expiry -> {
            gauge("weft_tls_certificate_expiry_timestamp_seconds", "seconds", "When the first certificate expires.",
                    expiry.getEpochSecond());
        });
    }

    private void resources(ServerStatistics statistics) {
        gauge("weft_buffered_bytes", "bytes", "Bytes that all connections hold in buffers and messages.",
                statistics.bufferedBytes());
        gauge("weft_max_buffered_bytes", "bytes", "The limit of those bytes.", statistics.maxBufferedBytes());
        counter("weft_loop_takeovers", "", "Loops of the process taken over, because a turn took too long.",
                statistics.takeovers());
        gauge("weft_health", "", "Whether the server can do its work: 1 for its status, 0 for the others.");
        for (Status status : Status.values()) {
            sample("weft_health", "{status=\"" + name(status) + "\"}", statistics.health().status() == status ? 1 : 0);
        }
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private void gauge(String name, String unit, String help, long value) {
        gauge(name, unit, help);
        sample(name, "", value);
    }

    private void gauge(String name, String unit, String help) {
        family(name, "gauge", unit, help);
    }

    private void counter(String name, String unit, String help, long value) {
        counter(name, unit, help);
        sample(name + "_total", "", value);
    }

    private void counter(String name, String unit, String help) {
        family(openMetrics ? name : name + "_total", "counter", unit, help);
    }

    private void family(String name, String type, String unit, String help) {
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        if (openMetrics && !unit.isEmpty()) {
            text.append("# UNIT ").append(name).append(' ').append(unit).append('\n');
        }
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    }

    private void sample(String name, String labels, long value) {
        text.append(name).append(labels).append(' ').append(value).append('\n');
    }
}
