package dev.weft.topics.json;

import dev.weft.topics.Position;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link JsonTopicsClient} subscribes. Immutable: each method returns a copy in which one option is changed;
 * {@link #since} and {@link #last} replace each other.
 */
public final class TopicOptions {
    /** Only messages that are published from now on, without presence. */
    public static final TopicOptions DEFAULT = new TopicOptions(null, 0, false);

    private final @Nullable Position since;
    private final int last;
    private final boolean presence;

    private TopicOptions(@Nullable Position since, int last, boolean presence) {
        this.since = since;
        this.last = last;
        this.presence = presence;
    }

    /**
     * First sends everything that was published after the message at this position. Not for a filter with wildcards.
     */
    public TopicOptions since(Position position) {
        return new TopicOptions(Objects.requireNonNull(position), 0, presence);
    }

    /**
     * First sends the newest messages that the server still has, at most this many: 1 to 10,000. Not for a filter with
     * wildcards.
     *
     * @throws IllegalArgumentException if the number is out of bounds
     */
    public TopicOptions last(int messages) {
        if (messages < 1 || messages > ClientRequest.MOST_MESSAGES) {
            throw new IllegalArgumentException(
                    "last must be 1 to " + ClientRequest.MOST_MESSAGES + ", not " + messages);
        }
        return new TopicOptions(null, messages, presence);
    }

    /** Sets whether to report the members of the topic and their changes. Not for a filter with wildcards. */
    public TopicOptions presence(boolean told) {
        return new TopicOptions(since, last, told);
    }

    @Nullable
    Position since() {
        return since;
    }

    int last() {
        return last;
    }

    boolean presence() {
        return presence;
    }
}
