package dev.weft.redis;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import dev.weft.topics.BackplaneHealth;
import dev.weft.topics.BackplaneHistory;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.Position;
import dev.weft.topics.TopicLimits;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Connects the topics of several processes by one Redis server, version 5 or later. Another server may take its place
 * under the same address. For any thread. {@snippet class = "dev.weft.redis.Snippets" region = "redis"} If topics have
 * a history, each has a stream of at most {@link TopicLimits#historyLength()} messages and
 * {@link TopicLimits#historySize()} bytes, including the keys of latest values. The stream is dropped after
 * {@link TopicLimits#historyTime()} without a message. Redis has no bound for all topics together:
 * {@link TopicLimits#totalHistorySize()} bounds the memory of each node. A script places a message in the stream and
 * publishes it in one step. Nodes that subscribe to a topic by its name get messages by sharded pub/sub, and nodes that
 * subscribe by a filter get them by plain pub/sub; with a server that has no sharded pub/sub (before 7.0), all use
 * plain pub/sub.
 * <p>
 * After a restart of the Redis server, each topic begins with a new epoch, even if the server has restored its data,
 * because it may have lost its last messages. So Redis needs no persistence. Redis Cluster is not supported.
 */
public final class RedisBackplane implements Backplane {
    private static final Logger LOGGER = System.getLogger("dev.weft.redis");
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
    /** How long the head of a topic is kept after its last use, at least. */
    private static final Duration SHORTEST_KEEP = Duration.ofHours(1);
    private static final byte[] NONE = {};

    private final RedisURI uri;
    private final Duration timeout;
    private final Duration nodeTimeout;
    private final Keys keys;
    private final Members members;
    private final ClientResources resources;
    private final RedisClient client;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by the lock; the link is also read without it.
    private final Set<String> filters = new LinkedHashSet<>();
    /** The number of filters for each pattern: it is subscribed as long as one of them is wanted. */
    private final Map<String, Integer> patterns = new HashMap<>();
    private volatile @Nullable Link link;
    private boolean ended;

    private volatile TopicLimits limits = TopicLimits.DEFAULT;
    private volatile @Nullable Receiver receiver;
    private volatile boolean connected;
    private volatile String detail = "not started";
    private @Nullable Thread supervisor;
    // For the supervisor's thread.
    private Duration pause = FIRST_PAUSE;
    private long keepAt = System.nanoTime();

    private RedisBackplane(Builder builder) {
        this.uri = RedisURI.create(builder.uri);
        this.timeout = builder.timeout;
        this.nodeTimeout = builder.nodeTimeout;
        this.keys = new Keys(builder.prefix);
        this.members = new Members(keys, nodeTimeout);
        uri.setTimeout(timeout);
        this.resources = DefaultClientResources.builder().ioThreadPoolSize(2).computationThreadPoolSize(2).build();
        this.client = RedisClient.create(resources);
        client.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
                wakeSupervisor();
            }
        });
        // Lettuce would repeat commands after it has connected again, and so publish twice: the supervisor connects instead.
        client.setOptions(ClientOptions.builder().autoReconnect(false)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(SocketOptions.builder().connectTimeout(timeout).tcpNoDelay(true).build()).build());
    }

    /** Returns a builder for a server, for example {@code redis://user:password@10.0.0.5:6379}, or {@code rediss:} for TLS. */
    public static Builder builder(String uri) {
        return new Builder(uri);
    }

    // The connection.

    @Override
    public void start(TopicLimits topicLimits, Receiver told) {
        lock.lock();
        try {
            if (receiver != null) {
                throw new IllegalStateException("a backplane is started once");
            }
            receiver = told;
            limits = topicLimits;
        } finally {
            lock.unlock();
        }
        try {
            connect();
        } catch (RuntimeException e) {
            failed(e);
            told.away();
        }
        supervisor = Thread.ofVirtual().name("weft-redis").start(this::supervise);
    }

    /** Survives any exception and error. */
    private void supervise() {
        while (true) {
            try {
                if (isEnded()) {
                    return;
                }
                lookAfterLink();
            } catch (Throwable e) {
                // Even handling a failure can fail, for example while there is no memory.
            }
        }
    }

    private void lookAfterLink() {
        try {
            Link current = link;
            if (current == null) {
                connect();
                receiver.back();
                pause = FIRST_PAUSE;
            } else {
                current.ping();
                if (members.beat(current, receiver)) {
                    // The others believed that this node was dead.
                    receiver.back();
                }
                if (System.nanoTime() - keepAt > 0) {
                    keepHeads(current);
                    keepAt = System.nanoTime() + keepTime().toNanos() / 4;
                }
            }
        } catch (Throwable e) {
            try {
                if (failed(e)) {
                    receiver.away();
                }
            } finally {
                await(pause);
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            }
            return;
        }
        await(nodeTimeout.dividedBy(6).compareTo(timeout) < 0 ? nodeTimeout.dividedBy(6) : timeout);
    }

    private boolean isEnded() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    /** Waits, unless the connection is lost, or this is closed. */
    private void await(Duration time) {
        lock.lock();
        try {
            if (!ended && (link == null || link.isOpen())) {
                changed.awaitNanos(time.toNanos());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void connect() {
        Link made = new Link(client, uri, timeout, keys, new Messages());
        try {
            List<Future<Void>> subscribed = new ArrayList<>();
            lock.lock();
            try {
                filters.forEach(each -> subscribed.add(made.subscribe(each)));
                if (ended) {
                    throw BackplaneException.notDone("closed");
                }
                link = made;
            } finally {
                lock.unlock();
            }
            subscribed.forEach(made::await);
            members.beat(made, receiver);
        } catch (Throwable e) {
            made.close();
            link = null;
            throw e;
        }
        connected = true;
        detail = "connected to " + uri.getHost() + ":" + uri.getPort()
                + (made.isSharded() ? "" : ", which has no sharded pub/sub");
    }

    /** Returns whether there was a connection. */
    private boolean failed(Throwable e) {
        Link failed = link;
        link = null;
        boolean was = connected;
        connected = false;
        if (failed != null) {
            failed.close();
        }
        detail = String.valueOf(e.getMessage());
        Level level = e instanceof BackplaneException || e instanceof RedisException ? Level.DEBUG : Level.WARNING;
        LOGGER.log(level, "no connection to Redis", e);
        return was;
    }

    private Link link() {
        Link current = link;
        if (current == null || !current.isOpen()) {
            wakeSupervisor();
            throw BackplaneException.notDone("not connected to Redis: " + detail);
        }
        return current;
    }

    private void wakeSupervisor() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // Messages.

    /** Called on a thread of Lettuce. */
    private final class Messages extends RedisPubSubAdapter<byte[], byte[]> {
        @Override
        public void message(byte[] channel, byte[] message) {
            received(channel, message);
        }

        @Override
        public void message(byte[] pattern, byte[] channel, byte[] message) {
            received(channel, message);
        }

        @Override
        public void smessage(byte[] channel, byte[] message) {
            received(channel, message);
        }
    }

    private void received(byte[] channel, byte[] message) {
        try {
            String topic = keys.topic(channel);
            if (Members.isNotice(message)) {
                members.noticed(topic, message, receiver);
                return;
            }
            if (limits.historyLength() == 0) {
                receiver.received(BackplaneMessage.decode(topic, message));
                return;
            }
            int first = colon(message, 0);
            int second = colon(message, first + 1);
            long epoch = Long.parseLong(text(message, 0, first));
            long offset = Long.parseLong(text(message, first + 1, second));
            receiver.received(BackplaneMessage.decode(topic, Arrays.copyOfRange(message, second + 1, message.length))
                    .at(Position.of(epoch, offset), offset - 1));
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "a message from Redis cannot be read", e);
        } catch (Error e) {
            // The message is lost. After the next connection, every topic is compared.
            Link current = link;
            if (current != null) {
                current.close();
            }
            throw e;
        }
    }

    private static int colon(byte[] message, int from) {
        for (int i = from; i < message.length; i++) {
            if (message[i] == ':') {
                return i;
            }
        }
        throw new IllegalArgumentException("it has no position");
    }

    private static String text(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.US_ASCII);
    }

    @Override
    public Position publish(BackplaneMessage message) {
        Link current = link();
        byte[] channel = keys.channel(message.topic());
        if (limits.historyLength() == 0) {
            if (current.isSharded()) {
                current.run(Script.PASS, new byte[][]{channel}, message.encode());
            } else {
                current.publish(channel, message.encode());
            }
            return Position.of(0, 0);
        }
        List<Object> placed = current.run(Script.PLACE, keys.history(message.topic()), current.runId(),
                Keys.number(newEpoch()), Keys.number(keepTime().toMillis()), Keys.number(limits.historyLength()),
                Keys.number(limits.historySize()), Keys.number(limits.historyTime().toMillis()), current.publishing(),
                channel, message.encode());
        return Position.of(parse(placed.get(0)), parse(placed.get(1)));
    }

    private static long newEpoch() {
        return ThreadLocalRandom.current().nextLong();
    }

    /** How long the head of a topic is kept after its last use. */
    private Duration keepTime() {
        Duration twice = limits.historyTime().multipliedBy(2);
        return twice.compareTo(SHORTEST_KEEP) > 0 ? twice : SHORTEST_KEEP;
    }

    /** Without its head, a topic begins anew. So those that this node follows are kept, even if nothing is published. */
    private void keepHeads(Link current) {
        List<String> followed;
        lock.lock();
        try {
            followed = List.copyOf(filters);
        } finally {
            lock.unlock();
        }
        if (limits.historyLength() > 0) {
            followed.stream().filter(each -> !Keys.hasWildcard(each))
                    .forEach(each -> current.keep(keys.head(each), keepTime()));
        }
    }

    static long parse(Object value) {
        return value instanceof Long number ? number : Long.parseLong(string(value));
    }

    static String string(Object value) {
        return new String((byte[]) value, StandardCharsets.UTF_8);
    }

    // Subscriptions and histories.

    @Override
    public void subscribe(String filter) {
        Link current;
        Future<Void> confirmed;
        lock.lock();
        try {
            if (filters.add(filter) && Keys.hasWildcard(filter)) {
                patterns.merge(keys.pattern(filter), 1, Integer::sum);
            }
            current = link();
            // Even if another filter has the same pattern: that one may not be confirmed yet.
            confirmed = current.subscribe(filter);
        } finally {
            lock.unlock();
        }
        current.await(confirmed);
    }

    @Override
    public void unsubscribe(String filter) {
        lock.lock();
        try {
            Link current = link;
            if (filters.remove(filter) && isLastOfItsPattern(filter) && current != null && current.isOpen()) {
                current.unsubscribe(filter);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Counts the end of a filter. Called with the lock. */
    private boolean isLastOfItsPattern(String filter) {
        return !Keys.hasWildcard(filter)
                || patterns.computeIfPresent(keys.pattern(filter),
                        (key, count) -> count == 1 ? null : count - 1) == null;
    }

    @Override
    public BackplaneHistory read(String topic) {
        return read(topic, null);
    }

    @Override
    public BackplaneHistory readAfter(String topic, Position position) {
        return read(topic, position);
    }

    private BackplaneHistory read(String topic, @Nullable Position after) {
        Link current = link();
        List<Object> answer = current.run(Script.READ, keys.history(topic), current.runId(),
                Keys.number(newEpoch()), Keys.number(keepTime().toMillis()),
                Keys.number(limits.historyLength()), Keys.number(limits.historySize()),
                after == null ? NONE : Keys.number(after.epoch()),
                Keys.number(after == null ? 0 : after.offset() + 1));
        Position newest = Position.of(parse(answer.get(0)), parse(answer.get(1)));
        List<BackplaneMessage> messages = new ArrayList<>();
        for (Object each : (List<?>) answer.get(2)) {
            List<?> entry = (List<?>) each;
            String id = string(entry.get(0));
            long offset = Long.parseLong(id.substring(0, id.indexOf('-')));
            messages.add(BackplaneMessage.decode(topic, (byte[]) ((List<?>) entry.get(1)).get(1))
                    .at(Position.of(newest.epoch(), offset), offset - 1));
        }
        boolean complete = after == null || after.epoch() == newest.epoch() && after.offset() == (messages.isEmpty()
                ? newest.offset()
                : messages.getFirst().previous());
        return new BackplaneHistory(newest, messages, complete);
    }

    // Presence.

    @Override
    public boolean present(String topic, String member, int connections) {
        try {
            return members.present(link(), topic, member, connections);
        } catch (BackplaneException e) {
            // If this node is given up, its next beat changes that.
            wakeSupervisor();
            throw e;
        }
    }

    @Override
    public Map<String, Integer> presence(String topic) {
        return members.of(link(), topic);
    }

    @Override
    public BackplaneHealth health() {
        return new BackplaneHealth(connected, detail);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            if (supervisor != null) {
                supervisor.join(timeout.multipliedBy(4));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Link last = link;
        if (last != null) {
            try {
                members.leave(last);
            } catch (BackplaneException e) {
                LOGGER.log(Level.DEBUG, "the members of this node are gone only after " + nodeTimeout, e);
            }
        }
        connected = false;
        detail = "closed";
        try {
            // Closes the connections; what they run on may end only after that.
            client.shutdownAsync(0, timeout.toMillis(), TimeUnit.MILLISECONDS).get(2 * timeout.toMillis(),
                    TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.log(Level.DEBUG, "the connections to Redis are not closed in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        resources.shutdown(0, timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Builds a backplane. A method that is given a value out of bounds throws an exception that names it. Not thread-safe. */
    public static final class Builder {
        private static final Duration SHORTEST = Duration.ofMillis(10);
        private static final Duration LONGEST = Duration.ofMinutes(5);

        private final String uri;
        private String prefix = "weft:";
        private Duration timeout = Duration.ofSeconds(2);
        private Duration nodeTimeout = Duration.ofSeconds(10);

        private Builder(String uri) {
            this.uri = Objects.requireNonNull(uri);
        }

        /**
         * Sets the prefix of the names of all keys and channels, without braces. Nodes that use the same Redis with the
         * same prefix form a group. Default {@code weft:}.
         */
        public Builder prefix(String value) {
            if (value.contains("{") || value.contains("}")) {
                throw new IllegalArgumentException("prefix has a brace: " + value);
            }
            prefix = value;
            return this;
        }

        /** Sets how long each operation waits for Redis: 10 ms to 5 minutes. Default 2 seconds. */
        public Builder timeout(Duration time) {
            timeout = checked("timeout", time);
            return this;
        }

        /**
         * Sets the time without a heartbeat after which a node counts as dead, and its members as gone: 10 ms to 5 minutes. All
         * nodes should have the same value. Default 10 seconds.
         */
        public Builder nodeTimeout(Duration time) {
            nodeTimeout = checked("nodeTimeout", time);
            return this;
        }

        private static Duration checked(String name, Duration time) {
            if (time.compareTo(SHORTEST) < 0 || time.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(name + " is " + time + ", not " + SHORTEST + " to " + LONGEST);
            }
            return time;
        }

        /**
         * Returns the backplane, for one {@link dev.weft.topics.Topics}. It connects only when the topics are built.
         */
        public RedisBackplane build() {
            return new RedisBackplane(this);
        }
    }
}
