package dev.weft.client;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Bounds;
import dev.weft.internal.Escape;
import dev.weft.internal.tls.TrustedCertificates;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.ClientOpeningHandshake;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpLimits;
import java.io.IOException;
import java.net.CookieHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Collects the settings of a client; each setting has a default. A value out of bounds is rejected when it is set, by an {@link
 * IllegalArgumentException} that names the setting, the value and the bounds. Not thread-safe.
 */
public final class WebSocketClientBuilder {
    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);
    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(20);
    /** Enough for a status line, and many times the size of the largest control frame. */
    private static final int SMALLEST_BUFFER = 1024;
    private static final int LARGEST_BUFFER = 1 << 24;
    private static final int MOST_REDIRECTS = 20;
    private static final int MOST_CREDENTIAL = 255;
    private static final Duration LONGEST_GRACE = Duration.ofDays(365);

    Headers headers = Headers.EMPTY;
    List<String> subprotocols = List.of();
    Optional<DeflateSettings> deflate = Optional.of(DeflateSettings.DEFAULT);
    ConnectionLimits limits = ConnectionLimits.DEFAULT;
    ConnectionTimeouts timeouts = ConnectionTimeouts.DEFAULT;
    Duration connectTimeout = Duration.ofSeconds(10);
    HttpLimits httpLimits = HttpLimits.DEFAULT;
    Optional<SSLContext> tls = Optional.empty();
    Consumer<SSLParameters> tlsCustomizer = parameters -> {};
    Optional<InetAddress> localAddress = Optional.empty();
    Optional<Path> unixSocket = Optional.empty();
    int maxRedirects;
    Optional<CookieHandler> cookieHandler = Optional.empty();
    Optional<ProxySelector> proxySelector = Optional.empty();
    Optional<ProxyTunnel.Credentials> proxyCredentials = Optional.empty();
    boolean tcpNoDelay = true;
    boolean keepAlive;
    OptionalInt receiveBufferSize = OptionalInt.empty();
    OptionalInt sendBufferSize = OptionalInt.empty();
    int readBufferSize = 16_384;
    long maxBufferedSize = Runtime.getRuntime().maxMemory() / 4;
    Duration closeGrace = Duration.ofSeconds(10);
    boolean keepResponse;
    /** {@code null}: none. */
    Function<URI, WireListener> wireListeners;
    /** For tests. */
    NameLookup.Resolver resolver = InetAddress::getAllByName;
    /** For tests: whether connections run on the loops, where these are available. */
    boolean loops = true;

    /** With the defaults. */
    WebSocketClientBuilder() {}

    /** A copy. */
    WebSocketClientBuilder(WebSocketClientBuilder other) {
        this.headers = other.headers;
        this.subprotocols = other.subprotocols;
        this.deflate = other.deflate;
        this.limits = other.limits;
        this.timeouts = other.timeouts;
        this.connectTimeout = other.connectTimeout;
        this.httpLimits = other.httpLimits;
        this.tls = other.tls;
        this.tlsCustomizer = other.tlsCustomizer;
        this.localAddress = other.localAddress;
        this.unixSocket = other.unixSocket;
        this.maxRedirects = other.maxRedirects;
        this.cookieHandler = other.cookieHandler;
        this.proxySelector = other.proxySelector;
        this.proxyCredentials = other.proxyCredentials;
        this.tcpNoDelay = other.tcpNoDelay;
        this.keepAlive = other.keepAlive;
        this.receiveBufferSize = other.receiveBufferSize;
        this.sendBufferSize = other.sendBufferSize;
        this.readBufferSize = other.readBufferSize;
        this.maxBufferedSize = other.maxBufferedSize;
        this.closeGrace = other.closeGrace;
        this.keepResponse = other.keepResponse;
        this.wireListeners = other.wireListeners;
        this.resolver = other.resolver;
        this.loops = other.loops;
    }

    /**
     * Adds a header, such as {@code Origin}, to every request; an existing header of the same name is kept. If a header
     * differs between connections, such as one with a token, pass it to {@link WebSocketClient#open(URI, Headers)}
     * instead.
     *
     * @throws IllegalArgumentException if it is not a valid header, or is one that the handshake sets itself: {@code Host},
     *     {@code Upgrade}, {@code Connection}, {@code Sec-WebSocket-…}, {@code Content-Length}, {@code Transfer-Encoding}
     */
    public WebSocketClientBuilder header(String name, String value) {
        headers = Headers.builder().addAll(headers).add(ClientOpeningHandshake.requireExtra(name), value).build();
        return this;
    }

    /**
     * Sets the offered subprotocols, in order of preference. The server chooses at most one of them: {@link
     * dev.weft.WebSocketConnection#subprotocol()}. Default: none, as with no arguments.
     *
     * @throws IllegalArgumentException if one is not a token, or is given twice (RFC 6455 §4.1)
     */
    public WebSocketClientBuilder subprotocols(String... subprotocols) {
        List<String> copy = List.of(subprotocols);
        for (String subprotocol : copy) {
            try {
                Headers.of(subprotocol, "");
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("subprotocol '" + Escape.text(subprotocol) + "' is not a token", e);
            }
        }
        if (new HashSet<>(copy).size() < copy.size()) {
            throw new IllegalArgumentException("subprotocols " + copy + " name one twice");
        }
        this.subprotocols = copy;
        return this;
    }

    /** Sets how permessage-deflate (RFC 7692) is offered. Default {@link DeflateSettings#DEFAULT}. */
    public WebSocketClientBuilder deflate(DeflateSettings deflate) {
        this.deflate = Optional.of(Objects.requireNonNull(deflate, "deflate"));
        return this;
    }

    /** Does not offer permessage-deflate: messages are never compressed. */
    public WebSocketClientBuilder noDeflate() {
        this.deflate = Optional.empty();
        return this;
    }

    /** Sets the limits of each connection. Default {@link ConnectionLimits#DEFAULT}. */
    public WebSocketClientBuilder limits(ConnectionLimits limits) {
        this.limits = Objects.requireNonNull(limits, "limits");
        return this;
    }

    /**
     * Sets the timeouts of each connection. Default {@link ConnectionTimeouts#DEFAULT}. The {@code handshakeTimeout} starts
     * when the socket is connected, and covers the TLS handshake and a proxy, up to the end of the response head. When it
     * expires, the connection is closed.
     */
    public WebSocketClientBuilder timeouts(ConnectionTimeouts timeouts) {
        this.timeouts = Objects.requireNonNull(timeouts, "timeouts");
        return this;
    }

    /**
     * Sets the maximum time for looking up a name and connecting to one of its addresses, together: 1 ms to 20 days. Default 10
     * s.
     */
    public WebSocketClientBuilder connectTimeout(Duration connectTimeout) {
        Bounds.check("connectTimeout", connectTimeout, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        this.connectTimeout = connectTimeout;
        return this;
    }

    /** Sets the limits of a response head. Default: lines of 8 KiB, 100 headers, 32 KiB of headers. */
    public WebSocketClientBuilder httpLimits(HttpLimits httpLimits) {
        this.httpLimits = Objects.requireNonNull(httpLimits, "httpLimits");
        return this;
    }

    /** Sets the context for {@code wss://}, such as one with a client certificate. Default: the JDK's default context. */
    public WebSocketClientBuilder tls(SSLContext context) {
        return tls(context, parameters -> {});
    }

    /**
     * Sets the context for {@code wss://}, and customizes its parameters.
     *
     * @param customizer changes the parameters of each connection from their defaults: TLS 1.3 and 1.2, {@code http/1.1} by
     *     ALPN, the host's name sent (SNI) and required in the certificate. To accept a certificate for any name: {@code
     *     parameters.setEndpointIdentificationAlgorithm("")}
     */
    public WebSocketClientBuilder tls(SSLContext context, Consumer<SSLParameters> customizer) {
        this.tls = Optional.of(Objects.requireNonNull(context, "context"));
        this.tlsCustomizer = Objects.requireNonNull(customizer, "customizer");
        return this;
    }

    /**
     * For {@code wss://}, trusts the certificates of a PEM file, and no others: those of authorities, or of servers. Reads the
     * file now, and waits for the disk. Replaces the context of an earlier {@link #tls(SSLContext)}. Default: those that the
     * JDK trusts.
     *
     * @throws IOException if the file cannot be read, is malformed, or has no certificate; the message names the file
     */
    public WebSocketClientBuilder trustedCertificates(Path pemFile) throws IOException {
        return tls(TrustedCertificates.fromPem(Objects.requireNonNull(pemFile, "pemFile")));
    }

    /** Sets the local address of connections. Default: the system chooses it. */
    public WebSocketClientBuilder localAddress(InetAddress localAddress) {
        this.localAddress = Optional.of(Objects.requireNonNull(localAddress, "localAddress"));
        return this;
    }

    /** Opens all connections to this socket file, whatever host their URI names. Default: to the host of the URI. */
    public WebSocketClientBuilder unixSocket(Path unixSocket) {
        this.unixSocket = Optional.of(Objects.requireNonNull(unixSocket, "unixSocket"));
        return this;
    }

    /**
     * Sets the maximum number of redirects (301, 302, 303, 307, 308) that are followed for one connection: 0 to 20. Default 0:
     * a redirect is a failure, whose response contains the {@code Location}. {@code Authorization} and {@code Cookie} are not
     * sent to another origin. A redirect from TLS to an unencrypted connection is never followed.
     */
    public WebSocketClientBuilder maxRedirects(int maxRedirects) {
        Bounds.check("maxRedirects", maxRedirects, 0, MOST_REDIRECTS);
        this.maxRedirects = maxRedirects;
        return this;
    }

    /**
     * Sets the cookie handler, such as a {@link java.net.CookieManager}. It supplies the cookies of each request and receives
     * the headers of each response. Must be thread-safe. Default: no cookies.
     */
    public WebSocketClientBuilder cookieHandler(CookieHandler cookieHandler) {
        this.cookieHandler = Optional.of(Objects.requireNonNull(cookieHandler, "cookieHandler"));
        return this;
    }

    /**
     * Opens all connections through this proxy: an HTTP proxy, by CONNECT, or a SOCKS proxy, by SOCKS 5. The proxy also
     * looks up the names of the servers.
     *
     * @throws IllegalArgumentException if it is of another type
     */
    public WebSocketClientBuilder proxy(Proxy proxy) {
        if (!(proxy.address() instanceof InetSocketAddress)) {
            throw new IllegalArgumentException(
                    "proxy " + proxy + " is not one of type HTTP or SOCKS with a host and a port");
        }
        return proxySelector(new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
                return List.of(proxy);
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException failure) {
                // There is no other.
            }
        });
    }

    /**
     * Sets the selector of a proxy for each connection, such as {@link ProxySelector#getDefault()}. The client uses the
     * first proxy returned for the URI, whose scheme is http instead of ws, and https instead of wss. Must be
     * thread-safe. Default: no proxy.
     */
    public WebSocketClientBuilder proxySelector(ProxySelector proxySelector) {
        this.proxySelector = Optional.of(Objects.requireNonNull(proxySelector, "proxySelector"));
        return this;
    }

    /**
     * Sets the credentials for proxies that require them, by Basic authentication or SOCKS 5. Default: none.
     *
     * @throws IllegalArgumentException if one is longer than 255 bytes, or the user name contains a colon or is empty
     */
    public WebSocketClientBuilder proxyCredentials(String user, String password) {
        Bounds.check("the length of the proxy's user", user.getBytes(StandardCharsets.UTF_8).length, 1,
                MOST_CREDENTIAL);
        Bounds.check("the length of the proxy's password", password.getBytes(StandardCharsets.UTF_8).length, 0,
                MOST_CREDENTIAL);
        if (user.indexOf(':') >= 0) {
            throw new IllegalArgumentException("the proxy's user must have no colon");
        }
        this.proxyCredentials = Optional.of(new ProxyTunnel.Credentials(user, password));
        return this;
    }

    /** Sets whether small writes are sent at once (TCP_NODELAY). Default true. */
    public WebSocketClientBuilder tcpNoDelay(boolean tcpNoDelay) {
        this.tcpNoDelay = tcpNoDelay;
        return this;
    }

    /**
     * Sets whether the operating system also probes for dead peers (SO_KEEPALIVE). Default false: pings detect them sooner.
     */
    public WebSocketClientBuilder keepAlive(boolean keepAlive) {
        this.keepAlive = keepAlive;
        return this;
    }

    /** Sets the size of the system's receive buffer in bytes (SO_RCVBUF). Default: the system chooses it. */
    public WebSocketClientBuilder receiveBufferSize(int receiveBufferSize) {
        Bounds.check("receiveBufferSize", receiveBufferSize, 1, Integer.MAX_VALUE);
        this.receiveBufferSize = OptionalInt.of(receiveBufferSize);
        return this;
    }

    /** Sets the size of the system's send buffer in bytes (SO_SNDBUF). Default: the system chooses it. */
    public WebSocketClientBuilder sendBufferSize(int sendBufferSize) {
        Bounds.check("sendBufferSize", sendBufferSize, 1, Integer.MAX_VALUE);
        this.sendBufferSize = OptionalInt.of(sendBufferSize);
        return this;
    }

    /** Sets the size of each buffer that is lent to a busy connection, in bytes. Default 16 KiB; 1 KiB to 16 MiB. */
    public WebSocketClientBuilder readBufferSize(int readBufferSize) {
        Bounds.check("readBufferSize", readBufferSize, SMALLEST_BUFFER, LARGEST_BUFFER);
        this.readBufferSize = readBufferSize;
        return this;
    }

    /**
     * Sets the maximum number of bytes that all connections together may hold in buffers, partly received messages, the
     * decompressors of these, and messages that wait to be sent: at least {@code readBufferSize}. Default: a quarter of
     * the maximum heap size.
     */
    public WebSocketClientBuilder maxBufferedSize(long maxBufferedSize) {
        Bounds.check("maxBufferedSize", maxBufferedSize, SMALLEST_BUFFER, Long.MAX_VALUE);
        this.maxBufferedSize = maxBufferedSize;
        return this;
    }

    /**
     * Sets how long {@link WebSocketClient#close()} waits for connections to end on their own. Default 10 s; zero aborts them
     * at once.
     */
    public WebSocketClientBuilder closeGrace(Duration closeGrace) {
        Bounds.check("closeGrace", closeGrace, Duration.ZERO, LONGEST_GRACE);
        this.closeGrace = closeGrace;
        return this;
    }

    /**
     * Sets whether {@link dev.weft.WebSocketConnection#response()} is kept for as long as the connection lasts, which takes
     * some KiB. Default false.
     */
    public WebSocketClientBuilder keepResponse(boolean keepResponse) {
        this.keepResponse = keepResponse;
        return this;
    }

    /**
     * Passes the bytes of each connection to a listener of its own. Sending then costs more: each message takes a write
     * that waits, as with TLS. Default: none.
     *
     * @param listeners is called with the URI of each connection, also if the connection follows a redirect
     */
    public WebSocketClientBuilder wireListener(Function<URI, WireListener> listeners) {
        this.wireListeners = Objects.requireNonNull(listeners, "listeners");
        return this;
    }

    /**
     * Returns a client with these settings.
     *
     * @throws IllegalArgumentException if {@code maxBufferedSize} is less than {@code readBufferSize}
     * @throws IOException if the system cannot provide what every client needs, such as another selector
     */
    public WebSocketClient build() throws IOException {
        return WebSocketClient.start(new ClientConfiguration(this));
    }
}
