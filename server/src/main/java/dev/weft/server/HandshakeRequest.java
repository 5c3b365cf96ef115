package dev.weft.server;

import dev.weft.parser.http.Headers;
import dev.weft.parser.http.RequestHead;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/**
 * A client's opening handshake (RFC 6455 §4.2.1), valid as far as the protocol goes.
 *
 * @param head          the request
 * @param subprotocols  what the client offers, the preferred one first
 * @param localAddress  the address it came to
 * @param remoteAddress the address it came from
 * @param tlsSession    what was agreed on by TLS, with the client's certificates if it had to show them; empty without TLS,
 *                      or where a proxy ends it
 */
public record HandshakeRequest(RequestHead head, List<String> subprotocols, SocketAddress localAddress,
        SocketAddress remoteAddress, Optional<SSLSession> tlsSession) {
    /** Copies the list. */
    public HandshakeRequest {
        Objects.requireNonNull(head);
        Objects.requireNonNull(tlsSession);
        subprotocols = List.copyOf(subprotocols);
    }

    /** A handshake without TLS. */
    public HandshakeRequest(RequestHead head, List<String> subprotocols, SocketAddress localAddress,
            SocketAddress remoteAddress) {
        this(head, subprotocols, localAddress, remoteAddress, Optional.empty());
    }

    /** The target's path, as it was on the wire; "/" for an absolute target without one. */
    public String path() {
        return head.path();
    }

    /** The target's query, as it was on the wire. */
    public Optional<String> query() {
        return head.query();
    }

    /**
     * The host and, after a colon, perhaps the port that the client means to talk to: the {@code Host} header, or what
     * replaces it, the authority of an absolute target (RFC 9112 §3.2.2). Empty only in requests that a test has made.
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
}
