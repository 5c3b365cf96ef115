package dev.weft.server;

import dev.weft.parser.http.HttpHeadException;

/**
 * The reason why a request, or a connection before any request, was refused. {@link WebSocketServer#refusals()} counts
 * refusals by reason, and the log line of each refusal names it.
 */
public enum RefusalReason {
    /**
     * The server requires the PROXY protocol, but the peer is not a trusted proxy, or its connection does not begin with a
     * valid header: closed.
     */
    PROXY_HEADER,
    /** The TLS handshake failed, for example because a server that uses TLS received a plain request: a TLS alert. */
    TLS_FAILED,
    /** {@link WebSocketServerBuilder#maxTlsHandshakes} were in progress for as long as a handshake may take: closed. */
    TLS_HANDSHAKES_FULL,
    /** The request line or a header line violates the syntax of RFC 9112: 400. */
    MALFORMED_HEAD,
    /** A line, or all header lines together, exceeded {@link WebSocketServerBuilder#httpLimits}: 414, 431. */
    HEAD_TOO_LARGE,
    /**
     * The request head, or the TLS handshake or the header of the PROXY protocol before it, took longer than the
     * handshake timeout: 408, or closed. This also happens to the spare connections that browsers keep open.
     */
    HEAD_TOO_SLOW,
    /** The major version of HTTP is not 1: 505. */
    HTTP_VERSION,
    /** The method is not supported: 405, or 501 for CONNECT and TRACE. */
    METHOD,
    /** A plain request for a path that has only a WebSocket endpoint: 426. */
    NOT_AN_UPGRADE,
    /** The WebSocket version is not 13, for example that of a draft: 426. */
    WEBSOCKET_VERSION,
    /** A header is missing, repeated or invalid, or an upgrade has a body (RFC 6455 §4.2.1, RFC 9112 §3.2): 400. */
    BAD_HEADERS,
    /** The target's path or query cannot be decoded, or the path has a "." or ".." segment: 400. */
    BAD_TARGET,
    /**
     * No endpoint has the path, and there is no handler for other paths; or a handshake is for a path that has only
     * plain HTTP: 404.
     */
    NO_ENDPOINT,
    /** The policy rejected the handshake, with a response of its choice. */
    POLICY_REJECTED,
    /** The origin of a browser's page is not allowed: 403. */
    FOREIGN_ORIGIN,
    /** The request is addressed to a host that is not allowed: 421. */
    UNKNOWN_HOST,
    /** The number of connections has reached {@link WebSocketServerBuilder#maxConnections}: 503, or closed. */
    SERVER_FULL,
    /**
     * The client's address has {@link AddressLimits#maxConnectionsPerAddress} connections: 429, or closed before the TLS
     * handshake.
     */
    ADDRESS_FULL,
    /**
     * The client's address, or all clients together, open more connections per second than
     * {@link dev.weft.RateLimits.Kind#HANDSHAKES} allows: 429, or closed before the TLS handshake.
     */
    TOO_MANY_HANDSHAKES,
    /**
     * The head, or a body that is read as a whole, would have exceeded {@link WebSocketServerBuilder#maxBufferedSize}:
     * 503.
     */
    BUDGET_SPENT,
    /** The server is being closed: 503, or closed. */
    SHUTTING_DOWN,
    /**
     * The policy threw an exception, or the decision to accept could not be turned into a response: 500. An exception is not
     * counted if the client has gone, or the policy took too long.
     */
    POLICY_FAILED,
    /** The policy took longer than {@link WebSocketServerBuilder#policyTimeout}: 503. */
    POLICY_TOO_SLOW,
    /**
     * The end of a plain request's body is ambiguous, its transfer coding is unknown, its chunks are malformed, or it
     * was cut off (RFC 9112 §6, §7); or the request has an unknown expectation: 400, 417, 501.
     */
    BAD_BODY,
    /** The body, or its trailers, exceeded a limit such as {@link HttpSettings#maxBodySize()}: 413, 431. */
    BODY_TOO_LARGE,
    /** The body arrived too slowly: 408. */
    BODY_TOO_SLOW,
    /** An HTTP handler took longer than {@link HttpSettings#handlerTimeout()}: 503. */
    HTTP_HANDLER_TOO_SLOW,
    /**
     * An HTTP handler threw an exception: 500; or a file was replaced just before it was opened: 503. An exception is not
     * counted if the client has gone.
     */
    HTTP_HANDLER_FAILED;

    /** The reason for refusing a request's body. */
    static RefusalReason ofBody(int status) {
        return switch (status) {
            case 408 -> BODY_TOO_SLOW;
            case 413, 431 -> BODY_TOO_LARGE;
            case 503 -> BUDGET_SPENT;
            default -> BAD_BODY;
        };
    }

    /** The reason for refusing a request head. */
    static RefusalReason of(HttpHeadException refused) {
        return switch (refused.status()) {
            case 414, 431 -> HEAD_TOO_LARGE;
            case 505 -> HTTP_VERSION;
            default -> MALFORMED_HEAD;
        };
    }
}
