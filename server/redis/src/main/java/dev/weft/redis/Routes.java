package dev.weft.redis;

import dev.weft.topics.Backplane.Receiver;
import dev.weft.topics.BackplaneException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which connection serves each group of topics, and what this node is subscribed to. For any thread.
 * <p>
 * A group has no route while its server is away, or while nobody knows which server has it. When it gets one, the node is told
 * that messages may be missing. Messages that arrive earlier are dropped: they are before that notice. Those that arrive
 * meanwhile wait.
 */
final class Routes {
    /** Between two attempts at what a server refuses while a slot moves. */
    private static final Duration PAUSE = Duration.ofMillis(10);

    private final Keys keys;
    private final Duration timeout;
    /** Is called when something needs a group that has no working route. Does not wait. */
    private final IntConsumer wanted;
    /** Is called when a group has lost its route; {@link #tellIfAway} is to be called then. Does not wait. */
    private final Runnable incomplete;
    /** Says why there is no route. */
    private final Supplier<String> detail;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Changed with the lock. */
    private final AtomicReferenceArray<@Nullable Route> routes;
    // Guarded by the lock.
    private final Set<String> filters = new LinkedHashSet<>();
    /** The number of filters for each pattern: it is subscribed as long as one of them is wanted. */
    private final Map<String, Integer> patterns = new HashMap<>();
    /** The groups that are moving from one server to another, and the time until which this is worth waiting for. */
    private final Map<Integer, Long> moving = new HashMap<>();

    /** Held while the node is told something, so that this happens in order. Taken before the other lock. */
    private final ReentrantLock telling = new ReentrantLock();
    // Guarded by it.
    private @Nullable Receiver receiver;
    private boolean away;

    /** Changed with the lock. */
    private volatile boolean ended;

    Routes(Keys keys, Duration timeout, IntConsumer wanted, Runnable incomplete, Supplier<String> detail) {
        this.keys = keys;
        this.timeout = timeout;
        this.wanted = wanted;
        this.incomplete = incomplete;
        this.detail = detail;
        this.routes = new AtomicReferenceArray<>(keys.groups());
    }

    // What the node is told. Not with the lock: the node may end connections by that, and so subscriptions.

    /** The first connections were tried. The node is told what happens from now on. */
    void begin(Receiver told) {
        telling.lock();
        try {
            receiver = told;
            tellIfAway();
        } finally {
            telling.unlock();
        }
    }

    /** Tells the node if no group is served any more. */
    void tellIfAway() {
        telling.lock();
        try {
            if (!away && receiver != null && !ended && !isConnected()) {
                away = true;
                receiver.away();
            }
        } finally {
            telling.unlock();
        }
    }

    /** Members of these groups, and messages, may be missing. */
    private void tellLoss(Set<Integer> groups) {
        telling.lock();
        try {
            if (away) {
                away = false;
                receiver.back();
            } else if (receiver != null) {
                receiver.lost(topic -> groups.contains(keys.group(topic)));
            }
        } finally {
            telling.unlock();
        }
    }

    /** Others have given up this node in a group. */
    void forgotten(Route route) {
        tellLoss(Set.of(route.group()));
    }

    /** Something has arrived on a connection, about a topic of this group. It is dropped if it is not for the node. */
    void received(Link link, int group, Runnable delivery) {
        Route route = routes.get(group);
        if (route != null && route.link() == link) {
            route.receive(delivery);
        }
    }

    /** Whether a connection serves a group. */
    boolean isPassing(Link link, int group) {
        Route route = routes.get(group);
        return route != null && route.link() == link && route.isPassing();
    }

    /** Whether a group is served. */
    boolean isPassing(int group) {
        Route route = routes.get(group);
        return route != null && route.isPassing();
    }

    /** Whether any group is served. */
    boolean isConnected() {
        return groups().anyMatch(this::isPassing);
    }

    private IntStream groups() {
        return IntStream.range(0, keys.groups());
    }

    // Routes.

    /** The routes of a connection. */
    List<Route> at(Link link) {
        return groups().mapToObj(routes::get).filter(each -> each != null && each.link() == link).toList();
    }

    /** Subscribes to what the node wants, and then passes messages. Waits until that is confirmed. */
    void open(Collection<Route> opening) {
        Map<Route, List<Future<Void>>> subscribed = new HashMap<>();
        lock.lock();
        try {
            if (ended) {
                throw BackplaneException.notDone("closed");
            }
            for (Route each : opening) {
                // From now on, those who subscribe do it there.
                routes.set(each.group(), each);
                subscribed.put(each, filters.stream().filter(filter -> isIn(each.group(), filter))
                        .map(filter -> subscribe(each, filter)).toList());
            }
        } finally {
            lock.unlock();
        }
        subscribed.forEach(this::confirm);
        List<Route> opened = opening.stream().filter(each -> routes.get(each.group()) == each).toList();
        if (!opened.isEmpty()) {
            pass(opened);
        }
    }

    private void pass(List<Route> opened) {
        telling.lock();
        try {
            opened.forEach(Route::hold);
            tellLoss(opened.stream().map(Route::group).collect(Collectors.toSet()));
            opened.forEach(Route::pass);
        } finally {
            telling.unlock();
        }
        lock.lock();
        try {
            opened.forEach(each -> moving.remove(each.group()));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void confirm(Route route, List<Future<Void>> subscribed) {
        try {
            subscribed.forEach(route.link()::await);
        } catch (BackplaneException e) {
            if (!Link.isElsewhere(e)) {
                throw e;
            }
            moved(route);
        }
    }

    /** A connection is over. */
    void close(Link link) {
        lock.lock();
        try {
            at(link).forEach(each -> routes.set(each.group(), null));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        incomplete.run();
        tellIfAway();
    }

    /** The server does not have the group any more, or not as before. Who needs it waits for another route for a while. */
    void moved(Route route) {
        lock.lock();
        try {
            if (routes.compareAndSet(route.group(), route, null)) {
                moving.put(route.group(), System.nanoTime() + timeout.toNanos());
            }
        } finally {
            lock.unlock();
        }
        incomplete.run();
        wanted.accept(route.group());
    }

    /** The server has ended a subscription. */
    void moved(Link link, int group) {
        Route route = routes.get(group);
        if (route != null && route.link() == link) {
            moved(route);
        }
    }

    /**
     * Does something that is about a topic, and again if the server refuses it because a slot moves. Waits for what is done, and
     * before that for a slot that moves, each for the timeout at most.
     *
     * @throws BackplaneException if it cannot be done, or not in time
     */
    <T> T run(String topic, Function<Route, T> action) {
        int group = keys.group(topic);
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            Route route = await(group, deadline);
            try {
                return action.apply(route);
            } catch (BackplaneException e) {
                if (!Link.isElsewhere(e) || System.nanoTime() - deadline > 0) {
                    throw e;
                }
                if (Link.isMoved(e)) {
                    moved(route);
                } else {
                    LockSupport.parkNanos(PAUSE.toNanos());
                }
            }
        }
    }

    private Route await(int group, long deadline) {
        Route route = routes.get(group);
        if (isOpen(route)) {
            return route;
        }
        lock.lock();
        try {
            while (true) {
                route = routes.get(group);
                if (isOpen(route)) {
                    return route;
                }
                long now = System.nanoTime();
                Long limit = moving.get(group);
                if (limit == null || limit - now <= 0 || deadline - now <= 0) {
                    wanted.accept(group);
                    throw BackplaneException.notDone("not connected to Redis: " + detail.get());
                }
                changed.awaitNanos(Math.min(limit - now, deadline - now));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw BackplaneException.notDone("interrupted while waiting for Redis", e);
        } finally {
            lock.unlock();
        }
    }

    private static boolean isOpen(@Nullable Route route) {
        return route != null && route.link().isOpen();
    }

    // Subscriptions.

    /** Waits until the servers have confirmed it: for a filter with wildcards, those that can be reached. */
    void subscribe(String filter) {
        Map<Route, List<Future<Void>>> subscribed = new HashMap<>();
        lock.lock();
        try {
            if (filters.add(filter) && Keys.hasWildcard(filter)) {
                patterns.merge(keys.pattern(filter), 1, Integer::sum);
            }
            // Even if another filter has the same pattern: that one may not be confirmed yet.
            groups().filter(group -> isIn(group, filter)).mapToObj(routes::get).filter(Routes::isOpen)
                    .forEach(each -> subscribed.put(each, List.of(subscribe(each, filter))));
        } finally {
            lock.unlock();
        }
        subscribed.forEach(this::confirm);
        if (!Keys.hasWildcard(filter)) {
            // If its slot is moving, it is subscribed as soon as there is another route.
            run(filter, route -> route);
        } else if (subscribed.isEmpty()) {
            wanted.accept(0);
            throw BackplaneException.notDone("not connected to Redis: " + detail.get());
        }
    }

    private Future<Void> subscribe(Route route, String filter) {
        return route.link().subscribe(keys.subscription(filter, route.group()));
    }

    private boolean isIn(int group, String filter) {
        return Keys.hasWildcard(filter) || keys.group(filter) == group;
    }

    /** Does not wait. */
    void unsubscribe(String filter) {
        lock.lock();
        try {
            if (filters.remove(filter) && isLastOfItsPattern(filter)) {
                groups().filter(group -> isIn(group, filter)).mapToObj(routes::get).filter(Routes::isOpen)
                        .forEach(each -> each.link().unsubscribe(keys.subscription(filter, each.group())));
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

    /** The topics that are subscribed by their names, in groups of this connection. */
    List<String> topics(Link link) {
        lock.lock();
        try {
            List<String> topics = new ArrayList<>();
            for (String each : filters) {
                Route route = Keys.hasWildcard(each) ? null : routes.get(keys.group(each));
                if (route != null && route.link() == link) {
                    topics.add(each);
                }
            }
            return topics;
        } finally {
            lock.unlock();
        }
    }

    /** Opens no route any more, and says nothing to the node. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
