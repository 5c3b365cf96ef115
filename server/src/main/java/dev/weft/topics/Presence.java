package dev.weft.topics;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Tells listeners who comes and goes. What they have not been told is kept once for each member of a topic, so no more is kept
 * than there are members and topics. A member that comes and goes meanwhile cancels out, but who has asked in between has seen
 * it: so the topic has then changed.
 */
final class Presence implements Members {
    /** A member, or without a name, any of the topic. */
    private record Member(String topic, @Nullable String name) {}

    private final List<PresenceListener> listeners = new CopyOnWriteArrayList<>();
    private final Worker worker = new Worker("weft-presence", this::step);
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final SequencedMap<Member, Boolean> untold = new LinkedHashMap<>();

    Presence(@Nullable PresenceListener listener) {
        if (listener != null) {
            add(listener);
        }
    }

    void add(PresenceListener listener) {
        listeners.add(listener);
    }

    @Override
    public void changed(String topic, String name, int before, int connections) {
        if (before == 0 || connections == 0) {
            changed(topic, name, connections > 0);
        }
    }

    /** A member has come or gone. Does not wait. */
    void changed(String topic, String name, boolean present) {
        if (listeners.isEmpty()) {
            return;
        }
        Member member = new Member(topic, name);
        lock.lock();
        try {
            Boolean before = untold.putIfAbsent(member, present);
            if (before != null && before != present) {
                untold.remove(member);
                untold.putIfAbsent(new Member(topic, null), true);
            }
        } finally {
            lock.unlock();
        }
        worker.wake();
    }

    /** Members of a topic may have come or gone. Does not wait. */
    void changed(String topic) {
        if (listeners.isEmpty()) {
            return;
        }
        lock.lock();
        try {
            untold.putIfAbsent(new Member(topic, null), true);
        } finally {
            lock.unlock();
        }
        worker.wake();
    }

    private boolean step() {
        Map.Entry<Member, Boolean> next = next();
        if (next == null) {
            return false;
        }
        for (PresenceListener listener : listeners) {
            tell(listener, next.getKey(), next.getValue());
        }
        return true;
    }

    private static void tell(PresenceListener listener, Member member, boolean present) {
        try {
            if (member.name() == null) {
                listener.changed(member.topic());
            } else if (present) {
                listener.joined(member.topic(), member.name());
            } else {
                listener.left(member.topic(), member.name());
            }
        } catch (Throwable e) {
            TopicFailures.failed("a presence listener of topic", member.topic(), e);
        }
    }

    private Map.@Nullable Entry<Member, Boolean> next() {
        lock.lock();
        try {
            return untold.pollFirstEntry();
        } finally {
            lock.unlock();
        }
    }
}
