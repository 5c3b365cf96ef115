package dev.weft.server;

import dev.weft.parser.http.HttpHeadException;

/**
 * Why a request, or a connection before any request, was refused. {@link WebSocketServer#refusals()} counts by it, and the
 * line that is logged about each refusal names it.
 */
public enum RefusalReason {
    /** The TLS handshake failed, such as a plain request to a server that speaks TLS: a TLS alert. */
    TLS_FAILED,
    /** {@link WebSocketServerBuilder#maxTlsHandshakes} were under way for as long as a handshake may take: closed. */
    TLS_HANDSHAKES_FULL,
    /** The request line or a header line broke the syntax of RFC 9112: 400. */
    MALFORMED_HEAD,
    /** A line, or all header lines, went beyond {@link WebSocketServerBuilder#httpLimits}: 414, 431. */
    HEAD_TOO_LARGE,
    /**
     * The request head, or the TLS handshake before it, took longer than the handshake timeout: 408, or closed. Browsers
     * that keep a connection in reserve end like this too.
     */
    HEAD_TOO_SLOW,
    /** Another major version of HTTP than 1: 505. */
    HTTP_VERSION,
    /** A method that is not answered: 405. */
    METHOD,
    /** A plain request for a path where only a WebSocket endpoint is: 426. */
    NOT_AN_UPGRADE,
    /** Another version of WebSocket than 13, such as a draft: 426. */
    WEBSOCKET_VERSION,
    /** A header is missing, repeated or wrong, or an upgrade has a body (RFC 6455 §4.2.1, RFC 9112 §3.2): 400. */
    BAD_HEADERS,
    /** The target's path or query cannot be decoded, or the path has a "." or ".." segment: 400. */
    BAD_TARGET,
    /** Nothing is at the path, and no handler serves the other paths; or a handshake for a path of plain HTTP alone: 404. */
    NO_ENDPOINT,
    /** The policy rejected the handshake, by whatever response it chose. */
    POLICY_REJECTED,
    /** A browser's page came from an origin that is not allowed: 403. */
    FOREIGN_ORIGIN,
    /** The client meant to talk to a host that is not one of those allowed: 421. */
    UNKNOWN_HOST,
    /** There are as many connections as {@link WebSocketServerBuilder#maxConnections}: 503, or closed. */
    SERVER_FULL,
    /** The head, or the body read whole, did not fit into what is left of {@link WebSocketServerBuilder#maxBufferedSize}: 503. */
    BUDGET_SPENT,
    /** The server is being closed: 503, or closed. */
    SHUTTING_DOWN,
    /** The policy threw something, or what it accepted cannot be answered: 500. */
    POLICY_FAILED,
    /** The policy took longer than {@link WebSocketServerBuilder#policyTimeout}: 503. */
    POLICY_TOO_SLOW,
    /**
     * Where the body of a plain request ends is ambiguous, its transfer coding unknown, its chunks are malformed, or it was cut
     * off (RFC 9112 §6, §7); or the request expects something unknown: 400, 417, 501.
     */
    BAD_BODY,
    /** The body, or its trailers, went beyond a limit such as {@link HttpSettings#maxBodySize()}: 413, 431. */
    BODY_TOO_LARGE,
    /** The body came too slowly: 408. */
    BODY_TOO_SLOW,
    /** An HTTP handler took longer than {@link HttpSettings#handlerTimeout()}: 503. */
    HTTP_HANDLER_TOO_SLOW,
    /** An HTTP handler threw something: 500. */
    HTTP_HANDLER_FAILED;

    /** Why the body of a request was refused. */
    static RefusalReason ofBody(int status) {
        return switch (status) {
            case 408 -> BODY_TOO_SLOW;
            case 413, 431 -> BODY_TOO_LARGE;
            case 503 -> BUDGET_SPENT;
            default -> BAD_BODY;
        };
    }

    /** Why the parser refused a request head. */
    static RefusalReason of(HttpHeadException refused) {
        return switch (refused.status()) {
            case 414, 431 -> HEAD_TOO_LARGE;
            case 505 -> HTTP_VERSION;
            default -> MALFORMED_HEAD;
        };
    }
}
