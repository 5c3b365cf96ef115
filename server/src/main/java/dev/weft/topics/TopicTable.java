package dev.weft.topics;

import dev.weft.topics.TopicException.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The topics by name. Forgets those that nobody has needed for a while. For any thread. */
final class TopicTable {
    /** How often histories are checked, at most. */
    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(5);
    private static final Duration UNUSED = Duration.ofMinutes(1);

    private final TopicLimits limits;
    private final Clock clock;
    private final Map<String, Topic> topics = new ConcurrentHashMap<>();
    private final AtomicLong historySize = new AtomicLong();
    private final AtomicReference<Instant> sweptAt;
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
        if (known != null) {
            return known;
        }
        if (topics.size() >= limits.maxTopics()) {
            sweep(clock.instant(), clock.instant());
            if (topics.size() >= limits.maxTopics()) {
                throw new TopicException(Reason.TOO_MANY_TOPICS, "there are " + limits.maxTopics() + " topics already");
            }
        }
        return topics.computeIfAbsent(name,
                key -> new Topic(name, levels, limits, historySize, members, clock.instant(), uplink));
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

    Clock clock() {
        return clock;
    }

    TopicLimits limits() {
        return limits;
    }

    private void sweepIfDue() {
        Instant now = clock.instant();
        Instant last = sweptAt.get();
        if (now.isAfter(last.plus(SWEEP_INTERVAL)) && sweptAt.compareAndSet(last, now)) {
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
