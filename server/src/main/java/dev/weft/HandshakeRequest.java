package dev.weft;

import dev.weft.internal.AddressText;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.RequestHead;
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
 * A client's opening handshake (RFC 6455 §4.2.1), valid as far as the protocol goes. Immutable; no method waits.
 * <p>
 * A policy gets all of it. What {@link WebSocketConnection#request()} returns afterwards has no headers, and so no host,
 * cookies and offered subprotocols either, unless the endpoint keeps them.
 */
public final class HandshakeRequest {
    private final RequestHead head;
    private final List<String> subprotocols;
    private final Map<String, String> pathParameters;
    private final SocketAddress localAddress;
    private final SocketAddress remoteAddress;
    private final @Nullable SSLSession tlsSession;

    private HandshakeRequest(Builder builder) {
        this.head = builder.head;
        this.subprotocols = builder.subprotocols;
        this.pathParameters = builder.pathParameters;
        this.localAddress = builder.localAddress;
        this.remoteAddress = builder.remoteAddress;
        this.tlsSession = builder.tlsSession;
    }

    /** A request with this head, to be given more; such as for the test of a policy. */
    public static Builder builder(RequestHead head) {
        return new Builder(head);
    }

    /** The target, path and query, as it was on the wire. */
    public String target() {
        return head.target();
    }

    /**
     * The target's path, as it was on the wire: neither decoded nor normalised. "/" for an absolute target without one.
     * What a pattern's parameters matched is decoded: {@link #pathParameter}.
     */
    public String path() {
        return head.path();
    }

    /**
     * What a parameter of the endpoint's path matched, such as {@code room} of {@code /chat/{room}}: decoded, never empty.
     * It may have any character, such as the '/' of a {@code %2F}.
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

    /** What the parameters of the endpoint's path matched, by name, in order. Unchangeable. */
    public Map<String, String> pathParameters() {
        return pathParameters;
    }

    /** The target's query, as it was on the wire; empty if there was no '?'. */
    public Optional<String> rawQuery() {
        return head.query();
    }

    /**
     * The parameters of the query, decoded anew at each call. A server refuses a query that cannot be decoded before its
     * policy is asked.
     *
     * @throws IllegalArgumentException if it cannot be decoded, in a request that a test has made
     */
    public QueryParameters query() {
        return head.query().map(QueryParameters::parse).orElse(QueryParameters.EMPTY);
    }

    /**
     * The host and, after a colon, perhaps the port that the client means to talk to: the {@code Host} header, or what
     * replaces it, the authority of an absolute target (RFC 9112 §3.2.2). Empty where headers are not kept.
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

    /** The subprotocols that the client offers, the preferred one first. */
    public List<String> subprotocols() {
        return subprotocols;
    }

    /** The address that the request came to. */
    public SocketAddress localAddress() {
        return localAddress;
    }

    /** The address that the request came from. */
    public SocketAddress remoteAddress() {
        return remoteAddress;
    }

    /**
     * What was agreed on by TLS, with the client's certificates if it had to show them; empty without TLS, or where a proxy
     * ends it.
     */
    public Optional<SSLSession> tlsSession() {
        return Optional.ofNullable(tlsSession);
    }

    /** Path and peer; not the query, which may hold secrets. */
    @Override
    public String toString() {
        return "HandshakeRequest[" + path() + " " + AddressText.of(remoteAddress) + "]";
    }

    /** Collects what belongs to a request; not for use by several threads at once. */
    public static final class Builder {
        private static final SocketAddress NOWHERE = InetSocketAddress.createUnresolved("localhost", 0);

        private final RequestHead head;
        private List<String> subprotocols = List.of();
        private Map<String, String> pathParameters = Map.of();
        private SocketAddress localAddress = NOWHERE;
        private SocketAddress remoteAddress = NOWHERE;
        private @Nullable SSLSession tlsSession;

        private Builder(RequestHead head) {
            this.head = Objects.requireNonNull(head, "head");
        }

        /** Sets the offered subprotocols. Default none. */
        public Builder subprotocols(List<String> subprotocols) {
            this.subprotocols = List.copyOf(subprotocols);
            return this;
        }

        /** Sets what the parameters of the path matched. Default none. */
        public Builder pathParameters(Map<String, String> pathParameters) {
            this.pathParameters = Collections.unmodifiableMap(new LinkedHashMap<>(pathParameters));
            return this;
        }

        /** Sets the address that the request came to. Default: an unresolved one. */
        public Builder localAddress(SocketAddress localAddress) {
            this.localAddress = Objects.requireNonNull(localAddress, "localAddress");
            return this;
        }

        /** Sets the address that the request came from. Default: an unresolved one. */
        public Builder remoteAddress(SocketAddress remoteAddress) {
            this.remoteAddress = Objects.requireNonNull(remoteAddress, "remoteAddress");
            return this;
        }

        /** Sets what was agreed on by TLS. Default: the request came without TLS. */
        public Builder tlsSession(SSLSession tlsSession) {
            this.tlsSession = Objects.requireNonNull(tlsSession, "tlsSession");
            return this;
        }

        /** The request; the builder may go on. */
        public HandshakeRequest build() {
            return new HandshakeRequest(this);
        }
    }
}
