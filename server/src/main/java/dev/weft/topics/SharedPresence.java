package dev.weft.topics;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells the backplane how many connections the members on this node have, on a virtual thread of its own. What has not been told
 * yet is kept once for each member of a topic.
 */
final class SharedPresence implements Members {
    /** While the broker is away, no more than this many changes are kept. */
    private static final int MOST_UNTOLD = 1 << 20;

    private record Member(String topic, String name) {}

    private final Uplink uplink;
    private final Presence presence;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Map<Member, Integer> untold = new LinkedHashMap<>();
    private boolean running;

    SharedPresence(Uplink uplink, Presence presence) {
        this.uplink = uplink;
        this.presence = presence;
    }

    @Override
    public void changed(String topic, String member, int before, int connections) {
        lock.lock();
        try {
            if (untold.size() < MOST_UNTOLD) {
                untold.put(new Member(topic, member), connections);
            }
            run();
        } finally {
            lock.unlock();
        }
    }

    /** The broker is back. */
    void resume() {
        lock.lock();
        try {
            run();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        if (!running && !uplink.isAway()) {
            Thread.ofVirtual().name("weft-presence").start(this::tell);
            running = true;
        }
    }

    private void tell() {
        Map.Entry<Member, Integer> next;
        while ((next = next()) != null) {
            Member member = next.getKey();
            try {
                if (uplink.present(member.topic(), member.name(), next.getValue())) {
                    presence.changed(member.topic(), member.name(), next.getValue() > 0);
                }
            } catch (BackplaneException e) {
                keep(member, next.getValue());
            }
        }
    }

    private Map.Entry<Member, Integer> next() {
        lock.lock();
        try {
            Iterator<Map.Entry<Member, Integer>> all = untold.entrySet().iterator();
            running = all.hasNext() && !uplink.isAway();
            if (!running) {
                return null;
            }
            Map.Entry<Member, Integer> first = all.next();
            Map.Entry<Member, Integer> taken = Map.entry(first.getKey(), first.getValue());
            all.remove();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private void keep(Member member, int connections) {
        lock.lock();
        try {
            untold.putIfAbsent(member, connections);
        } finally {
            lock.unlock();
        }
        uplink.pauseAfterFailure();
    }
}
