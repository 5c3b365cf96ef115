package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.topics.TopicException.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Topics within one process: each message that is published to a topic is sent to all connections that are subscribed to it, of
 * any server and any client. For any thread.
 * {@snippet class = "dev.weft.topics.Snippets" region = "topics"}
 * <b>Names.</b> The name of a topic has 1 to 255 characters and 1 to 16 levels, separated by slashes, such as {@code room/42}.
 * No level is empty, and there are no control characters. A filter is such a name in which a level may be {@code *}, which
 * matches any one level, and the last level may be {@code #}, which matches one or more.
 * <p>
 * <b>Order.</b> All subscribers of a topic get its messages in the same order, that of their {@linkplain Position positions}.
 * There is no order between topics. A connection that is subscribed by several filters gets a message once.
 * <p>
 * <b>Slow subscribers.</b> Publishing never waits for a peer: it uses {@link WebSocketConnection#trySend(PreparedMessage)}, so a
 * message is sent at once or queued, and the connection's limits and {@link dev.weft.OverflowPolicy} apply. {@link
 * SubscribeOptions#closesWhenBehind} says what happens if the connection refuses it. Publishing waits only while other threads publish to the same topic.
 * <p>
 * <b>Ends.</b> A subscription ends with its connection, however that ends. A topic without subscribers, whose history is empty,
 * is forgotten after a minute or more; if it is used again, it begins with a new epoch.
 */
public final class Topics {
    /** How often histories are checked, at most. */
    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(5);
    private static final Duration UNUSED = Duration.ofMinutes(1);

    private final TopicLimits limits;
    private final TopicAuthorizer authorizer;
    private final Function<WebSocketConnection, String> memberOf;
    private final Presence presence;
    private final Clock clock;

    private final Map<String, Topic> topics = new ConcurrentHashMap<>();
    private final FilterTree filters = new FilterTree();
    private final Map<WebSocketConnection, Subscriber> subscribers = new ConcurrentHashMap<>();
    private final AtomicLong historySize = new AtomicLong();
    private final AtomicReference<Instant> sweptAt;

    private Topics(Builder builder) {
        this.limits = builder.limits;
        this.authorizer = builder.authorizer;
        this.memberOf = builder.memberOf;
        this.presence = new Presence(builder.presenceListener);
        this.clock = builder.clock;
        this.sweptAt = new AtomicReference<>(clock.instant());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    // Publishing.

    /**
     * Publishes a message in the name of the application. Does not wait for peers.
     *
     * @return the position of the message
     * @throws TopicException if the name is invalid, or there are too many topics; the message is not published
     */
    public Position publish(String topic, PreparedMessage message) {
        return publish(topic, null, message);
    }

    private Position publish(String topic, @Nullable String key, PreparedMessage message) {
        List<String> levels = TopicName.levelsOfTopic(topic);
        Objects.requireNonNull(message);
        while (true) {
            Topic current = topic(topic, levels);
            Position position = current.publish(message, key, filters, clock.instant());
            if (position != null) {
                return position;
            }
            topics.remove(topic, current);
        }
    }

    /**
     * Publishes a value, of which a subscriber needs only the newest for each key: where the previous value of the key still
     * waits to be sent, this one takes its place ({@link dev.weft.SendQueue}). Otherwise like {@link #publish(String,
     * PreparedMessage)}. A history keeps all values.
     */
    public Position publishLatest(String topic, String key, PreparedMessage message) {
        return publish(topic, Objects.requireNonNull(key), message);
    }

    /** Publishes a text message in the name of the application, like {@link #publish(String, PreparedMessage)}. */
    public Position publish(String topic, String text) {
        return publish(topic, PreparedMessage.text(text));
    }

    /**
     * Publishes a message in the name of a connection, if it may.
     *
     * @return the position of the message
     * @throws TopicException if it may not, the name is invalid, or there are too many topics; the message is not published
     */
    public Position publish(WebSocketConnection from, String topic, PreparedMessage message) {
        TopicName.levelsOfTopic(topic);
        if (!authorizer.mayPublish(from, topic)) {
            throw new TopicException(Reason.NOT_AUTHORIZED, "not allowed to publish to this topic");
        }
        return publish(topic, message);
    }

    // Subscribing.

    /** Subscribes a connection to messages that are published from now on, like the method with options. */
    public Subscription subscribe(WebSocketConnection connection, String topic) {
        return subscribe(connection, topic, SubscribeOptions.DEFAULT);
    }

    /**
     * Subscribes a connection to a topic. If it is already subscribed to it, that subscription ends, and this one takes its
     * place. Does not wait for peers.
     *
     * @return the subscription, which is not active if the connection has ended
     * @throws TopicException if the connection may not subscribe, the name is invalid or has wildcards, or there are too many
     *                        subscriptions or topics; nothing is changed
     */
    public Subscription subscribe(WebSocketConnection connection, String topic, SubscribeOptions options) {
        return subscribe(connection, topic, TopicName.levelsOfTopic(topic), options);
    }

    /**
     * Subscribes a connection to all topics that match a filter, otherwise like {@link #subscribe}. If clients choose the
     * filter, the {@link TopicAuthorizer} has to see to it that it does not match what they may not see.
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
        subscriber(connection).add(added);
        return added;
    }

    /** Ends a connection's subscription to this filter. Returns whether there was one. A message under way may still be sent. */
    public boolean unsubscribe(WebSocketConnection connection, String filter) {
        Subscriber subscriber = subscribers.get(connection);
        return subscriber != null && subscriber.remove(filter);
    }

    /** The filters to which a connection is subscribed. */
    public List<String> subscriptions(WebSocketConnection connection) {
        Subscriber subscriber = subscribers.get(connection);
        return subscriber == null ? List.of() : subscriber.filters();
    }

    private Subscriber subscriber(WebSocketConnection connection) {
        Subscriber known = subscribers.get(connection);
        if (known != null) {
            return known;
        }
        Subscriber made = new Subscriber(this, memberOf.apply(connection), limits.maxSubscriptionsPerConnection());
        Subscriber other = subscribers.putIfAbsent(connection, made);
        if (other != null) {
            return other;
        }
        connection.onClose(status -> {
            subscribers.remove(connection);
            made.end();
        });
        return made;
    }

    /** For a subscriber, whose lock is held. */
    void begin(Subscription added, String member) {
        if (TopicName.hasWildcard(added.levels())) {
            Subscription replaced = filters.begin(added);
            if (replaced != null) {
                replaced.end();
            }
            return;
        }
        Topic topic = topic(added.filter(), added.levels());
        while (!topic.subscribe(added, member, clock.instant())) {
            topics.remove(added.filter(), topic);
            topic = topic(added.filter(), added.levels());
        }
    }

    /** For a subscriber. */
    void end(Subscription removed, String member) {
        removed.end();
        if (TopicName.hasWildcard(removed.levels())) {
            filters.remove(removed);
            return;
        }
        Topic topic = topics.get(removed.filter());
        if (topic != null) {
            topic.unsubscribe(removed, member, clock.instant());
        }
    }

    // Topics.

    private Topic topic(String name, List<String> levels) {
        sweepIfDue();
        Topic known = topics.get(name);
        if (known != null) {
            return known;
        }
        if (topics.size() >= limits.maxTopics()) {
            sweep(clock.instant(), clock.instant());
            if (topics.size() >= limits.maxTopics()) {
                throw new TopicException(Reason.TOO_MANY_TOPICS, "there are " + limits.maxTopics() + " topics already");
            }
        }
        return topics.computeIfAbsent(name,
                key -> new Topic(name, levels, limits, historySize, presence, clock.instant()));
    }

    private void sweepIfDue() {
        Instant now = clock.instant();
        Instant last = sweptAt.get();
        if (now.isAfter(last.plus(SWEEP_INTERVAL)) && sweptAt.compareAndSet(last, now)) {
            Thread.ofVirtual().name("weft-topics-sweep").start(() -> sweep(now, now.minus(UNUSED)));
        }
    }

    private void sweep(Instant now, Instant unusedSince) {
        for (Topic topic : topics.values()) {
            if (topic.sweep(now, unusedSince)) {
                topics.remove(topic.name(), topic);
            }
        }
    }

    // Questions.

    /**
     * The members that are subscribed to exactly this topic, without wildcards, each with the number of its connections. Empty
     * if there is no such topic.
     */
    public Map<String, Integer> presence(String topic) {
        Topic known = topics.get(topic);
        return known == null ? Map.of() : known.members();
    }

    /**
     * Adds a listener, which is told of members that come and go from now on, like the one that {@link
     * Builder#presenceListener} sets. It stays for as long as these topics.
     */
    public void addPresenceListener(PresenceListener listener) {
        presence.add(Objects.requireNonNull(listener));
    }

    /** The newest messages that a topic has, at most this many, oldest first. */
    public List<Publication> history(String topic, int most) {
        Topic known = topics.get(topic);
        return known == null ? List.of() : known.last(most, clock.instant());
    }

    /** What a topic has done; empty if there is no such topic. */
    public Optional<TopicStatistics> statistics(String topic) {
        return Optional.ofNullable(topics.get(topic)).map(Topic::statistics);
    }

    /** The number of topics that have a subscriber or a history, or were used within the last minute or so. */
    public int topicCount() {
        return topics.size();
    }

    /** Builds topics. Not thread-safe. */
    public static final class Builder {
        private TopicLimits limits = TopicLimits.DEFAULT;
        private TopicAuthorizer authorizer = TopicAuthorizer.ALL;
        private Function<WebSocketConnection, String> memberOf = connection -> Long.toString(connection.id());
        private @Nullable PresenceListener presenceListener;
        private Clock clock = Clock.systemUTC();

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
         * Sets the function that names the member to whom a connection belongs, for example the user who has signed in. Called
         * once for each connection, when it first subscribes. Default: the connection's id.
         */
        public Builder member(Function<WebSocketConnection, String> function) {
            memberOf = Objects.requireNonNull(function);
            return this;
        }

        /** Sets who is told of members that come and go. Default: nobody. */
        public Builder presenceListener(PresenceListener listener) {
            presenceListener = Objects.requireNonNull(listener);
            return this;
        }

        /** Sets the clock for {@link TopicLimits#historyTime()} and {@link Publication#time()}. Default: the system's. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value);
            return this;
        }

        /** Returns the topics. They need no thread of their own, and need not be closed. */
        public Topics build() {
            return new Topics(this);
        }
    }
}
