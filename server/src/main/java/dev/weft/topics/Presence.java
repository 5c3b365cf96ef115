package dev.weft.topics;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
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
    private static final Logger LOGGER = System.getLogger("dev.weft.topics");

    private record Member(String topic, String name) {}

    private final @Nullable PresenceListener listener;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Map<Member, Boolean> untold = new LinkedHashMap<>();
    private boolean telling;

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
            String topic = next.getKey().topic();
            String name = next.getKey().name();
            try {
                if (next.getValue()) {
                    listener.joined(topic, name);
                } else {
                    listener.left(topic, name);
                }
            } catch (RuntimeException e) {
                LOGGER.log(Level.WARNING, "the presence listener of topic " + topic + " failed", e);
            }
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
