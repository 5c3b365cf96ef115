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
                Thread.ofVirtual().name("weft-presence").start(this::tell);
                // Set last: without memory for a thread, the next change starts one.
                telling = true;
            }
        } finally {
            lock.unlock();
        }
    }

    private void tell() {
        Map.Entry<Member, Boolean> next;
        while ((next = next()) != null) {
            Member member = next.getKey();
            try {
                if (next.getValue()) {
                    listener.joined(member.topic(), member.name());
                } else {
                    listener.left(member.topic(), member.name());
                }
            } catch (Throwable e) {
                FailureLog.failed("the presence listener", member.topic(), e);
            }
        }
    }

    private Map.@Nullable Entry<Member, Boolean> next() {
        lock.lock();
        try {
            telling = false;
            Iterator<Map.Entry<Member, Boolean>> all = untold.entrySet().iterator();
            if (!all.hasNext()) {
                return null;
            }
            Map.Entry<Member, Boolean> first = Map.Entry.copyOf(all.next());
            all.remove();
            telling = true;
            return first;
        } finally {
            lock.unlock();
        }
    }
}
