package dev.weft.server;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Bounds;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.HttpLimits;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;

/**
 * All that a server can be told; made by {@link WebSocketServerBuilder}, where the defaults are.
 *
 * @param socket         where it listens
 * @param tls            how it speaks TLS; empty if it does not
 * @param httpLimits     what a request head may have
 * @param limits         what one connection may use
 * @param timeouts       how long one connection waits
 * @param shutdownGrace  how long a shutdown waits for connections to end by themselves
 * @param policyTimeout  how long the policy or the fallback may take to decide; then it is interrupted, and the peer gets 503
 * @param maxConnections how many connections may be open; further ones get 503
 * @param maxTlsHandshakes how many TLS handshakes may be under way; further ones wait, within the handshake's deadline
 * @param readBufferSize bytes of each buffer that is lent to a connection while it has something to read or write
 * @param maxBufferedSize what all connections together may hold in such buffers, half-read messages, what decompresses
 *                       these, messages that wait to be sent, and half-read requests beyond their first 2 KiB. When it
 *                       is spent, the largest connection that is stuck is closed with 1013 for the one that asks; if there
 *                       is none, that one is refused
 * @param deflate        how the server takes part in permessage-deflate (RFC 7692); empty if it does not
 * @param subprotocols   what the server speaks; the first of a client's that is among them is chosen
 * @param policy         which handshakes are accepted
 * @param fallback       answers requests that are no handshakes; without one they get 426
 * @param threads        makes the threads of the connections; empty if Weft does, on its loops or as virtual threads
 * @param handler        serves the connections of every path that no endpoint has; without one these get 404
 * @param endpoints      what serves the connections of one path each, by that path
 */
public record ServerConfiguration(SocketSettings socket, Optional<TlsSettings> tls, HttpLimits httpLimits,
        ConnectionLimits limits, ConnectionTimeouts timeouts, Duration shutdownGrace, Duration policyTimeout,
        int maxConnections,
        int maxTlsHandshakes,
        int readBufferSize,
        long maxBufferedSize,
        Optional<DeflateSettings> deflate, List<String> subprotocols, HandshakePolicy policy,
        Optional<HttpFallback> fallback, Optional<ThreadFactory> threads, Optional<WebSocketHandler> handler,
        Map<String, Endpoint> endpoints) {
    /** Room for a request line's worth, and for the largest control frame many times over. */
    static final int SMALLEST_BUFFER = 1024;
    static final int LARGEST_BUFFER = 1 << 24;
    static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(1);
    static final Duration LONGEST_TIMEOUT = Duration.ofDays(20);
    static final Duration LONGEST_GRACE = Duration.ofDays(365);

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException if one is out of bounds, a subprotocol is not a token, or an endpoint's path is
     *                                  malformed or matches the same as another's
     * @throws IllegalStateException    if there is neither a handler nor an endpoint
     */
    public ServerConfiguration {
        Objects.requireNonNull(socket);
        Objects.requireNonNull(tls);
        Objects.requireNonNull(httpLimits);
        Objects.requireNonNull(limits);
        Objects.requireNonNull(timeouts);
        Objects.requireNonNull(deflate);
        Objects.requireNonNull(policy);
        Objects.requireNonNull(fallback);
        Objects.requireNonNull(threads);
        Bounds.check("shutdownGrace", shutdownGrace, Duration.ZERO, LONGEST_GRACE);
        Bounds.check("policyTimeout", policyTimeout, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        Bounds.check("maxTlsHandshakes", maxTlsHandshakes, 1, Integer.MAX_VALUE);
        Bounds.check("maxConnections", maxConnections, 1, Integer.MAX_VALUE);
        Bounds.check("readBufferSize", readBufferSize, SMALLEST_BUFFER, LARGEST_BUFFER);
        Bounds.check("maxBufferedSize", maxBufferedSize, readBufferSize, Long.MAX_VALUE);
        subprotocols = List.copyOf(subprotocols);
        Endpoint.requireTokens(subprotocols);
        endpoints = Map.copyOf(endpoints);
        PathTable.of(endpoints);
        if (handler.isEmpty() && endpoints.isEmpty()) {
            throw new IllegalStateException(
                    "a server needs a handler, or an endpoint: handler(…) or endpoint(path, …)");
        }
    }
}
