package dev.weft.topics;

import dev.weft.PreparedMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One life of a topic. Its lock puts publications, subscriptions and their ends in one order, so that a subscriber that asks for
 * what it has missed gets each message once. Nothing under the lock waits for a peer. A topic that nobody needs is retired, and
 * does nothing from then on: who still has it gets {@code null}, and takes the next one.
 */
final class Topic {
    private final String name;
    private final List<String> levels;
    private final TopicLimits limits;
    private final Presence presence;
    private final SubscriberSet subscribers = new SubscriberSet();

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final long epoch = ThreadLocalRandom.current().nextLong();
    private final History history;
    /** The members, with the number of their connections. */
    private final Map<String, Integer> members = new TreeMap<>();
    private long offset;
    private long delivered;
    private long undelivered;
    private Instant usedAt;
    private boolean retired;

    Topic(String name, List<String> levels, TopicLimits limits, AtomicLong totalHistorySize, Presence presence,
            Instant now) {
        this.name = name;
        this.levels = levels;
        this.limits = limits;
        this.presence = presence;
        this.history = new History(limits, totalHistorySize);
        this.usedAt = now;
    }

    String name() {
        return name;
    }

    /** Publishes a message, perhaps the latest value of a key; {@code null} if this topic is retired. */
    @Nullable
    Position publish(PreparedMessage message, @Nullable String key, FilterTree filters, Instant now) {
        lock.lock();
        try {
            if (retired) {
                return null;
            }
            usedAt = now;
            offset++;
            Publication publication = new Publication(name, position(), now, message);
            history.dropOlderThan(now.minus(limits.historyTime()));
            history.add(publication);
            List<SubscriberSet> sets = new ArrayList<>(2);
            sets.add(subscribers);
            filters.addMatching(levels, sets);
            Delivery delivery = new Delivery(publication, key);
            try {
                delivery.run(sets);
            } finally {
                delivered += delivery.accepted();
                undelivered += delivery.refused();
            }
            return publication.position();
        } finally {
            lock.unlock();
        }
    }

    /** Begins a subscription, with what it asks for from the history; false if this topic is retired. */
    boolean subscribe(Subscription added, String member, Instant now) {
        lock.lock();
        try {
            if (retired) {
                return false;
            }
            usedAt = now;
            history.dropOlderThan(now.minus(limits.historyTime()));
            SubscribeOptions options = added.options();
            List<Publication> first = options.last() > 0 ? history.last(options.last()) : List.of();
            Recovery recovery = Recovery.NOT_REQUESTED;
            Position since = options.since();
            if (since != null) {
                List<Publication> missed = since.epoch() == epoch ? history.after(since.offset(), offset) : null;
                recovery = missed == null ? Recovery.IMPOSSIBLE : Recovery.COMPLETE;
                first = missed == null ? List.of() : missed;
            }
            added.begin(recovery, position(), first.size());
            for (Publication each : first) {
                if (added.isActive()) {
                    new Delivery(each, null).to(added);
                }
            }
            Subscription replaced = subscribers.add(added);
            if (replaced == null) {
                enter(member);
            } else {
                replaced.end();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    void unsubscribe(Subscription removed, String member, Instant now) {
        lock.lock();
        try {
            usedAt = now;
            if (subscribers.remove(removed)) {
                leave(member);
            }
        } finally {
            lock.unlock();
        }
    }

    private void enter(String member) {
        if (members.merge(member, 1, Integer::sum) == 1) {
            presence.changed(name, member, true);
        }
    }

    private void leave(String member) {
        if (members.computeIfPresent(member, (key, count) -> count == 1 ? null : count - 1) == null) {
            presence.changed(name, member, false);
        }
    }

    private Position position() {
        return new Position(epoch, offset);
    }

    /** Drops what is too old, and retires this topic if nobody has needed it since that time. Returns whether it is retired. */
    boolean sweep(Instant now, Instant unusedSince) {
        lock.lock();
        try {
            history.dropOlderThan(now.minus(limits.historyTime()));
            retired = history.isEmpty() && subscribers.size() == 0 && usedAt.isBefore(unusedSince);
            return retired;
        } finally {
            lock.unlock();
        }
    }

    /** The members, with the number of their connections. */
    Map<String, Integer> members() {
        lock.lock();
        try {
            return new TreeMap<>(members);
        } finally {
            lock.unlock();
        }
    }

    /** The newest messages, at most this many, oldest first. */
    List<Publication> last(int count, Instant now) {
        lock.lock();
        try {
            history.dropOlderThan(now.minus(limits.historyTime()));
            return history.last(count);
        } finally {
            lock.unlock();
        }
    }

    TopicStatistics statistics() {
        lock.lock();
        try {
            return new TopicStatistics(subscribers.size(), offset, delivered, undelivered, history.length(),
                    history.size());
        } finally {
            lock.unlock();
        }
    }
}
