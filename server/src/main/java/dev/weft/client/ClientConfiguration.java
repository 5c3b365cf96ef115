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
 * All settings of a client. Immutable. Each method returns what the method of the same name of {@link WebSocketClientBuilder}
 * sets.
 */
public final class ClientConfiguration {
    /** A copy, which nobody changes. */
    private final WebSocketClientBuilder settings;

    ClientConfiguration(WebSocketClientBuilder builder) {
        this.settings = new WebSocketClientBuilder(builder);
        Bounds.check("maxBufferedSize", settings.maxBufferedSize, settings.readBufferSize, Long.MAX_VALUE);
    }

    /** A builder that begins with these settings. */
    public WebSocketClientBuilder toBuilder() {
        return new WebSocketClientBuilder(settings);
    }

    WebSocketClientBuilder settings() {
        return settings;
    }

    /** The headers of every request. */
    public Headers headers() {
        return settings.headers;
    }

    /** The subprotocols that are offered, the preferred one first; unchangeable. */
    public List<String> subprotocols() {
        return settings.subprotocols;
    }

    /** How permessage-deflate is offered; empty if it is not. */
    public Optional<DeflateSettings> deflate() {
        return settings.deflate;
    }

    /** What one connection may use. */
    public ConnectionLimits limits() {
        return settings.limits;
    }

    /** How long one connection waits for its peer. */
    public ConnectionTimeouts timeouts() {
        return settings.timeouts;
    }

    /** How long the look-up of a name and the connection to one of its addresses may take together. */
    public Duration connectTimeout() {
        return settings.connectTimeout;
    }

    /** What a response head may have. */
    public HttpLimits httpLimits() {
        return settings.httpLimits;
    }

    /** The context for TLS; empty for the JDK's default one. */
    public Optional<SSLContext> tls() {
        return settings.tls;
    }

    /** The address that connections come from; empty if the system chooses it. */
    public Optional<InetAddress> localAddress() {
        return settings.localAddress;
    }

    /** The socket file that all connections go to, whatever their URI; empty if they go to the URI's host. */
    public Optional<Path> unixSocket() {
        return settings.unixSocket;
    }

    /** The number of redirects that are followed for one connection. */
    public int maxRedirects() {
        return settings.maxRedirects;
    }

    /** What knows the cookies; empty if there are none. */
    public Optional<CookieHandler> cookieHandler() {
        return settings.cookieHandler;
    }

    /** What chooses the proxy of a connection; empty if there is none. */
    public Optional<ProxySelector> proxySelector() {
        return settings.proxySelector;
    }

    /** Whether small writes leave at once (TCP_NODELAY). */
    public boolean tcpNoDelay() {
        return settings.tcpNoDelay;
    }

    /** Whether the system looks after dead peers too (SO_KEEPALIVE). */
    public boolean keepAlive() {
        return settings.keepAlive;
    }

    /** The bytes of the system's receive buffer (SO_RCVBUF); empty if it is left to the system. */
    public OptionalInt receiveBufferSize() {
        return settings.receiveBufferSize;
    }

    /** The bytes of the system's send buffer (SO_SNDBUF); empty if it is left to the system. */
    public OptionalInt sendBufferSize() {
        return settings.sendBufferSize;
    }

    /** The bytes of each buffer that is lent to a busy connection. */
    public int readBufferSize() {
        return settings.readBufferSize;
    }

    /** The bytes that all connections together may hold. */
    public long maxBufferedSize() {
        return settings.maxBufferedSize;
    }

    /** How long {@link WebSocketClient#close()} waits for connections to end by themselves. */
    public Duration closeGrace() {
        return settings.closeGrace;
    }
}
