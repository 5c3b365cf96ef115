package dev.weft.redis;

import dev.weft.topics.BackplaneException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The servers that have topics of this node, and a thread that looks for the servers of groups that have none. For any thread.
 */
final class Servers {
    private static final Logger LOGGER = System.getLogger("dev.weft.redis");

    private final Topology topology;
    private final Routes routes;
    private final int groups;
    private final Duration longestPause;

    private final ReentrantLock lock = new ReentrantLock();
    /** Changed with the lock. */
    private final Map<RedisURI, Server> servers = new ConcurrentHashMap<>();
    /** Changed with the lock. */
    private volatile boolean ended;
    /** Why it is not known which servers there are. */
    private volatile String unknown = "not started";
    private volatile @Nullable Function<RedisURI, Server> creator;
    private volatile @Nullable Thread supervisor;

    /** @param longestPause after which the thread looks even if nobody has {@linkplain #lookAgain asked} it to */
    Servers(Topology topology, Routes routes, int groups, Duration longestPause) {
        this.topology = topology;
        this.routes = routes;
        this.groups = groups;
        this.longestPause = longestPause;
    }

    /** Looks for the servers. Waits for the first attempt to connect to each, for this time at most, and a few times the timeout. */
    void start(Function<RedisURI, Server> newServer, Duration time) {
        creator = newServer;
        try {
            find();
        } catch (RuntimeException e) {
            failed(e);
        }
        await(time, Server::awaitFirstAttempt);
    }

    /** Begins to look for the servers of groups that have none. */
    void supervise() {
        supervisor = Thread.ofVirtual().name("weft-redis").start(this::run);
    }

    /** Survives any exception and error. */
    private void run() {
        Duration pause = Server.FIRST_PAUSE;
        while (!ended) {
            try {
                routes.tellIfAway();
                if (IntStream.range(0, groups).allMatch(routes::isPassing)) {
                    pause = Server.FIRST_PAUSE;
                    LockSupport.parkNanos(longestPause.toNanos());
                } else {
                    LockSupport.parkNanos(pause.toNanos());
                    pause = Server.longer(pause);
                    find();
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
    private void find() {
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
            found.forEach((uri, its) -> its.forEach(group -> owners.putIfAbsent(group, uri)));
            for (RedisURI each : Set.copyOf(owners.values())) {
                if (!servers.containsKey(each)) {
                    Server server = creator.apply(each);
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

    /** A group may have lost its server. Does not wait. */
    void lookAgain() {
        LockSupport.unpark(supervisor);
    }

    /** The server of this group may have something to do. Does not wait. */
    void wake(int group) {
        servers.values().stream().filter(each -> each.groups().contains(group)).forEach(Server::wake);
    }

    /** A connection is over. Does not wait. */
    void disconnected() {
        for (Server each : servers.values()) {
            Link link = each.link();
            if (link != null && !link.isOpen()) {
                each.wake();
            }
        }
    }

    boolean hasEnded() {
        return ended;
    }

    /** Which servers are connected, and what is wrong with the others. */
    String detail() {
        if (ended) {
            return "closed";
        }
        return servers.isEmpty()
                ? unknown
                : servers.values().stream().map(Server::detail).sorted().collect(Collectors.joining("; "));
    }

    /** Connects to no server any more. Does not wait. Returns false if it had ended. */
    boolean end() {
        lock.lock();
        try {
            if (ended) {
                return false;
            }
            ended = true;
        } finally {
            lock.unlock();
        }
        return true;
    }

    /** Waits for the threads of the servers, for this time at most. */
    void awaitEnd(Duration time) {
        lookAgain();
        servers.values().forEach(Server::wake);
        await(time, Server::awaitEnd);
    }

    private interface Wait {
        void await(Server server, Duration time) throws InterruptedException;
    }

    private void await(Duration time, Wait wait) {
        long deadline = System.nanoTime() + time.toNanos();
        try {
            for (Server each : servers.values()) {
                wait.await(each, Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Calls this for each open connection. */
    void forEachLink(Consumer<Link> action) {
        for (Server each : servers.values()) {
            Link link = each.link();
            if (link != null && link.isOpen()) {
                action.accept(link);
            }
        }
    }
}
