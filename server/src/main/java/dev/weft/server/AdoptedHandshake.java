package dev.weft.server;

import dev.weft.HandshakeRequest;
import dev.weft.internal.connection.Attachments;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.parser.deflate.NegotiatedDeflate;
import dev.weft.parser.http.RequestHead;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An opening handshake (RFC 6455 §4.2) that another HTTP server has answered with 101, so that a {@link
 * WebSocketServer} can adopt its connection. It describes that answer. Weft checks neither the request nor the answer
 * again, and calls no policy. The answer's {@code Sec-WebSocket-Accept} must be {@link
 * dev.weft.parser.http.OpeningHandshake#acceptKey}. Immutable.
 * {@snippet class = "dev.weft.server.Snippets" region = "adopt"}
 */
public final class AdoptedHandshake {
    private static final byte[] NOTHING = {};

    private final HandshakeRequest request;
    private final @Nullable String subprotocol;
    private final Optional<NegotiatedDeflate> deflate;
    private final @Nullable Object attachment;
    private final byte[] alreadyRead;

    private AdoptedHandshake(HandshakeRequest request, @Nullable String subprotocol,
            Optional<NegotiatedDeflate> deflate,
            @Nullable Object attachment, byte[] alreadyRead) {
        this.request = request;
        this.subprotocol = subprotocol;
        this.deflate = deflate;
        this.attachment = attachment;
        this.alreadyRead = alreadyRead;
    }

    /**
     * Creates a handshake without subprotocol and extensions.
     *
     * @param request the request that was answered. A connection over streams reports its addresses and its TLS session;
     *                one over a channel reports the addresses of the channel
     */
    public static AdoptedHandshake of(HandshakeRequest request) {
        return new AdoptedHandshake(Objects.requireNonNull(request), null, Optional.empty(), null, NOTHING);
    }

    /** Returns a copy with the subprotocol that the answer chose. */
    public AdoptedHandshake withSubprotocol(String chosen) {
        return new AdoptedHandshake(request, Objects.requireNonNull(chosen), deflate, attachment, alreadyRead);
    }

    /**
     * Returns a copy with the extensions that the answer agreed to.
     *
     * @param value the answer's {@code Sec-WebSocket-Extensions}, such as {@code permessage-deflate;
     *              client_no_context_takeover}
     * @throws IllegalArgumentException if it is malformed, or names anything other than permessage-deflate exactly once
     */
    public AdoptedHandshake withExtensions(String value) {
        if (ExtensionHeader.parse(List.of(value)) instanceof ExtensionHeader.Valid valid) {
            return new AdoptedHandshake(request, subprotocol, Optional.of(DeflateNegotiation.agreed(valid.entries())),
                    attachment, alreadyRead);
        }
        throw new IllegalArgumentException("malformed extensions");
    }

    /**
     * Returns a copy with an object that {@link dev.weft.WebSocketConnection#attachment} returns. It replaces an object
     * of the same class; others stay.
     */
    public AdoptedHandshake withAttachment(Object value) {
        return new AdoptedHandshake(request, subprotocol, deflate,
                Attachments.add(attachment, Objects.requireNonNull(value)), alreadyRead);
    }

    /**
     * Returns a copy with the bytes that the other server had read after the request's head: the client's first frames.
     * The bytes are copied.
     */
    public AdoptedHandshake withAlreadyRead(byte[] bytes) {
        return new AdoptedHandshake(request, subprotocol, deflate, attachment, bytes.clone());
    }

    HandshakeRequest request() {
        return request;
    }

    byte[] alreadyRead() {
        return alreadyRead;
    }

    /** The result that this server would have for this endpoint if it had decided the handshake itself. */
    HandshakeResult result(ServedEndpoint endpoint) {
        DeflateExtension extension = deflate.map(agreed -> endpoint.extension(agreed)
                .orElseThrow(() -> new IllegalArgumentException("the endpoint has no permessage-deflate")))
                .orElse(null);
        return endpoint.shared(new HandshakeResult(request.target(),
                endpoint.keepsHeaders() ? new RequestHead("GET", request.target(), request.headers()) : null,
                endpoint.pattern(), subprotocol, endpoint.keptAttachment(attachment), extension, null,
                request.traceContext().orElse(null)));
    }
}
