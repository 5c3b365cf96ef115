package dev.weft.server;

import dev.weft.CloseStatus.Side;
import dev.weft.internal.buffer.Traffic;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a server has done since its start, and what it is doing now, as {@link WebSocketServer#statistics()} returns it.
 * Immutable. The figures are read one after another while the server runs, so they may be apart by what happens meanwhile.
 */
public final class ServerStatistics {
    private final ServerHealth health;
    private final int connections;
    private final int maxConnections;
    private final long accepted;
    private final long opened;
    private final Map<RefusalReason, Long> refusals;
    private final Map<Closing, Long> closes;
    private final long receivedMessages;
    private final long receivedBytes;
    private final long sentMessages;
    private final long sentBytes;
    private final long bufferedBytes;
    private final long maxBufferedBytes;
    private final long tlsHandshakes;
    private final int tlsHandshakesInProgress;
    private final int tlsHandshakesWaiting;
    private final Optional<Instant> certificateExpiry;
    private final long takeovers;

    /**
     * How connections ended.
     *
     * @param code the code of the first Close frame: {@code 1000} to {@code 1015}, {@code 3xxx} and {@code 4xxx} for those
     *             of applications, or {@code other}; {@code 1006} if there was no Close frame, {@code 1005} if it had no
     *             code
     * @param by   the end that sent that frame; empty if there was none
     */
    public record Closing(String code, Optional<Side> by) {}

    /** Reads the figures of a server. */
    ServerStatistics(WebSocketServer server) {
        ServerConfiguration configuration = server.configuration();
        Optional<TlsHandshakes> tls = server.tlsHandshakes();
        this.health = server.health();
        this.connections = server.connectionCount();
        this.maxConnections = configuration.maxConnections();
        this.accepted = server.counters().acceptedCount();
        this.opened = server.counters().openedCount();
        this.refusals = server.refusals();
        this.closes = server.counters().closes();
        Traffic traffic = server.services().pool().traffic();
        this.receivedMessages = traffic.receivedMessages();
        this.receivedBytes = traffic.receivedBytes();
        this.sentMessages = traffic.sentMessages();
        this.sentBytes = traffic.sentBytes();
        this.bufferedBytes = server.services().pool().budget().taken();
        this.maxBufferedBytes = configuration.maxBufferedSize();
        this.tlsHandshakes = tls.map(TlsHandshakes::completed).orElse(0L);
        this.tlsHandshakesInProgress = tls.map(TlsHandshakes::count).orElse(0);
        this.tlsHandshakesWaiting = tls.map(TlsHandshakes::waiting).orElse(0);
        this.certificateExpiry = configuration.tlsSettings().flatMap(TlsSettings::certificates)
                .map(TlsCertificates::expiresAt);
        this.takeovers = server.transports.takeovers();
    }

    /** As {@link WebSocketServer#health()}. */
    public ServerHealth health() {
        return health;
    }

    /** The number of connections that have not ended, as {@link WebSocketServer#connectionCount()}. */
    public int connections() {
        return connections;
    }

    /** As {@link ServerConfiguration#maxConnections()}. */
    public int maxConnections() {
        return maxConnections;
    }

    /** The number of connections accepted on the listening addresses, including those that were refused afterwards. */
    public long acceptedConnections() {
        return accepted;
    }

    /** The number of opening handshakes that the server has accepted. */
    public long openedWebSockets() {
        return opened;
    }

    /** As {@link WebSocketServer#refusals()}. Unmodifiable. */
    public Map<RefusalReason, Long> refusals() {
        return refusals;
    }

    /** The number of WebSocket connections that have ended, by how they did; only what has occurred. Unmodifiable. */
    public Map<Closing, Long> closes() {
        return closes;
    }

    /** The number of messages received; one that is read as a stream counts when its handler begins to read it. */
    public long receivedMessages() {
        return receivedMessages;
    }

    /** The number of bytes received, requests and frame headers included, TLS excluded. */
    public long receivedBytes() {
        return receivedBytes;
    }

    /** The number of messages sent; one that waits for the network may count already. */
    public long sentMessages() {
        return sentMessages;
    }

    /** The number of bytes sent in frames, their headers included, TLS and HTTP responses excluded. */
    public long sentBytes() {
        return sentBytes;
    }

    /** The number of bytes that all connections together hold now, of {@link #maxBufferedBytes()}. */
    public long bufferedBytes() {
        return bufferedBytes;
    }

    /** As {@link ServerConfiguration#maxBufferedSize()}. */
    public long maxBufferedBytes() {
        return maxBufferedBytes;
    }

    /** The number of TLS handshakes that were completed; {@link #refusals()} has those that failed. */
    public long tlsHandshakes() {
        return tlsHandshakes;
    }

    /** The number of TLS handshakes in progress, at most {@link ServerConfiguration#maxTlsHandshakes()}. */
    public int tlsHandshakesInProgress() {
        return tlsHandshakesInProgress;
    }

    /** The number of connections that wait until their TLS handshake may begin. */
    public int tlsHandshakesWaiting() {
        return tlsHandshakesWaiting;
    }

    /** The time at which the first TLS certificate expires; empty unless the server has {@link TlsCertificates}. */
    public Optional<Instant> certificateExpiry() {
        return certificateExpiry;
    }

    /**
     * The number of times that a loop was taken over because one turn of a thread took too long. The loops are those of the
     * process: all its servers and clients share them. 0 without loops.
     */
    public long takeovers() {
        return takeovers;
    }
}
