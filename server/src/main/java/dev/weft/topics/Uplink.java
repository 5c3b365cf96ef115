package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.topics.TopicException.Reason;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Connects the topics of this process to a backplane: subscribes to what its connections want, and to nothing else. */
final class Uplink implements Backplane.Receiver {
    private static final Logger LOGGER = System.getLogger("dev.weft.topics");

    /** That connections of this node want a topic or filter. Its lock is taken after that of a subscriber. */
    private static final class Interest {
        final ReentrantLock lock = new ReentrantLock();
        // Guarded by the lock.
        int subscriptions;
        /** Changed with the lock. */
        volatile boolean over;
    }

    /** How many histories are read at a time. More would wait at the broker, and those at the end would time out there. */
    private static final int MOST_READS = 64;
    /** How many topics are compared at a time. When the broker is back, all are, and others must not wait for all of them. */
    private static final int MOST_COMPARISONS = MOST_READS / 2;

    private final Backplane backplane;
    private final boolean goesOnAlone;
    private final TopicTable topics;
    private final FilterTree filters;
    private final boolean placing;
    private final long publisher = ThreadLocalRandom.current().nextLong();
    private final AtomicLong numbers = new AtomicLong();
    private final Map<String, Interest> interests = new ConcurrentHashMap<>();
    private final Presence presence;
    private final SharedPresence members;
    private final Semaphore reads = new Semaphore(MOST_READS, true);
    private final Semaphore comparisons = new Semaphore(MOST_COMPARISONS, true);
    private volatile boolean away;
    /** Whether a filter with wildcards was ever wanted. From then on, a message may come more than once. */
    private volatile boolean overlapping;

    Uplink(Backplane backplane, boolean goesOnAlone, TopicTable topics, FilterTree filters, Presence presence) {
        this.backplane = backplane;
        this.goesOnAlone = goesOnAlone;
        this.topics = topics;
        this.filters = filters;
        this.placing = topics.limits().historyLength() > 0;
        this.presence = presence;
        this.members = new SharedPresence(this, presence);
    }

    // Publishing.

    /** Publishes on all nodes, or on this one alone if the broker is away and the application has chosen so. */
    Position publish(String topic, PreparedMessage message, @Nullable String key) {
        BackplaneMessage published = new BackplaneMessage(topic, key, message, now(), publisher,
                numbers.incrementAndGet());
        try {
            return backplane.publish(published);
        } catch (BackplaneException e) {
            if (!goesOnAlone || e.isUncertain()) {
                throw new TopicException(e);
            }
            return publishApart(topic, message, key);
        } catch (IllegalArgumentException e) {
            throw new TopicException(Reason.MESSAGE_TOO_LARGE, e.getMessage());
        }
    }

    private Position publishApart(String name, PreparedMessage message, @Nullable String key) {
        while (true) {
            Topic topic = topics.get(name, TopicName.levelsOfTopic(name));
            Position position = topic.publishApart(message, key, filters, now());
            if (position != null) {
                return position;
            }
            topics.remove(topic);
        }
    }

    // What this node wants.

    /** A connection wants a topic or filter. If it is the first one, waits until the broker has confirmed it. */
    void want(String filter) {
        while (!want(filter, interests.computeIfAbsent(filter, key -> new Interest()))) {
            Thread.onSpinWait();
        }
    }

    private boolean want(String filter, Interest interest) {
        interest.lock.lock();
        try {
            if (interest.over) {
                return false;
            }
            if (interest.subscriptions == 0) {
                begin(filter, interest);
            }
            interest.subscriptions++;
            return true;
        } finally {
            interest.lock.unlock();
        }
    }

    private void begin(String filter, Interest interest) {
        if (TopicName.hasWildcard(TopicName.levelsOfFilter(filter))) {
            // First: it brings messages before a connection is subscribed to it.
            overlapping = true;
        }
        boolean begun = false;
        try {
            backplane.subscribe(filter);
            begun = true;
        } catch (BackplaneException e) {
            if (!goesOnAlone) {
                throw new TopicException(e);
            }
            begun = true;
        } finally {
            if (!begun) {
                end(filter, interest);
            }
        }
    }

    /** A connection does not want it any more. */
    void release(String filter) {
        Interest interest = interests.get(filter);
        interest.lock.lock();
        try {
            if (--interest.subscriptions == 0) {
                end(filter, interest);
            }
        } finally {
            interest.lock.unlock();
        }
    }

    /** A connection that wants the filter again waits meanwhile: another interest must not begin before this one is over. */
    private void end(String filter, Interest interest) {
        interest.over = true;
        try {
            backplane.unsubscribe(filter);
        } catch (Throwable e) {
            TopicFailures.failed("the end of the backplane's subscription to", filter, e);
        }
        if (TopicName.hasWildcard(TopicName.levelsOfFilter(filter))) {
            topics.all().forEach(this::lapse);
        } else {
            Topic topic = topics.known(filter);
            if (topic != null) {
                lapse(topic);
            }
        }
        interests.remove(filter, interest);
    }

    private void lapse(Topic topic) {
        topic.feed().lapse(() -> isWanted(topic.name(), topic.levels()));
    }

    /**
     * Whether connections of this node want messages of this topic. An interest that is ending counts no more: if two end at the
     * same time, neither must leave it to the other to find that the topic is not wanted.
     */
    private boolean isWanted(String topic, List<String> levels) {
        Interest interest = interests.get(topic);
        return interest != null && !interest.over || filters.matches(levels);
    }

    /** Brings a topic that is wanted up to date, and at least to this position, if any. Waits for the broker. */
    void prepare(Topic topic, @Nullable Position since) {
        try {
            topic.feed().prepare(since);
        } catch (BackplaneException e) {
            if (!goesOnAlone) {
                throw new TopicException(e);
            }
            topic.feed().suspect();
            topic.feed().wake();
        }
    }

    /** The newest messages of a topic that this node does not follow, within the limits. Waits for the broker. */
    List<Publication> history(String topic, int most) {
        if (!placing) {
            return List.of();
        }
        try {
            History kept = new History(topics.limits(), new AtomicLong());
            read(topic).messages().forEach(each -> kept.add(new Publication(each, each.place())));
            kept.dropOlderThan(now().minus(topics.limits().historyTime()));
            return kept.last(most);
        } catch (BackplaneException e) {
            if (!goesOnAlone) {
                throw new TopicException(e);
            }
            return List.of();
        }
    }

    // For feeds.

    BackplaneHistory read(String topic) {
        return reading(() -> backplane.read(topic));
    }

    BackplaneHistory readAfter(String topic, Position position) {
        return reading(() -> backplane.readAfter(topic, position));
    }

    private BackplaneHistory reading(Supplier<BackplaneHistory> request) {
        reads.acquireUninterruptibly();
        try {
            return request.get();
        } finally {
            reads.release();
        }
    }

    /** Compares a topic when it is its turn. */
    void compare(Runnable comparison) {
        comparisons.acquireUninterruptibly();
        try {
            comparison.run();
        } finally {
            comparisons.release();
        }
    }

    boolean isPlacing() {
        return placing;
    }

    boolean isAway() {
        return away;
    }

    /** Whether what has failed may be tried again now. If not, {@link #back} follows, unless the backplane was closed. */
    boolean isConnected() {
        return !away && backplane.health().connected();
    }

    /** Whether the subscriptions of this node may overlap, or have done so. */
    boolean isOverlapping() {
        return overlapping;
    }

    BackplaneHealth health() {
        return backplane.health();
    }

    FilterTree filters() {
        return filters;
    }

    Instant now() {
        return topics.clock().instant();
    }

    /** All topics of this node. */
    Collection<Topic> topics() {
        return topics.all();
    }

    void failed(String topic, Throwable failure) {
        Level level = failure instanceof BackplaneException ? Level.DEBUG : Level.WARNING;
        LOGGER.log(level, "what topic " + topic + " gets from the backplane cannot be delivered yet", failure);
    }

    // Presence.

    Members members() {
        return members;
    }

    boolean present(String topic, String member, int connections) {
        return backplane.present(topic, member, connections);
    }

    Map<String, Integer> presence(String topic, Map<String, Integer> here) {
        try {
            return backplane.presence(topic);
        } catch (BackplaneException e) {
            if (!goesOnAlone) {
                throw new TopicException(e);
            }
            return here;
        }
    }

    // Called by the backplane.

    @Override
    public void received(BackplaneMessage message) {
        String name = message.topic();
        try {
            List<String> levels = TopicName.levelsOfTopic(name);
            if (isWanted(name, levels)) {
                Topic topic = topics.get(name, levels);
                while (!topic.feed().received(message)) {
                    topics.remove(topic);
                    topic = topics.get(name, levels);
                }
            }
        } catch (TopicException e) {
            LOGGER.log(Level.WARNING, "a message of another node is dropped: " + e.getMessage());
            if (e.reason() == Reason.TOO_MANY_TOPICS) {
                // The topic has no subscribers by its name: otherwise there would be a topic.
                filters.forEachMatching(TopicName.levelsOfTopic(name), this::tellGap);
            }
        }
    }

    @Override
    public void away() {
        away = true;
        LOGGER.log(Level.WARNING, "the broker of the topics is away: " + backplane.health().detail());
        if (!placing) {
            // What arrives from now on follows the gap.
            topics.all().forEach(each -> each.feed().suspect());
        }
    }

    @Override
    public void back() {
        LOGGER.log(Level.INFO, "the broker of the topics can be reached");
        // First, so that no message comes before: nobody knows of which topics they have missed something.
        filters.forEach(this::tellGap);
        if (placing || !away) {
            topics.all().forEach(each -> each.feed().suspect());
        }
        away = false;
        topics.all().forEach(each -> each.feed().wake());
        resumeMembers(topic -> true);
    }

    private void resumeMembers(Predicate<String> of) {
        members.resume(of);
        topics.all().stream().filter(each -> of.test(each.name()) && each.hasSubscribers())
                .forEach(each -> presence.changed(each.name()));
    }

    @Override
    public void lost(Predicate<String> of) {
        filters.forEach(this::tellGap);
        topics.all().stream().filter(each -> of.test(each.name())).forEach(each -> {
            each.feed().suspect();
            each.feed().wake();
        });
        resumeMembers(of);
    }

    private void tellGap(Subscription filter) {
        try {
            filter.tell(new Gap(filter.filter(), filter.start(), filter.start()));
            topics.counters().gaps.increment();
        } catch (Throwable e) {
            TopicFailures.failed("the notice of a gap of filter", filter.filter(), e);
        }
    }

    @Override
    public void memberGone(String topic, String member) {
        presence.changed(topic, member, false);
    }

    @Override
    public void membersChanged(String topic) {
        try {
            if (isWanted(topic, TopicName.levelsOfTopic(topic))) {
                presence.changed(topic);
            }
        } catch (TopicException e) {
            LOGGER.log(Level.WARNING, "a notice of another node is dropped: " + e.getMessage());
        }
    }
}
