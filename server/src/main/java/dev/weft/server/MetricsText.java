package dev.weft.server;

import dev.weft.server.DurationHistogram.Bucket;
import dev.weft.server.ServerHealth.Status;
import dev.weft.topics.TopicTotals;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Writes statistics in the text format of OpenMetrics 1.0, or in the older one of Prometheus (0.0.4), which names a
 * counter's family after its samples and has no units. Not thread-safe.
 */
final class MetricsText {
    private static final String SENT = labels("direction", "sent");
    private static final String RECEIVED = labels("direction", "received");

    private final boolean openMetrics;
    private final StringBuilder text = new StringBuilder(4096);

    private MetricsText(boolean openMetrics) {
        this.openMetrics = openMetrics;
    }

    static String of(ServerStatistics statistics, Optional<TopicTotals> totals, boolean openMetrics) {
        MetricsText text = new MetricsText(openMetrics);
        text.connections(statistics);
        text.traffic(statistics);
        text.addresses(statistics);
        text.tls(statistics);
        text.resources(statistics);
        totals.ifPresent(text::topics);
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
        counter("weft_websockets_opened", "", "WebSocket connections opened.", statistics.openedWebSockets());
        gauge("weft_connections_by_state", "", "Connections that have not ended, by what they are doing.");
        statistics.connectionsByState().forEach((state, count) -> sample("weft_connections_by_state",
                labels("state", name(state)), count));
        gauge("weft_endpoint_connections", "", "WebSocket connections, by the path of their endpoint.");
        statistics.connectionsByEndpoint().forEach((path, count) -> sample("weft_endpoint_connections",
                labels("endpoint", path), count));
        counter("weft_handshakes", "", "Opening handshakes, by outcome.");
        statistics.handshakes().forEach((outcome, count) -> sample("weft_handshakes_total",
                labels("outcome", name(outcome)), count));
        histogram("weft_handshake_duration_seconds", "How long accepted opening handshakes took.",
                statistics.handshakeDurations());
        counter("weft_refusals", "", "Requests, and connections before any request, refused.");
        statistics.refusals().forEach((reason, count) -> sample("weft_refusals_total",
                labels("reason", name(reason)), count));
        counter("weft_closes", "",
                "WebSocket connections ended, by the first Close frame's code and sender, and by cause.");
        statistics.closes().forEach((closing, count) -> sample("weft_closes_total", "{code=\"" + closing.code()
                + "\",by=\"" + closing.by().map(MetricsText::name).orElse("none") + "\",cause=\""
                + name(closing.cause()) + "\"}", count));
    }

    private void traffic(ServerStatistics statistics) {
        counter("weft_received_messages", "", "Messages received.", statistics.receivedMessages());
        counter("weft_received_bytes", "bytes", "Bytes received, requests included, TLS excluded.",
                statistics.receivedBytes());
        counter("weft_sent_messages", "", "Messages sent.", statistics.sentMessages());
        counter("weft_dropped_messages", "", "Messages dropped because their queue was full.",
                statistics.droppedMessages());
        counter("weft_replaced_messages", "", "Waiting messages replaced by a later one with the same key.",
                statistics.replacedMessages());
        counter("weft_sent_bytes", "bytes", "Bytes sent in frames, TLS excluded.", statistics.sentBytes());
        counter("weft_compression_plain_bytes", "bytes", "Bytes of compressed messages, before compression.");
        sample("weft_compression_plain_bytes_total", SENT, statistics.sentCompression().plainBytes());
        sample("weft_compression_plain_bytes_total", RECEIVED, statistics.receivedCompression().plainBytes());
        counter("weft_compression_compressed_bytes", "bytes",
                "Bytes of compressed messages, as they were on the wire.");
        sample("weft_compression_compressed_bytes_total", SENT, statistics.sentCompression().compressedBytes());
        sample("weft_compression_compressed_bytes_total", RECEIVED, statistics.receivedCompression().compressedBytes());
        counter("weft_refused_sends", "", "Messages that trySend did not accept, by result.");
        statistics.refusedSends().forEach((result, count) -> sample("weft_refused_sends_total",
                labels("result", name(result)), count));
        gauge("weft_queued_bytes", "bytes", "Bytes of frames that wait to be sent.", statistics.queuedBytes());
        histogram("weft_ping_latency_seconds", "Times between pings and their pongs.", statistics.pingLatencies());
    }

    private void addresses(ServerStatistics statistics) {
        gauge("weft_client_addresses", "", "Client addresses counted, 0 without limits of addresses.",
                statistics.addresses());
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
        counter("weft_limits_hit", "", "How often a limit was reached, by the name of the setting.");
        statistics.limitsHit()
                .forEach((limit, count) -> sample("weft_limits_hit_total", labels("limit", limit), count));
        histogram("weft_scheduling_lag_seconds", "How long a thread that is ready waits for its turn; sampled.",
                statistics.lags());
        gauge("weft_last_scheduling_lag_seconds", "seconds", "The longest lag of the last measurement.");
        sample("weft_last_scheduling_lag_seconds", "", seconds(statistics.lastLag()));
        counter("weft_loop_takeovers", "", "Loops of the process taken over, because a turn took too long.",
                statistics.takeovers());
        gauge("weft_health", "", "Whether the server can do its work: 1 for its status, 0 for the others.");
        for (Status status : Status.values()) {
            sample("weft_health", labels("status", name(status)), statistics.health().status() == status ? 1 : 0);
        }
    }

    private void topics(TopicTotals totals) {
        gauge("weft_topics", "", "Topics that are in use, or were within the last minute or so.", totals.topics());
        gauge("weft_topic_subscriptions", "", "Subscriptions to topics and filters, of all connections.",
                totals.subscriptions());
        counter("weft_topic_published_messages", "", "Messages published to topics.", totals.published());
        counter("weft_topic_delivered_messages", "", "Messages of topics that a connection accepted.",
                totals.delivered());
        counter("weft_topic_undelivered_messages", "", "Messages of topics that a connection did not accept.",
                totals.undelivered());
        counter("weft_topic_gaps", "", "Gaps in the messages that subscriptions got from the broker.", totals.gaps());
        gauge("weft_topic_history_bytes", "bytes", "Bytes of messages kept for recovery.", totals.historySize());
        gauge("weft_max_topic_history_bytes", "bytes", "The limit of those bytes.", totals.maxHistorySize());
        totals.backplane().ifPresent(health -> gauge("weft_backplane_up", "",
                "Whether the backplane can reach its broker: 1 or 0.", health.connected() ? 1 : 0));
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

    private void histogram(String name, String help, DurationHistogram histogram) {
        family(name, "histogram", "seconds", help);
        for (Bucket bucket : histogram.buckets()) {
            sample(name + "_bucket", labels("le", seconds(bucket.atMost())), bucket.count());
        }
        sample(name + "_bucket", labels("le", "+Inf"), histogram.count());
        sample(name + "_sum", "", seconds(histogram.sum()));
        sample(name + "_count", "", histogram.count());
    }

    /** As a decimal number without an exponent, with a point: OpenMetrics wants bounds such as 1.0. */
    private static String seconds(Duration duration) {
        BigDecimal seconds = BigDecimal.valueOf(duration.toNanos(), 9).stripTrailingZeros();
        return seconds.setScale(Math.max(1, seconds.scale())).toPlainString();
    }

    /** One label. A path may contain quotation marks. */
    private static String labels(String name, String value) {
        return "{" + name + "=\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"}";
    }

    private void family(String name, String type, String unit, String help) {
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        if (openMetrics && !unit.isEmpty()) {
            text.append("# UNIT ").append(name).append(' ').append(unit).append('\n');
        }
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    }

    private void sample(String name, String labels, long value) {
        sample(name, labels, Long.toString(value));
    }

    private void sample(String name, String labels, String value) {
        text.append(name).append(labels).append(' ').append(value).append('\n');
    }
}
