package dev.weft.topics;

import dev.weft.WebSocketConnection;
import dev.weft.internal.Prefetch;
import dev.weft.internal.time.TurnQuota;
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
     * Does something for each connection that is in one of several sets at least, in turns that let other threads have theirs.
     *
     * @param action returns the number of bytes to count with {@link TurnQuota}
     */
    static void forEachConnection(List<SubscriberSet> sets, ToIntFunction<Subscription> action) {
        Set<WebSocketConnection> seen = sets.size() == 1 ? Set.of() : new HashSet<>();
        int spent = 0;
        for (int i = 0; i < sets.size(); i++) {
            // The last set is usually the largest, and nobody asks who was in it.
            boolean isLast = i == sets.size() - 1;
            SubscriberSet set = sets.get(i);
            Subscription[] all = set.snapshot();
            for (int at = 0; at < all.length; at++) {
                if (at % Prefetch.GROUP == 0) {
                    prefetch(all, at);
                }
                Subscription current = set.current(all[at]);
                if (current != null && (isLast
                        ? !seen.contains(current.connection())
                        : seen.add(current.connection()))) {
                    spent = TurnQuota.spend(spent, action.applyAsInt(current));
                }
            }
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
        if (seen.isActive()) {
            return seen;
        }
        lock.lock();
        try {
            Subscription current = byConnection.get(seen.connection());
            return current != null && current.isActive() ? current : null;
        } finally {
            lock.unlock();
        }
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
