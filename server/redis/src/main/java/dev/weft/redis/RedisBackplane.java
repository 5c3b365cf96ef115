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
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Connects the topics of several processes by one Redis server, version 5 or later, or by a Redis Cluster, version 7 or
 * later. Another server may take its place under the same address. For any thread.
 * {@snippet class = "dev.weft.redis.Snippets" region = "redis"} If topics have a history, each has a stream of at most
 * {@link TopicLimits#historyLength()} messages and {@link TopicLimits#historySize()} bytes, including the keys of latest
 * values. The stream is dropped after {@link TopicLimits#historyTime()} without a message. Redis has no bound for all
 * topics together: {@link TopicLimits#totalHistorySize()} bounds the memory of each node. A script places a message in the
 * stream and publishes it in one step. Nodes that subscribe to a topic by its name get messages by sharded pub/sub, and
 * nodes that subscribe by a filter get them by plain pub/sub; with a server that has no sharded pub/sub (before 7.0), all
 * use plain pub/sub.
 * <p>
 * After a restart of the Redis server, each topic begins with a new epoch, even if the server has restored its data,
 * because it may have lost its last messages. So Redis needs no persistence.
 * <p>
 * A cluster divides the topics among its masters, and uses sharded pub/sub for filters, too. If a master fails, the
 * topics of the others go on, and {@link #health} names it. A topic begins with a new epoch when another server gets
 * it: a replica that takes over from a master that has failed, or a master to which its slot is moved.
 */
public final class RedisBackplane implements Backplane {
    private static final Logger LOGGER = System.getLogger("dev.weft.redis");
    /** How long the head of a topic is kept after its last use, at least. */
    private static final Duration SHORTEST_KEEP = Duration.ofHours(1);
    private static final byte[] NONE = {};

    private final boolean cluster;
    private final Duration timeout;
    private final Duration nodeTimeout;
    private final Keys keys;
    private final Members members;
    private final ClientResources resources;
    private final RedisClient client;
    private final Topology topology;
    private final Routes routes;

    private final ReentrantLock lock = new ReentrantLock();
    /** Changed with the lock. */
    private final Map<RedisURI, Server> servers = new ConcurrentHashMap<>();
    private volatile boolean ended;

    private volatile TopicLimits limits = TopicLimits.DEFAULT;
    private volatile @Nullable Receiver receiver;
    private volatile Server.@Nullable Common common;
    /** Why it is not known which servers there are. */
    private volatile String unknown = "not started";
    private volatile @Nullable Thread supervisor;

    private RedisBackplane(Builder builder) {
        this.cluster = builder.cluster;
        this.timeout = builder.timeout;
        this.nodeTimeout = builder.nodeTimeout;
        this.keys = cluster ? new ClusterKeys(builder.prefix) : new ServerKeys(builder.prefix);
        this.members = new Members(keys, nodeTimeout);
        this.resources = DefaultClientResources.builder().ioThreadPoolSize(2).computationThreadPoolSize(2).build();
        this.client = RedisClient.create(resources);
        client.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
                servers.values().forEach(RedisBackplane::wakeIfDisconnected);
            }
        });
        // Lettuce would repeat commands after it has connected again, and so publish twice: a server's thread connects instead.
        client.setOptions(ClientOptions.builder().autoReconnect(false)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(SocketOptions.builder().connectTimeout(timeout).tcpNoDelay(true).build()).build());
        List<RedisURI> uris = builder.uris.stream().map(RedisURI::create).toList();
        uris.forEach(each -> each.setTimeout(timeout));
        this.topology = cluster ? new Cluster(client, uris) : links -> Map.of(uris.getFirst(), Set.of(0));
        this.routes = new Routes(keys, timeout, this::wake, () -> LockSupport.unpark(supervisor),
                () -> health().detail());
    }

    /** Returns a builder for a server, for example {@code redis://user:password@10.0.0.5:6379}, or {@code rediss:} for TLS. */
    public static Builder builder(String uri) {
        return new Builder(List.of(uri), false);
    }

    /**
     * Returns a builder for a Redis Cluster. The given servers are asked for all others, which are used with the same user,
     * password and TLS settings; one that can be reached is enough.
     */
    public static Builder clusterBuilder(String... uris) {
        if (uris.length == 0) {
            throw new IllegalArgumentException("no server of the cluster is given");
        }
        return new Builder(List.of(uris), true);
    }

    // The servers.

    @Override
    public void start(TopicLimits topicLimits, Receiver told) {
        lock.lock();
        try {
            if (receiver != null) {
                throw new IllegalStateException("a backplane is started once");
            }
            receiver = told;
            limits = topicLimits;
            common = new Server.Common(() -> ended, keys, routes, members, told, timeout, nodeTimeout, keepTime(),
                    topicLimits.historyLength() > 0);
        } finally {
            lock.unlock();
        }
        try {
            findServers();
        } catch (RuntimeException e) {
            failed(e);
        }
        long deadline = System.nanoTime() + 4 * timeout.toNanos();
        try {
            for (Server each : servers.values()) {
                each.awaitFirstAttempt(Duration.ofNanos(deadline - System.nanoTime()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            routes.begin(told);
        } finally {
            supervisor = Thread.ofVirtual().name("weft-redis").start(this::supervise);
        }
    }

    /** Looks for the servers of groups that have none. Survives any exception and error. */
    private void supervise() {
        Duration pause = Server.FIRST_PAUSE;
        while (!ended) {
            try {
                routes.tellIfAway();
                if (IntStream.range(0, keys.groups()).allMatch(routes::isPassing)) {
                    pause = Server.FIRST_PAUSE;
                    LockSupport.parkNanos(nodeTimeout.toNanos());
                } else {
                    LockSupport.parkNanos(pause.toNanos());
                    pause = Server.longer(pause);
                    findServers();
                }
            } catch (Throwable e) {
                failed(e);
            }
        }
    }

    private void failed(Throwable e) {
        unknown = String.valueOf(e.getMessage());
        Level level = e instanceof BackplaneException || e instanceof RedisException ? Level.DEBUG : Level.WARNING;
        LOGGER.log(level, "it is not known which Redis server has which topics", e);
    }

    /** Asks which server has which groups, and looks after these servers. */
    private void findServers() {
        Map<RedisURI, Set<Integer>> found = topology.read(servers.values().stream().map(Server::link)
                .filter(each -> each != null && each.isOpen()).toList());
        List<Server> added = new ArrayList<>();
        lock.lock();
        try {
            if (ended) {
                return;
            }
            Map<Integer, RedisURI> owners = new HashMap<>();
            // A server that serves a group knows better than another one whether it has it.
            servers.forEach((uri, server) -> server.groups().stream()
                    .filter(group -> routes.isPassing(group) || !contains(found, group))
                    .forEach(group -> owners.put(group, uri)));
            found.forEach((uri, groups) -> groups.forEach(group -> owners.putIfAbsent(group, uri)));
            for (RedisURI each : Set.copyOf(owners.values())) {
                if (!servers.containsKey(each)) {
                    Server server = new Server(common, each, () -> connect(each));
                    servers.put(each, server);
                    added.add(server);
                }
            }
            servers.forEach((uri, server) -> server.serve(owners.keySet().stream()
                    .filter(group -> owners.get(group).equals(uri)).collect(Collectors.toSet())));
            servers.values().removeIf(each -> each.groups().isEmpty());
        } finally {
            lock.unlock();
        }
        added.forEach(Server::start);
    }

    private static boolean contains(Map<RedisURI, Set<Integer>> found, int group) {
        return found.values().stream().anyMatch(each -> each.contains(group));
    }

    private Link connect(RedisURI uri) {
        return new Link(client, uri, timeout, cluster, new Messages());
    }

    private static void wakeIfDisconnected(Server server) {
        Link current = server.link();
        if (current != null && !current.isOpen()) {
            server.wake();
        }
    }

    private void wake(int group) {
        servers.values().stream().filter(each -> each.groups().contains(group)).forEach(Server::wake);
    }

    // Messages.

    private final class Messages implements Link.Listener {
        @Override
        public void message(Link link, byte[] channel, byte[] message) {
            received(link, channel, message);
        }

        @Override
        public void ended(Link link, byte[] channel) {
            routes.moved(link, keys.group(channel));
        }
    }

    private void received(Link link, byte[] channel, byte[] message) {
        try {
            Keys.Arrival arrival = keys.arrival(channel, message);
            routes.received(link, keys.group(arrival.topic()), () -> deliver(link, arrival.topic(), arrival.message()));
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "a message from Redis cannot be read", e);
        }
    }

    private void deliver(Link link, String topic, byte[] message) {
        try {
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
            link.close();
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
        return routes.run(message.topic(), route -> publish(message, route));
    }

    private Position publish(BackplaneMessage message, Route route) {
        Link link = route.link();
        byte[] channel = keys.channel(message.topic());
        if (limits.historyLength() == 0) {
            link.run(Script.PASS, new byte[0][], link.way(), channel, message.encode());
            return Position.of(0, 0);
        }
        List<Object> placed = link.run(Script.PLACE, keys.history(message.topic()), route.term(),
                Keys.number(newEpoch()), Keys.number(keepTime().toMillis()), Keys.number(limits.historyLength()),
                Keys.number(limits.historySize()), Keys.number(limits.historyTime().toMillis()), link.way(), channel,
                message.encode());
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

    static long parse(Object value) {
        return value instanceof Long number ? number : Long.parseLong(string(value));
    }

    static String string(Object value) {
        return new String((byte[]) value, StandardCharsets.UTF_8);
    }

    // Subscriptions and histories.

    @Override
    public void subscribe(String filter) {
        routes.subscribe(filter);
    }

    @Override
    public void unsubscribe(String filter) {
        routes.unsubscribe(filter);
    }

    @Override
    public BackplaneHistory read(String topic) {
        return routes.run(topic, route -> read(topic, null, route));
    }

    @Override
    public BackplaneHistory readAfter(String topic, Position position) {
        return routes.run(topic, route -> read(topic, position, route));
    }

    private BackplaneHistory read(String topic, @Nullable Position after, Route route) {
        List<Object> answer = route.link().run(Script.READ, keys.history(topic), route.term(),
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
            return routes.run(topic, route -> members.present(route.link(), topic, member, connections));
        } catch (BackplaneException e) {
            // If this node is given up, its next beat changes that.
            wake(keys.group(topic));
            throw e;
        }
    }

    @Override
    public Map<String, Integer> presence(String topic) {
        return routes.run(topic, route -> members.of(route.link(), topic));
    }

    /** Returns whether any server can be reached; with a cluster, the detail names those that cannot. */
    @Override
    public BackplaneHealth health() {
        String detail = ended
                ? "closed"
                : servers.isEmpty()
                        ? unknown
                        : servers.values().stream().map(Server::detail).sorted().collect(Collectors.joining("; "));
        return new BackplaneHealth(!ended && routes.isConnected(), detail);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
        } finally {
            lock.unlock();
        }
        routes.end();
        LockSupport.unpark(supervisor);
        servers.values().forEach(Server::wake);
        long deadline = System.nanoTime() + 4 * timeout.toNanos();
        try {
            for (Server each : servers.values()) {
                each.awaitEnd(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        servers.values().forEach(this::leave);
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

    private void leave(Server server) {
        Link last = server.link();
        if (last != null && last.isOpen()) {
            try {
                routes.at(last).forEach(each -> members.leave(last, each.group()));
            } catch (BackplaneException e) {
                LOGGER.log(Level.DEBUG, "the members of this node are gone only after " + nodeTimeout, e);
            }
        }
    }

    /** Builds a backplane. A method that is given a value out of bounds throws an exception that names it. Not thread-safe. */
    public static final class Builder {
        private static final Duration SHORTEST = Duration.ofMillis(10);
        private static final Duration LONGEST = Duration.ofMinutes(5);

        private final List<String> uris;
        private final boolean cluster;
        private String prefix = "weft:";
        private Duration timeout = Duration.ofSeconds(2);
        private Duration nodeTimeout = Duration.ofSeconds(10);

        private Builder(List<String> uris, boolean cluster) {
            this.uris = uris;
            this.cluster = cluster;
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
