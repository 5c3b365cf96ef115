package dev.weft.topics;

/**
 * Is told who comes and goes. Called on a virtual thread of its own, for one event after the other, in the order of the events
 * of each topic. It may publish, subscribe and wait, but then later events wait too.
 */
public interface PresenceListener {
    /** The first connection of a member has subscribed to the topic. */
    void joined(String topic, String member);

    /** No connection of the member is subscribed to the topic any more. */
    void left(String topic, String member);
}
