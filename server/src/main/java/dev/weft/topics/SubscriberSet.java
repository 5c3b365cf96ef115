package dev.weft.topics;

import dev.weft.WebSocketConnection;
import dev.weft.internal.Prefetch;
import dev.weft.internal.time.TurnQuota;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions to one topic or filter, at most one for each connection. For any thread. Who publishes goes through a
 * {@link #snapshot()}, which is made at the first publication after a change: it costs far less than the publication.
 */
final class SubscriberSet {
    private static final Subscription[] NONE = {};

    private final ReentrantLock lock = new ReentrantLock();
    private final Map<WebSocketConnection, Subscription> byConnection = new LinkedHashMap<>();
    private volatile Subscription @Nullable [] snapshot = NONE;

    /** Adds a subscription and returns the one that it replaces. */
    @Nullable
    Subscription add(Subscription added) {
        lock.lock();
        try {
            snapshot = null;
            return byConnection.put(added.connection(), added);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Begins a subscription without history, and adds it. Who publishes waits meanwhile in {@link #snapshot()}: so whatever is
     * published once the greeting was sent follows the greeting. Ends the subscription that this one replaces.
     *
     * @return false if the connection is over: then nothing is changed
     */
    boolean begin(Subscription added) {
        lock.lock();
        try {
            snapshot = null;
            added.begin(Recovery.NOT_REQUESTED, added.start(), List.of());
            if (!added.isActive()) {
                return false;
            }
            Subscription replaced = add(added);
            if (replaced != null) {
                replaced.end();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Does something for each connection that is in one of several sets at least, with its subscription in the first of them, in
     * turns that let other threads have theirs.
     *
     * @param action returns the number of bytes to count with {@link TurnQuota}
     */
    static void forEachConnection(List<SubscriberSet> sets, ToIntFunction<Subscription> action) {
        List<Subscription[]> snapshots = new ArrayList<>(sets.size());
        // The first set is usually the largest, and nobody has to ask whether it comes first.
        boolean isFirst = true;
        Set<WebSocketConnection> left = sets.size() == 1 ? Set.of() : new HashSet<>();
        for (SubscriberSet set : sets) {
            Subscription[] all = set.snapshot();
            snapshots.add(all);
            if (!isFirst) {
                for (Subscription each : all) {
                    left.add(each.connection());
                }
            }
            isFirst &= all.length == 0;
        }
        isFirst = true;
        int spent = 0;
        for (int i = 0; i < sets.size(); i++) {
            SubscriberSet set = sets.get(i);
            Subscription[] all = snapshots.get(i);
            for (int at = 0; at < all.length; at++) {
                if (at % Prefetch.GROUP == 0) {
                    prefetch(all, at);
                }
                Subscription current = set.current(all[at]);
                if (current != null && (!left.isEmpty() && left.remove(current.connection()) || isFirst)) {
                    spent = TurnQuota.spend(spent, action.applyAsInt(current));
                }
            }
            isFirst &= all.length == 0;
        }
    }

    private static void prefetch(Subscription[] all, int from) {
        int loaded = 0;
        for (int i = from; i < Math.min(from + Prefetch.GROUP, all.length); i++) {
            loaded += (all[i].isActive() ? 1 : 0) + Prefetch.load(all[i].connection());
        }
        Prefetch.finish(loaded);
    }

    /** This subscription of a snapshot if it is active, or else the active one that has replaced it, or {@code null}. */
    private @Nullable Subscription current(Subscription seen) {
        return seen.isActive() ? seen : of(seen.connection());
    }

    /** Removes a subscription, unless another one has replaced it. Returns whether it was there. */
    boolean remove(Subscription removed) {
        lock.lock();
        try {
            snapshot = null;
            return byConnection.remove(removed.connection(), removed);
        } finally {
            lock.unlock();
        }
    }

    /** The subscription of a connection if it is active, or else {@code null}. */
    @Nullable
    Subscription of(WebSocketConnection connection) {
        lock.lock();
        try {
            Subscription current = byConnection.get(connection);
            return current != null && current.isActive() ? current : null;
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return byConnection.size();
        } finally {
            lock.unlock();
        }
    }

    /** The subscriptions, in the order in which their connections subscribed. Not to be changed. */
    Subscription[] snapshot() {
        Subscription[] known = snapshot;
        if (known != null) {
            return known;
        }
        lock.lock();
        try {
            Subscription[] made = byConnection.values().toArray(NONE);
            snapshot = made;
            return made;
        } finally {
            lock.unlock();
        }
    }
}
