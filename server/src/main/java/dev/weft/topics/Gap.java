package dev.weft.topics;

/**
 * Messages of a topic that this node has not received, and cannot get any more, because the {@link Backplane} has lost them or
 * no longer keeps them. Immutable.
 */
public final class Gap {
    private final String topic;
    private final Position last;
    private final Position resumed;

    Gap(String topic, Position last, Position resumed) {
        this.topic = topic;
        this.last = last;
        this.resumed = resumed;
    }

    /** The topic, or the filter with wildcards if messages of any of its topics may be missing. */
    public String topic() {
        return topic;
    }

    /** The position of the last message before the gap; 0:0 if {@link #topic()} is a filter. */
    public Position last() {
        return last;
    }

    /** A position after the gap: everything after it is delivered. 0:0 if {@link #topic()} is a filter. */
    public Position resumed() {
        return resumed;
    }

    @Override
    public String toString() {
        return "Gap[" + topic + " after " + last + ", resumed after " + resumed + "]";
    }
}
