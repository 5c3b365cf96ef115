package dev.weft.server;

/** How far a session has come before its connection is open; {@link RequestDeadlines} draws the transitions. */
enum RequestPhase {
    /** The TLS handshake is under way, if there is to be one: the handshake deadline holds, there is no answer yet. */
    TLS,
    /** The request head is read: the handshake deadline holds, the TLS handshake's time included. */
    HEAD,
    /** The policy or the HTTP handler, user code, decides: its deadline holds, and the peer is watched. */
    DECIDING,
    /** An HTTP handler waits for the body of its request: the body's own deadline ends that wait. */
    BODY,
    /** The response to a plain request is written: the write deadline holds, and begins anew with each progress. */
    WRITING,
    /** Between two writes of a streamed response, user code produces more: the handler's deadline holds. */
    PRODUCING,
    /** The connection waits for its next plain request: the keep-alive deadline holds. */
    IDLE,
    /** The last answer is written, and after a refusal the connection is closed: the write and the close deadline hold. */
    ANSWERING,
    /** Another thread writes the answer, while the session's own may still wait for the head; same deadlines. */
    GIVEN_UP
}
