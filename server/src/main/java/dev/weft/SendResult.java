package dev.weft;

/** The result of {@link WebSocketConnection#trySend(String)}. */
public enum SendResult {
    /** The message was written or queued; it is sent before a later Close frame, unless a policy drops it. */
    ACCEPTED,
    /** Accepted, after older messages in the queue were dropped: {@link OverflowPolicy#DROP_OLDEST}. */
    DROPPED_OLDER,
    /** Not sent: the queue is full, and the policy is {@link OverflowPolicy#DROP_NEWEST}. */
    DROPPED,
    /** Not sent: the messages queued for this peer would exceed {@link ConnectionLimits#maxQueuedSize()}. */
    PEER_BEHIND,
    /**
     * Not sent: the buffers of all connections have reached their limit, and no stuck connection could be closed to
     * free memory.
     */
    SERVER_FULL,
    /** Not sent: a Close frame was sent or received, or the connection has ended. */
    CLOSED;

    /** Whether the message was accepted. Does not wait. */
    public boolean isAccepted() {
        return this == ACCEPTED || this == DROPPED_OLDER;
    }
}
