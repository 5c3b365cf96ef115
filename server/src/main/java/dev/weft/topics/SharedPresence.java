package dev.weft.topics;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Tells the backplane how many connections the members on this node have, on a virtual thread of its own. What has not been
 * told yet is kept once for each member of a topic.
 */
final class SharedPresence implements Members {
    /** While the broker is away, no more than this many changes are kept. */
    private static final int MOST_UNTOLD = 1 << 20;

    private record Member(String topic, String name) {}

    private final Uplink uplink;
    private final Presence presence;
    private final Worker worker = new Worker("weft-presence", this::step);
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Map<Member, Integer> untold = new LinkedHashMap<>();
    /** Whether the broker may have forgotten the members of this node. */
    private boolean forgotten;

    /** Members whose last change the broker may have made without an answer. For the thread of the worker. */
    private final Set<Member> uncertain = new HashSet<>();

    SharedPresence(Uplink uplink, Presence presence) {
        this.uplink = uplink;
        this.presence = presence;
    }

    @Override
    public void changed(String topic, String name, int before, int connections) {
        Member member = new Member(topic, name);
        lock.lock();
        try {
            if (untold.size() < MOST_UNTOLD || untold.containsKey(member)) {
                untold.put(member, connections);
            }
        } finally {
            lock.unlock();
        }
        worker.wake();
    }

    /** The broker is back. */
    void resume() {
        lock.lock();
        try {
            forgotten = true;
        } finally {
            lock.unlock();
        }
        worker.wake();
    }

    private boolean takeForgotten() {
        lock.lock();
        try {
            boolean taken = forgotten;
            forgotten = false;
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private boolean step() {
        if (uplink.isAway()) {
            // Its return continues here.
            return false;
        }
        if (takeForgotten()) {
            uplink.topics().forEach(Topic::tellMembers);
        }
        Map.Entry<Member, Integer> next = next();
        if (next == null) {
            return false;
        }
        Member member = next.getKey();
        boolean told = false;
        try {
            boolean changed = uplink.present(member.topic(), member.name(), next.getValue());
            told = true;
            boolean unknown = uncertain.remove(member);
            if (changed) {
                presence.changed(member.topic(), member.name(), next.getValue() > 0);
            } else if (unknown) {
                presence.changed(member.topic());
            }
        } catch (BackplaneException e) {
            if (e.isUncertain()) {
                uncertain.add(member);
            }
            Worker.pause();
        } finally {
            if (!told) {
                keep(member, next.getValue());
            }
        }
        return true;
    }

    private Map.@Nullable Entry<Member, Integer> next() {
        lock.lock();
        try {
            Iterator<Map.Entry<Member, Integer>> all = untold.entrySet().iterator();
            if (!all.hasNext()) {
                return null;
            }
            Map.Entry<Member, Integer> first = Map.Entry.copyOf(all.next());
            all.remove();
            return first;
        } finally {
            lock.unlock();
        }
    }

    /** Unless there is a newer count. */
    private void keep(Member member, int connections) {
        lock.lock();
        try {
            untold.putIfAbsent(member, connections);
        } finally {
            lock.unlock();
        }
    }
}
