package dev.weft.topics.json;

/**
 * Receives the messages and events of a subscription of a {@link JsonTopicsClient}. The calls for all subscriptions of
 * a client run on one virtual thread, one after the other; while one waits, the client receives nothing. An exception
 * that a call throws is logged, and the next event is delivered.
 */
@FunctionalInterface
public interface TopicListener {
    /**
     * A message has arrived. All messages of a topic arrive in the order of the topic, and none twice, except for
     * {@linkplain TopicMessage#isLatest() latest values}: such a value may arrive before messages that were published
     * earlier, values of a key may be left out for a newer one, and a value may arrive again on a new connection.
     */
    void message(TopicMessage message);

    /**
     * Messages were missed, or may have been, and cannot be recovered: the topic has begun anew, its history does not
     * reach back so far, or the server has lost messages. A filter with wildcards has no history, so each new
     * connection is a gap. Get the state from elsewhere. Called before the first message after the gap.
     */
    default void gap() {}

    /**
     * The subscription has begun, for the first time or on a new connection.
     *
     * @param messages the number of messages from the history that come next
     */
    default void subscribed(int messages) {}

    /** The members of the topic have changed. Called only if {@link TopicOptions#presence} asks for it. */
    default void presence(TopicMembers members) {}

    /**
     * The server has refused the subscription. The client asks for it again on the next connection. Not called if the
     * refusal is temporary ({@code backplane_away}, {@code backplane_uncertain}, {@code too_many_topics}): then the
     * client asks again on the same connection, after a random time of up to 1 s; this bound doubles with each further
     * refusal, up to 30 s.
     *
     * @param code    such as {@code not_authorized}
     * @param message for people to read
     */
    default void refused(String code, String message) {}
}
