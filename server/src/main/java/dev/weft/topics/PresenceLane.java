package dev.weft.topics;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Tells the backplane how many connections some members on this node have, one member after the other, on a virtual thread of
 * its own. What has not been told yet is kept once for each member of a topic. While the broker is away, this is bounded by the
 * members that are there, and those that were there when it went: a member that has come since then, and leaves, has nothing to
 * be told.
 */
final class PresenceLane {
    /** A member of a topic. */
    record Member(String topic, String name) {}

    /**
     * What is to be told.
     *
     * @param known whether the broker may have an entry of the member
     */
    private record Change(int connections, boolean known) {}

    private final Uplink uplink;
    private final Presence presence;
    private final Worker worker = new Worker("weft-presence", this::step);
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final SequencedMap<Member, Change> untold = new LinkedHashMap<>();

    /** Members whose last change the broker may have made without an answer. For the thread of the worker. */
    private final Set<Member> uncertain = new HashSet<>();

    PresenceLane(Uplink uplink, Presence presence) {
        this.uplink = uplink;
        this.presence = presence;
    }

    /** A member has another number of connections. Does not wait. */
    void changed(Member member, int before, int connections) {
        lock.lock();
        try {
            Change earlier = untold.get(member);
            boolean known = earlier == null ? before > 0 : earlier.known();
            if (connections > 0 || known) {
                untold.put(member, new Change(connections, known));
            } else {
                untold.remove(member);
            }
        } finally {
            lock.unlock();
        }
        worker.wake();
    }

    /** There may be something to do. Does not wait. */
    void wake() {
        worker.wake();
    }

    private boolean step() {
        if (uplink.isAway()) {
            // Its return continues here.
            return false;
        }
        Map.Entry<Member, Change> next = next();
        if (next == null) {
            return false;
        }
        Member member = next.getKey();
        int connections = next.getValue().connections();
        boolean over = false;
        try {
            boolean changed = uplink.present(member.topic(), member.name(), connections);
            over = true;
            boolean unknown = uncertain.remove(member);
            if (changed) {
                presence.changed(member.topic(), member.name(), connections > 0);
            } else if (unknown) {
                presence.changed(member.topic());
            }
        } catch (BackplaneException e) {
            if (e.isUncertain()) {
                uncertain.add(member);
            }
            if (!uplink.isConnected()) {
                // The node may not have been told yet, and never is if the backplane was closed.
                return false;
            }
            Worker.pause();
        } catch (IllegalArgumentException e) {
            over = true;
            TopicFailures.failed("telling the broker a member of topic", member.topic(), e);
        } finally {
            if (!over) {
                keep(member, connections);
            }
        }
        return true;
    }

    private Map.@Nullable Entry<Member, Change> next() {
        lock.lock();
        try {
            return untold.pollFirstEntry();
        } finally {
            lock.unlock();
        }
    }

    /** Unless there is a newer count. Whatever was to be told before, the broker may have an entry. */
    private void keep(Member member, int connections) {
        lock.lock();
        try {
            Change newer = untold.get(member);
            untold.put(member, new Change(newer == null ? connections : newer.connections(), true));
        } finally {
            lock.unlock();
        }
    }
}
