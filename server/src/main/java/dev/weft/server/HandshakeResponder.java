package dev.weft.server;

import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.OpeningHandshake;
import dev.weft.parser.http.OpeningHandshake.NotUpgrade;
import dev.weft.parser.http.OpeningHandshake.Refused;
import dev.weft.parser.http.OpeningHandshake.Upgrade;
import dev.weft.parser.http.RequestHead;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Finds the answer to a good request head: to an opening handshake what the policy decides, to anything else what the
 * fallback does. Neither reads nor writes, but the policy and the fallback, user code, may block.
 */
final class HandshakeResponder {
    /** What is to be written. */
    sealed interface Answer {}

    /** The connection is open as soon as the reply, a 101, is written. */
    record Acceptance(byte[] reply, HandshakeResult result) implements Answer {}

    /** The connection is closed after the response. */
    record Response(byte[] reply) implements Answer {}

    private final WebSocketServer server;
    private final Transport transport;
    private final BooleanSupplier ended;

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
            case Upgrade upgrade -> decide(upgrade, head);
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

    private Answer decide(Upgrade upgrade, RequestHead head) {
        Optional<DeflateNegotiation.Accepted> deflate;
        switch (ExtensionHeader.parse(upgrade.extensionOffers())) {
            case ExtensionHeader.Valid valid -> deflate = server.configuration().deflate()
                    .flatMap(settings -> DeflateNegotiation.accept(valid.entries(), settings));
            case ExtensionHeader.Malformed malformed -> {
                return refuse(RefusalReason.BAD_HEADERS,
                        HttpResponse.of(400, "Sec-WebSocket-Extensions: " + malformed.reason() + "\n"), head);
            }
        }
        try {
            HandshakeRequest request = new HandshakeRequest(head, upgrade.subprotocols(), transport.localAddress(),
                    transport.remoteAddress(), transport.tlsSession());
            return switch (server.configuration().policy().decide(request)) {
                case HandshakeDecision.Accept accept -> {
                    String subprotocol = accept.subprotocol().or(() -> preferred(upgrade.subprotocols())).orElse(null);
                    byte[] reply = upgrade.accept(subprotocol,
                            deflate.map(DeflateNegotiation.Accepted::responseValue).orElse(null), accept.headers());
                    yield new Acceptance(reply, server.shared(new HandshakeResult(head.target(), subprotocol,
                            accept.attachment(), deflate.map(this::extension).orElse(null))));
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

    /** §4.2.2: the client's order of preference decides. */
    private Optional<String> preferred(List<String> offered) {
        return offered.stream().filter(server.configuration().subprotocols()::contains).findFirst();
    }

    private DeflateExtension extension(DeflateNegotiation.Accepted accepted) {
        return new DeflateExtension(accepted.negotiated(), server.configuration().deflate().orElseThrow(),
                server.codecs().orElseThrow(), Role.SERVER);
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
