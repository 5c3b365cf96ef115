package dev.weft.topics;

/** What a subscriber that gave the position of the last message it has got was sent. */
public enum Recovery {
    /** No position was given. */
    NOT_REQUESTED,
    /** Every message that was published since, in order; nothing is missing. */
    COMPLETE,
    /**
     * Nothing, because something is missing: the history no longer reaches back to the position, or the topic has begun anew.
     * The subscriber has to get the state from elsewhere.
     */
    IMPOSSIBLE
}
