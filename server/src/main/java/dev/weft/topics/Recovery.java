package dev.weft.topics;

/** Whether a new subscription begins with the messages that its subscriber has missed since a given position. */
public enum Recovery {
    /** No position was given. */
    NOT_REQUESTED,
    /** Every message that was published after the position is sent, in order; nothing is missing. */
    COMPLETE,
    /**
     * No earlier message is sent, because not all of them are available: the history no longer reaches back to the
     * position, or the topic has begun anew. The subscriber has to get the state from elsewhere.
     */
    IMPOSSIBLE
}
