package dev.weft.topics;

import java.util.List;

/** The newest messages of a topic's history, as a {@link Backplane} has read them. Immutable. */
public final class BackplaneHistory {
    private final Position newest;
    private final List<BackplaneMessage> messages;
    private final boolean complete;

    /**
     * Creates the result of {@link Backplane#read}.
     *
     * @param newest   the position of the topic's newest message, with offset 0 if it has had none
     * @param messages the messages up to {@code newest}, oldest first, without a gap between them
     * @param complete whether these are all messages after the position that was asked for; true if no position was
     *                 given
     */
    public BackplaneHistory(Position newest, List<BackplaneMessage> messages, boolean complete) {
        this.newest = newest;
        this.messages = List.copyOf(messages);
        this.complete = complete;
    }

    /** The position of the topic's newest message. */
    public Position newest() {
        return newest;
    }

    /** The messages, oldest first. */
    public List<BackplaneMessage> messages() {
        return messages;
    }

    /** Whether nothing is missing between the position that was asked for and the newest message. */
    public boolean isComplete() {
        return complete;
    }

    @Override
    public String toString() {
        return "BackplaneHistory[" + messages.size() + " messages to " + newest + (complete ? "" : ", incomplete")
                + "]";
    }
}
