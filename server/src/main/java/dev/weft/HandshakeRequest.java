package dev.weft;

import dev.weft.internal.AddressText;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.proxy.ProxyHeader;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The request of a client's opening handshake (RFC 6455 §4.2.1), which is valid according to the protocol. Immutable;
 * no method waits.
 * <p>
 * A policy sees the whole request. {@link WebSocketConnection#request()} later returns it without headers, and
 * therefore also without host, cookies and offered subprotocols, unless the endpoint keeps the headers.
 */
public final class HandshakeRequest {
    private final RequestHead head;
    private final List<String> subprotocols;
    private final Map<String, String> pathParameters;
    private final String pathRest;
    private final SocketAddress localAddress;
    private final SocketAddress remoteAddress;
    private final @Nullable SSLSession tlsSession;
    private final @Nullable ProxyHeader proxyHeader;
    private final @Nullable TraceContext traceContext;

    private HandshakeRequest(Builder builder) {
        this.head = builder.head;
        this.subprotocols = builder.subprotocols;
        this.pathParameters = builder.pathParameters;
        this.pathRest = builder.pathRest;
        this.localAddress = builder.localAddress;
        this.remoteAddress = builder.remoteAddress;
        this.tlsSession = builder.tlsSession;
        this.proxyHeader = builder.proxyHeader;
        this.traceContext = builder.traceContext;
    }

    /** Returns a builder for a request with this head, for example to test a policy. */
    public static Builder builder(RequestHead head) {
        return new Builder(head);
    }

    /** The request target, that is, path and query, as it was on the wire. */
    public String target() {
        return head.target();
    }

    /**
     * The target's path, as it was on the wire: neither decoded nor normalised. "/" for an absolute target without a
     * path. {@link #pathParameter} returns the decoded values of a path pattern's parameters.
     */
    public String path() {
        return head.path();
    }

    /**
     * The value that a parameter of the endpoint's path matched, such as {@code room} in {@code /chat/{room}}: decoded,
     * never empty. It can contain any character, even a '/' that was sent as {@code %2F}.
     *
     * @throws IllegalArgumentException if the endpoint's path has no such parameter
     */
    public String pathParameter(String name) {
        String value = pathParameters.get(Objects.requireNonNull(name, "name"));
        if (value == null) {
            throw new IllegalArgumentException("there is no path parameter '" + name + "', only "
                    + pathParameters.keySet());
        }
        return value;
    }

    /**
     * The values that the parameters of the endpoint's path matched, by name, in the order of the path. Unmodifiable.
     */
    public Map<String, String> pathParameters() {
        return pathParameters;
    }

    /**
     * The part of the path that {@code **} at the end of the endpoint's path matched, as it was on the wire; empty if
     * there is no {@code **}.
     */
    public String pathRest() {
        return pathRest;
    }

    /** The target's query, as it was on the wire; empty if there was no '?'. */
    public Optional<String> rawQuery() {
        return head.query();
    }

    /**
     * The parameters of the query, decoded anew at each call. A server refuses a query that cannot be decoded before it
     * calls the policy.
     *
     * @throws IllegalArgumentException if the query cannot be decoded; this is possible only for a request that a test
     *                                  has built
     */
    public QueryParameters query() {
        return head.query().map(QueryParameters::parse).orElse(QueryParameters.EMPTY);
    }

    /**
     * The host that the client wants to talk to, with a colon and a port if the client sent one: the {@code Host}
     * header, or the authority of an absolute target, which replaces it (RFC 9112 §3.2.2). Empty if the headers are not
     * kept.
     */
    public Optional<String> host() {
        return head.host();
    }

    /** All header fields, as they were on the wire. */
    public Headers headers() {
        return head.headers();
    }

    /** The cookies by name. */
    public Map<String, String> cookies() {
        return head.cookies();
    }

    /** The subprotocols that the client offers, in the client's order of preference. */
    public List<String> subprotocols() {
        return subprotocols;
    }

    /** The local address at which the request was received, or, at a client, from which it was sent. */
    public SocketAddress localAddress() {
        return localAddress;
    }

    /**
     * The address of the client that sent the request, or, at a client, that of the server; behind a proxy, that of the
     * proxy unless the server trusts it.
     */
    public SocketAddress remoteAddress() {
        return remoteAddress;
    }

    /**
     * The TLS session, with the client's certificates if the server required them; empty without TLS, or if a proxy
     * terminates TLS.
     */
    public Optional<SSLSession> tlsSession() {
        return Optional.ofNullable(tlsSession);
    }

    /**
     * The header of the PROXY protocol with which a trusted proxy began the connection. It has the address to which the
     * client has connected, and additional values such as the TLS server name. Empty if the server does not use that
     * protocol, and in the request of an open connection.
     */
    public Optional<ProxyHeader> proxyHeader() {
        return Optional.ofNullable(proxyHeader);
    }

    /**
     * The position of the request in a distributed trace; empty if the request has no valid {@code traceparent}. Also present
     * in the request of an open connection whose headers are not kept.
     */
    public Optional<TraceContext> traceContext() {
        return traceContext == null ? TraceContext.of(head.headers()) : Optional.of(traceContext);
    }

    /** Describes the path and the peer, but not the query, which may contain secrets. */
    @Override
    public String toString() {
        return "HandshakeRequest[" + path() + " " + AddressText.of(remoteAddress) + "]";
    }

    /** Builds a request. Not thread-safe. */
    public static final class Builder {
        private static final SocketAddress NOWHERE = InetSocketAddress.createUnresolved("localhost", 0);

        private final RequestHead head;
        private List<String> subprotocols = List.of();
        private Map<String, String> pathParameters = Map.of();
        private String pathRest = "";
        private SocketAddress localAddress = NOWHERE;
        private SocketAddress remoteAddress = NOWHERE;
        private @Nullable SSLSession tlsSession;
        private @Nullable ProxyHeader proxyHeader;
        private @Nullable TraceContext traceContext;

        private Builder(RequestHead head) {
            this.head = Objects.requireNonNull(head, "head");
        }

        /** Sets the subprotocols that the client offers. Default: none. */
        public Builder subprotocols(List<String> subprotocols) {
            this.subprotocols = List.copyOf(subprotocols);
            return this;
        }

        /** Sets the values that the parameters of the path matched. Default: none. */
        public Builder pathParameters(Map<String, String> pathParameters) {
            this.pathParameters = Collections.unmodifiableMap(new LinkedHashMap<>(pathParameters));
            return this;
        }

        /** Sets the part of the path that {@code **} at its end matched. Default: empty. */
        public Builder pathRest(String pathRest) {
            this.pathRest = Objects.requireNonNull(pathRest, "pathRest");
            return this;
        }

        /** Sets the local address at which the request was received. Default: an unresolved address. */
        public Builder localAddress(SocketAddress localAddress) {
            this.localAddress = Objects.requireNonNull(localAddress, "localAddress");
            return this;
        }

        /** Sets the address of the peer that sent the request. Default: an unresolved address. */
        public Builder remoteAddress(SocketAddress remoteAddress) {
            this.remoteAddress = Objects.requireNonNull(remoteAddress, "remoteAddress");
            return this;
        }

        /** Sets the TLS session. Default: the request was received without TLS. */
        public Builder tlsSession(SSLSession tlsSession) {
            this.tlsSession = Objects.requireNonNull(tlsSession, "tlsSession");
            return this;
        }

        /** Sets the header of the PROXY protocol. Default: none. */
        public Builder proxyHeader(ProxyHeader proxyHeader) {
            this.proxyHeader = Objects.requireNonNull(proxyHeader, "proxyHeader");
            return this;
        }

        /** Sets the position in a distributed trace. Default: that in the headers. */
        public Builder traceContext(TraceContext traceContext) {
            this.traceContext = Objects.requireNonNull(traceContext, "traceContext");
            return this;
        }

        /** Returns the request. The builder can be used again. */
        public HandshakeRequest build() {
            return new HandshakeRequest(this);
        }
    }
}
