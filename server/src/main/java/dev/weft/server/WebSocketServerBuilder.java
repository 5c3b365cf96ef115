package dev.weft.server;

import dev.weft.RateLimits;
import dev.weft.WebSocketHandler;
import dev.weft.internal.Bounds;
import dev.weft.internal.PathPattern;
import dev.weft.parser.http.HttpLimits;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;

/**
 * Builds a server. Every setting has a default, except the handler, the endpoints and the handlers of plain HTTP
 * requests; a server needs at least one of these. The settings of connections are in the superclass
 * {@link ConnectionSettings}. A method that is given a value out of bounds throws an {@link IllegalArgumentException}
 * that names the setting, the value and the bounds. Not thread-safe.
 */
public final class WebSocketServerBuilder extends ListeningSettings {
    /** Enough for a request line, and for many control frames of the maximum size. */
    private static final int SMALLEST_BUFFER = 1024;
    private static final int LARGEST_BUFFER = 1 << 24;
    private static final Duration LONGEST_GRACE = Duration.ofDays(365);

    /** Creates a builder with the defaults. */
    WebSocketServerBuilder() {
        super(new ServerValues());
    }

    /** Creates a builder with a copy of these values. */
    WebSocketServerBuilder(ServerValues values) {
        super(values.copy());
    }

    @Override
    WebSocketServerBuilder self() {
        return this;
    }

    /**
     * Sets the handler that serves the connections of all paths, or, if there are endpoints, of the paths that no
     * endpoint matches. Required if there is nothing else to serve.
     */
    public WebSocketServerBuilder handler(WebSocketHandler handler) {
        values.handler = Optional.of(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /** Adds an endpoint with this handler and the server's settings, otherwise as {@link #endpoint(String, Endpoint)}. */
    public WebSocketServerBuilder endpoint(String path, WebSocketHandler handler) {
        return endpoint(path, Endpoint.of(handler));
    }

    /**
     * Adds an endpoint that serves the connections of a path, such as {@code /feed} or {@code /chat/{room}}. A segment
     * in braces is a parameter: it matches any segment that is not empty; {@link
     * dev.weft.HandshakeRequest#pathParameter} returns that segment. Other segments must be equal, including case,
     * after percent-decoding; a '/' at the end is significant. Where both match, a literal segment takes precedence
     * over a parameter, from left to right. A last segment {@code **} matches one or more segments: {@link
     * dev.weft.HandshakeRequest#pathRest}. A path that no endpoint matches is served by the {@link #handler}, or gets
     * 404. A path that cannot be decoded, or has "." or ".." as a segment, gets 400.
     *
     * @throws IllegalArgumentException if the path is malformed, or matches the same paths as that of another endpoint
     */
    public WebSocketServerBuilder endpoint(String path, Endpoint endpoint) {
        values.endpoints = values.endpoints.with(PathPattern.parse(path), Objects.requireNonNull(endpoint, "endpoint"));
        return this;
    }

    /** Sets how connections wait for the network. Default {@link TransportKind#LOOPS}, which costs the least. */
    public WebSocketServerBuilder transport(TransportKind transport) {
        values.transport = Objects.requireNonNull(transport, "transport");
        return this;
    }

    /** Sets the limits of a request head. Default: lines of 8 KiB, 100 headers, 32 KiB of headers. */
    public WebSocketServerBuilder httpLimits(HttpLimits httpLimits) {
        values.httpLimits = Objects.requireNonNull(httpLimits, "httpLimits");
        return this;
    }

    /**
     * Sets how long a request head may take, including the TLS handshake before it, if there is one. A slower peer gets
     * 408; during the TLS handshake, its connection is closed. Default 10 s.
     */
    public WebSocketServerBuilder handshakeTimeout(Duration handshakeTimeout) {
        return withHandshakeTimeout(handshakeTimeout);
    }

    /** Sets how long a shutdown waits for connections to end by themselves. Default 10 s; zero aborts them at once. */
    public WebSocketServerBuilder shutdownGrace(Duration shutdownGrace) {
        Bounds.check("shutdownGrace", shutdownGrace, Duration.ZERO, LONGEST_GRACE);
        values.shutdownGrace = shutdownGrace;
        return this;
    }

    /**
     * Sets whether the server drains with its {@link #drainSettings} and then closes itself, as {@link
     * WebSocketServer#close()} does, when the JVM shuts down, for example after SIGTERM. The JVM exits after the times of
     * these settings and the grace period at the latest. Default false. Closing the server removes the hook.
     */
    public WebSocketServerBuilder shutdownHook(boolean shutdownHook) {
        values.shutdownHook = shutdownHook;
        return this;
    }

    /**
     * Sets what {@link WebSocketServer#drain()} and the {@link #shutdownHook} do. Default {@link DrainSettings#DEFAULT}.
     */
    public WebSocketServerBuilder drainSettings(DrainSettings drainSettings) {
        values.drainSettings = Objects.requireNonNull(drainSettings, "drainSettings");
        return this;
    }

    /** Sets the maximum number of open connections; further connections get 503. Default 1,000,000. */
    public WebSocketServerBuilder maxConnections(int maxConnections) {
        Bounds.check("maxConnections", maxConnections, 1, Integer.MAX_VALUE);
        values.maxConnections = maxConnections;
        return this;
    }

    /**
     * Sets the maximum number of concurrent TLS handshakes. Default 1,024. A handshake begins with the peer's first
     * byte. Further connections wait for their turn, using no more memory than an idle connection, and are closed after
     * the {@code handshakeTimeout}. While some wait, a peer must complete its handshake within a quarter of that time.
     * Each handshake in progress counts as 64 KiB towards {@code maxBufferedSize}; if that is used up, the connection
     * is closed.
     */
    public WebSocketServerBuilder maxTlsHandshakes(int maxTlsHandshakes) {
        Bounds.check("maxTlsHandshakes", maxTlsHandshakes, 1, Integer.MAX_VALUE);
        values.maxTlsHandshakes = maxTlsHandshakes;
        return this;
    }

    /**
     * Sets the size in bytes of each buffer that is lent to a busy connection: 1 KiB to 16 MiB. Default 16 KiB. Unused
     * buffers are kept for reuse and are not counted towards {@code maxBufferedSize}: up to 64 of this size, 16 of
     * eight times this size, and 4 of 64 times this size, if that is at most 1 MiB.
     */
    public WebSocketServerBuilder readBufferSize(int readBufferSize) {
        Bounds.check("readBufferSize", readBufferSize, SMALLEST_BUFFER, LARGEST_BUFFER);
        values.readBufferSize = readBufferSize;
        return this;
    }

    /**
     * Sets the maximum number of bytes that all connections together may hold: in buffers, in partly read messages, in
     * their decompressors (outside the heap, some 44 KiB for each), in messages that wait to be sent, and in partly
     * read requests beyond their first 2 KiB. The value is at least {@code readBufferSize}. Default: a quarter of the
     * heap.
     */
    public WebSocketServerBuilder maxBufferedSize(long maxBufferedSize) {
        Bounds.check("maxBufferedSize", maxBufferedSize, SMALLEST_BUFFER, Long.MAX_VALUE);
        values.maxBufferedSize = maxBufferedSize;
        return this;
    }

    /**
     * Adds a handler that answers the plain HTTP requests of a path, with all methods, otherwise as {@link #http(String,
     * HttpEndpoint)}.
     */
    public WebSocketServerBuilder http(String path, HttpHandler handler) {
        return http(path, HttpEndpoint.of(handler));
    }

    /**
     * Adds a handler that answers the plain HTTP requests of a path with one method. May be called for several methods of
     * the same path; other methods get 405. Otherwise as {@link #http(String, HttpEndpoint)}.
     *
     * @param method case-sensitive, such as {@code POST}; GET includes HEAD
     * @throws IllegalArgumentException as the other method, if the method is not a token, or if it already has a handler at
     *                                  this path
     */
    public WebSocketServerBuilder http(String method, String path, HttpHandler handler) {
        values.httpEndpoints = values.httpEndpoints.merging(PathPattern.parse(path), HttpEndpoint.of(method, handler),
                present -> present.method(method, handler));
        return this;
    }

    /**
     * Adds an endpoint for the plain HTTP requests of a path. Paths have the syntax of {@link #endpoint(String, Endpoint)};
     * both kinds of endpoints may have the same path. A last segment {@code **} matches the whole rest of the path; other
     * segments take precedence over it: {@link HttpRequest#pathRest}. Other plain requests get 404, or 426 if there is only
     * a WebSocket endpoint at the path.
     *
     * @throws IllegalArgumentException if the path is malformed, or matches the same paths as that of another HTTP endpoint
     */
    public WebSocketServerBuilder http(String path, HttpEndpoint endpoint) {
        values.httpEndpoints = values.httpEndpoints.with(PathPattern.parse(path),
                Objects.requireNonNull(endpoint, "endpoint"));
        return this;
    }

    /**
     * Serves the files of a directory below a path, otherwise as {@link #files(String, StaticFiles)}.
     *
     * @throws IllegalArgumentException as the other method, or if there is no such directory
     */
    public WebSocketServerBuilder files(String path, Path folder) {
        return files(path, StaticFiles.in(folder));
    }

    /**
     * Serves files below a path that ends with '/', such as {@code /} or {@code /static/}. Handlers and endpoints at
     * paths below it take precedence. If a plain request is for the path of an endpoint, the response is the file of
     * that path, if there is one.
     *
     * @throws IllegalArgumentException if the path is malformed, does not end with '/', or already has files
     */
    public WebSocketServerBuilder files(String path, StaticFiles files) {
        if (!path.endsWith("/")) {
            throw new IllegalArgumentException("path '" + path + "' of files must end with '/'");
        }
        return http(path + "**", files);
    }

    /**
     * Serves the server's {@linkplain WebSocketServer#statistics() statistics} at this path, as text for Prometheus: in the
     * format OpenMetrics 1.0 for clients that accept it. Anybody who can reach the path can read them. Default: not served.
     *
     * @throws IllegalArgumentException if the path is malformed
     */
    public WebSocketServerBuilder metrics(String path) {
        return metrics(path, Optional.empty());
    }

    /**
     * Also serves the {@linkplain Topics#totals() totals} of these topics, otherwise as {@link #metrics(String)}. If several
     * servers use the same topics, only one of them should serve the totals, so that sums over all servers do not count them
     * twice.
     *
     * @throws IllegalArgumentException if the path is malformed
     */
    public WebSocketServerBuilder metrics(String path, Topics topics) {
        return metrics(path, Optional.of(topics));
    }

    private WebSocketServerBuilder metrics(String path, Optional<Topics> topics) {
        PathPattern.parse(path);
        values.metrics = Optional.of(path);
        values.metricsTopics = topics;
        return this;
    }

    /**
     * Writes a line to the logger {@code dev.weft.access}, at INFO, for each request that is answered, and for each
     * WebSocket connection when it has ended and its handler has returned. Default: none. Each connection costs about
     * 400 bytes more, and keeps parts of the request: method, path, Referer, User-Agent and traceparent.
     */
    public WebSocketServerBuilder accessLog(AccessLogFormat format) {
        values.accessLog = Optional.of(Objects.requireNonNull(format, "format"));
        return this;
    }

    /**
     * Sets whether the thread of each connection has a name, so that a thread dump reads like a table of connections,
     * and whether the messages and bytes of each connection are counted for a {@link ConnectionTable}. An example of a
     * name: {@code weft 17 OPEN /chat /203.0.113.7:50123 since 2026-11-29T06:40:11Z}. Default false. Costs about 300
     * bytes for each connection.
     */
    public WebSocketServerBuilder connectionDetails(boolean connectionDetails) {
        values.connectionDetails = connectionDetails;
        return this;
    }

    /** Sets the paths at which liveness, readiness and health are served. Default {@link ProbeSettings#NONE}: none. */
    public WebSocketServerBuilder probeSettings(ProbeSettings probeSettings) {
        values.probeSettings = Objects.requireNonNull(probeSettings, "probeSettings");
        return this;
    }

    /** Sets the limits and timeouts of plain HTTP requests. Default {@link HttpSettings#DEFAULT}. */
    public WebSocketServerBuilder httpSettings(HttpSettings httpSettings) {
        values.httpSettings = Objects.requireNonNull(httpSettings, "httpSettings");
        return this;
    }

    /**
     * Sets the proxies whose reports about clients the server trusts. Default {@link ProxySettings#NONE}: the client is
     * the peer of the connection.
     */
    public WebSocketServerBuilder proxySettings(ProxySettings proxySettings) {
        values.proxySettings = Objects.requireNonNull(proxySettings, "proxySettings");
        return this;
    }

    /** Sets the limits for each client address. Default {@link AddressLimits#NONE}. */
    public WebSocketServerBuilder addressLimits(AddressLimits addressLimits) {
        values.addressLimits = Objects.requireNonNull(addressLimits, "addressLimits");
        return this;
    }

    /** Sets the rates of all connections together. Default {@link RateLimits#NONE}. */
    public WebSocketServerBuilder totalRateLimits(RateLimits totalRateLimits) {
        values.totalRateLimits = Objects.requireNonNull(totalRateLimits, "totalRateLimits");
        return this;
    }

    /**
     * Reserves parts of the {@link #totalRateLimits} by name, in percent. All connections of a share together get at
     * least its part of each rate except handshakes, even while other connections wait; what they do not use goes to
     * the others. {@link Endpoint#rateShare} and {@link HandshakeDecision.Accept#withRateShare} choose the share of a
     * connection; the others have the rest. Default: none; all connections wait in one queue.
     *
     * @param shares the percentage of each share, 1 to 100, and no more than 100 in all
     * @throws IllegalArgumentException if a percentage or the sum of all is out of bounds
     */
    public WebSocketServerBuilder rateShares(Map<String, Integer> shares) {
        shares.forEach((name, percent) -> Bounds.check("rateShares '" + name + "'", percent, 1, 100));
        Bounds.check("the sum of rateShares", shares.values().stream().mapToLong(percent -> percent).sum(), 0, 100);
        values.rateShares = Map.copyOf(shares);
        return this;
    }

    /**
     * Sets the factory of the connections' threads. Each connection has one thread, on which its handler runs. Default:
     * virtual threads, run by Weft's loops or scheduled by the JDK. If a handler computes for a long time or blocks in
     * native code, another thread takes over its loop after 4 to 8 ms, so that other connections do not wait longer.
     * Without loops, such handlers occupy the JDK's carrier threads: if they occupy as many as there are processors,
     * other connections are accepted, but wait. {@code Thread.ofPlatform().factory()} gives each connection its own
     * platform thread instead: other connections are then always served, but far more memory is needed.
     */
    public WebSocketServerBuilder threads(ThreadFactory threads) {
        values.threads = Optional.of(Objects.requireNonNull(threads, "threads"));
        return this;
    }

    /**
     * Returns the current settings. Checks those that depend on each other.
     *
     * @throws IllegalArgumentException if {@code maxBufferedSize} is less than {@code readBufferSize}, or the path of the
     *                                  metrics or of a probe matches the same paths as that of an HTTP handler,
     *                                  or if an endpoint has a rate share that is not among the {@code rateShares}
     * @throws IllegalStateException    if there is nothing to serve, or nothing for the probes' own listener, or there are
     *                                  {@code rateShares} but no {@code totalRateLimits}
     */
    public ServerConfiguration build() {
        ServerConfiguration configuration = new ServerConfiguration(values);
        if (values.handler.isEmpty() && configuration.endpoints().isEmpty()
                && configuration.httpEndpoints().isEmpty()) {
            throw new IllegalStateException(
                    "a server needs a handler, an endpoint, or plain HTTP to serve: "
                            + "handler(…), endpoint(path, …), http(path, …) or files(path, …)");
        }
        return configuration;
    }

    /**
     * Starts a server with these settings.
     *
     * @throws IllegalArgumentException as {@link #build()}
     * @throws IllegalStateException    as {@link #build()}, or if a shutdown hook is requested and the JVM is shutting down
     * @throws IOException              if the server cannot listen on one of the addresses
     */
    public WebSocketServer start() throws IOException {
        return WebSocketServer.start(build());
    }
}
