package dev.weft.server;

import dev.weft.HandshakeRequest;
import dev.weft.QueryParameters;
import dev.weft.TraceContext;
import dev.weft.internal.PathPattern;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.rate.EndpointRates;
import dev.weft.internal.rate.LimitedTransport;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.parser.http.BodyFraming;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.OpeningHandshake;
import dev.weft.parser.http.OpeningHandshake.NotUpgrade;
import dev.weft.parser.http.OpeningHandshake.Refused;
import dev.weft.parser.http.OpeningHandshake.Upgrade;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.ClientLimits.Refusal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Determines the answer to a valid request head. For an opening handshake, the policy of the endpoint at its path
 * decides; for any other request, this determines the handler. Neither reads nor writes, but the policy, which is user
 * code, may block.
 */
final class HandshakeResponder {
    /** The answer to a request. */
    sealed interface Answer {}

    /**
     * The connection is open as soon as the response, a 101, has been written.
     *
     * @param rates those of the connection from then on; {@code null} if the server has no rates
     */
    record Acceptance(byte[] reply, ServedEndpoint endpoint, HandshakeResult result, @Nullable EndpointRates rates)
            implements
                Answer {}

    /**
     * The connection is closed after the response.
     *
     * @param status the response's status
     */
    record Response(byte[] reply, int status) implements Answer {}

    /** A plain request, to be answered by a handler. */
    record Plain(RequestHead head, BodyFraming framing, PathPattern pattern, HttpEndpoints.Served served)
            implements
                Answer {}

    private static final List<String> NOT_SERVED = List.of("CONNECT", "TRACE");

    private final WebSocketServer server;
    private final Transport transport;
    private final ClientAddress client;
    private final BooleanSupplier ended;
    /** Set when it has been found. */
    private volatile @Nullable ServedEndpoint endpoint;

    /**
     * Creates a responder for requests that are received over this transport.
     *
     * @param client who sends them
     * @param ended whether the server itself has ended the decision, which can make it fail
     */
    HandshakeResponder(WebSocketServer server, Transport transport, ClientAddress client, BooleanSupplier ended) {
        this.server = server;
        this.transport = transport;
        this.client = client;
        this.ended = ended;
    }

    /** The answer to a request that is not a valid opening handshake. Does not block. */
    Answer answerOther(RequestHead head) {
        return switch (OpeningHandshake.check(head)) {
            case Upgrade upgrade -> throw new IllegalArgumentException("a handshake");
            case NotUpgrade none -> plain(head);
            case Refused refused -> refuse(reasonOf(refused.response()), refused.response(), head);
        };
    }

    private static RefusalReason reasonOf(HttpResponse refusal) {
        return switch (refusal.status()) {
            case 426 -> RefusalReason.WEBSOCKET_VERSION;
            default -> RefusalReason.BAD_HEADERS;
        };
    }

    private Response refuse(RefusalReason reason, HttpResponse response, RequestHead head) {
        return new Response(
                server.logs().refusals().refuse(reason, response, transport.remoteAddress(), Optional.of(head)),
                response.status());
    }

    /** The endpoint of the last opening handshake; {@code null} if there is none. */
    @Nullable
    ServedEndpoint endpoint() {
        return endpoint;
    }

    /** How long the policy may take. May be called by any thread while the policy decides. */
    Duration policyTimeout() {
        ServedEndpoint found = endpoint;
        return found == null ? server.configuration().policyTimeout() : found.policyTimeout();
    }

    /** The answer to an opening handshake. May block in the policy. */
    Answer answer(Upgrade upgrade, RequestHead head) {
        Optional<ServedEndpoint> found;
        try {
            // Ensures that the query can be decoded when a handler asks for it later.
            head.query().ifPresent(QueryParameters::parse);
            found = server.paths().endpoints().find(head.path());
        } catch (IllegalArgumentException e) {
            return refuse(RefusalReason.BAD_TARGET, HttpResponse.text(400, "target: " + e.getMessage() + "\n"), head);
        }
        if (found.isEmpty()) {
            return refuse(RefusalReason.NO_ENDPOINT, HttpResponse.text(404, "there is no endpoint at this path\n"),
                    head);
        }
        endpoint = found.get();
        ClientLimits limits = server.clientLimits();
        Refusal over = limits == null ? null : limits.meet((LimitedTransport) transport, endpoint);
        if (over != null) {
            return refuse(over.reason(), over.response(), head);
        }
        return switch (ExtensionHeader.parse(upgrade.extensionOffers())) {
            case ExtensionHeader.Valid valid -> decide(upgrade, head, endpoint, valid.entries());
            case ExtensionHeader.Malformed malformed -> refuse(RefusalReason.BAD_HEADERS,
                    HttpResponse.text(400, "Sec-WebSocket-Extensions: " + malformed.reason() + "\n"), head);
        };
    }

    private Answer decide(Upgrade upgrade, RequestHead head, ServedEndpoint found,
            List<ExtensionHeader.Entry> offers) {
        Optional<DeflateNegotiation.Accepted> deflate = found.negotiate(offers);
        try {
            HandshakeRequest.Builder request = HandshakeResult.request(head, upgrade.subprotocols(), found.pattern(),
                    transport);
            client.header().ifPresent(request::proxyHeader);
            return switch (found.policy().decide(request.build())) {
                case HandshakeDecision.Accept accept -> {
                    String subprotocol = accept.subprotocol().or(() -> found.preferred(upgrade.subprotocols()))
                            .orElse(null);
                    Optional<DeflateNegotiation.Accepted> agreed = deflate.filter(each -> accept.allowsDeflate());
                    byte[] reply = upgrade.accept(subprotocol,
                            agreed.map(DeflateNegotiation.Accepted::responseValue).orElse(null), accept.headers());
                    yield new Acceptance(reply, found, found.shared(new HandshakeResult(head.target(),
                            found.keepsHeaders() ? head : null, found.pattern(), subprotocol, found.kept(accept),
                            agreed.map(found::extension).orElse(null), null,
                            TraceContext.of(head.headers()).orElse(null))), rates(found, accept));
                }
                case HandshakeDecision.Reject reject -> refuseUnlessEnded(reject.reason(), reject.response(), head);
            };
        } catch (Throwable e) {
            if (!ended.getAsBoolean()) {
                server.logs().failures().policy(transport.remoteAddress(), head.path(), e);
            }
            return refuseUnlessEnded(RefusalReason.POLICY_FAILED,
                    HttpResponse.text(500, "the handshake could not be decided\n"), head);
        }
    }

    /** As {@link #refuse}, but not recorded if the server has ended the decision: then the client gets another answer, or none. */
    private Response refuseUnlessEnded(RefusalReason reason, HttpResponse response, RequestHead head) {
        return ended.getAsBoolean()
                ? new Response(server.encoder().encode(response, head.method()), response.status())
                : refuse(reason, response, head);
    }

    private @Nullable EndpointRates rates(ServedEndpoint found, HandshakeDecision.Accept accept) {
        ClientLimits limits = server.clientLimits();
        if (limits == null && accept.rateShare().isPresent()) {
            throw new IllegalArgumentException("rateShare '" + accept.rateShare().get() + "': the server has no rates");
        }
        return limits == null ? null : limits.rates(found, accept.rateShare());
    }

    private Answer plain(RequestHead head) {
        if (!head.host().map(server.configuration().httpSettings()::allowsHost).orElse(true)) {
            return refuse(RefusalReason.UNKNOWN_HOST, HostList.UNKNOWN_HOST, head);
        }
        if (NOT_SERVED.contains(head.method())) {
            return refuse(RefusalReason.METHOD, HttpResponse.text(501, "this method is not supported\n"), head);
        }
        Optional<PathTable.Entry<HttpEndpoints.Served>> found;
        boolean isEndpoint;
        try {
            found = server.paths().http().find(head.path());
            if (found.isPresent()) {
                // Ensures that the query can be decoded when a handler asks for it later.
                head.query().ifPresent(QueryParameters::parse);
            }
            isEndpoint = found.isEmpty() && server.paths().endpoints().find(head.path()).isPresent();
        } catch (IllegalArgumentException e) {
            return refuse(RefusalReason.BAD_TARGET, HttpResponse.text(400, "target: " + e.getMessage() + "\n"), head);
        }
        if (found.isEmpty()) {
            return isEndpoint
                    ? notAnUpgrade(head)
                    : refuse(RefusalReason.NO_ENDPOINT,
                            HttpResponse.text(404, "there is nothing at this path\n"), head);
        }
        return withBody(head, found.get());
    }

    /** The path has only a WebSocket endpoint. */
    private Response notAnUpgrade(RequestHead head) {
        boolean reads = head.method().equals("GET") || head.method().equals("HEAD");
        return reads
                ? refuse(RefusalReason.NOT_AN_UPGRADE, OpeningHandshake.notUpgraded(), head)
                : refuse(RefusalReason.METHOD,
                        HttpResponse.text(405, "only GET and HEAD are answered here\n").withHeader("Allow",
                                "GET, HEAD"),
                        head);
    }

    private Answer withBody(RequestHead head, PathTable.Entry<HttpEndpoints.Served> found) {
        BodyFraming framing;
        try {
            framing = BodyFraming.of(head);
        } catch (HttpHeadException e) {
            return refuse(RefusalReason.ofBody(e.status()), HttpResponse.text(e.status(), e.getMessage() + "\n"), head);
        }
        long most = found.value().settings().maxBodySize();
        if (framing instanceof BodyFraming.Fixed fixed && fixed.length() > most) {
            return refuse(RefusalReason.BODY_TOO_LARGE, HttpResponse.text(413, "a body of " + fixed.length()
                    + " bytes, the limit is " + most + " (maxBodySize)\n"), head);
        }
        // RFC 9110 §10.1.1: HTTP/1.0 does not define Expect.
        if (head.minorVersion() > 0
                && !head.headers().all("Expect").stream().allMatch("100-continue"::equalsIgnoreCase)) {
            return refuse(RefusalReason.BAD_BODY, HttpResponse.text(417, "only 100-continue can be expected\n"), head);
        }
        return new Plain(head, framing, found.pattern(), found.value());
    }
}
