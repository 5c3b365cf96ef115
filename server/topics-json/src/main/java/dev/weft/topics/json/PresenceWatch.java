package dev.weft.topics.json;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.topics.PresenceListener;
import dev.weft.topics.Subscription;
import dev.weft.topics.Topics;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * The connections that want to know who comes and goes, by topic: see {@link WatchedTopic}. For any thread; only {@link
 * #answer} waits for a broker.
 */
final class PresenceWatch implements PresenceListener {
    /** Changes on other nodes come several at once: the members are read when they have had time to do so. */
    private static final Duration DELAY = Duration.ofMillis(100);
    /** Between two reads of the members of one topic. */
    private static final Duration PAUSE = Duration.ofSeconds(2);
    /** The reads of all topics at the same time. */
    private static final int MOST_READS = 16;

    private final Topics topics;
    private final int maxMembers;
    private final Duration delay;
    private final Duration pause;
    private final Semaphore reads = new Semaphore(MOST_READS);
    private final Map<String, WatchedTopic> watched = new ConcurrentHashMap<>();

    PresenceWatch(Topics topics, int maxMembers) {
        this(topics, maxMembers, DELAY, PAUSE);
    }

    PresenceWatch(Topics topics, int maxMembers, Duration delay, Duration pause) {
        this.topics = topics;
        this.maxMembers = maxMembers;
        this.delay = delay;
        this.pause = pause;
    }

    /** Sends the members of the topic to the connection as soon as they are known, and from then on the changes. */
    void add(Subscription subscription) {
        String topic = subscription.filter();
        while (!watched.computeIfAbsent(topic, name -> new WatchedTopic(this, name)).add(subscription)) {
            Thread.onSpinWait();
        }
    }

    void remove(WebSocketConnection connection, String topic) {
        WatchedTopic known = watched.get(topic);
        if (known != null && known.remove(connection)) {
            watched.remove(topic, known);
        }
    }

    /** The answer to a request for the members. Waits for the broker. */
    PreparedMessage answer(long id, String topic) {
        return Envelope.members(id, topic, topics.presence(topic).keySet(), maxMembers);
    }

    @Override
    public void joined(String topic, String member) {
        changed(topic, member, true);
    }

    @Override
    public void left(String topic, String member) {
        changed(topic, member, false);
    }

    private void changed(String topic, String member, boolean present) {
        WatchedTopic known = watched.get(topic);
        if (known != null) {
            known.changed(member, present);
        }
    }

    @Override
    public void changed(String topic) {
        WatchedTopic known = watched.get(topic);
        if (known != null) {
            known.changed();
        }
    }

    // For a watched topic.

    /** Waits for the broker. */
    Set<String> read(String topic) {
        reads.acquireUninterruptibly();
        try {
            return topics.presence(topic).keySet();
        } finally {
            reads.release();
        }
    }

    PreparedMessage list(String topic, Collection<String> members) {
        return Envelope.members(0, topic, members, maxMembers);
    }

    Duration delay() {
        return delay;
    }

    Duration pause() {
        return pause;
    }
}
