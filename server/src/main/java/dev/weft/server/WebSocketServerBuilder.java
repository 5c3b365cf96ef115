package dev.weft.server;

import dev.weft.RateLimits;
import dev.weft.WebSocketHandler;
import dev.weft.internal.Bounds;
import dev.weft.internal.PathPattern;
import dev.weft.parser.http.HttpLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Builds a server. Every setting has a default, except the handler, the endpoints and the handlers of plain HTTP
 * requests; a server needs at least one of these. The settings of connections are inherited. A method that is given a
 * value out of bounds throws an {@link IllegalArgumentException} that names the setting, the value and the bounds. Not
 * thread-safe.
 */
public final class WebSocketServerBuilder extends ConnectionSettings<WebSocketServerBuilder> {
    /** Enough for a request line, and for many control frames of the maximum size. */
    private static final int SMALLEST_BUFFER = 1024;
    private static final int LARGEST_BUFFER = 1 << 24;
    private static final Duration LONGEST_GRACE = Duration.ofDays(365);

    final Values values;
    ListenSettings listening = ListenSettings.DEFAULT;
    TransportKind transport = TransportKind.LOOPS;
    Optional<TlsSettings> tls = Optional.empty();
    HttpLimits httpLimits = HttpLimits.DEFAULT;
    Duration shutdownGrace = Duration.ofSeconds(10);
    boolean shutdownHook;
    DrainSettings drainSettings = DrainSettings.DEFAULT;
    int maxConnections = 1_000_000;
    int maxTlsHandshakes = 1024;
    int readBufferSize = 16_384;
    long maxBufferedSize = Runtime.getRuntime().maxMemory() / 4;
    HttpSettings httpSettings = HttpSettings.DEFAULT;
    ProxySettings proxySettings = ProxySettings.NONE;
    AddressLimits addressLimits = AddressLimits.NONE;
    RateLimits rateLimits = RateLimits.NONE;
    RateLimits totalRateLimits = RateLimits.NONE;
    PathTable<HttpEndpoint> httpEndpoints = PathTable.empty();
    Optional<String> metrics = Optional.empty();
    Optional<AccessLogFormat> accessLog = Optional.empty();
    ProbeSettings probeSettings = ProbeSettings.NONE;
    Optional<ThreadFactory> threads = Optional.empty();
    Optional<WebSocketHandler> handler = Optional.empty();
    PathTable<Endpoint> endpoints = PathTable.empty();

    /** Creates a builder with the defaults. */
    WebSocketServerBuilder() {
        this.values = Values.defaults();
    }

    /** Creates a copy. */
    WebSocketServerBuilder(WebSocketServerBuilder other) {
        this.values = new Values(other.values);
        this.listening = other.listening;
        this.transport = other.transport;
        this.tls = other.tls;
        this.httpLimits = other.httpLimits;
        this.shutdownGrace = other.shutdownGrace;
        this.shutdownHook = other.shutdownHook;
        this.drainSettings = other.drainSettings;
        this.maxConnections = other.maxConnections;
        this.maxTlsHandshakes = other.maxTlsHandshakes;
        this.readBufferSize = other.readBufferSize;
        this.maxBufferedSize = other.maxBufferedSize;
        this.httpSettings = other.httpSettings;
        this.proxySettings = other.proxySettings;
        this.addressLimits = other.addressLimits;
        this.rateLimits = other.rateLimits;
        this.totalRateLimits = other.totalRateLimits;
        this.httpEndpoints = other.httpEndpoints;
        this.metrics = other.metrics;
        this.accessLog = other.accessLog;
        this.probeSettings = other.probeSettings;
        this.threads = other.threads;
        this.handler = other.handler;
        this.endpoints = other.endpoints;
    }

    @Override
    WebSocketServerBuilder with(Consumer<Values> change) {
        change.accept(values);
        return this;
    }

    /**
     * Sets the handler that serves the connections of all paths, or, if there are endpoints, of the paths that no
     * endpoint matches. Required if there is nothing else to serve.
     */
    public WebSocketServerBuilder handler(WebSocketHandler handler) {
        this.handler = Optional.of(handler);
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
     * over a parameter, from left to right. A path that no endpoint matches is served by the {@link #handler}, or gets
     * 404. A path that cannot be decoded, or has "." or ".." as a segment, gets 400.
     *
     * @throws IllegalArgumentException if the path is malformed, or matches the same paths as that of another endpoint
     */
    public WebSocketServerBuilder endpoint(String path, Endpoint endpoint) {
        endpoints = endpoints.with(PathPattern.parse(path), Objects.requireNonNull(endpoint, "endpoint"));
        return this;
    }

    /**
     * Sets the host name or address to listen on, instead of the addresses of {@link #listen}. Default 127.0.0.1, which
     * only this machine can reach; with 0.0.0.0 or ::, other machines can connect too.
     */
    public WebSocketServerBuilder host(String host) {
        listening = listening.withHost(Objects.requireNonNull(host, "host"));
        return this;
    }

    /**
     * Sets the port of the {@link #host}, 0 to 65,535, instead of the addresses of {@link #listen}. Default 0: the
     * system chooses a port, and {@link WebSocketServer#port()} returns it.
     */
    public WebSocketServerBuilder port(int port) {
        Bounds.check("port", port, 0, ListenSettings.HIGHEST_PORT);
        listening = listening.withPort(port);
        return this;
    }

    /**
     * Adds an address to listen on, instead of {@link #host} and {@link #port}. May be called repeatedly; the server
     * starts only if it can listen on all of the addresses.
     *
     * @param host a host name or an IPv4 or IPv6 address
     * @param port 0 to 65,535; with 0 the system chooses a port, and {@link WebSocketServer#addresses()} returns it
     */
    public WebSocketServerBuilder listen(String host, int port) {
        Bounds.check("port", port, 0, ListenSettings.HIGHEST_PORT);
        return listen(InetSocketAddress.createUnresolved(Objects.requireNonNull(host, "host"), port));
    }

    /**
     * Adds an address to listen on, otherwise as {@link #listen(String, int)}: an {@link InetSocketAddress}, or, for a
     * Unix domain socket, a {@link java.net.UnixDomainSocketAddress}. If a socket file exists on which no process
     * listens any more, it is replaced. If any other file exists, it is kept, and the start fails. {@link
     * WebSocketServer#close()} removes the file. A client of a Unix domain socket usually has an address with an empty
     * path.
     *
     * @throws IllegalArgumentException if the address is neither
     */
    public WebSocketServerBuilder listen(SocketAddress address) {
        listening = listening.withAddress(address);
        return this;
    }

    /**
     * Adds the listening socket that is the process's standard input, instead of {@link #host} and {@link #port}: a TCP
     * or Unix domain socket of the process that started this one, as with {@code StandardInput=socket} and {@code
     * Accept=no} of systemd. Processes that share such a socket can replace one another without refusing a connection:
     * the new process starts, and then {@link WebSocketServer#drain()} in the old one leaves further connections to it.
     * {@link WebSocketServer#close()} closes the socket as its last step. Then the JDK also redirects {@code System.out}
     * and {@code System.err} of this process to nowhere, so write logs before. If the standard input is no listening
     * socket, or has been closed, the start fails; if a start fails, the socket stays open.
     */
    public WebSocketServerBuilder listenInherited() {
        listening = listening.withInherited();
        return this;
    }

    /**
     * Sets the permissions of the files of Unix domain sockets: a client can connect if it may write to the file.
     * Default {@code rw-------}, only the user of this process. The permissions are set right after the file is
     * created; until then, the process's umask applies. They have no effect on a system without such permissions;
     * there, those of the directory apply.
     */
    public WebSocketServerBuilder socketPermissions(Set<PosixFilePermission> permissions) {
        listening = listening.withSocketPermissions(permissions);
        return this;
    }

    /**
     * Sets whether other processes of the same user may listen on the same ports (SO_REUSEPORT), if they set this
     * option too. The system distributes the connections among them. Default false. Does not apply to Unix domain
     * sockets. If the system does not support the option, the start fails.
     */
    public WebSocketServerBuilder reusePort(boolean reusePort) {
        listening = listening.withReusePort(reusePort);
        return this;
    }

    /**
     * Sets the maximum number of connections that wait to be accepted, for each address. Default 1,024; the system may
     * have a lower limit.
     */
    public WebSocketServerBuilder backlog(int backlog) {
        Bounds.check("backlog", backlog, 1, Integer.MAX_VALUE);
        listening = listening.withBacklog(backlog);
        return this;
    }

    /** Sets how connections wait for the network. Default {@link TransportKind#LOOPS}, which costs the least. */
    public WebSocketServerBuilder transport(TransportKind transport) {
        this.transport = Objects.requireNonNull(transport, "transport");
        return this;
    }

    /**
     * Makes the server use TLS for all connections, with these certificates: {@code wss://}. Default: no TLS. The server
     * reads changed files again if {@link TlsCertificates.Builder#reloadInterval} is set.
     */
    public WebSocketServerBuilder tls(TlsCertificates certificates) {
        return tls(certificates, parameters -> {});
    }

    /**
     * Makes the server use TLS with these certificates and parameters.
     *
     * @param customizer as for {@link #tls(SSLContext, Consumer)}
     * @throws IllegalArgumentException if the JDK does not support the parameters
     */
    public WebSocketServerBuilder tls(TlsCertificates certificates, Consumer<SSLParameters> customizer) {
        this.tls = Optional.of(TlsSettings.of(certificates, customizer));
        return this;
    }

    /** Makes the server use TLS for all connections, with the key of this context. */
    public WebSocketServerBuilder tls(SSLContext context) {
        return tls(context, parameters -> {});
    }

    /**
     * Makes the server use TLS with the given parameters, for example for client authentication.
     *
     * @param customizer changes the parameters, such as client authentication, protocols or cipher suites. The defaults are
     *                   TLS 1.3 and 1.2, as far as the context supports them; the cipher suites with forward secrecy and
     *                   authenticated encryption, in the server's order; key exchange with elliptic curves only; and
     *                   {@code http/1.1} for clients that offer protocols by ALPN. The customizer is called now, and again
     *                   when a server starts
     * @throws IllegalArgumentException if the context does not support the parameters
     */
    public WebSocketServerBuilder tls(SSLContext context, Consumer<SSLParameters> customizer) {
        this.tls = Optional.of(TlsSettings.of(context, customizer));
        return this;
    }

    /** Sets the limits of a request head. Default: lines of 8 KiB, 100 headers, 32 KiB of headers. */
    public WebSocketServerBuilder httpLimits(HttpLimits httpLimits) {
        this.httpLimits = Objects.requireNonNull(httpLimits, "httpLimits");
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
        this.shutdownGrace = shutdownGrace;
        return this;
    }

    /**
     * Sets whether the server drains with its {@link #drainSettings} and then closes itself, as {@link
     * WebSocketServer#close()} does, when the JVM shuts down, for example after SIGTERM. The JVM exits after the times of
     * these settings and the grace period at the latest. Default false. Closing the server removes the hook.
     */
    public WebSocketServerBuilder shutdownHook(boolean shutdownHook) {
        this.shutdownHook = shutdownHook;
        return this;
    }

    /**
     * Sets what {@link WebSocketServer#drain()} and the {@link #shutdownHook} do. Default {@link DrainSettings#DEFAULT}.
     */
    public WebSocketServerBuilder drainSettings(DrainSettings drainSettings) {
        this.drainSettings = Objects.requireNonNull(drainSettings, "drainSettings");
        return this;
    }

    /** Sets the maximum number of open connections; further connections get 503. Default 1,000,000. */
    public WebSocketServerBuilder maxConnections(int maxConnections) {
        Bounds.check("maxConnections", maxConnections, 1, Integer.MAX_VALUE);
        this.maxConnections = maxConnections;
        return this;
    }

    /**
     * Sets the maximum number of concurrent TLS handshakes. Default 1,024. Further connections wait for their turn,
     * using no more memory than an idle connection, until the {@code handshakeTimeout} closes them. Each handshake in
     * progress counts as 64 KiB towards {@code maxBufferedSize}; if that is used up, the connection is closed at once.
     */
    public WebSocketServerBuilder maxTlsHandshakes(int maxTlsHandshakes) {
        Bounds.check("maxTlsHandshakes", maxTlsHandshakes, 1, Integer.MAX_VALUE);
        this.maxTlsHandshakes = maxTlsHandshakes;
        return this;
    }

    /**
     * Sets the size in bytes of each buffer that is lent to a busy connection: 1 KiB to 16 MiB. Default 16 KiB. Unused
     * buffers are kept for reuse and are not counted towards {@code maxBufferedSize}: up to 64 of this size, 16 of
     * eight times this size, and 4 of 64 times this size, if that is at most 1 MiB.
     */
    public WebSocketServerBuilder readBufferSize(int readBufferSize) {
        Bounds.check("readBufferSize", readBufferSize, SMALLEST_BUFFER, LARGEST_BUFFER);
        this.readBufferSize = readBufferSize;
        return this;
    }

    /**
     * Sets the maximum number of bytes that all connections together may hold: in buffers, in partly read messages, in
     * their decompressors (outside the heap, some 44 KiB for each), in messages that wait to be sent, and in partly
     * read requests beyond their first 2 KiB. Default: a quarter of the heap.
     */
    public WebSocketServerBuilder maxBufferedSize(long maxBufferedSize) {
        this.maxBufferedSize = maxBufferedSize;
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
        httpEndpoints = httpEndpoints.merging(PathPattern.parse(path), HttpEndpoint.of(method, handler),
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
        httpEndpoints = httpEndpoints.with(PathPattern.parse(path), Objects.requireNonNull(endpoint, "endpoint"));
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
        PathPattern.parse(path);
        this.metrics = Optional.of(path);
        return this;
    }

    /**
     * Writes a line to the logger {@code dev.weft.access}, at INFO, for each request that is answered, and for each WebSocket
     * connection when it has ended and its handler has returned. Default: none. Costs about 400 bytes for each connection, and
     * what it keeps of the request: method, path, Referer, User-Agent and traceparent.
     */
    public WebSocketServerBuilder accessLog(AccessLogFormat format) {
        this.accessLog = Optional.of(format);
        return this;
    }

    /** Sets where liveness, readiness and health are served. Default {@link ProbeSettings#NONE}: nowhere. */
    public WebSocketServerBuilder probeSettings(ProbeSettings probeSettings) {
        this.probeSettings = Objects.requireNonNull(probeSettings, "probeSettings");
        return this;
    }

    /** Sets the limits and timeouts of plain HTTP requests. Default {@link HttpSettings#DEFAULT}. */
    public WebSocketServerBuilder httpSettings(HttpSettings httpSettings) {
        this.httpSettings = Objects.requireNonNull(httpSettings, "httpSettings");
        return this;
    }

    /**
     * Sets the proxies whose reports about clients the server believes. Default {@link ProxySettings#NONE}: the client is
     * the peer of the connection.
     */
    public WebSocketServerBuilder proxySettings(ProxySettings proxySettings) {
        this.proxySettings = Objects.requireNonNull(proxySettings, "proxySettings");
        return this;
    }

    /** Sets the limits for each client address. Default {@link AddressLimits#NONE}. */
    public WebSocketServerBuilder addressLimits(AddressLimits addressLimits) {
        this.addressLimits = Objects.requireNonNull(addressLimits, "addressLimits");
        return this;
    }

    /**
     * Sets the rates of each connection. Default {@link RateLimits#NONE}.
     *
     * @throws IllegalArgumentException if handshakes are limited
     */
    public WebSocketServerBuilder rateLimits(RateLimits rateLimits) {
        this.rateLimits = ClientLimits.requireNoHandshakes(rateLimits);
        return this;
    }

    /** Sets the rates of all connections together. Default {@link RateLimits#NONE}. */
    public WebSocketServerBuilder totalRateLimits(RateLimits totalRateLimits) {
        this.totalRateLimits = Objects.requireNonNull(totalRateLimits, "totalRateLimits");
        return this;
    }

    /**
     * Sets the factory of the connections' threads. Each connection has one thread, on which its handler runs. Default:
     * virtual threads, run by Weft's loops or scheduled by the JDK. If a handler computes for a long time or blocks in
     * native code, another thread takes over its loop, and no other connection waits. Without loops, such handlers
     * occupy the JDK's carrier threads: if they occupy as many as there are processors, other connections are accepted,
     * but wait. {@code Thread.ofPlatform().factory()} gives each connection its own platform thread instead: other
     * connections are then always served, but far more memory is needed.
     */
    public WebSocketServerBuilder threads(ThreadFactory threads) {
        this.threads = Optional.of(threads);
        return this;
    }

    /**
     * Returns the current settings. Checks those that depend on each other.
     *
     * @throws IllegalArgumentException if {@code maxBufferedSize} is less than {@code readBufferSize}, or the path of the
     *                                  metrics or of a probe matches the same paths as that of an HTTP handler
     * @throws IllegalStateException    if there is nothing to serve, or nothing for the probes' own listener
     */
    public ServerConfiguration build() {
        ServerConfiguration configuration = new ServerConfiguration(this);
        if (handler.isEmpty() && configuration.endpoints().isEmpty() && configuration.httpEndpoints().isEmpty()) {
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
