package dev.weft.server;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Bounds;
import dev.weft.internal.PathPattern;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.HttpLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Collects a server's settings; every one has a default but the handler and the endpoints, of which a server needs one. A
 * value out of bounds is refused when it is set, by an {@link IllegalArgumentException} that names the setting, the value and
 * the bounds. Not for use by two threads at once.
 */
public final class WebSocketServerBuilder {
    private String host = "127.0.0.1";
    private int port;
    private int backlog = 1024;
    private TransportKind transport = TransportKind.LOOPS;
    private boolean tcpNoDelay = true;
    private boolean keepAlive;
    private OptionalInt receiveBufferSize = OptionalInt.empty();
    private OptionalInt sendBufferSize = OptionalInt.empty();

    private Optional<TlsSettings> tls = Optional.empty();

    private HttpLimits httpLimits = HttpLimits.DEFAULT;

    private ConnectionLimits limits = ConnectionLimits.DEFAULT;
    private boolean readsAheadAsItReads = true;

    private ConnectionTimeouts timeouts = ConnectionTimeouts.DEFAULT;
    private Duration shutdownGrace = Duration.ofSeconds(10);
    private Duration policyTimeout = Duration.ofSeconds(10);

    private int maxConnections = 1_000_000;
    private int maxTlsHandshakes = 1024;
    private int readBufferSize = 16_384;
    private long maxBufferedSize = Runtime.getRuntime().maxMemory() / 4;

    private Optional<DeflateSettings> deflate = Optional.of(DeflateSettings.defaults());
    private List<String> subprotocols = List.of();
    private HandshakePolicy policy = HandshakePolicy.sameOrigin();
    private HttpFallback fallback;
    private ThreadFactory threads;
    private WebSocketHandler handler;
    private PathTable<Endpoint> endpoints = PathTable.empty();

    WebSocketServerBuilder() {}

    /**
     * Sets what serves the connections, whatever their path; with endpoints, those of the paths that no endpoint matches.
     * Needed if there is no endpoint.
     */
    public WebSocketServerBuilder handler(WebSocketHandler handler) {
        this.handler = Objects.requireNonNull(handler, "handler");
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

    /** Sets the name or address to listen at. Default 127.0.0.1, this machine alone; 0.0.0.0 or :: serves others too. */
    public WebSocketServerBuilder host(String host) {
        this.host = Objects.requireNonNull(host, "host");
        return this;
    }

    /** Sets the port, 0 to 65,535. Default 0: the system chooses, {@link WebSocketServer#port()} tells. */
    public WebSocketServerBuilder port(int port) {
        Bounds.check("port", port, 0, SocketSettings.HIGHEST_PORT);
        this.port = port;
        return this;
    }

    /** Sets how many connections may wait to be accepted. Default 1,024; the system may have a lower limit. */
    public WebSocketServerBuilder backlog(int backlog) {
        Bounds.check("backlog", backlog, 1, Integer.MAX_VALUE);
        this.backlog = backlog;
        return this;
    }

    /** Sets how connections wait for the network. Default {@link TransportKind#LOOPS}, which costs the least. */
    public WebSocketServerBuilder transport(TransportKind transport) {
        this.transport = Objects.requireNonNull(transport, "transport");
        return this;
    }

    /** Sets whether small writes leave at once (TCP_NODELAY). Default true. */
    public WebSocketServerBuilder tcpNoDelay(boolean tcpNoDelay) {
        this.tcpNoDelay = tcpNoDelay;
        return this;
    }

    /** Sets whether the system looks after dead peers too (SO_KEEPALIVE). Default false: pings do so sooner. */
    public WebSocketServerBuilder keepAlive(boolean keepAlive) {
        this.keepAlive = keepAlive;
        return this;
    }

    /** Sets the bytes of the system's receive buffer (SO_RCVBUF). Default: left to the system. */
    public WebSocketServerBuilder receiveBufferSize(int receiveBufferSize) {
        Bounds.check("receiveBufferSize", receiveBufferSize, 1, Integer.MAX_VALUE);
        this.receiveBufferSize = OptionalInt.of(receiveBufferSize);
        return this;
    }

    /** Sets the bytes of the system's send buffer (SO_SNDBUF). Default: left to the system. */
    public WebSocketServerBuilder sendBufferSize(int sendBufferSize) {
        Bounds.check("sendBufferSize", sendBufferSize, 1, Integer.MAX_VALUE);
        this.sendBufferSize = OptionalInt.of(sendBufferSize);
        return this;
    }

    /** Has the server speak TLS, and nothing else, with this context's key: {@code wss://}. Default: it does not. */
    public WebSocketServerBuilder tls(SSLContext context) {
        return tls(context, parameters -> {});
    }

    /**
     * Has the server speak TLS with parameters of its own, such as for client authentication.
     *
     * @param customizer as {@link TlsSettings#customizer()}
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

    /** Sets the most bytes of a message that is received whole or as a view. Default 1 MiB. */
    public WebSocketServerBuilder maxMessageSize(int maxMessageSize) {
        limits = limits.maxMessageSize(maxMessageSize);
        return this;
    }

    /** Sets the most bytes of a message that is received as a stream. Default 1 TiB; it costs no memory. */
    public WebSocketServerBuilder maxStreamedMessageSize(long maxStreamedMessageSize) {
        limits = limits.maxStreamedMessageSize(maxStreamedMessageSize);
        return this;
    }

    /** Sets the most frames that a message may be cut into. Default 131,072. */
    public WebSocketServerBuilder maxFramesPerMessage(int maxFramesPerMessage) {
        limits = limits.maxFramesPerMessage(maxFramesPerMessage);
        return this;
    }

    /**
     * Sets the most bytes of messages that may wait for one peer to read, after
     * {@link dev.weft.WebSocketConnection#trySend(String)}. Default 1 MiB; with 0, one message.
     */
    public WebSocketServerBuilder maxQueuedSize(int maxQueuedSize) {
        limits = limits.maxQueuedSize(maxQueuedSize);
        return this;
    }

    /**
     * Sets the most bytes of a connection that are read while its handler does something else, so that pings and Close frames
     * among them are answered. Default as {@code readBufferSize}; 128 bytes to 16 MiB. Counts against {@code maxBufferedSize};
     * if these are used up, 128 bytes remain.
     */
    public WebSocketServerBuilder readAheadSize(int readAheadSize) {
        limits = limits.readAheadSize(readAheadSize);
        readsAheadAsItReads = false;
        return this;
    }

    /**
     * Sets how long a request head may take, with the TLS handshake before it, if there is one; a slower peer gets 408, or
     * is closed within the TLS handshake. Default 10 s.
     */
    public WebSocketServerBuilder handshakeTimeout(Duration handshakeTimeout) {
        timeouts = timeouts.handshakeTimeout(handshakeTimeout);
        return this;
    }

    /**
     * Sets how long the policy or the fallback may take to decide about a request. Default 10 s. After that, or as soon as
     * the peer has gone, its thread is interrupted; a peer that is still there gets 503. The connection goes on counting
     * until the policy returns.
     */
    public WebSocketServerBuilder policyTimeout(Duration policyTimeout) {
        Bounds.check("policyTimeout", policyTimeout, ServerConfiguration.SHORTEST_TIMEOUT,
                ServerConfiguration.LONGEST_TIMEOUT);
        this.policyTimeout = policyTimeout;
        return this;
    }

    /** Sets after how much silence a ping is sent. Default 20 s. */
    public WebSocketServerBuilder pingInterval(Duration pingInterval) {
        timeouts = timeouts.pingInterval(pingInterval);
        return this;
    }

    /** Sets after how much silence since a ping the connection is aborted. Default 20 s. */
    public WebSocketServerBuilder pongTimeout(Duration pongTimeout) {
        timeouts = timeouts.pongTimeout(pongTimeout);
        return this;
    }

    /**
     * Sets how long a message may take from its first byte to its last, or, if it is received as a stream, from a read to
     * the bytes for it; a slower peer is closed with 1008. Default 60 s.
     */
    public WebSocketServerBuilder messageTimeout(Duration messageTimeout) {
        timeouts = timeouts.messageTimeout(messageTimeout);
        return this;
    }

    /** Sets how long the network may take no byte of what waits to be written. Default 20 s. */
    public WebSocketServerBuilder writeTimeout(Duration writeTimeout) {
        timeouts = timeouts.writeTimeout(writeTimeout);
        return this;
    }

    /**
     * Sets how long an outgoing stream may go without a write while another message waits for its end; then the connection
     * fails with 1011. Default 60 s.
     */
    public WebSocketServerBuilder streamTimeout(Duration streamTimeout) {
        timeouts = timeouts.streamTimeout(streamTimeout);
        return this;
    }

    /** Sets how long the closing handshake and the end of the peer's bytes may take. Default 5 s. */
    public WebSocketServerBuilder closeTimeout(Duration closeTimeout) {
        timeouts = timeouts.closeTimeout(closeTimeout);
        return this;
    }

    /** Sets how long a shutdown waits for connections to end by themselves. Default 10 s; zero aborts them at once. */
    public WebSocketServerBuilder shutdownGrace(Duration shutdownGrace) {
        Bounds.check("shutdownGrace", shutdownGrace, Duration.ZERO, ServerConfiguration.LONGEST_GRACE);
        this.shutdownGrace = shutdownGrace;
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
        Bounds.check("readBufferSize", readBufferSize, ServerConfiguration.SMALLEST_BUFFER,
                ServerConfiguration.LARGEST_BUFFER);
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
     * Sets how the server takes part in permessage-deflate (RFC 7692). Default {@link DeflateSettings#defaults()}: clients
     * that offer it, as browsers do, save bytes; a connection that waits keeps at most a few KiB for it, and none of
     * zlib's state.
     */
    public WebSocketServerBuilder deflate(DeflateSettings deflate) {
        this.deflate = Optional.of(deflate);
        return this;
    }

    /** Declines permessage-deflate: messages are never compressed. */
    public WebSocketServerBuilder noDeflate() {
        this.deflate = Optional.empty();
        return this;
    }

    /** Sets what the server speaks; the first of a client's that is among these is chosen. Default none. */
    public WebSocketServerBuilder subprotocols(String... subprotocols) {
        List<String> copy = List.of(subprotocols);
        Endpoint.requireTokens(copy);
        this.subprotocols = copy;
        return this;
    }

    /** Sets which handshakes are accepted. Default {@link HandshakePolicy#sameOrigin()}. */
    public WebSocketServerBuilder policy(HandshakePolicy policy) {
        this.policy = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /** Sets what answers requests that are no handshakes. Default: they get 426. */
    public WebSocketServerBuilder fallback(HttpFallback fallback) {
        this.fallback = Objects.requireNonNull(fallback, "fallback");
        return this;
    }

    /**
     * Sets what makes the threads of the connections, one for each: its handler runs there. Default: virtual threads on Weft's
     * loops, or scheduled by the JDK. A loop whose handler computes for long or blocks in native code is taken over, and nobody
     * else waits. Where there are no loops, such handlers keep the JDK's carriers: when there are as many as processors, others
     * are accepted, and wait. {@code Thread.ofPlatform().factory()} gives each connection a thread of its own instead, which
     * costs far more memory, and with which others are served meanwhile.
     */
    public WebSocketServerBuilder threads(ThreadFactory threads) {
        this.threads = Objects.requireNonNull(threads, "threads");
        return this;
    }

    /**
     * Checks what depends on several settings.
     *
     * @throws IllegalArgumentException if {@code maxBufferedSize} is less than {@code readBufferSize}
     * @throws IllegalStateException    if there is neither a handler nor an endpoint
     */
    public ServerConfiguration build() {
        return new ServerConfiguration(
                new SocketSettings(host, port, backlog, transport, tcpNoDelay, keepAlive, receiveBufferSize,
                        sendBufferSize),
                tls, httpLimits,
                readsAheadAsItReads ? limits.readAheadSize(readBufferSize) : limits,
                timeouts,
                shutdownGrace, policyTimeout, maxConnections, maxTlsHandshakes, readBufferSize, maxBufferedSize,
                deflate,
                subprotocols, policy,
                Optional.ofNullable(fallback), Optional.ofNullable(threads), Optional.ofNullable(handler),
                endpoints.byPattern());
    }

    /**
     * Starts a server with these settings.
     *
     * @throws IllegalArgumentException as {@link #build()}
     * @throws IllegalStateException    as {@link #build()}
     * @throws IOException              if the server cannot listen there
     */
    public WebSocketServer start() throws IOException {
        return WebSocketServer.start(build());
    }
}
