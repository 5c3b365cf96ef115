package dev.weft.topics;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Tells a listener who comes and goes. What the listener has not been told is kept once for each member of a topic: a member
 * that comes and goes meanwhile cancels out, so no more is kept than there are members.
 */
final class Presence implements Members {
    private record Member(String topic, String name) {}

    private final @Nullable PresenceListener listener;
    private final Worker worker = new Worker("weft-presence", this::step);
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Map<Member, Boolean> untold = new LinkedHashMap<>();

    Presence(@Nullable PresenceListener listener) {
        this.listener = listener;
    }

    @Override
    public void changed(String topic, String name, int before, int connections) {
        if (before == 0 || connections == 0) {
            changed(topic, name, connections > 0);
        }
    }

    /** A member has come or gone. Does not wait. */
    void changed(String topic, String name, boolean present) {
        if (listener == null) {
            return;
        }
        Member member = new Member(topic, name);
        lock.lock();
        try {
            Boolean before = untold.putIfAbsent(member, present);
            if (before != null && before != present) {
                untold.remove(member);
            }
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
        Member member = next.getKey();
        try {
            if (next.getValue()) {
                listener.joined(member.topic(), member.name());
            } else {
                listener.left(member.topic(), member.name());
            }
        } catch (Throwable e) {
            TopicFailures.failed("the presence listener of topic", member.topic(), e);
        }
        return true;
    }

    private Map.@Nullable Entry<Member, Boolean> next() {
        lock.lock();
        try {
            Iterator<Map.Entry<Member, Boolean>> all = untold.entrySet().iterator();
            if (!all.hasNext()) {
                return null;
            }
            Map.Entry<Member, Boolean> first = Map.Entry.copyOf(all.next());
            all.remove();
            return first;
        } finally {
            lock.unlock();
        }
    }
}
