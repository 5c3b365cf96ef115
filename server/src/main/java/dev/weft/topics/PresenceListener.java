package dev.weft.topics;

/**
 * Is told who comes and goes. Called on a virtual thread of its own, for one event after the other, in the order of the events
 * of each topic. It may publish, subscribe and wait, but then later events wait too.
 * <p>
 * With a {@link Backplane}, a member joins with its first connection on any node and leaves with its last, and only the node of
 * that connection is told, or, if that has died, another one. After an interruption or a death, an event may be told twice.
 */
public interface PresenceListener {
    /** The first connection of a member has subscribed to the topic. */
    void joined(String topic, String member);

    /** No connection of the member is subscribed to the topic any more. */
    void left(String topic, String member);
}
