package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.internal.time.TurnQuota;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One life of a topic. Its lock puts publications, subscriptions and their ends in one order, so that a subscriber that asks
 * for what it has missed gets each message once. Nothing under the lock waits for a peer. A topic that nobody needs is retired,
 * and does nothing from then on: who still has it gets {@code null}, and takes the next one.
 */
final class Topic {
    /** What has become of a subscription. */
    enum Start {
        BEGUN,
        /** Nothing, because the connection has ended, or is being closed. */
        OVER,
        /** Nothing, because this topic is retired. */
        RETIRED
    }

    private final String name;
    private final List<String> levels;
    private final TopicLimits limits;
    private final TopicCounters counters;
    private final Members presence;
    /** What comes from the backplane, if there is one. */
    private final @Nullable Feed feed;
    private final SubscriberSet subscribers = new SubscriberSet();

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private long epoch = ThreadLocalRandom.current().nextLong();
    private final History history;
    /** The members, with the number of their connections. */
    private final Map<String, Integer> members = new TreeMap<>();
    private long offset;
    private long published;
    private long delivered;
    private long undelivered;
    private Instant usedAt;
    private boolean retired;
    /** The position of the last message that was delivered on this node alone. */
    private @Nullable Position apart;

    Topic(String name, List<String> levels, TopicLimits limits, TopicCounters counters, Members presence, Instant now,
            @Nullable Uplink uplink) {
        this.name = name;
        this.levels = levels;
        this.limits = limits;
        this.counters = counters;
        this.presence = presence;
        this.history = new History(limits, counters.historySize);
        this.usedAt = now;
        this.feed = uplink == null ? null : new Feed(uplink, this);
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
            offset++;
            Publication publication = new Publication(name, position(), now, key, message);
            history.dropOlderThan(now.minus(limits.historyTime()));
            history.add(publication);
            deliver(publication, filters, now, false);
            return position();
        } finally {
            lock.unlock();
        }
    }

    private void deliver(Publication publication, FilterTree filters, Instant now, boolean more) {
        usedAt = now;
        published++;
        counters.published.increment();
        deliver(publication, subscriberSets(filters), more);
    }

    private void deliver(Publication publication, List<SubscriberSet> sets, boolean more) {
        Delivery delivery = new Delivery(publication, more);
        delivery.run(sets);
        count(delivery);
    }

    private void count(Delivery delivery) {
        delivered += delivery.accepted();
        undelivered += delivery.refused();
        counters.delivered.add(delivery.accepted());
        counters.undelivered.add(delivery.refused());
    }

    /** The most exact first. */
    private List<SubscriberSet> subscriberSets(FilterTree filters) {
        List<SubscriberSet> sets = new ArrayList<>(2);
        sets.add(subscribers);
        filters.addMatching(levels, sets);
        return sets;
    }

    private List<SubscriberSet> filterSets(FilterTree filters) {
        List<SubscriberSet> sets = new ArrayList<>(2);
        filters.addMatching(levels, sets);
        return sets;
    }

    /** Begins a subscription, with what it asks for from the history. If that fails, the topic has nothing of it. */
    Start subscribe(Subscription added, String member, Instant now) {
        lock.lock();
        try {
            if (retired) {
                return Start.RETIRED;
            }
            usedAt = now;
            history.dropOlderThan(now.minus(limits.historyTime()));
            SubscribeOptions options = added.options();
            List<Publication> first = options.last() > 0 ? history.last(options.last()) : List.of();
            Recovery recovery = Recovery.NOT_REQUESTED;
            Position since = options.since();
            if (since != null) {
                List<Publication> missed = since.epoch() == epoch ? history.after(since.offset()) : null;
                recovery = missed == null ? Recovery.IMPOSSIBLE : Recovery.COMPLETE;
                first = missed == null ? List.of() : missed;
            }
            added.begin(recovery, position(), first);
            replay(first, added);
            if (!added.isActive()) {
                return Start.OVER;
            }
            add(added, member);
            return Start.BEGUN;
        } finally {
            lock.unlock();
        }
    }

    private void replay(List<Publication> missed, Subscription added) {
        int spent = 0;
        for (int i = 0; i < missed.size(); i++) {
            if (!added.isActive()) {
                return;
            }
            Delivery delivery = Delivery.ofHistory(missed.get(i), i == 0, i < missed.size() - 1);
            spent = TurnQuota.spend(spent, delivery.to(added));
            count(delivery);
        }
    }

    private void add(Subscription added, String member) {
        Subscription replaced = subscribers.add(added);
        if (replaced != null) {
            replaced.end();
            return;
        }
        boolean entered = false;
        try {
            enter(member);
            entered = true;
        } finally {
            if (!entered) {
                subscribers.remove(added);
            }
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

    // With a backplane.

    List<String> levels() {
        return levels;
    }

    Feed feed() {
        return feed;
    }

    /**
     * Delivers a message that has come from the broker. This topic is not retired: its feed is in use.
     *
     * @param more whether another one has come already
     */
    void receive(BackplaneMessage message, FilterTree filters, Instant now, boolean more) {
        lock.lock();
        try {
            Position place = message.place();
            Position position = place == null ? new Position(epoch, offset + 1) : place;
            Publication publication = new Publication(message, position);
            history.dropOlderThan(now.minus(limits.historyTime()));
            // If this fails, for example without memory, nobody has got the message, and it is missing at this position.
            deliver(publication, filters, now, more);
            epoch = position.epoch();
            offset = position.offset();
            remember(publication);
        } finally {
            lock.unlock();
        }
    }

    /** If this fails, nothing is kept, so that nobody recovers without the message. */
    private void remember(Publication publication) {
        boolean kept = false;
        try {
            history.add(publication);
            kept = true;
        } finally {
            if (!kept) {
                history.restart(offset);
            }
        }
    }

    /** Takes over the history of the broker, and delivers nothing of it. */
    void begin(BackplaneHistory known) {
        lock.lock();
        try {
            epoch = known.newest().epoch();
            offset = known.newest().offset();
            keep(known);
        } finally {
            lock.unlock();
        }
    }

    /** Takes over what the broker has up to the position of this topic; false if that is in another epoch. */
    boolean fill(BackplaneHistory known) {
        lock.lock();
        try {
            if (known.newest().epoch() != epoch) {
                return false;
            }
            keep(known);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void keep(BackplaneHistory known) {
        history.restart(Math.min(Feed.before(known).offset(), offset));
        for (BackplaneMessage each : known.messages()) {
            if (each.place().offset() <= offset) {
                history.add(new Publication(each, each.place()));
            }
        }
    }

    /**
     * Delivers a message that the history has already to subscribers of filters alone, and with it what follows it there.
     * Returns the offset that they have reached.
     */
    long passToFilters(BackplaneMessage message, FilterTree filters) {
        lock.lock();
        try {
            List<SubscriberSet> sets = filterSets(filters);
            Position position = message.place();
            List<Publication> following = history.after(position.offset());
            deliver(new Publication(message, position), sets, false);
            if (following == null) {
                // They arrive, too.
                return position.offset();
            }
            following.forEach(each -> deliver(each, sets, false));
            return offset;
        } finally {
            lock.unlock();
        }
    }

    /** Tells all subscribers that something is missing, and continues after it. */
    void skipTo(Position resumed, FilterTree filters) {
        lock.lock();
        try {
            Gap gap = new Gap(name, position(), resumed);
            epoch = resumed.epoch();
            offset = resumed.offset();
            history.restart(offset);
            Set<WebSocketConnection> noticed = new HashSet<>();
            for (SubscriberSet each : subscriberSets(filters)) {
                SubscriberSet.forEachConnection(List.of(each), it -> {
                    tell(gap, it, noticed);
                    return TurnQuota.FRAME;
                });
            }
        } finally {
            lock.unlock();
        }
    }

    /** A connection gets one notice, even if another one of its subscriptions wants none. */
    private void tell(Gap gap, Subscription subscription, Set<WebSocketConnection> noticed) {
        if (subscription.options().gapNotice() == null || noticed.add(subscription.connection())) {
            subscription.tell(gap);
            counters.gaps.increment();
        }
    }

    /**
     * Delivers a message on this node alone, while the broker is away. It has a position of its own, which leads to no
     * recovery. Returns {@code null} if this topic is retired.
     */
    @Nullable
    Position publishApart(PreparedMessage message, @Nullable String key, FilterTree filters, Instant now) {
        lock.lock();
        try {
            if (retired) {
                return null;
            }
            apart = apart == null
                    ? new Position(ThreadLocalRandom.current().nextLong(), 1)
                    : new Position(apart.epoch(), apart.offset() + 1);
            deliver(new Publication(name, apart, now, key, message), filters, now, false);
            return apart;
        } finally {
            lock.unlock();
        }
    }

    Position newest() {
        lock.lock();
        try {
            return position();
        } finally {
            lock.unlock();
        }
    }

    /** Whether it is at this position, or beyond. */
    boolean hasReached(Position position) {
        Position newest = newest();
        return newest.epoch() == position.epoch() && newest.offset() >= position.offset();
    }

    boolean hasSubscribers() {
        return subscribers.size() > 0;
    }

    // Presence.

    private void enter(String member) {
        int count = members.merge(member, 1, Integer::sum);
        tell(member, count - 1, count);
    }

    private void leave(String member) {
        Integer left = members.computeIfPresent(member, (key, count) -> count == 1 ? null : count - 1);
        int count = left == null ? 0 : left;
        tell(member, count + 1, count);
    }

    private void tell(String member, int before, int connections) {
        try {
            presence.changed(name, member, before, connections);
        } catch (Throwable e) {
            // The subscription has begun or ended nevertheless.
            TopicFailures.failed("the presence of topic", name, e);
        }
    }

    /** Tells once more who is there, and may be known. */
    void tellMembers() {
        lock.lock();
        try {
            members.forEach((member, count) -> presence.changed(name, member, count, count));
        } finally {
            lock.unlock();
        }
    }

    private Position position() {
        return new Position(epoch, offset);
    }

    /**
     * Drops what is too old, and retires this topic, for good, if nobody has needed it since that time. Returns whether it is
     * retired. Does not wait: a topic whose lock is held is needed.
     */
    boolean sweep(Instant now, Instant unusedSince) {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            history.dropOlderThan(now.minus(limits.historyTime()));
            if (history.isEmpty() && subscribers.size() == 0 && usedAt.isBefore(unusedSince)) {
                retired |= feed == null || feed.retire();
            }
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
            return new TopicStatistics(subscribers.size(), published, delivered, undelivered, history.length(),
                    history.size());
        } finally {
            lock.unlock();
        }
    }
}
