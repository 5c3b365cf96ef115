package dev.weft.topics;

/** A subscription or a publication was refused. */
public final class TopicException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why it was refused. */
    public enum Reason {
        /** {@link TopicAuthorizer} does not allow it. */
        NOT_AUTHORIZED,
        /** The name of the topic, or the filter, does not follow the rules in {@link Topics}. */
        INVALID_NAME,
        /** The connection has as many subscriptions as {@link TopicLimits#maxSubscriptionsPerConnection()} allows. */
        TOO_MANY_SUBSCRIPTIONS,
        /** There are as many topics as {@link TopicLimits#maxTopics()} allows. */
        TOO_MANY_TOPICS
    }

    private final Reason reason;

    TopicException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** Why it was refused. */
    public Reason reason() {
        return reason;
    }
}
