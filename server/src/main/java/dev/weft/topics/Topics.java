package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.internal.Bounds;
import dev.weft.topics.TopicException.Reason;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Topics: each message that is published to a topic is sent to all connections that are subscribed to it, of any server
 * and any client, within one process or, with a {@link Backplane}, in several processes. For any thread. {@snippet
 * class = "dev.weft.topics.Snippets" region = "topics"} <b>Names.</b> The name of a topic has 1 to 255 characters and 1
 * to 16 levels, separated by slashes, such as {@code room/42}. No level is empty, and there are no control characters.
 * A filter is such a name in which a level may be {@code *}, which matches any one level, and the last level may be
 * {@code #}, which matches one or more. A key of {@link #publishLatest} has 1 to 255 characters, and no control
 * characters.
 * <p>
 * <b>Order.</b> All subscribers of a topic get its messages in the same order, that of their
 * {@linkplain Position positions}. The exception is {@link #publishLatest}: a slow subscriber gets a newer value in the
 * place of an older one. There is no order between topics. A connection with several subscriptions that match a message
 * gets the message once, in the form that the most exact of them sets: the subscription to the topic by its name, or else that
 * filter which, at the first level that differs, has the name, rather than {@code *}, rather than {@code #}.
 * <p>
 * <b>Slow subscribers.</b> Publishing never waits for a peer: it uses {@link WebSocketConnection#trySend(PreparedMessage)}, so a
 * message is sent at once or queued, and the connection's limits and {@link dev.weft.OverflowPolicy} apply. {@link
 * SubscribeOptions#closesWhenBehind} says what happens if the connection refuses it. Publishing waits only while other threads
 * publish to the same topic.
 * <p>
 * <b>Ends.</b> A subscription ends with its connection, however the connection ends. A topic without subscribers, whose
 * history is empty, is forgotten after a minute or more; if it is used again, it begins with a new epoch.
 * <p>
 * <b>Several processes.</b> With a {@link Backplane}, positions and histories are those of the broker, and the process
 * receives only topics to which its connections are subscribed. Publishing, the first subscription to a topic, and
 * {@link #presence} then wait for the broker, for a bounded time, and fail with {@link Reason#BACKPLANE_AWAY} or
 * {@link Reason#BACKPLANE_UNCERTAIN}.
 */
public final class Topics {
    private static final Function<WebSocketConnection, String> CONNECTION_ID = it -> Long.toString(it.id());

    private final TopicLimits limits;
    private final TopicAuthorizer authorizer;
    private final Function<WebSocketConnection, String> memberOf;
    private final Presence presence;
    private final Clock clock;
    private final @Nullable Uplink uplink;

    private final TopicTable topics;
    private final FilterTree filters = new FilterTree();
    private final Map<WebSocketConnection, Subscriber> subscribers = new ConcurrentHashMap<>();

    private Topics(Builder builder) {
        this.limits = builder.limits;
        this.authorizer = builder.authorizer;
        this.memberOf = builder.memberOf;
        this.presence = new Presence(builder.presenceListener);
        this.clock = builder.clock;
        this.topics = new TopicTable(limits, clock);
        this.uplink = builder.backplane == null
                ? null
                : new Uplink(builder.backplane, builder.goesOnAlone, topics, filters, presence);
        topics.begin(sharesPresence() ? uplink.members() : presence, uplink);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    // Publishing.

    /**
     * Publishes a message in the name of the application. Does not wait for peers.
     *
     * @return the position of the message; 0:0 with a {@link Backplane} and without history
     * @throws TopicException if the name is invalid, there are too many topics, or the broker of the {@link Backplane} is away
     *                        or does not accept messages of this size; the message is not published, except perhaps with {@link
     *                        Reason#BACKPLANE_UNCERTAIN}
     */
    public Position publish(String topic, PreparedMessage message) {
        return publish(topic, null, message);
    }

    private Position publish(String topic, @Nullable String key, PreparedMessage message) {
        List<String> levels = TopicName.levelsOfTopic(topic);
        Objects.requireNonNull(message);
        if (uplink != null) {
            return uplink.publish(topic, message, key);
        }
        while (true) {
            Topic current = topics.get(topic, levels);
            Position position = current.publish(message, key, filters, clock.instant());
            if (position != null) {
                return position;
            }
            topics.remove(current);
        }
    }

    /**
     * Publishes the latest value of a key: if the previous value of the key still waits to be sent to a subscriber,
     * this one takes its place ({@link dev.weft.SendQueue}). Otherwise like {@link #publish(String, PreparedMessage)}.
     * A history keeps all values.
     * <p>
     * So a slow subscriber gets this value before messages that were published between the two values, and positions do
     * not arrive in order. If a client stored the position of such a value and reconnected with it, it would not get
     * those messages, although its {@link Recovery} would be {@code COMPLETE}. So a client must store only positions of
     * messages without a {@link Publication#key()}; then it may get a value twice, but misses nothing.
     *
     * @param key identifies the value, such as the name of a currency: 1 to 255 characters, no control characters. The
     *            same key in two topics means two different values
     * @throws TopicException as {@code publish}, or if the key is invalid; the message is not published then
     */
    public Position publishLatest(String topic, String key, PreparedMessage message) {
        TopicName.checkKey(key);
        return publish(topic, key, message);
    }

    /** Publishes a text message in the name of the application, like {@link #publish(String, PreparedMessage)}. */
    public Position publish(String topic, String text) {
        return publish(topic, PreparedMessage.text(text));
    }

    /**
     * Publishes a message in the name of a connection, if the connection is allowed to publish to the topic.
     *
     * @return the position of the message
     * @throws TopicException if the connection is not allowed to, or as {@link #publish(String, PreparedMessage)}
     */
    public Position publish(WebSocketConnection from, String topic, PreparedMessage message) {
        checkMayPublish(from, topic);
        return publish(topic, message);
    }

    /**
     * Publishes the latest value of a key, like {@link #publishLatest(String, String, PreparedMessage)}, in the name of
     * a connection, if it may {@linkplain TopicAuthorizer#mayPublish publish to the topic}. The authorizer is not asked
     * about the key: a connection that may publish can replace the waiting value of any key, whichever connection has
     * published it. If keys belong to connections, the caller has to check the key before the call.
     *
     * @return the position of the message
     * @throws TopicException if the connection is not allowed to, or as
     *                        {@link #publishLatest(String, String, PreparedMessage)}
     */
    public Position publishLatest(WebSocketConnection from, String topic, String key, PreparedMessage message) {
        TopicName.checkKey(key);
        checkMayPublish(from, topic);
        return publish(topic, key, message);
    }

    private void checkMayPublish(WebSocketConnection from, String topic) {
        TopicName.levelsOfTopic(topic);
        if (!authorizer.mayPublish(from, topic)) {
            throw new TopicException(Reason.NOT_AUTHORIZED, "not allowed to publish to this topic");
        }
    }

    // Subscribing.

    /** Subscribes a connection to messages that are published from now on, like the method with options. */
    public Subscription subscribe(WebSocketConnection connection, String topic) {
        return subscribe(connection, topic, SubscribeOptions.DEFAULT);
    }

    /**
     * Subscribes a connection to a topic. If it is already subscribed to it, that subscription ends, and this one takes its
     * place. Does not wait for peers. Waits for the broker of a {@link Backplane} if no other connection of this process is
     * subscribed to the topic, or if the options have a position that this process has not reached.
     *
     * @return the subscription, which is not active if the connection has ended
     * @throws TopicException if the connection may not subscribe, the name is invalid or has wildcards, there are too many
     *                        subscriptions or topics, or the broker of a {@link Backplane} does not answer; nothing is changed
     */
    public Subscription subscribe(WebSocketConnection connection, String topic, SubscribeOptions options) {
        return subscribe(connection, topic, TopicName.levelsOfTopic(topic), options);
    }

    /**
     * Subscribes a connection to all topics that match a filter, otherwise like {@link #subscribe}. If clients choose
     * the filter, the {@link TopicAuthorizer} must refuse filters that match topics which they may not see.
     *
     * @throws TopicException           as for {@code subscribe}
     * @throws IllegalArgumentException if the options ask for history, and the filter has wildcards
     */
    public Subscription subscribeMatching(WebSocketConnection connection, String filter, SubscribeOptions options) {
        List<String> levels = TopicName.levelsOfFilter(filter);
        if (TopicName.hasWildcard(levels) && (options.since() != null || options.last() > 0)) {
            throw new IllegalArgumentException("the history of a filter with wildcards");
        }
        return subscribe(connection, filter, levels, options);
    }

    private Subscription subscribe(WebSocketConnection connection, String filter, List<String> levels,
            SubscribeOptions options) {
        if (!authorizer.maySubscribe(connection, filter)) {
            throw new TopicException(Reason.NOT_AUTHORIZED, "not allowed to subscribe to this topic");
        }
        Subscription added = new Subscription(connection, filter, levels, options);
        if (connection.isOpen()) {
            subscriber(connection).add(added);
        }
        return added;
    }

    /**
     * Ends a connection's subscription to this filter. Returns whether there was one. A message that is being published
     * may still be sent. Waits while another thread subscribes the same connection, which may wait for the broker of a
     * {@link Backplane}.
     */
    public boolean unsubscribe(WebSocketConnection connection, String filter) {
        Subscriber subscriber = subscribers.get(connection);
        return subscriber != null && subscriber.remove(filter);
    }

    /** The filters to which a connection is subscribed. Waits as {@link #unsubscribe}. */
    public List<String> subscriptions(WebSocketConnection connection) {
        Subscriber subscriber = subscribers.get(connection);
        return subscriber == null ? List.of() : subscriber.filters();
    }

    private Subscriber subscriber(WebSocketConnection connection) {
        Subscriber known = subscribers.get(connection);
        if (known != null) {
            return known;
        }
        String member = Objects.requireNonNull(memberOf.apply(connection), "the member of a connection");
        Subscriber made = new Subscriber(this, member, limits.maxSubscriptionsPerConnection());
        // First, so that no subscriber stays without it. If another thread is faster, this one has nothing to end.
        connection.onClose(status -> {
            made.end();
            subscribers.remove(connection, made);
        });
        Subscriber other = subscribers.putIfAbsent(connection, made);
        if (other != null) {
            return other;
        }
        if (made.hasEnded()) {
            subscribers.remove(connection, made);
        }
        return made;
    }

    /** For a subscriber, whose lock is held. Returns whether it has begun: false if its connection has ended. */
    boolean begin(Subscription added, String member) {
        want(added.filter());
        boolean begun = false;
        try {
            begun = add(added, member);
            if (begun) {
                topics.counters().subscriptions.increment();
            }
            return begun;
        } finally {
            if (!begun) {
                release(added.filter());
            }
        }
    }

    private boolean add(Subscription added, String member) {
        if (TopicName.hasWildcard(added.levels())) {
            return filters.begin(added);
        }
        while (true) {
            Topic topic = topics.get(added.filter(), added.levels());
            if (uplink != null) {
                uplink.prepare(topic, added.options().since());
            }
            Topic.Start start = topic.subscribe(added, member, clock.instant());
            if (start != Topic.Start.RETIRED) {
                return start == Topic.Start.BEGUN;
            }
            topics.remove(topic);
        }
    }

    /** For a subscriber. */
    void end(Subscription removed, String member) {
        topics.counters().subscriptions.decrement();
        removed.end();
        try {
            if (TopicName.hasWildcard(removed.levels())) {
                filters.remove(removed);
            } else {
                Topic topic = topics.known(removed.filter());
                if (topic != null) {
                    topic.unsubscribe(removed, member, clock.instant());
                }
            }
        } finally {
            release(removed.filter());
        }
    }

    private void want(String filter) {
        if (uplink != null) {
            uplink.want(filter);
        }
    }

    /** For a subscriber: another subscription of it has taken the place of one. */
    void replaced(String filter) {
        topics.counters().subscriptions.decrement();
        release(filter);
    }

    private void release(String filter) {
        if (uplink != null) {
            uplink.release(filter);
        }
    }

    // Questions.

    /**
     * The members that are subscribed to exactly this topic, without wildcards, each with the number of its
     * connections. Empty if there is no such topic. With a {@link Backplane}, and if {@link Builder#member} is set,
     * includes the members of all processes, and waits for the broker.
     *
     * @throws TopicException if the name is invalid, or if the broker does not answer, unless {@link Builder#goesOnAlone}: then
     *                        those of this process are returned
     */
    public Map<String, Integer> presence(String topic) {
        TopicName.levelsOfTopic(topic);
        Topic known = topics.known(topic);
        Map<String, Integer> here = known == null ? Map.of() : known.members();
        return sharesPresence() ? uplink.presence(topic, here) : here;
    }

    /** The members of other processes count only if they have names: the ids of connections are those of one process. */
    private boolean sharesPresence() {
        return uplink != null && memberOf != CONNECTION_ID;
    }

    /**
     * Adds a listener, which is notified of members that join and leave from now on, like the one that
     * {@link Builder#presenceListener} sets. It cannot be removed.
     */
    public void addPresenceListener(PresenceListener listener) {
        presence.add(Objects.requireNonNull(listener));
    }

    /**
     * The newest messages of a topic's history, at most this many, oldest first. With a {@link Backplane}, waits for
     * the broker if no connection of this process is subscribed to the topic.
     *
     * @param most 0 or more
     * @throws TopicException if the name is invalid, or if the broker does not answer, unless {@link Builder#goesOnAlone}: then
     *                        there are none
     */
    public List<Publication> history(String topic, int most) {
        Bounds.check("most", most, 0, Integer.MAX_VALUE);
        TopicName.levelsOfTopic(topic);
        Topic known = topics.known(topic);
        if (uplink != null && (known == null || !known.feed().isPrepared())) {
            return uplink.history(topic, most);
        }
        return known == null ? List.of() : known.last(most, clock.instant());
    }

    /** What a topic has done; empty if there is no such topic. */
    public Optional<TopicStatistics> statistics(String topic) {
        return Optional.ofNullable(topics.known(topic)).map(Topic::statistics);
    }

    /** What all topics together have done, and the health of the {@link Backplane}, if there is one. Does not wait. */
    public TopicTotals totals() {
        return new TopicTotals(topics.size(), topics.counters(), limits, uplink == null ? null : uplink.health());
    }

    /** The names of the topics that {@link #topicCount()} counts, in no order. A new list; there may be {@code maxTopics} names. */
    public List<String> names() {
        return topics.all().stream().map(Topic::name).toList();
    }

    /** The number of topics that have a subscriber or a history, or were used within the last minute or so. */
    public int topicCount() {
        return topics.size();
    }

    /** Builds topics. Not thread-safe. */
    public static final class Builder {
        private TopicLimits limits = TopicLimits.DEFAULT;
        private TopicAuthorizer authorizer = TopicAuthorizer.ALL;
        private Function<WebSocketConnection, String> memberOf = CONNECTION_ID;
        private @Nullable PresenceListener presenceListener;
        private Clock clock = Clock.systemUTC();
        private @Nullable Backplane backplane;
        private boolean goesOnAlone;

        private Builder() {}

        /** Sets the limits. */
        public Builder limits(TopicLimits value) {
            limits = Objects.requireNonNull(value);
            return this;
        }

        /** Sets who may subscribe and publish. Default: every connection. */
        public Builder authorizer(TopicAuthorizer value) {
            authorizer = Objects.requireNonNull(value);
            return this;
        }

        /**
         * Sets the function that names the member to whom a connection belongs, for example the user who has signed in.
         * Called when the connection first subscribes, by each thread that does so at that time; one result is used. An
         * exception that it throws reaches the caller of {@code subscribe}. Default: the connection's id, which means
         * nothing to other processes: with a {@link Backplane}, presence is then that of this process alone.
         */
        public Builder member(Function<WebSocketConnection, String> function) {
            memberOf = Objects.requireNonNull(function);
            return this;
        }

        /** Sets the listener that is notified of members that join and leave. Default: none. */
        public Builder presenceListener(PresenceListener listener) {
            presenceListener = Objects.requireNonNull(listener);
            return this;
        }

        /** Sets the clock for {@link TopicLimits#historyTime()} and {@link Publication#time()}. Default: the system's. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value);
            return this;
        }

        /**
         * Connects these topics with those of other processes by a broker. {@link #build} starts the backplane. The
         * application must close it, after its servers. Default: none.
         */
        public Builder backplane(Backplane value) {
            backplane = Objects.requireNonNull(value);
            return this;
        }

        /**
         * Sets whether this process goes on alone while the broker of the backplane is away: connections may subscribe,
         * and messages that they publish are delivered only in this process, at positions from which a client cannot
         * recover. If false, which is the default, publishing fails meanwhile, and so does subscribing to a new topic.
         */
        public Builder goesOnAlone(boolean alone) {
            goesOnAlone = alone;
            return this;
        }

        /**
         * Returns the topics. They need no thread of their own, and need not be closed. If there is a backplane, waits for its
         * first connection to the broker, for a bounded time.
         */
        public Topics build() {
            Topics topics = new Topics(this);
            if (backplane != null) {
                backplane.start(limits, topics.uplink);
            }
            return topics;
        }
    }
}
