package dev.weft.server;

/** How an opening handshake ended, after its request had been received. */
public enum HandshakeOutcome {
    /** The connection was opened: 101. */
    ACCEPTED,
    /** Any other response; {@link WebSocketServer#refusals()} has the reasons. */
    REFUSED,
    /** The peer disconnected before it was answered, or the answer could not be written. */
    ABANDONED
}
