package dev.weft.topics;

/**
 * Is told who comes and goes. Called on a virtual thread of its own, for one event after the other, in the order of the events
 * of each topic. It may publish, subscribe and wait, but then later events wait too.
 * <p>
 * With a {@link Backplane}, a member joins with its first connection on any node and leaves with its last, and only the node of
 * that connection is told so, or, if that has died, another one: an action for each member is done once in the group. After an
 * interruption or a death, an event may be told twice, or only by {@link #changed}. A listener that has to know who is there
 * takes {@code changed} as the reason to ask.
 */
public interface PresenceListener {
    /** The first connection of a member has subscribed to the topic. */
    void joined(String topic, String member);

    /** No connection of the member is subscribed to the topic any more. */
    void left(String topic, String member);

    /**
     * The members of a topic have changed, or may have, and this listener is not told by {@link #joined} and {@link #left} how:
     * on another node of a {@link Backplane}, while its broker was away, or because somebody has come and gone before it could
     * be told. {@link Topics#presence} has the members. The changes of different nodes have no order in which they could be
     * told one by one, but who asks after this call gets the result of all that were made before it.
     * <p>
     * Told only for topics that connections of this process follow; after an interruption, for those to which they are
     * subscribed by name. Several changes may be told as one. Does nothing by default.
     */
    default void changed(String topic) {}
}
