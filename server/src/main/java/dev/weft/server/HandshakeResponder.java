package dev.weft.server;

import dev.weft.HandshakeRequest;
import dev.weft.QueryParameters;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.OpeningHandshake;
import dev.weft.parser.http.OpeningHandshake.NotUpgrade;
import dev.weft.parser.http.OpeningHandshake.Refused;
import dev.weft.parser.http.OpeningHandshake.Upgrade;
import dev.weft.parser.http.RequestHead;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Finds the answer to a good request head: to an opening handshake what the policy of its path's endpoint decides, to
 * anything else what the fallback does. Neither reads nor writes, but the policy and the fallback, user code, may block.
 */
final class HandshakeResponder {
    /** What is to be written. */
    sealed interface Answer {}

    /** The connection is open as soon as the reply, a 101, is written. */
    record Acceptance(byte[] reply, ServedEndpoint endpoint, HandshakeResult result) implements Answer {}

    /** The connection is closed after the response. */
    record Response(byte[] reply) implements Answer {}

    private final WebSocketServer server;
    private final Transport transport;
    private final BooleanSupplier ended;
    /** Once it is found. */
    private volatile ServedEndpoint endpoint;

    /**
     * For requests that come over this transport.
     *
     * @param ended whether the server itself has ended the decision, which may make it fail
     */
    HandshakeResponder(WebSocketServer server, Transport transport, BooleanSupplier ended) {
        this.server = server;
        this.transport = transport;
        this.ended = ended;
    }

    Answer answer(RequestHead head) {
        return switch (OpeningHandshake.check(head)) {
            case Upgrade upgrade -> route(upgrade, head);
            case NotUpgrade none -> fallBack(head);
            case Refused refused -> refuse(reasonOf(refused.response()), refused.response(), head);
        };
    }

    private static RefusalReason reasonOf(HttpResponse refusal) {
        return switch (refusal.status()) {
            case 405 -> RefusalReason.METHOD;
            case 426 -> RefusalReason.WEBSOCKET_VERSION;
            default -> RefusalReason.BAD_HEADERS;
        };
    }

    private Response refuse(RefusalReason reason, HttpResponse response, RequestHead head) {
        return new Response(server.refusalLog().refuse(reason, response, transport.remoteAddress(), Optional.of(head)));
    }

    /** How long the policy or the fallback may take. For any thread, while they decide. */
    Duration policyTimeout() {
        ServedEndpoint found = endpoint;
        return found == null ? server.configuration().policyTimeout() : found.policyTimeout();
    }

    private Answer route(Upgrade upgrade, RequestHead head) {
        Optional<ServedEndpoint> found;
        try {
            // What a handler asks for later can be decoded.
            head.query().ifPresent(QueryParameters::parse);
            found = server.endpointTable().find(head.path());
        } catch (IllegalArgumentException e) {
            return refuse(RefusalReason.BAD_TARGET, HttpResponse.of(400, "target: " + e.getMessage() + "\n"), head);
        }
        if (found.isEmpty()) {
            return refuse(RefusalReason.NO_ENDPOINT, HttpResponse.of(404, "there is no endpoint at this path\n"), head);
        }
        endpoint = found.get();
        return switch (ExtensionHeader.parse(upgrade.extensionOffers())) {
            case ExtensionHeader.Valid valid -> decide(upgrade, head, endpoint, valid.entries());
            case ExtensionHeader.Malformed malformed -> refuse(RefusalReason.BAD_HEADERS,
                    HttpResponse.of(400, "Sec-WebSocket-Extensions: " + malformed.reason() + "\n"), head);
        };
    }

    private Answer decide(Upgrade upgrade, RequestHead head, ServedEndpoint found,
            List<ExtensionHeader.Entry> offers) {
        Optional<DeflateNegotiation.Accepted> deflate = found.negotiate(offers);
        try {
            HandshakeRequest request = HandshakeResult.request(head, upgrade.subprotocols(), found.pattern(),
                    transport);
            return switch (found.policy().decide(request)) {
                case HandshakeDecision.Accept accept -> {
                    String subprotocol = accept.subprotocol().or(() -> found.preferred(upgrade.subprotocols()))
                            .orElse(null);
                    byte[] reply = upgrade.accept(subprotocol,
                            deflate.map(DeflateNegotiation.Accepted::responseValue).orElse(null), accept.headers());
                    yield new Acceptance(reply, found, found.shared(new HandshakeResult(head.target(),
                            found.keepsHeaders() ? head : null, found.pattern(), subprotocol, accept.attachment(),
                            deflate.map(found::extension).orElse(null))));
                }
                case HandshakeDecision.Reject reject -> refuse(reject.reason(), reject.response(), head);
            };
        } catch (Throwable e) {
            if (!ended.getAsBoolean()) {
                server.failures().policy(transport.remoteAddress(), head.target(), e);
            }
            return refuse(RefusalReason.POLICY_FAILED, HttpResponse.of(500, "the handshake could not be decided\n"),
                    head);
        }
    }

    private Response fallBack(RequestHead head) {
        if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
            return refuse(RefusalReason.METHOD,
                    HttpResponse.of(405, "only GET and HEAD are answered here\n").withHeader("Allow", "GET, HEAD"),
                    head);
        }
        if (server.configuration().fallback().isEmpty()) {
            return refuse(RefusalReason.NOT_AN_UPGRADE, OpeningHandshake.notUpgraded(), head);
        }
        try {
            HttpResponse response = server.configuration().fallback().get().respond(head);
            if (response == HostList.UNKNOWN_HOST) {
                return refuse(RefusalReason.UNKNOWN_HOST, response, head);
            }
            return new Response(server.encoder().encode(response, head.method()));
        } catch (Throwable e) {
            if (!ended.getAsBoolean()) {
                server.failures().fallback(transport.remoteAddress(), head.target(), e);
            }
            return refuse(RefusalReason.FALLBACK_FAILED, HttpResponse.of(500, "the request could not be answered\n"),
                    head);
        }
    }
}
