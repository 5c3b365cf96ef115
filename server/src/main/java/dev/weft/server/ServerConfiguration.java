package dev.weft.server;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.RateLimits;
import dev.weft.RateLimits.Kind;
import dev.weft.WebSocketHandler;
import dev.weft.internal.Bounds;
import dev.weft.internal.PathPattern;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.HttpResponse;
import dev.weft.topics.Topics;
import java.net.SocketAddress;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/**
 * The settings of a server, as {@link WebSocketServerBuilder#build()} creates them. Immutable. Each method except
 * {@link #addresses()} returns what the method of {@link WebSocketServerBuilder} with the same name sets. This creates
 * a server that differs from another only in its port:
 * {@snippet class = "dev.weft.server.Snippets" region = "like-another"}
 */
public final class ServerConfiguration {
    /** A copy, which is never changed. */
    private final ServerValues values;
    private final ConnectionLimits limits;
    private final ConnectionTimeouts timeouts;
    private final Map<String, Endpoint> endpoints;
    private final Map<String, HttpEndpoint> httpEndpoints;
    private final List<String> ownPaths;

    ServerConfiguration(ServerValues values) {
        this.values = values.copy();
        this.limits = values.connections
                .limits(ConnectionLimits.builder().readAheadSize(values.readBufferSize).build());
        this.timeouts = values.connections.timeouts(ConnectionTimeouts.DEFAULT);
        this.endpoints = values.endpoints.byPattern();
        this.httpEndpoints = values.httpEndpoints.byPattern();
        this.ownPaths = checkedOwnPaths();
        checkShares();
        Bounds.check("maxBufferedSize", values.maxBufferedSize, values.readBufferSize, Long.MAX_VALUE);
    }

    /**
     * These settings with other endpoints, even if none. The HTTP endpoint of the metrics is left out: it belongs to their
     * path.
     */
    ServerConfiguration with(Map<String, Endpoint> endpoints, Map<String, HttpEndpoint> httpEndpoints) {
        WebSocketServerBuilder builder = toBuilder();
        builder.values.endpoints = PathTable.empty();
        builder.values.httpEndpoints = PathTable.empty();
        endpoints.forEach(builder::endpoint);
        httpEndpoints.forEach(builder::http);
        return new ServerConfiguration(builder.values);
    }

    private List<String> checkedOwnPaths() {
        boolean ownListener = values.probeSettings.address().isPresent();
        List<String> paths = Stream.concat(values.probeSettings.paths().stream(), values.metrics.stream()).toList();
        PathTable<HttpEndpoint> table = ownListener ? PathTable.empty() : values.httpEndpoints;
        for (String path : paths) {
            table = table.with(PathPattern.parse(path), HttpEndpoint.of(request -> HttpResponse.empty(404)));
        }
        if (ownListener && paths.isEmpty()) {
            throw new IllegalStateException("the probes have a listener, but there is no path for it to serve: "
                    + "liveness(…), readiness(…), health(…) or metrics(…)");
        }
        return ownListener ? List.of() : paths;
    }

    /**
     * The paths of the probes and the metrics, if the server's own listeners serve them. They are also served on connections that
     * are refused.
     */
    List<String> ownPaths() {
        return ownPaths;
    }

    private void checkShares() {
        boolean none = Stream.of(Kind.values())
                .noneMatch(kind -> kind != Kind.HANDSHAKES && totalRateLimits().perSecond(kind).isPresent());
        if (none && !rateShares().isEmpty()) {
            throw new IllegalStateException("rateShares are parts of totalRateLimits(…), of which there are none");
        }
        endpoints.values().stream().flatMap(endpoint -> endpoint.rateShare().stream()).forEach(name -> {
            if (!rateShares().containsKey(name)) {
                throw new IllegalArgumentException("rateShare '" + name + "' is not among the rateShares "
                        + rateShares().keySet());
            }
        });
    }

    /** Returns a builder that is initialized with these settings. */
    public WebSocketServerBuilder toBuilder() {
        return new WebSocketServerBuilder(values);
    }

    /**
     * The addresses to listen on, as they were set; a port is 0 if the system chooses it. At least one, unless the server
     * {@linkplain #listenInherited() inherits a socket}. Unmodifiable.
     */
    public List<SocketAddress> addresses() {
        return values.listening.addresses();
    }

    /** Whether the server listens on the socket that is the process's standard input. */
    public boolean listenInherited() {
        return values.listening.inherited();
    }

    /** The permissions of the files of Unix domain sockets, which determine who may connect. Unmodifiable. */
    public Set<PosixFilePermission> socketPermissions() {
        return values.listening.socketPermissions();
    }

    /** Whether other processes may listen on the same ports (SO_REUSEPORT). */
    public boolean reusePort() {
        return values.listening.reusePort();
    }

    /** The maximum number of connections that wait to be accepted. */
    public int backlog() {
        return values.listening.backlog();
    }

    /** How connections wait for the network. */
    public TransportKind transport() {
        return values.transport;
    }

    /** Whether small writes are sent at once (TCP_NODELAY). */
    public boolean tcpNoDelay() {
        return sockets().tcpNoDelay().orElseThrow();
    }

    /** Whether the system also detects dead peers (SO_KEEPALIVE). */
    public boolean keepAlive() {
        return sockets().keepAlive().orElseThrow();
    }

    /** The size in bytes of the system's receive buffer (SO_RCVBUF); empty if the system chooses it. */
    public OptionalInt receiveBufferSize() {
        return sockets().receiveBufferSize();
    }

    /** The size in bytes of the system's send buffer (SO_SNDBUF); empty if the system chooses it. */
    public OptionalInt sendBufferSize() {
        return sockets().sendBufferSize();
    }

    /** The context that the server uses for TLS; empty if it does not use TLS. */
    public Optional<SSLContext> tls() {
        return values.tls.map(TlsSettings::context);
    }

    /** The limits of a request head. */
    public HttpLimits httpLimits() {
        return values.httpLimits;
    }

    /** The limits of one connection. */
    public ConnectionLimits limits() {
        return limits;
    }

    /** How long one connection waits for its peer. */
    public ConnectionTimeouts timeouts() {
        return timeouts;
    }

    /** The maximum time that a connection may last; empty if it may last forever. */
    public Optional<Duration> maxLifetime() {
        return values.connections.maxLifetime;
    }

    /** How long the policy may take to decide about a request. */
    public Duration policyTimeout() {
        return values.connections.policyTimeout.orElseThrow();
    }

    /** How long a shutdown waits for connections to end by themselves. */
    public Duration shutdownGrace() {
        return values.shutdownGrace;
    }

    /** Whether the server drains and closes itself when the JVM ends. */
    public boolean shutdownHook() {
        return values.shutdownHook;
    }

    /** The settings of a drain, unless it is called with settings of its own. */
    public DrainSettings drainSettings() {
        return values.drainSettings;
    }

    /** The maximum number of open connections. */
    public int maxConnections() {
        return values.maxConnections;
    }

    /** The maximum number of concurrent TLS handshakes. */
    public int maxTlsHandshakes() {
        return values.maxTlsHandshakes;
    }

    /** The size in bytes of each buffer that is lent to a busy connection. */
    public int readBufferSize() {
        return values.readBufferSize;
    }

    /** The maximum number of bytes that all connections together may hold. */
    public long maxBufferedSize() {
        return values.maxBufferedSize;
    }

    /** How permessage-deflate is used; empty if messages are never compressed. */
    public Optional<DeflateSettings> deflate() {
        return values.connections.deflate.orElseThrow();
    }

    /** The supported subprotocols, in the order in which they were set. Unmodifiable. */
    public List<String> subprotocols() {
        return values.connections.subprotocols.orElseThrow();
    }

    /** The policy that decides which handshakes are accepted. */
    public HandshakePolicy policy() {
        return values.connections.policy.orElseThrow();
    }

    /** The limits and timeouts of plain HTTP requests. */
    public HttpSettings httpSettings() {
        return values.httpSettings;
    }

    /** The proxies whose reports about clients the server trusts. */
    public ProxySettings proxySettings() {
        return values.proxySettings;
    }

    /** The limits for each client address. */
    public AddressLimits addressLimits() {
        return values.addressLimits;
    }

    /** The rates of each connection. */
    public RateLimits rateLimits() {
        return values.connections.rateLimits.orElseThrow();
    }

    /** The rates of all connections together. */
    public RateLimits totalRateLimits() {
        return values.totalRateLimits;
    }

    /** The parts of the total rates that are reserved, in percent, by name. Unmodifiable. */
    public Map<String, Integer> rateShares() {
        return values.rateShares;
    }

    /** The endpoints of plain HTTP requests, by path. Unmodifiable. */
    public Map<String, HttpEndpoint> httpEndpoints() {
        return httpEndpoints;
    }

    /** The path at which the server's statistics are served; empty if they are not served. */
    public Optional<String> metrics() {
        return values.metrics;
    }

    /** The format of the access log; empty if there is none. */
    public Optional<AccessLogFormat> accessLog() {
        return values.accessLog;
    }

    /** Whether each connection's thread has a name, and its messages and bytes are counted. */
    public boolean connectionDetails() {
        return values.connectionDetails;
    }

    /** The paths at which liveness, readiness and health are served. */
    public ProbeSettings probeSettings() {
        return values.probeSettings;
    }

    /** The factory of the connections' threads; empty if Weft creates them, on its loops or as virtual threads. */
    public Optional<ThreadFactory> threads() {
        return values.threads;
    }

    /** The handler of the paths that no endpoint matches; if it is empty, these paths get 404. */
    public Optional<WebSocketHandler> handler() {
        return values.handler;
    }

    /** The endpoints by path. Unmodifiable. */
    public Map<String, Endpoint> endpoints() {
        return endpoints;
    }

    /** The topics whose totals are served together with the statistics. */
    Optional<Topics> metricsTopics() {
        return values.metricsTopics;
    }

    ListenSettings listening() {
        return values.listening;
    }

    SocketSettings sockets() {
        return values.connections.sockets;
    }

    Optional<TlsSettings> tlsSettings() {
        return values.tls;
    }

    /** The shortest of the server's own timeouts, which determines how often deadlines are checked. */
    Duration shortestTimeout() {
        return Stream.of(timeouts.shortest(), policyTimeout(), httpSettings().shortest()).min(Duration::compareTo)
                .orElseThrow();
    }
}
