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
        /** The key of a latest value does not follow the rules in {@link Topics}. */
        INVALID_KEY,
        /** The connection has as many subscriptions as {@link TopicLimits#maxSubscriptionsPerConnection()} allows. */
        TOO_MANY_SUBSCRIPTIONS,
        /** There are as many topics as {@link TopicLimits#maxTopics()} allows. */
        TOO_MANY_TOPICS,
        /** The message is larger than the broker of the {@link Backplane} accepts. */
        MESSAGE_TOO_LARGE,
        /** The {@link Backplane} cannot reach its broker. Nothing was published or subscribed. */
        BACKPLANE_AWAY,
        /** The broker of the {@link Backplane} has not answered: the message may or may not have been published. */
        BACKPLANE_UNCERTAIN
    }

    private final Reason reason;

    TopicException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    TopicException(BackplaneException cause) {
        super(cause.getMessage(), cause);
        this.reason = cause.isUncertain() ? Reason.BACKPLANE_UNCERTAIN : Reason.BACKPLANE_AWAY;
    }

    /** Why it was refused. */
    public Reason reason() {
        return reason;
    }
}
