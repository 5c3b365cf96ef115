package dev.weft.topics;

import dev.weft.internal.Bounds;
import java.time.Duration;

/** Limits for all topics together, and for each topic. Every limit is finite. Immutable; no method waits. */
public final class TopicLimits {
    /** The default limits, in the order of the methods below: 100,000; 100; 0; 1 hour; 1 MiB; 64 MiB. */
    public static final TopicLimits DEFAULT = builder().build();

    private final int maxTopics;
    private final int maxSubscriptionsPerConnection;
    private final int historyLength;
    private final Duration historyTime;
    private final int historySize;
    private final long totalHistorySize;

    private TopicLimits(Builder builder) {
        this.maxTopics = builder.maxTopics;
        this.maxSubscriptionsPerConnection = builder.maxSubscriptionsPerConnection;
        this.historyLength = builder.historyLength;
        this.historyTime = builder.historyTime;
        this.historySize = builder.historySize;
        this.totalHistorySize = builder.totalHistorySize;
    }

    /**
     * The maximum number of topics. At this number, a new topic takes the place of one that no longer has a subscriber
     * or a history, if there is one. After a topic has lost its last subscriber and history, up to 100 ms may pass
     * until a new one can take its place. With a {@link Backplane}, a message for a topic beyond this number is lost for
     * the subscriptions to filters of this process, which have a {@link Gap} then.
     */
    public int maxTopics() {
        return maxTopics;
    }

    /** The maximum number of subscriptions of one connection. */
    public int maxSubscriptionsPerConnection() {
        return maxSubscriptionsPerConnection;
    }

    /** The maximum number of messages that a topic keeps for recovery; 0 for none. */
    public int historyLength() {
        return historyLength;
    }

    /** How long a topic keeps a message for recovery. */
    public Duration historyTime() {
        return historyTime;
    }

    /**
     * The maximum number of bytes that a topic keeps for recovery. Each message counts as its length plus 64 bytes, and one more
     * for each character of its key, if it has one.
     */
    public int historySize() {
        return historySize;
    }

    /**
     * The maximum number of bytes that all topics keep for recovery. A topic in which a message is published then drops its
     * own oldest messages.
     */
    public long totalHistorySize() {
        return totalHistorySize;
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these limits. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxTopics = maxTopics;
        builder.maxSubscriptionsPerConnection = maxSubscriptionsPerConnection;
        builder.historyLength = historyLength;
        builder.historyTime = historyTime;
        builder.historySize = historySize;
        builder.totalHistorySize = totalHistorySize;
        return builder;
    }

    @Override
    public String toString() {
        return "TopicLimits[maxTopics=" + maxTopics + ", maxSubscriptionsPerConnection=" + maxSubscriptionsPerConnection
                + ", historyLength=" + historyLength + ", historyTime=" + historyTime + ", historySize=" + historySize
                + ", totalHistorySize=" + totalHistorySize + "]";
    }

    /**
     * Builds limits. A method that is given a value out of bounds throws an {@link IllegalArgumentException} that names the
     * limit, the value and the bounds. Not thread-safe.
     */
    public static final class Builder {
        private static final int MOST_HISTORY = 1 << 20;

        private int maxTopics = 100_000;
        private int maxSubscriptionsPerConnection = 100;
        private int historyLength;
        private Duration historyTime = Duration.ofHours(1);
        private int historySize = 1 << 20;
        private long totalHistorySize = 64 << 20;

        private Builder() {}

        /** Sets {@link TopicLimits#maxTopics()}: at least 1. Default 100,000. */
        public Builder maxTopics(int count) {
            Bounds.check("maxTopics", count, 1, Integer.MAX_VALUE);
            maxTopics = count;
            return this;
        }

        /** Sets {@link TopicLimits#maxSubscriptionsPerConnection()}: at least 1. Default 100. */
        public Builder maxSubscriptionsPerConnection(int count) {
            Bounds.check("maxSubscriptionsPerConnection", count, 1, Integer.MAX_VALUE);
            maxSubscriptionsPerConnection = count;
            return this;
        }

        /** Sets {@link TopicLimits#historyLength()}: 0 to 1,048,576. Default 0. */
        public Builder historyLength(int messages) {
            Bounds.check("historyLength", messages, 0, MOST_HISTORY);
            historyLength = messages;
            return this;
        }

        /** Sets {@link TopicLimits#historyTime()}: 1 ms to 365 days. Default 1 hour. */
        public Builder historyTime(Duration time) {
            Bounds.check("historyTime", time, Duration.ofMillis(1), Duration.ofDays(365));
            historyTime = time;
            return this;
        }

        /** Sets {@link TopicLimits#historySize()}: 0 bytes or more. Default 1 MiB. */
        public Builder historySize(int bytes) {
            Bounds.check("historySize", bytes, 0, Integer.MAX_VALUE);
            historySize = bytes;
            return this;
        }

        /** Sets {@link TopicLimits#totalHistorySize()}: 0 bytes or more. Default 64 MiB. */
        public Builder totalHistorySize(long bytes) {
            Bounds.check("totalHistorySize", bytes, 0, Long.MAX_VALUE);
            totalHistorySize = bytes;
            return this;
        }

        /** Returns the limits. */
        public TopicLimits build() {
            return new TopicLimits(this);
        }
    }
}
