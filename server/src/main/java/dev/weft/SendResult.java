package dev.weft;

/** The result of {@link WebSocketConnection#trySend(String)}. */
public enum SendResult {
    /** The message was written or queued; it is sent before a later Close frame. */
    ACCEPTED,
    /** Not sent: what waits for this peer would be more than {@link ConnectionLimits#maxQueuedSize()} allows. */
    PEER_BEHIND,
    /** Not sent: all connections together hold as much as they may, and no stuck connection could be closed to free memory. */
    SERVER_FULL,
    /** Not sent: a Close frame was sent or received, or the connection is over. */
    CLOSED;

    /** Whether the message was accepted. Does not wait. */
    public boolean isAccepted() {
        return this == ACCEPTED;
    }
}
