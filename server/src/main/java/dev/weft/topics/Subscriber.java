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

    void add(Subscription added) {
        lock.lock();
        try {
            if (ended) {
                return;
            }
            if (byFilter.size() >= most && !byFilter.containsKey(added.filter())) {
                throw new TopicException(Reason.TOO_MANY_SUBSCRIPTIONS,
                        "the connection has " + most + " subscriptions already");
            }
            topics.begin(added, member);
            if (byFilter.put(added.filter(), added) != null) {
                topics.release(added.filter());
            }
        } finally {
            lock.unlock();
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
            byFilter.values().forEach(each -> topics.end(each, member));
            byFilter.clear();
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
