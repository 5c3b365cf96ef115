package dev.weft.server;

import dev.weft.CloseCause;
import dev.weft.CloseStatus.Side;
import dev.weft.RateLimits.Kind;
import dev.weft.SendResult;
import dev.weft.internal.buffer.Traffic;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a server has done since its start, and what it is doing now, as {@link WebSocketServer#statistics()} returns it.
 * Immutable. The figures are read one after another while the server runs, so they may belong to slightly different
 * moments.
 */
public final class ServerStatistics {
    private final ServerHealth health;
    private final int connections;
    private final int maxConnections;
    private final long accepted;
    private final long opened;
    private final Map<RefusalReason, Long> refusals;
    private final Map<Closing, Long> closes;
    private final Map<String, Long> exceeded;
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
    private final Map<ConnectionState, Integer> connectionsByState;
    private final Map<String, Integer> connectionsByEndpoint;
    private final long queuedBytes;
    private final Map<HandshakeOutcome, Long> handshakes;
    private final DurationHistogram handshakeDurations;
    private final DurationHistogram pingLatencies;
    private final DurationHistogram lags;
    private final Duration lastLag;
    private final Compression sentCompression;
    private final Compression receivedCompression;
    private final Map<SendResult, Long> refusedSends;
    private final long droppedMessages;
    private final long replacedMessages;
    private final int addresses;
    private final Map<Kind, Long> throttles;

    /**
     * How connections ended.
     *
     * @param code  the code of the first Close frame: {@code 1000} to {@code 1015}, {@code 3xxx} and {@code 4xxx} for those
     *              of applications, or {@code other}; {@code 1006} if there was no Close frame, {@code 1005} if it had no
     *              code
     * @param by    the end that sent that frame; empty if there was none
     * @param cause the reason why the connection ended
     */
    public record Closing(String code, Optional<Side> by, CloseCause cause) {}

    /**
     * How much compression has saved. Messages that were not compressed are not included.
     *
     * @param plainBytes      the bytes of messages without compression
     * @param compressedBytes the bytes of the same messages as they were on the wire
     */
    public record Compression(long plainBytes, long compressedBytes) {}

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
        this.exceeded = server.counters().exceeded();
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
        ConnectionCensus census = new ConnectionCensus(server);
        this.connectionsByState = census.byState();
        this.connectionsByEndpoint = census.byEndpoint();
        this.queuedBytes = census.queuedBytes();
        this.handshakes = server.counters().handshakes();
        this.handshakeDurations = new DurationHistogram(server.counters().handshakeDurations());
        this.pingLatencies = new DurationHistogram(traffic.latency());
        this.lags = new DurationHistogram(server.upkeep.lag().lags());
        this.lastLag = server.upkeep.lag().last();
        this.sentCompression = new Compression(traffic.plainBytesSent(), traffic.compressedBytesSent());
        this.receivedCompression = new Compression(traffic.plainBytesReceived(), traffic.compressedBytesReceived());
        this.refusedSends = Map.of(SendResult.PEER_BEHIND, traffic.refusedForPeer(), SendResult.SERVER_FULL,
                traffic.refusedForServer());
        this.droppedMessages = traffic.droppedMessages();
        this.replacedMessages = traffic.replacedMessages();
        ClientLimits limits = server.clientLimits();
        this.addresses = limits == null ? 0 : limits.addresses();
        this.throttles = limits == null ? ClientLimits.noThrottles() : limits.throttles();
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

    /**
     * The number of WebSocket connections that have ended, by the way in which they ended; only ways that have
     * occurred. Unmodifiable.
     */
    public Map<Closing, Long> closes() {
        return closes;
    }

    /** The number of connections that ended because the peer exceeded a limit, by its name; those that have occurred. */
    Map<String, Long> exceeded() {
        return exceeded;
    }

    /**
     * The number of messages received; a message that is read as a stream counts when its handler begins to read it.
     */
    public long receivedMessages() {
        return receivedMessages;
    }

    /** The number of bytes received, requests and frame headers included, TLS excluded. */
    public long receivedBytes() {
        return receivedBytes;
    }

    /** The number of messages sent; this may include messages that still wait for the network. */
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

    /**
     * The number of connections in each state. All states are present. Their sum is {@link #connections()}, except for
     * changes between the two readings. Unmodifiable.
     */
    public Map<ConnectionState, Integer> connectionsByState() {
        return connectionsByState;
    }

    /**
     * The number of WebSocket connections of each endpoint, by its path; {@code *} is the server's handler for all other
     * paths. An endpoint that was removed is present as long as it has connections. Unmodifiable.
     */
    public Map<String, Integer> connectionsByEndpoint() {
        return connectionsByEndpoint;
    }

    /** The number of bytes of frames that wait to be sent, of all connections. They are part of {@link #bufferedBytes()}. */
    public long queuedBytes() {
        return queuedBytes;
    }

    /** The number of opening handshakes by outcome. All outcomes are present. Unmodifiable. */
    public Map<HandshakeOutcome, Long> handshakes() {
        return handshakes;
    }

    /**
     * How long the accepted opening handshakes took: from the acceptance of the connection, or the beginning of the request if
     * another one preceded it on the connection, until the 101 was written.
     */
    public DurationHistogram handshakeDurations() {
        return handshakeDurations;
    }

    /** The times between pings, both keepalive pings and those of the application, and their pongs. */
    public DurationHistogram pingLatencies() {
        return pingLatencies;
    }

    /**
     * How long a thread that is ready to run waits for its turn. Measured about once a second: on each loop, or, without
     * loops, on the JDK's scheduler.
     */
    public DurationHistogram lags() {
        return lags;
    }

    /**
     * The longest of the last measurements for {@link #lags()}; a measurement that is not complete counts with its time
     * so far.
     */
    public Duration lastLag() {
        return lastLag;
    }

    /** How much compression has saved for the messages sent. */
    public Compression sentCompression() {
        return sentCompression;
    }

    /** How much compression has saved for the messages received. */
    public Compression receivedCompression() {
        return receivedCompression;
    }

    /**
     * The number of messages that {@code trySend} did not accept although the connection was open: {@link
     * SendResult#PEER_BEHIND}, which includes those for which an {@link dev.weft.OverflowPolicy} closed the connection, and
     * {@link SendResult#SERVER_FULL}. Unmodifiable.
     */
    public Map<SendResult, Long> refusedSends() {
        return refusedSends;
    }

    /** The number of messages that an {@link dev.weft.OverflowPolicy} has dropped because the queue was full. */
    public long droppedMessages() {
        return droppedMessages;
    }

    /** The number of waiting messages that a later one with the same key has replaced. */
    public long replacedMessages() {
        return replacedMessages;
    }

    /**
     * How often a limit was reached, by the name of the setting; all of these limits are present. Computed from the
     * other figures. Unmodifiable.
     */
    public Map<String, Long> limitsHit() {
        return LimitsHit.of(this);
    }

    /** The number of client addresses that are counted now; 0 without {@link AddressLimits}. */
    public int addresses() {
        return addresses;
    }

    /**
     * The number of times that a connection waited for a rate, for each kind of rate. All kinds are present except
     * handshakes, which {@link #refusals()} counts. Unmodifiable.
     */
    public Map<Kind, Long> throttles() {
        return throttles;
    }
}
