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
     * Adds and begins a subscription, and returns the one that it replaces. A publication that begins after the greeting was sent
     * finds the subscription; it waits at {@link #snapshot()} until then, so nothing is sent before the greeting.
     */
    @Nullable
    Subscription begin(Subscription added) {
        lock.lock();
        try {
            Subscription replaced = add(added);
            added.begin(Recovery.NOT_REQUESTED, added.start(), 0);
            return replaced;
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
