package dev.weft.topics;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What all topics together have done since they were built. A snapshot; the numbers may belong to slightly different moments.
 * Immutable.
 */
public final class TopicTotals {
    private final int topics;
    private final long subscriptions;
    private final long published;
    private final long delivered;
    private final long undelivered;
    private final long gaps;
    private final long historySize;
    private final long maxHistorySize;
    private final @Nullable BackplaneHealth backplane;

    TopicTotals(int topics, TopicCounters counters, TopicLimits limits, @Nullable BackplaneHealth backplane) {
        this.topics = topics;
        this.subscriptions = counters.subscriptions.sum();
        this.published = counters.published.sum();
        this.delivered = counters.delivered.sum();
        this.undelivered = counters.undelivered.sum();
        this.gaps = counters.gaps.sum();
        this.historySize = counters.historySize.get();
        this.maxHistorySize = limits.totalHistorySize();
        this.backplane = backplane;
    }

    /** The number of topics, as {@link Topics#topicCount()} counts them. */
    public int topics() {
        return topics;
    }

    /** The number of subscriptions to topics and to filters, of all connections. */
    public long subscriptions() {
        return subscriptions;
    }

    /**
     * The number of messages that were published. With a {@link Backplane}, this includes messages from other
     * processes, to topics to which connections of this process were subscribed.
     */
    public long published() {
        return published;
    }

    /** The number of times that a connection accepted a message: it was sent or queued. */
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

    /**
     * The number of times that a subscription was notified of a {@link Gap}, or its connection was closed because of
     * one.
     */
    public long gaps() {
        return gaps;
    }

    /** The bytes of the messages that are kept for recovery, with 64 for each message. */
    public long historySize() {
        return historySize;
    }

    /** The limit of those bytes: {@link TopicLimits#totalHistorySize()}. */
    public long maxHistorySize() {
        return maxHistorySize;
    }

    /** Whether the backplane can reach its broker; empty without a backplane. */
    public Optional<BackplaneHealth> backplane() {
        return Optional.ofNullable(backplane);
    }

    @Override
    public String toString() {
        return "TopicTotals[topics=" + topics + ", subscriptions=" + subscriptions + ", published=" + published
                + ", delivered=" + delivered + ", undelivered=" + undelivered + ", gaps=" + gaps + ", historySize="
                + historySize + ", maxHistorySize=" + maxHistorySize
                + (backplane == null ? "" : ", backplane=" + backplane) + "]";
    }
}
