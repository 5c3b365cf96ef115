package dev.weft.topics;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Tells listeners who comes and goes. What they have not been told is kept once for each member of a topic: a member
 * that comes and goes meanwhile cancels out, so no more is kept than there are members.
 */
final class Presence {
    private static final Logger LOGGER = System.getLogger("dev.weft.topics");

    private record Member(String topic, String name) {}

    private final List<PresenceListener> listeners = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Map<Member, Boolean> untold = new LinkedHashMap<>();
    private boolean telling;

    Presence(@Nullable PresenceListener listener) {
        if (listener != null) {
            add(listener);
        }
    }

    void add(PresenceListener listener) {
        listeners.add(listener);
    }

    /** Does not wait. */
    void changed(String topic, String name, boolean present) {
        if (listeners.isEmpty()) {
            return;
        }
        lock.lock();
        try {
            Member member = new Member(topic, name);
            if (untold.remove(member) == null) {
                untold.put(member, present);
            }
            if (!telling) {
                telling = true;
                Thread.ofVirtual().name("weft-presence").start(this::tell);
            }
        } finally {
            lock.unlock();
        }
    }

    private void tell() {
        Map.Entry<Member, Boolean> next;
        while ((next = next()) != null) {
            for (PresenceListener listener : listeners) {
                tell(listener, next.getKey(), next.getValue());
            }
        }
    }

    private static void tell(PresenceListener listener, Member member, boolean present) {
        try {
            if (present) {
                listener.joined(member.topic(), member.name());
            } else {
                listener.left(member.topic(), member.name());
            }
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "a presence listener of topic " + member.topic() + " failed", e);
        }
    }

    private Map.@Nullable Entry<Member, Boolean> next() {
        lock.lock();
        try {
            Iterator<Map.Entry<Member, Boolean>> all = untold.entrySet().iterator();
            telling = all.hasNext();
            if (!telling) {
                return null;
            }
            Map.Entry<Member, Boolean> first = Map.entry(all.next().getKey(), untold.values().iterator().next());
            all.remove();
            return first;
        } finally {
            lock.unlock();
        }
    }
}
