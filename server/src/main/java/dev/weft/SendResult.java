package dev.weft;

/** What became of a message that {@link WebSocketConnection#trySend(String)} was given. */
public enum SendResult {
    /** The message goes to the network, or waits for the peer to read; it is sent before a later Close frame. */
    ACCEPTED,
    /** Not sent: what waits for this peer would be more than {@link ConnectionLimits#maxQueuedSize()} allows. */
    PEER_BEHIND,
    /** Not sent: all connections together hold as much as they may, and no stuck peer could be given up for this one. */
    SERVER_FULL,
    /** Not sent: a Close frame went or came, or the connection is over. */
    CLOSED;

    /** Whether the message was accepted. */
    public boolean isAccepted() {
        return this == ACCEPTED;
    }
}
