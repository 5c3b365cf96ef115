package dev.weft.micrometer;

import dev.weft.CloseStatus.Side;
import dev.weft.SendResult;
import dev.weft.server.ConnectionState;
import dev.weft.server.DurationHistogram;
import dev.weft.server.DurationHistogram.Bucket;
import dev.weft.server.HandshakeOutcome;
import dev.weft.server.RefusalReason;
import dev.weft.server.ServerHealth.Status;
import dev.weft.server.ServerStatistics;
import dev.weft.server.ServerStatistics.Closing;
import dev.weft.server.ServerStatistics.Compression;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/** The meters of one server in one registry. */
final class ServerMeters extends SnapshotMeters<ServerStatistics> {
    private final Map<String, Meter> endpoints = new HashMap<>();
    private final Map<Closing, Meter> closes = new HashMap<>();

    ServerMeters(MeterRegistry registry, Tags tags, Supplier<ServerStatistics> source) {
        super(registry, tags, source);
    }

    @Override
    void addMeters(ServerStatistics now) {
        connections(now);
        traffic(now);
        tls(now);
        resources(now);
    }

    /** Registers the endpoints and closes that are new in a snapshot, and removes the endpoints that are not in it. */
    @Override
    void follow(ServerStatistics now) {
        Set<String> gone = new HashSet<>(endpoints.keySet());
        gone.removeAll(now.connectionsByEndpoint().keySet());
        gone.forEach(path -> remove(endpoints.remove(path)));
        for (String path : now.connectionsByEndpoint().keySet()) {
            endpoints.computeIfAbsent(path,
                    added -> addGauge("weft.endpoint.connections",
                            "WebSocket connections, by the path of their endpoint.",
                            null, at -> at.connectionsByEndpoint().getOrDefault(added, 0), "endpoint", added));
        }
        for (Closing closing : now.closes().keySet()) {
            closes.computeIfAbsent(closing, added -> addCounter("weft.closes",
                    "WebSocket connections ended, by the first Close frame's code and sender, and by cause.", null,
                    at -> at.closes().getOrDefault(added, 0L), "code", added.code(), "by",
                    added.by().map(Side::name).map(ServerMeters::lowerCase).orElse("none"), "cause",
                    lowerCase(added.cause().name())));
        }
    }

    private void connections(ServerStatistics now) {
        addGauge("weft.connections", "Connections that have not ended.", null, ServerStatistics::connections);
        addGauge("weft.max.connections", "The limit of connections.", null, ServerStatistics::maxConnections);
        addGauge("weft.client.addresses", "Client addresses counted, 0 without limits of addresses.", null,
                ServerStatistics::addresses);
        addCounter("weft.connections.accepted", "Connections accepted, those refused afterwards included.", null,
                ServerStatistics::acceptedConnections);
        addCounter("weft.websockets.opened", "WebSocket connections opened.", null, ServerStatistics::openedWebSockets);
        for (ConnectionState state : now.connectionsByState().keySet()) {
            addGauge("weft.connections.by.state", "Connections that have not ended, by what they are doing.", null,
                    at -> at.connectionsByState().get(state), "state", lowerCase(state.name()));
        }
        for (HandshakeOutcome outcome : now.handshakes().keySet()) {
            addCounter("weft.handshakes", "Opening handshakes, by outcome.", null, at -> at.handshakes().get(outcome),
                    "outcome", lowerCase(outcome.name()));
        }
        for (RefusalReason reason : now.refusals().keySet()) {
            addCounter("weft.refusals", "Requests, and connections before any request, refused.", null,
                    at -> at.refusals().get(reason), "reason", lowerCase(reason.name()));
        }
        addHistogram("weft.handshake.duration", "How long accepted opening handshakes took.", now,
                ServerStatistics::handshakeDurations);
    }

    private void traffic(ServerStatistics now) {
        addCounter("weft.received.messages", "Messages received.", null, ServerStatistics::receivedMessages);
        addCounter("weft.received", "Bytes received, requests included, TLS excluded.", "bytes",
                ServerStatistics::receivedBytes);
        addCounter("weft.sent.messages", "Messages sent.", null, ServerStatistics::sentMessages);
        addCounter("weft.sent", "Bytes sent in frames, TLS excluded.", "bytes", ServerStatistics::sentBytes);
        addCounter("weft.dropped.messages", "Messages dropped because their queue was full.", null,
                ServerStatistics::droppedMessages);
        addCounter("weft.replaced.messages", "Waiting messages replaced by a later one with the same key.", null,
                ServerStatistics::replacedMessages);
        addCompression("sent", ServerStatistics::sentCompression);
        addCompression("received", ServerStatistics::receivedCompression);
        for (SendResult result : now.refusedSends().keySet()) {
            addCounter("weft.refused.sends", "Messages that trySend did not accept, by result.", null,
                    at -> at.refusedSends().get(result), "result", lowerCase(result.name()));
        }
        addGauge("weft.queued", "Bytes of frames that wait to be sent.", "bytes", ServerStatistics::queuedBytes);
        addHistogram("weft.ping.latency", "Times between pings and their pongs.", now, ServerStatistics::pingLatencies);
    }

    private void addCompression(String direction, Function<ServerStatistics, Compression> compression) {
        addCounter("weft.compression.plain", "Bytes of compressed messages, before compression.", "bytes",
                at -> compression.apply(at).plainBytes(), "direction", direction);
        addCounter("weft.compression.compressed", "Bytes of compressed messages, as they were on the wire.", "bytes",
                at -> compression.apply(at).compressedBytes(), "direction", direction);
    }

    private void tls(ServerStatistics now) {
        addCounter("weft.tls.handshakes", "TLS handshakes completed.", null, ServerStatistics::tlsHandshakes);
        addGauge("weft.tls.handshakes.in.progress", "TLS handshakes in progress.", null,
                ServerStatistics::tlsHandshakesInProgress);
        addGauge("weft.tls.handshakes.waiting", "Connections that wait for their TLS handshake to begin.", null,
                ServerStatistics::tlsHandshakesWaiting);
        if (now.certificateExpiry().isPresent()) {
            addGauge("weft.tls.certificate.expiry.timestamp", "When the first certificate expires.", "seconds",
                    at -> at.certificateExpiry().orElseThrow().getEpochSecond());
        }
    }

    private void resources(ServerStatistics now) {
        addGauge("weft.buffered", "Bytes that all connections hold in buffers and messages.", "bytes",
                ServerStatistics::bufferedBytes);
        addGauge("weft.max.buffered", "The limit of those bytes.", "bytes", ServerStatistics::maxBufferedBytes);
        for (String limit : now.limitsHit().keySet()) {
            addCounter("weft.limits.hit", "How often a limit was reached, by the name of the setting.", null,
                    at -> at.limitsHit().get(limit), "limit", limit);
        }
        addHistogram("weft.scheduling.lag", "How long a thread that is ready waits for its turn; sampled.", now,
                ServerStatistics::lags);
        add(TimeGauge
                .builder("weft.last.scheduling.lag", this, TimeUnit.NANOSECONDS,
                        meters -> meters.current().lastLag().toNanos())
                .description("The longest lag of the last measurement.").tags(tags).strongReference(true)
                .register(registry));
        addCounter("weft.loop.takeovers", "Loops of the process taken over, because a turn took too long.", null,
                ServerStatistics::takeovers);
        for (Status status : Status.values()) {
            addGauge("weft.health", "Whether the server can do its work: 1 for its status, 0 for the others.", null,
                    at -> at.health().status() == status ? 1 : 0, "status", lowerCase(status.name()));
        }
    }

    /**
     * Micrometer has no histogram that reads its buckets from a function. So this is a function timer for count and sum,
     * and a counter for each bucket, named as Micrometer names the buckets of its own histograms.
     */
    private void addHistogram(String name, String description, ServerStatistics now,
            Function<ServerStatistics, DurationHistogram> histogram) {
        add(FunctionTimer
                .builder(name, this, meters -> histogram.apply(meters.current()).count(),
                        meters -> histogram.apply(meters.current()).sum().toNanos(), TimeUnit.NANOSECONDS)
                .description(description).tags(tags).register(registry));
        String buckets = name + ".histogram";
        List<Bucket> bounds = histogram.apply(now).buckets();
        for (int i = 0; i < bounds.size(); i++) {
            int index = i;
            addCounter(buckets, description, null, at -> histogram.apply(at).buckets().get(index).count(), "le",
                    seconds(bounds.get(i).atMost()));
        }
        addCounter(buckets, description, null, at -> histogram.apply(at).count(), "le", "+Inf");
    }

    private static String seconds(Duration bound) {
        BigDecimal seconds = BigDecimal.valueOf(bound.toNanos(), 9).stripTrailingZeros();
        return seconds.setScale(Math.max(1, seconds.scale())).toPlainString();
    }

    private static String lowerCase(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
