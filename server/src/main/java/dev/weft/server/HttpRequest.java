package dev.weft.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.QueryParameters;
import dev.weft.TraceContext;
import dev.weft.internal.http.RequestBodyException;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.proxy.ProxyHeader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLSession;

/**
 * A plain HTTP request (RFC 9110). It may be used only on the thread of its handler, until the handler returns. Its
 * body is read from the connection while the handler reads it.
 */
public final class HttpRequest {
    private static final String FORM = "application/x-www-form-urlencoded";

    private final RequestHead head;
    private final Map<String, String> pathParameters;
    private final String pathRest;
    private final SocketAddress localAddress;
    private final SocketAddress remoteAddress;
    private final SSLSession tlsSession;
    private final ProxyHeader proxyHeader;
    private final InputStream body;

    private HttpRequest(Builder builder) {
        this.head = builder.head;
        this.pathParameters = builder.pathParameters;
        this.pathRest = builder.pathRest;
        this.localAddress = builder.localAddress;
        this.remoteAddress = builder.remoteAddress;
        this.tlsSession = builder.tlsSession;
        this.proxyHeader = builder.proxyHeader;
        this.body = builder.body.get();
    }

    /** Returns a builder for a request with this head, for example to test a handler. */
    public static Builder builder(RequestHead head) {
        return new Builder(head);
    }

    /**
     * The method, a case-sensitive token: {@code GET}, {@code HEAD}, {@code POST} or any other except CONNECT and
     * TRACE.
     */
    public String method() {
        return head.method();
    }

    /** The request target, that is, path and query, as it was on the wire. */
    public String target() {
        return head.target();
    }

    /**
     * The target's path, as it was on the wire: neither decoded nor normalised. "/" for an absolute target without a
     * path.
     */
    public String path() {
        return head.path();
    }

    /**
     * The value that a parameter of the handler's path matched, such as {@code id} in {@code /users/{id}}: decoded,
     * never empty.
     *
     * @throws IllegalArgumentException if the path has no such parameter
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
     * The values that the parameters of the handler's path matched, by name, in the order of the path. Unmodifiable.
     */
    public Map<String, String> pathParameters() {
        return pathParameters;
    }

    /**
     * The part of the path that {@code **} at the end of the handler's path matched, as it was on the wire; empty if
     * there is no {@code **}.
     */
    public String pathRest() {
        return pathRest;
    }

    /** The position of the request in a distributed trace; empty if the request has no valid {@code traceparent}. */
    public Optional<TraceContext> traceContext() {
        return TraceContext.of(head.headers());
    }

    /** The target's query, as it was on the wire; empty if there was no '?'. */
    public Optional<String> rawQuery() {
        return head.query();
    }

    /**
     * The parameters of the query, decoded anew at each call.
     *
     * @throws IllegalArgumentException if the query cannot be decoded; a server refuses such a request before it calls the
     *                                  handler
     */
    public QueryParameters query() {
        return head.query().map(QueryParameters::parse).orElse(QueryParameters.EMPTY);
    }

    /**
     * The host that the client wants to talk to, with a colon and a port if the client sent one; empty only with
     * HTTP/1.0.
     */
    public Optional<String> host() {
        return head.host();
    }

    /**
     * Whether the request is from a page with the same host and port, or from a client that is not a browser. A handler that
     * changes something, or relies on cookies, should refuse other requests, because any page on the web can send them with its
     * visitors' cookies. As {@link HandshakePolicy#sameOrigin} does for handshakes, over TLS it also requires an https page.
     */
    public boolean isSameOrigin() {
        return Origin.isAbsentOrOf(head.headers(), head.host(), tlsSession != null);
    }

    /** All header fields, as they were on the wire. */
    public Headers headers() {
        return head.headers();
    }

    /** The cookies by name. */
    public Map<String, String> cookies() {
        return head.cookies();
    }

    /** The minor version of HTTP/1.x: 0 or more. */
    public int minorVersion() {
        return head.minorVersion();
    }

    /** The local address at which the request was received. */
    public SocketAddress localAddress() {
        return localAddress;
    }

    /** The address of the client that sent the request; behind a proxy, that of the proxy unless the server trusts it. */
    public SocketAddress remoteAddress() {
        return remoteAddress;
    }

    /** The TLS session; empty without TLS, or if a proxy terminates TLS. */
    public Optional<SSLSession> tlsSession() {
        return Optional.ofNullable(tlsSession);
    }

    /**
     * The header of the PROXY protocol with which a trusted proxy began the connection: the address to which the client has
     * connected, and additional values such as the TLS server name. Empty if the server does not use that protocol.
     */
    public Optional<ProxyHeader> proxyHeader() {
        return Optional.ofNullable(proxyHeader);
    }

    /**
     * The body, empty if the request has none; always the same stream. A read waits for the client, within {@link
     * HttpSettings#bodyTimeout()}, and throws an {@link IOException} if the body is malformed, too slow or larger than
     * {@link HttpSettings#maxBodySize()}. If the handler, or the writer of a response that has not begun, lets this
     * exception propagate, the client gets the corresponding status. A client that waits for {@code 100 Continue} gets
     * it at the first read, unless the response has begun. Unread bytes are discarded.
     */
    public InputStream body() {
        return body;
    }

    /**
     * Reads the rest of the body. Waits as {@link #body()} does.
     *
     * @throws IOException as {@link #body()}, or if the bytes would exceed {@code maxBufferedSize}
     */
    public byte[] bodyBytes() throws IOException {
        return body.readAllBytes();
    }

    /**
     * Reads the rest of the body as UTF-8. Waits as {@link #body()} does.
     *
     * @throws CharacterCodingException if it is not UTF-8
     * @throws IOException              as {@link #bodyBytes()}
     */
    public String bodyText() throws IOException {
        return UTF_8.newDecoder().decode(ByteBuffer.wrap(bodyBytes())).toString();
    }

    /**
     * Reads the rest of the body as the fields of an HTML form, {@code application/x-www-form-urlencoded}: at most {@link
     * QueryParameters#MAX_COUNT}. Waits as {@link #body()} does.
     *
     * @throws IOException as {@link #bodyBytes}, or if the body has another type or cannot be decoded; if the handler lets
     *                     this exception propagate, the client gets 415 or 400
     */
    public QueryParameters form() throws IOException {
        String type = headers().first("Content-Type").orElse("").split(";", 2)[0].strip();
        if (!type.equalsIgnoreCase(FORM)) {
            throw new RequestBodyException(415, "the body must have the type " + FORM);
        }
        try {
            return QueryParameters.parse(bodyText());
        } catch (CharacterCodingException e) {
            throw new RequestBodyException(400, "the form is not UTF-8");
        } catch (IllegalArgumentException e) {
            throw new RequestBodyException(400, "the form is malformed: " + e.getMessage());
        }
    }

    /** Describes the method, the path and the peer, but not the query, which may contain secrets. */
    @Override
    public String toString() {
        return "HttpRequest[" + method() + " " + path() + " " + remoteAddress + "]";
    }

    /** Builds a request. Not thread-safe. */
    public static final class Builder {
        private static final SocketAddress NOWHERE = InetSocketAddress.createUnresolved("localhost", 0);

        private final RequestHead head;
        private Map<String, String> pathParameters = Map.of();
        private String pathRest = "";
        private SocketAddress localAddress = NOWHERE;
        private SocketAddress remoteAddress = NOWHERE;
        private SSLSession tlsSession;
        private ProxyHeader proxyHeader;
        private Supplier<InputStream> body = InputStream::nullInputStream;

        private Builder(RequestHead head) {
            this.head = Objects.requireNonNull(head, "head");
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

        /** Sets the address of the client that sent the request. Default: an unresolved address. */
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

        /** Sets the bytes of the body. Default: no body. */
        public Builder body(byte[] body) {
            byte[] copy = body.clone();
            this.body = () -> new ByteArrayInputStream(copy);
            return this;
        }

        /**
         * Sets the stream from which the body is read. Each request needs a stream of its own. Default: no body.
         */
        public Builder body(InputStream body) {
            Objects.requireNonNull(body, "body");
            this.body = () -> body;
            return this;
        }

        /** Returns the request. The builder can be used again. */
        public HttpRequest build() {
            return new HttpRequest(this);
        }
    }
}
