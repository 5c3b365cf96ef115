package dev.weft.server;

/** How far a {@link ServerHandshake} has come. */
enum HandshakePhase {
    /** The TLS handshake is under way, if there is to be one: the handshake deadline holds, there is no answer yet. */
    TLS,
    /** The request head is read: the handshake deadline holds, the TLS handshake's time included. */
    HEAD,
    /** The policy or the fallback, user code, decides: the policy deadline holds, and the peer is watched. */
    DECIDING,
    /** The answer is written, and after a refusal the connection is closed: the write and the close deadline hold. */
    ANSWERING,
    /** Another thread writes the answer, while the session's own may still wait for the head; same deadlines. */
    GIVEN_UP
}
