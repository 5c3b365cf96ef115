package dev.weft.topics;

/** What a topic has done since it began. A snapshot; the numbers may belong to slightly different moments. Immutable. */
public final class TopicStatistics {
    private final int subscribers;
    private final long published;
    private final long delivered;
    private final long undelivered;
    private final int historyLength;
    private final long historySize;

    TopicStatistics(int subscribers, long published, long delivered, long undelivered, int historyLength,
            long historySize) {
        this.subscribers = subscribers;
        this.published = published;
        this.delivered = delivered;
        this.undelivered = undelivered;
        this.historyLength = historyLength;
        this.historySize = historySize;
    }

    /** The number of connections that are subscribed to exactly this topic, without wildcards. */
    public int subscribers() {
        return subscribers;
    }

    /** The number of messages that were published. */
    public long published() {
        return published;
    }

    /** The number of times that a connection accepted a message of this topic: it was sent or queued. */
    public long delivered() {
        return delivered;
    }

    /**
     * The number of times that a connection did not accept a message, because its peer was behind or memory was short. A connection
     * that is closing, and has not been unsubscribed yet, does not count.
     */
    public long undelivered() {
        return undelivered;
    }

    /** The number of messages that are kept for recovery. */
    public int historyLength() {
        return historyLength;
    }

    /** The bytes of the messages that are kept for recovery, with 64 for each message. */
    public long historySize() {
        return historySize;
    }

    @Override
    public String toString() {
        return "TopicStatistics[subscribers=" + subscribers + ", published=" + published + ", delivered=" + delivered
                + ", undelivered=" + undelivered + ", historyLength=" + historyLength + ", historySize=" + historySize
                + "]";
    }
}
