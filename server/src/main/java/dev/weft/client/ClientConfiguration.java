package dev.weft.client;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Bounds;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpLimits;
import java.net.CookieHandler;
import java.net.InetAddress;
import java.net.ProxySelector;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import javax.net.ssl.SSLContext;

/**
 * All settings of a client. Immutable. Each method returns the value that the {@link WebSocketClientBuilder} method of the same
 * name sets.
 */
public final class ClientConfiguration {
    /** A private copy that never changes. */
    private final WebSocketClientBuilder settings;

    ClientConfiguration(WebSocketClientBuilder builder) {
        this.settings = new WebSocketClientBuilder(builder);
        Bounds.check("maxBufferedSize", settings.maxBufferedSize, settings.readBufferSize, Long.MAX_VALUE);
    }

    /** Returns a builder that is initialized with these settings. */
    public WebSocketClientBuilder toBuilder() {
        return new WebSocketClientBuilder(settings);
    }

    WebSocketClientBuilder settings() {
        return settings;
    }

    /** The headers added to every request. */
    public Headers headers() {
        return settings.headers;
    }

    /** The offered subprotocols, in order of preference; unmodifiable. */
    public List<String> subprotocols() {
        return settings.subprotocols;
    }

    /** How permessage-deflate is offered; empty if it is not offered. */
    public Optional<DeflateSettings> deflate() {
        return settings.deflate;
    }

    /** The limits of each connection. */
    public ConnectionLimits limits() {
        return settings.limits;
    }

    /** The timeouts of each connection. */
    public ConnectionTimeouts timeouts() {
        return settings.timeouts;
    }

    /** The maximum time for looking up a name and connecting to one of its addresses, together. */
    public Duration connectTimeout() {
        return settings.connectTimeout;
    }

    /** The limits of a response head. */
    public HttpLimits httpLimits() {
        return settings.httpLimits;
    }

    /** The TLS context; empty for the JDK's default context. */
    public Optional<SSLContext> tls() {
        return settings.tls;
    }

    /** The local address of connections; empty if the system chooses it. */
    public Optional<InetAddress> localAddress() {
        return settings.localAddress;
    }

    /** The socket file for all connections, whatever their URI; empty to connect to the host of the URI. */
    public Optional<Path> unixSocket() {
        return settings.unixSocket;
    }

    /** The maximum number of redirects that are followed for one connection. */
    public int maxRedirects() {
        return settings.maxRedirects;
    }

    /** The cookie handler; empty if cookies are not used. */
    public Optional<CookieHandler> cookieHandler() {
        return settings.cookieHandler;
    }

    /** The proxy selector; empty if no proxy is used. */
    public Optional<ProxySelector> proxySelector() {
        return settings.proxySelector;
    }

    /** Whether small writes are sent at once (TCP_NODELAY). */
    public boolean tcpNoDelay() {
        return settings.tcpNoDelay;
    }

    /** Whether the operating system also probes for dead peers (SO_KEEPALIVE). */
    public boolean keepAlive() {
        return settings.keepAlive;
    }

    /** The size of the system's receive buffer in bytes (SO_RCVBUF); empty if the system chooses it. */
    public OptionalInt receiveBufferSize() {
        return settings.receiveBufferSize;
    }

    /** The size of the system's send buffer in bytes (SO_SNDBUF); empty if the system chooses it. */
    public OptionalInt sendBufferSize() {
        return settings.sendBufferSize;
    }

    /** The size in bytes of each buffer that is lent to a busy connection. */
    public int readBufferSize() {
        return settings.readBufferSize;
    }

    /** The maximum number of bytes that all connections together may hold. */
    public long maxBufferedSize() {
        return settings.maxBufferedSize;
    }

    /** How long {@link WebSocketClient#close()} waits for connections to end on their own. */
    public Duration closeGrace() {
        return settings.closeGrace;
    }

    /** Whether each connection keeps the response. */
    public boolean keepResponse() {
        return settings.keepResponse;
    }
}
