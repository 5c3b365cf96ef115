package dev.weft.topics;

import dev.weft.WebSocketConnection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
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
            added.begin(Recovery.NOT_REQUESTED, added.start());
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

    /** The active subscription that has replaced one of this set, or {@code null}. */
    @Nullable
    Subscription successor(Subscription replaced) {
        lock.lock();
        try {
            Subscription current = byConnection.get(replaced.connection());
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
