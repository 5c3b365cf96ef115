package dev.weft.topics;

import dev.weft.topics.TopicException.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The topics by name. Forgets those that nobody has needed for a while. For any thread. */
final class TopicTable {
    /** How often histories are checked, at most. */
    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(5);
    private static final Duration UNUSED = Duration.ofMinutes(1);
    /** At the limit, a refusal must not cost a check of all topics each time. */
    private static final long BETWEEN_FULL = TimeUnit.MILLISECONDS.toNanos(100);

    private final TopicLimits limits;
    private final Clock clock;
    private final Map<String, Topic> topics = new ConcurrentHashMap<>();
    private final TopicCounters counters = new TopicCounters();
    private final AtomicReference<Instant> sweptAt;
    /** Held while a topic is made, so that no more are made than the limit allows. */
    private final ReentrantLock making = new ReentrantLock();
    /** Guarded by {@link #making}: when all topics were last checked because there were too many. */
    private long fullAt = System.nanoTime() - BETWEEN_FULL;
    private Members members;
    private @Nullable Uplink uplink;

    TopicTable(TopicLimits limits, Clock clock) {
        this.limits = limits;
        this.clock = clock;
        this.sweptAt = new AtomicReference<>(clock.instant());
    }

    /** Called once, before the first topic. */
    void begin(Members told, @Nullable Uplink connected) {
        members = told;
        uplink = connected;
    }

    /** The topic of this name, which is made if there is none. */
    Topic get(String name, List<String> levels) {
        sweepIfDue();
        Topic known = topics.get(name);
        return known == null ? make(name, levels) : known;
    }

    private Topic make(String name, List<String> levels) {
        making.lock();
        try {
            Topic other = topics.get(name);
            if (other != null) {
                return other;
            }
            if (topics.size() >= limits.maxTopics()) {
                makeRoom();
            }
            Topic made = new Topic(name, levels, limits, counters, members, clock.instant(), uplink);
            topics.put(name, made);
            return made;
        } finally {
            making.unlock();
        }
    }

    private void makeRoom() {
        long now = System.nanoTime();
        if (now - fullAt >= BETWEEN_FULL) {
            fullAt = now;
            sweep(clock.instant(), clock.instant());
        }
        if (topics.size() >= limits.maxTopics()) {
            throw new TopicException(Reason.TOO_MANY_TOPICS, "there are " + limits.maxTopics() + " topics already");
        }
    }

    @Nullable
    Topic known(String name) {
        return topics.get(name);
    }

    /** Removes a topic that is retired. */
    void remove(Topic retired) {
        topics.remove(retired.name(), retired);
    }

    Collection<Topic> all() {
        return topics.values();
    }

    int size() {
        return topics.size();
    }

    TopicCounters counters() {
        return counters;
    }

    Clock clock() {
        return clock;
    }

    TopicLimits limits() {
        return limits;
    }

    private void sweepIfDue() {
        Instant now = clock.instant();
        Instant last = sweptAt.get();
        // The time may have been set back.
        if (Duration.between(last, now).abs().compareTo(SWEEP_INTERVAL) > 0 && sweptAt.compareAndSet(last, now)) {
            Thread.ofVirtual().name("weft-topics-sweep").start(() -> sweep(now, now.minus(UNUSED)));
        }
    }

    private void sweep(Instant now, Instant unusedSince) {
        for (Topic topic : topics.values()) {
            if (topic.sweep(now, unusedSince)) {
                remove(topic);
            }
        }
    }
}
