package dev.weft.server;

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
 * Collects a server's settings; every one has a default but the handler, the endpoints and what
 * serves plain HTTP, of which a server needs one.
 * Those of connections are inherited. A value out of bounds is refused when it is set, by an {@link IllegalArgumentException}
 * that names the setting, the value and the bounds. Not for use by two threads at once.
 */
public final class WebSocketServerBuilder extends ConnectionSettings<WebSocketServerBuilder> {
    /** Room for a request line's worth, and for the largest control frame many times over. */
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
    int maxConnections = 1_000_000;
    int maxTlsHandshakes = 1024;
    int readBufferSize = 16_384;
    long maxBufferedSize = Runtime.getRuntime().maxMemory() / 4;
    HttpSettings httpSettings = HttpSettings.DEFAULT;
    PathTable<HttpHandler> httpHandlers = PathTable.empty();
    Optional<ThreadFactory> threads = Optional.empty();
    Optional<WebSocketHandler> handler = Optional.empty();
    PathTable<Endpoint> endpoints = PathTable.empty();

    /** With the defaults. */
    WebSocketServerBuilder() {
        this.values = Values.defaults();
    }

    /** A copy. */
    WebSocketServerBuilder(WebSocketServerBuilder other) {
        this.values = new Values(other.values);
        this.listening = other.listening;
        this.transport = other.transport;
        this.tls = other.tls;
        this.httpLimits = other.httpLimits;
        this.shutdownGrace = other.shutdownGrace;
        this.shutdownHook = other.shutdownHook;
        this.maxConnections = other.maxConnections;
        this.maxTlsHandshakes = other.maxTlsHandshakes;
        this.readBufferSize = other.readBufferSize;
        this.maxBufferedSize = other.maxBufferedSize;
        this.httpSettings = other.httpSettings;
        this.httpHandlers = other.httpHandlers;
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
     * Sets what serves the connections, whatever their path; with endpoints, those of the paths that no endpoint matches.
     * Needed if there is nothing else to serve.
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
     * Adds what serves the connections of a path, such as {@code /feed} or {@code /chat/{room}}. A segment in braces is a
     * parameter: it matches any segment that is not empty, which {@link dev.weft.HandshakeRequest#pathParameter} returns.
     * Other segments must be equal, case included, after percent-decoding; a '/' at the end counts. Where both match, a
     * literal segment wins over a parameter, from left to right. A path that no endpoint matches is served by the
     * {@link #handler}, or gets 404; one that cannot be decoded, or has "." or ".." as a segment, gets 400.
     *
     * @throws IllegalArgumentException if the path is malformed, or matches the same as that of another endpoint
     */
    public WebSocketServerBuilder endpoint(String path, Endpoint endpoint) {
        endpoints = endpoints.with(PathPattern.parse(path), Objects.requireNonNull(endpoint, "endpoint"));
        return this;
    }

    /**
     * Sets the name or address to listen at, instead of those of {@link #listen}. Default 127.0.0.1, this machine alone;
     * 0.0.0.0 or :: serves others too.
     */
    public WebSocketServerBuilder host(String host) {
        listening = listening.withHost(Objects.requireNonNull(host, "host"));
        return this;
    }

    /**
     * Sets the port, 0 to 65,535, of the {@link #host}, instead of the addresses of {@link #listen}. Default 0: the system
     * chooses, and {@link WebSocketServer#port()} returns it.
     */
    public WebSocketServerBuilder port(int port) {
        Bounds.check("port", port, 0, ListenSettings.HIGHEST_PORT);
        listening = listening.withPort(port);
        return this;
    }

    /**
     * Adds an address to listen at, instead of {@link #host} and {@link #port}. May be repeated; the server starts only if it
     * can listen at all of them.
     *
     * @param host a name or address, of IPv4 or IPv6
     * @param port 0 to 65,535; for 0 the system chooses, and {@link WebSocketServer#addresses()} has it
     */
    public WebSocketServerBuilder listen(String host, int port) {
        Bounds.check("port", port, 0, ListenSettings.HIGHEST_PORT);
        return listen(InetSocketAddress.createUnresolved(Objects.requireNonNull(host, "host"), port));
    }

    /**
     * Adds an address to listen at, otherwise as {@link #listen(String, int)}: an {@link InetSocketAddress}, or, for a Unix
     * domain socket, a {@link java.net.UnixDomainSocketAddress}. A socket's file on which nobody listens any more is replaced;
     * any other file stays, and the start fails. {@link WebSocketServer#close()} removes the file. A client of such a socket
     * usually has an address with an empty path.
     *
     * @throws IllegalArgumentException if it is neither
     */
    public WebSocketServerBuilder listen(SocketAddress address) {
        listening = listening.withAddress(address);
        return this;
    }

    /**
     * Sets who may connect by Unix domain sockets: those who may write to their files. Default {@code rw-------}, the user of
     * this process alone. Until they are set, right after the file is created, the process's umask decides. Without effect on
     * a system without such permissions: there, those of the folder decide.
     */
    public WebSocketServerBuilder socketPermissions(Set<PosixFilePermission> permissions) {
        listening = listening.withSocketPermissions(permissions);
        return this;
    }

    /**
     * Sets whether other processes of the same user may listen at the same ports (SO_REUSEPORT), if they say so too: the system
     * spreads the connections over them. Default false. Not for Unix domain sockets. Where the system does not support it, the
     * start fails.
     */
    public WebSocketServerBuilder reusePort(boolean reusePort) {
        listening = listening.withReusePort(reusePort);
        return this;
    }

    /**
     * Sets how many connections may wait to be accepted, of each address. Default 1,024; the system may have a lower limit.
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

    /** Makes the server use TLS, and nothing else, with this context's key: {@code wss://}. Default: it does not. */
    public WebSocketServerBuilder tls(SSLContext context) {
        return tls(context, parameters -> {});
    }

    /**
     * Makes the server use TLS with the given parameters, for example for client authentication.
     *
     * @param customizer changes the parameters, such as client authentication, protocols or cipher suites, from what they are
     *                   by default: TLS 1.3 and 1.2, as far as the context has them; the server's order of cipher suites; and
     *                   {@code http/1.1} for clients that offer protocols by ALPN. It is called now, and again when a server
     *                   starts
     * @throws IllegalArgumentException if the parameters are none that the context can have
     */
    public WebSocketServerBuilder tls(SSLContext context, Consumer<SSLParameters> customizer) {
        this.tls = Optional.of(new TlsSettings(context, customizer));
        return this;
    }

    /** Sets what a request head may have. Default: lines of 8 KiB, 100 headers, 32 KiB of headers. */
    public WebSocketServerBuilder httpLimits(HttpLimits httpLimits) {
        this.httpLimits = Objects.requireNonNull(httpLimits, "httpLimits");
        return this;
    }

    /**
     * Sets how long a request head may take, with the TLS handshake before it, if there is one; a slower peer gets 408, or
     * is closed within the TLS handshake. Default 10 s.
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
     * Sets whether the server closes itself, as by {@link WebSocketServer#close()}, when the JVM ends, such as at SIGTERM: the
     * JVM ends after the grace period at the latest. Default false. The hook is gone once the server is closed.
     */
    public WebSocketServerBuilder shutdownHook(boolean shutdownHook) {
        this.shutdownHook = shutdownHook;
        return this;
    }

    /** Sets how many connections may be open; further ones get 503. Default 1,000,000. */
    public WebSocketServerBuilder maxConnections(int maxConnections) {
        Bounds.check("maxConnections", maxConnections, 1, Integer.MAX_VALUE);
        this.maxConnections = maxConnections;
        return this;
    }

    /**
     * Sets how many TLS handshakes may be under way at the same time. Default 1,024. Further connections wait for their turn,
     * holding no more than an idle one, until the {@code handshakeTimeout} closes them. Each handshake under way counts for
     * 64 KiB of the {@code maxBufferedSize}; if it is used up, the connection is closed at once.
     */
    public WebSocketServerBuilder maxTlsHandshakes(int maxTlsHandshakes) {
        Bounds.check("maxTlsHandshakes", maxTlsHandshakes, 1, Integer.MAX_VALUE);
        this.maxTlsHandshakes = maxTlsHandshakes;
        return this;
    }

    /**
     * Sets the bytes of each buffer that is lent to a busy connection. Default 16 KiB; 1 KiB to 16 MiB. Up to 64 are kept
     * for the next, beyond what {@code maxBufferedSize} counts, 16 of eight times the size, and 4 of 64 times, if that is at
     * most 1 MiB.
     */
    public WebSocketServerBuilder readBufferSize(int readBufferSize) {
        Bounds.check("readBufferSize", readBufferSize, SMALLEST_BUFFER, LARGEST_BUFFER);
        this.readBufferSize = readBufferSize;
        return this;
    }

    /**
     * Sets what all connections together may hold in buffers, half-read messages, what decompresses these (outside the heap,
     * some 44 KiB for each), messages that wait to be sent, and half-read requests beyond their first 2 KiB. Default a quarter of the heap.
     */
    public WebSocketServerBuilder maxBufferedSize(long maxBufferedSize) {
        this.maxBufferedSize = maxBufferedSize;
        return this;
    }

    /**
     * Adds what answers the plain HTTP requests of a path, of any method. Paths are those of {@link #endpoint(String,
     * Endpoint)}; an endpoint may have the same one. A last segment {@code **} stands for all that follows, and gives way to
     * other segments: {@link HttpRequest#pathRest}. Other plain requests get 404, or 426 where an endpoint is.
     *
     * @throws IllegalArgumentException if the path is malformed, or matches the same as that of another HTTP handler
     */
    public WebSocketServerBuilder http(String path, HttpHandler handler) {
        httpHandlers = httpHandlers.with(PathPattern.parse(path), Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * Serves the files of a folder below a path, otherwise as {@link #files(String, StaticFiles)}.
     *
     * @throws IllegalArgumentException as there, or if there is no such folder
     */
    public WebSocketServerBuilder files(String path, Path folder) {
        return files(path, StaticFiles.in(folder));
    }

    /**
     * Serves files below a path that ends with '/', such as {@code /} or {@code /static/}; handlers and endpoints at paths below
     * it are found first. A plain request for a path where an endpoint is gets the file, if there is one.
     *
     * @throws IllegalArgumentException if the path is malformed, does not end with '/', or has files already
     */
    public WebSocketServerBuilder files(String path, StaticFiles files) {
        if (!path.endsWith("/")) {
            throw new IllegalArgumentException("path '" + path + "' of files must end with '/'");
        }
        return http(path + "**", files);
    }

    /** Sets the limits and timeouts of plain HTTP requests. Default {@link HttpSettings#DEFAULT}. */
    public WebSocketServerBuilder httpSettings(HttpSettings httpSettings) {
        this.httpSettings = Objects.requireNonNull(httpSettings, "httpSettings");
        return this;
    }

    /**
     * Sets what makes the threads of the connections, one for each: its handler runs there. Default: virtual threads on Weft's
     * loops, or scheduled by the JDK. A loop whose handler computes for long or blocks in native code is taken over, and nobody
     * else waits. Where there are no loops, such handlers keep the JDK's carriers: when there are as many as processors, others
     * are accepted, and wait. {@code Thread.ofPlatform().factory()} gives each connection its own thread instead, which
     * costs far more memory, and with which others are served meanwhile.
     */
    public WebSocketServerBuilder threads(ThreadFactory threads) {
        this.threads = Optional.of(threads);
        return this;
    }

    /**
     * The settings, as they are now. Checks what depends on several of them.
     *
     * @throws IllegalArgumentException if {@code maxBufferedSize} is less than {@code readBufferSize}
     * @throws IllegalStateException    if there is nothing to serve
     */
    public ServerConfiguration build() {
        return new ServerConfiguration(this);
    }

    /**
     * Starts a server with these settings.
     *
     * @throws IllegalArgumentException as {@link #build()}
     * @throws IllegalStateException    as {@link #build()}, or if there is to be a shutdown hook and the JVM is ending
     * @throws IOException              if the server cannot listen there
     */
    public WebSocketServer start() throws IOException {
        return WebSocketServer.start(build());
    }
}
