package dev.weft.topics;

import java.util.Map;
import java.util.function.Predicate;

/**
 * Connects the {@link Topics} of several processes, its nodes, by a broker: a message that is published on one node is
 * delivered on all nodes that have subscribers for it. An application creates a backplane, passes it to
 * {@link Topics.Builder#backplane}, and calls only {@link #close()}; the topics call all other methods. The modules
 * {@code weft-redis} and {@code weft-nats} implement this interface. For any thread.
 * <p>
 * <b>Positions.</b> If {@link TopicLimits#historyLength()} is 1 or more, the broker keeps the history of each topic and
 * gives each message its {@linkplain BackplaneMessage#position() position}: all nodes have the same positions,
 * recognize a gap, and fill it from the history. If it is 0, the broker only passes messages on, and messages that it
 * loses cannot be recovered.
 * <p>
 * <b>Waiting.</b> Methods that wait for the broker do so for a bounded time, which the implementation sets.
 */
public interface Backplane extends AutoCloseable {
    /**
     * Receives the messages and notifications of a backplane, for its node. The methods do not wait, and may be called
     * on any thread of the backplane.
     */
    interface Receiver {
        /**
         * A message has arrived for a filter to which the node is subscribed. The messages of one topic and publisher
         * are passed in the order of publishing; those with a position, in the order of their positions. A message may
         * be passed more than once.
         */
        void received(BackplaneMessage message);

        /**
         * The broker cannot be reached. Messages may be lost from now on. Messages that are passed before {@link #back}
         * are delivered after it.
         */
        void away();

        /**
         * The broker can be reached again, all filters are subscribed again, and messages that arrive from now on are
         * passed. Also called if the backplane may have lost messages without an interruption.
         */
        void back();

        /**
         * Messages of some topics may be missing, and the broker may not have their members of this node, for example
         * because one of its servers was away while others could be reached. Messages of these topics that arrive from now
         * on are passed. By default, like {@link #back}.
         *
         * @param topics whether this is so for a topic
         */
        default void lost(Predicate<String> topics) {
            back();
        }

        /**
         * A member that had connections only on a node that has died has left a topic. Called on one node, or on
         * several if they detect this at the same time.
         */
        void memberGone(String topic, String member);

        /**
         * The members of a topic have changed on another node, or may have. Called immediately or shortly after the
         * change, if the node is subscribed to the topic, by its name or a filter. May be called more than once, and
         * also for changes of this node. Not called for changes while the broker is {@link #away()}: {@link #back()}
         * implies them.
         */
        void membersChanged(String topic);
    }

    /**
     * Begins to work for one node. Called once, before any other method. Waits for the first connection to the broker.
     * If that fails, the backplane tries again in the background, and calls {@link Receiver#away()}.
     *
     * @param limits how much of a topic's history to keep
     * @throws IllegalStateException if this method has been called before
     */
    void start(TopicLimits limits, Receiver receiver);

    /**
     * Publishes a message to all nodes with subscribers for its topic, including this one. Waits until the broker has
     * accepted it.
     *
     * @return the position of the message in the topic, or 0:0 if messages have none
     * @throws BackplaneException       if the broker has not accepted it, or has not answered in time
     * @throws IllegalArgumentException if the broker accepts no message of this size, which is then not published
     */
    Position publish(BackplaneMessage message);

    /**
     * Subscribes the node to a topic, or to the topics that match a filter with wildcards. Waits until the broker has
     * confirmed the subscription. The filter is remembered even if this fails, and subscribed when the broker is back.
     *
     * @throws BackplaneException if the broker has not confirmed it in time
     */
    void subscribe(String filter);

    /** Ends a subscription of the node. Does not wait, and does not fail. */
    void unsubscribe(String filter);

    /**
     * Reads all that is kept of a topic's history. Called only if messages have positions. Waits for the broker.
     *
     * @throws BackplaneException if the broker has not answered in time
     */
    BackplaneHistory read(String topic);

    /**
     * Reads the messages of a topic after a position, or, if not all of these are kept, those that are. Otherwise like
     * {@link #read}.
     *
     * @throws BackplaneException if the broker has not answered in time
     */
    BackplaneHistory readAfter(String topic, Position position);

    /**
     * Sets how many connections of a member this node has in a topic; 0 removes the member. When the node ends without {@link
     * #close()}, all its members are gone after a time that the implementation sets. Waits for the broker.
     * <p>
     * If a member joins or leaves by this call, or by the end of a node, all other nodes that are subscribed to the
     * topic are {@linkplain Receiver#membersChanged notified}, even if this node ends during the call.
     *
     * @return whether the member has joined by this call, because it had no connection on any node, or has left,
     *         because it now has none
     * @throws BackplaneException       if the broker has not accepted it in time
     * @throws IllegalArgumentException if the broker cannot have a member of this name in this topic, which is then not listed
     */
    boolean present(String topic, String member, int connections);

    /**
     * The members of a topic on all nodes, each with the number of its connections. Waits for the broker.
     *
     * @throws BackplaneException if the broker has not answered in time
     */
    Map<String, Integer> presence(String topic);

    /**
     * Whether the broker can be reached. When it can be reached again, this method returns that first, and then {@link
     * Receiver#back} is called. Does not wait.
     */
    BackplaneHealth health();

    /** Removes the members of this node, ends its subscriptions, and disconnects. Waits for a bounded time. */
    @Override
    void close();
}
