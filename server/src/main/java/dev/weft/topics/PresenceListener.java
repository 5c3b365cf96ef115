package dev.weft.topics;

/**
 * Is notified when members join and leave topics. Called on a virtual thread of its own, for one event after the other,
 * in the order of the events of each topic. It may publish, subscribe and wait, but then later events wait too.
 * <p>
 * With a {@link Backplane}, a member joins with its first connection on any node and leaves with its last, and only the
 * listener on the node of that connection is notified, or, if that node has died, the one on another node. So an action for
 * each member happens once, not once on each node. After an interruption, or after a node has died, an event may be reported
 * twice, or only by {@link #changed}. A listener that needs the members of a topic must ask for them when {@code changed} is
 * called.
 */
public interface PresenceListener {
    /** The first connection of a member has subscribed to the topic. */
    void joined(String topic, String member);

    /** No connection of the member is subscribed to the topic any more. */
    void left(String topic, String member);

    /**
     * The members of a topic have changed, or may have changed, and {@link #joined} and {@link #left} do not report
     * how: on another node of a {@link Backplane}, while its broker was away, or because a member has joined and left
     * before this could be reported. {@link Topics#presence} returns the members. The changes of different nodes have
     * no common order, so they cannot be reported one by one. But {@code presence}, called after this method, returns
     * the result of all changes that were made before it.
     * <p>
     * Called only for topics to which connections of this process are subscribed, and after an interruption for those
     * to which they are subscribed by name. Several changes may be reported as one. Does nothing by default.
     */
    default void changed(String topic) {}
}
