package dev.weft.topics;

import dev.weft.topics.TopicException.Reason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** A connection with its subscriptions. Its lock is taken before that of a topic. */
final class Subscriber {
    private final Topics topics;
    private final String member;
    private final int most;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Map<String, Subscription> byFilter = new LinkedHashMap<>();
    private boolean ended;

    Subscriber(Topics topics, String member, int most) {
        this.topics = topics;
        this.member = member;
        this.most = most;
    }

    /** Begins a subscription. If that fails, or the connection is not open, nothing of it is left. */
    void add(Subscription added) {
        String filter = added.filter();
        lock.lock();
        try {
            if (ended) {
                return;
            }
            if (byFilter.size() >= most && !byFilter.containsKey(filter)) {
                throw new TopicException(Reason.TOO_MANY_SUBSCRIPTIONS,
                        "the connection has " + most + " subscriptions already");
            }
            // First, because it may fail without memory, and must not fail once the topic knows the subscription.
            Subscription before = byFilter.put(filter, added);
            boolean begun = false;
            try {
                begun = topics.begin(added, member);
            } finally {
                if (!begun) {
                    added.end();
                    restore(filter, before);
                } else if (before != null) {
                    topics.replaced(filter);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void restore(String filter, Subscription before) {
        if (before == null) {
            byFilter.remove(filter);
        } else {
            byFilter.put(filter, before);
        }
    }

    boolean remove(String filter) {
        lock.lock();
        try {
            Subscription removed = byFilter.remove(filter);
            if (removed != null) {
                topics.end(removed, member);
            }
            return removed != null;
        } finally {
            lock.unlock();
        }
    }

    /** The connection has ended. */
    void end() {
        lock.lock();
        try {
            ended = true;
            byFilter.values().forEach(this::end);
            byFilter.clear();
        } finally {
            lock.unlock();
        }
    }

    private void end(Subscription subscription) {
        try {
            topics.end(subscription, member);
        } catch (Throwable e) {
            // The others must end too.
            TopicFailures.failed("the end of the subscription to", subscription.filter(), e);
        }
    }

    boolean hasEnded() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    List<String> filters() {
        lock.lock();
        try {
            return List.copyOf(byFilter.keySet());
        } finally {
            lock.unlock();
        }
    }
}
