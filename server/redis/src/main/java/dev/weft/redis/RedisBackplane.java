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
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
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

    private final boolean cluster;
    private final Duration timeout;
    private final Duration nodeTimeout;
    private final Keys keys;
    private final Members members;
    private final ClientResources resources;
    private final RedisClient client;
    private final Routes routes;
    private final Servers servers;

    private final ReentrantLock lock = new ReentrantLock();
    /** Set by the start, with the lock. */
    private volatile @Nullable MessageStore messages;

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
                servers.disconnected();
            }
        });
        // Lettuce would repeat commands after it has connected again, and so publish twice: a server's thread connects instead.
        client.setOptions(ClientOptions.builder().autoReconnect(false)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(SocketOptions.builder().connectTimeout(timeout).tcpNoDelay(true).build()).build());
        List<RedisURI> uris = builder.uris.stream().map(RedisURI::create).toList();
        uris.forEach(each -> each.setTimeout(timeout));
        Topology topology = cluster ? new Cluster(client, uris) : links -> Map.of(uris.getFirst(), Set.of(0));
        this.routes = new Routes(keys, timeout, this::wake, this::lookAgain, () -> health().detail());
        this.servers = new Servers(topology, routes, keys.groups(), nodeTimeout);
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

    @Override
    public void start(TopicLimits limits, Receiver receiver) {
        MessageStore its = new MessageStore(keys, limits);
        lock.lock();
        try {
            if (messages != null) {
                throw new IllegalStateException("a backplane is started once");
            }
            messages = its;
        } finally {
            lock.unlock();
        }
        Server.Common common = new Server.Common(servers::hasEnded, keys, routes, members, receiver, timeout,
                nodeTimeout, its.keepTime(), its.arePlaced());
        Incoming incoming = new Incoming(keys, routes, members, its, receiver);
        servers.start(uri -> new Server(common, uri, () -> new Link(client, uri, timeout, cluster, incoming)),
                timeout.multipliedBy(4));
        try {
            routes.begin(receiver);
        } finally {
            servers.supervise();
        }
    }

    private void wake(int group) {
        servers.wake(group);
    }

    private void lookAgain() {
        servers.lookAgain();
    }

    @Override
    public Position publish(BackplaneMessage message) {
        return routes.run(message.topic(), route -> messages.publish(message, route));
    }

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
        return routes.run(topic, route -> messages.read(topic, null, route));
    }

    @Override
    public BackplaneHistory readAfter(String topic, Position position) {
        return routes.run(topic, route -> messages.read(topic, position, route));
    }

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
        return new BackplaneHealth(!servers.hasEnded() && routes.isConnected(), servers.detail());
    }

    @Override
    public void close() {
        if (!servers.end()) {
            return;
        }
        routes.end();
        servers.awaitEnd(timeout.multipliedBy(4));
        servers.forEachLink(this::leave);
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

    private void leave(Link link) {
        try {
            routes.at(link).forEach(each -> members.leave(link, each.group()));
        } catch (BackplaneException e) {
            LOGGER.log(Level.DEBUG, "the members of this node are gone only after " + nodeTimeout, e);
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
