package dev.weft.server;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Bounds;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.HttpLimits;
import java.net.SocketAddress;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import javax.net.ssl.SSLContext;

/**
 * The settings of a server, as {@link WebSocketServerBuilder#build()} makes them. Immutable. Each method but {@link #addresses()} returns
 * what the method of the same name of {@link WebSocketServerBuilder} sets. A server like another one, but for its port:
 * {@snippet class = "dev.weft.server.Snippets" region = "like-another"}
 */
public final class ServerConfiguration {
    /** A copy, which nobody changes. */
    private final WebSocketServerBuilder settings;
    private final ConnectionLimits limits;
    private final ConnectionTimeouts timeouts;
    private final Map<String, Endpoint> endpoints;
    private final Map<String, HttpHandler> httpHandlers;

    ServerConfiguration(WebSocketServerBuilder builder) {
        this.settings = new WebSocketServerBuilder(builder);
        this.limits = settings.values
                .limits(ConnectionLimits.builder().readAheadSize(settings.readBufferSize).build());
        this.timeouts = settings.values.timeouts(ConnectionTimeouts.DEFAULT);
        this.endpoints = settings.endpoints.byPattern();
        this.httpHandlers = settings.httpHandlers.byPattern();
        Bounds.check("maxBufferedSize", settings.maxBufferedSize, settings.readBufferSize, Long.MAX_VALUE);
        if (settings.handler.isEmpty() && endpoints.isEmpty() && httpHandlers.isEmpty()) {
            throw new IllegalStateException(
                    "a server needs a handler, an endpoint, or plain HTTP to serve: "
                            + "handler(…), endpoint(path, …), http(path, …) or files(path, …)");
        }
    }

    /** A builder that begins with these settings. */
    public WebSocketServerBuilder toBuilder() {
        return new WebSocketServerBuilder(settings);
    }

    /** Where the server is to listen, at least one address, as it was set; a port is 0 if the system chooses. Unchangeable. */
    public List<SocketAddress> addresses() {
        return settings.listening.addresses();
    }

    /** Who may connect by Unix domain sockets; unchangeable. */
    public Set<PosixFilePermission> socketPermissions() {
        return settings.listening.socketPermissions();
    }

    /** Whether other processes may listen at the same ports (SO_REUSEPORT). */
    public boolean reusePort() {
        return settings.listening.reusePort();
    }

    /** The number of connections that may wait to be accepted. */
    public int backlog() {
        return settings.listening.backlog();
    }

    /** How connections wait for the network. */
    public TransportKind transport() {
        return settings.transport;
    }

    /** Whether small writes leave at once (TCP_NODELAY). */
    public boolean tcpNoDelay() {
        return sockets().tcpNoDelay().orElseThrow();
    }

    /** Whether the system looks after dead peers too (SO_KEEPALIVE). */
    public boolean keepAlive() {
        return sockets().keepAlive().orElseThrow();
    }

    /** The bytes of the system's receive buffer (SO_RCVBUF); empty if it is left to the system. */
    public OptionalInt receiveBufferSize() {
        return sockets().receiveBufferSize();
    }

    /** The bytes of the system's send buffer (SO_SNDBUF); empty if it is left to the system. */
    public OptionalInt sendBufferSize() {
        return sockets().sendBufferSize();
    }

    /** The context that the server speaks TLS with; empty if it does not. */
    public Optional<SSLContext> tls() {
        return settings.tls.map(TlsSettings::context);
    }

    /** What a request head may have. */
    public HttpLimits httpLimits() {
        return settings.httpLimits;
    }

    /** What one connection may use. */
    public ConnectionLimits limits() {
        return limits;
    }

    /** How long one connection waits for its peer. */
    public ConnectionTimeouts timeouts() {
        return timeouts;
    }

    /** How long the policy may take to decide about a request. */
    public Duration policyTimeout() {
        return settings.values.policyTimeout.orElseThrow();
    }

    /** How long a shutdown waits for connections to end by themselves. */
    public Duration shutdownGrace() {
        return settings.shutdownGrace;
    }

    /** Whether the server closes itself when the JVM ends. */
    public boolean shutdownHook() {
        return settings.shutdownHook;
    }

    /** The number of connections that may be open. */
    public int maxConnections() {
        return settings.maxConnections;
    }

    /** The number of TLS handshakes that may be under way at the same time. */
    public int maxTlsHandshakes() {
        return settings.maxTlsHandshakes;
    }

    /** The bytes of each buffer that is lent to a busy connection. */
    public int readBufferSize() {
        return settings.readBufferSize;
    }

    /** The bytes that all connections together may hold. */
    public long maxBufferedSize() {
        return settings.maxBufferedSize;
    }

    /** How permessage-deflate is used; empty if messages are never compressed. */
    public Optional<DeflateSettings> deflate() {
        return settings.values.deflate.orElseThrow();
    }

    /** The subprotocols that are spoken, in the order in which they were set; unchangeable. */
    public List<String> subprotocols() {
        return settings.values.subprotocols.orElseThrow();
    }

    /** Which handshakes are accepted. */
    public HandshakePolicy policy() {
        return settings.values.policy.orElseThrow();
    }

    /** The limits and timeouts of plain HTTP requests. */
    public HttpSettings httpSettings() {
        return settings.httpSettings;
    }

    /** What answers plain HTTP requests, by path. Unchangeable. */
    public Map<String, HttpHandler> httpHandlers() {
        return httpHandlers;
    }

    /** What makes the threads of the connections; empty if Weft does, on its loops or as virtual threads. */
    public Optional<ThreadFactory> threads() {
        return settings.threads;
    }

    /** What serves the paths that no endpoint matches; if it is empty they get 404. */
    public Optional<WebSocketHandler> handler() {
        return settings.handler;
    }

    /** The endpoints by their paths; unchangeable. */
    public Map<String, Endpoint> endpoints() {
        return endpoints;
    }

    ListenSettings listening() {
        return settings.listening;
    }

    SocketSettings sockets() {
        return settings.values.sockets;
    }

    Optional<TlsSettings> tlsSettings() {
        return settings.tls;
    }
}
