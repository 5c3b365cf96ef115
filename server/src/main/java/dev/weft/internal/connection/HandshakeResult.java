package dev.weft.internal.connection;

import dev.weft.HandshakeRequest;
import dev.weft.TraceContext;
import dev.weft.internal.PathPattern;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.http.ResponseHead;
import java.util.List;
import java.util.Map;

/**
 * The result of the opening handshake.
 *
 * @param target      the request's target
 * @param head        the request's head, or {@code null} if it is not kept
 * @param pattern     the endpoint's path, or {@code null} if it has none
 * @param subprotocol the negotiated subprotocol, or {@code null}
 * @param attachment  what the handshake's policy passes to the handler ({@link Attachments}), possibly in a {@link Lifetime}
 * @param extension   the negotiated extension, or {@code null}
 * @param response    on a client, the head of the response; {@code null} if it is not kept, and on a server
 * @param trace       the request's position in a distributed trace, or {@code null}
 */
public record HandshakeResult(String target, RequestHead head, PathPattern pattern, String subprotocol,
        Object attachment, Extension extension, ResponseHead response, TraceContext trace) {
    /** The result on a client. */
    public HandshakeResult(String target, RequestHead head, PathPattern pattern, String subprotocol, Object attachment,
            Extension extension, ResponseHead response) {
        this(target, head, pattern, subprotocol, attachment, extension, response, null);
    }

    /** The result on a server. */
    public HandshakeResult(String target, RequestHead head, PathPattern pattern, String subprotocol, Object attachment,
            Extension extension) {
        this(target, head, pattern, subprotocol, attachment, extension, null, null);
    }

    /** The result of an endpoint without a path, where only the target and the extension are known. */
    public static HandshakeResult on(String target, Extension extension) {
        return new HandshakeResult(target, null, null, null, null, extension);
    }

    @Override
    public Object attachment() {
        return attachment instanceof Lifetime lifetime ? lifetime.attachment() : attachment;
    }

    /** How long the connection may last; {@code null} if that is not limited. */
    Lifetime lifetime() {
        return attachment instanceof Lifetime lifetime ? lifetime : null;
    }

    /** The request, as far as it has been kept. */
    HandshakeRequest request(Transport transport) {
        RequestHead kept = head != null ? head : new RequestHead("GET", target, Headers.EMPTY);
        HandshakeRequest.Builder request = request(kept, kept.headers().tokens("Sec-WebSocket-Protocol"), pattern,
                transport);
        if (trace != null) {
            request.traceContext(trace);
        }
        return request.build();
    }

    /** A request with this head to an endpoint with this path, or {@code null} if it has none; to be built. */
    public static HandshakeRequest.Builder request(RequestHead head, List<String> subprotocols, PathPattern pattern,
            Transport transport) {
        HandshakeRequest.Builder request = HandshakeRequest.builder(head).subprotocols(subprotocols)
                .pathParameters(pattern == null ? Map.of() : pattern.parametersOf(head.path()))
                .pathRest(pattern == null ? "" : pattern.restOf(head.path()))
                .localAddress(transport.localAddress()).remoteAddress(transport.remoteAddress());
        transport.tlsSession().ifPresent(request::tlsSession);
        return request;
    }

    /** Whether nothing in it is specific to one connection. */
    public boolean isShareable() {
        return attachment == null && extension == null && head == null && trace == null;
    }
}
