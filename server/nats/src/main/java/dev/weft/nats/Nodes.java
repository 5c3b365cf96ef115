package dev.weft.nats;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import io.nats.client.Connection;
import io.nats.client.Message;
import io.nats.client.api.MessageInfo;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of the group. Each sends a heartbeat from time to time, which is also kept in the stream of members, so that a
 * node that dies is not forgotten with the others. Where one is silent for too long, another one removes its members, on a
 * thread of its own: this may take long, and the heartbeats must not wait for it.
 * <p>
 * All of it is ordered by the numbers of the stream. Who removes members first replaces the heartbeat of the dead node by a claim,
 * which succeeds only if that heartbeat is the last one. So of several nodes, one succeeds, and none if the dead node has sent
 * another heartbeat. The claim is repeated for each batch of entries, and only entries that are older are removed. A node also
 * replaces its own heartbeat only if it is the last one: if it is not, others have begun to remove its members.
 */
final class Nodes {
    private static final Logger LOGGER = System.getLogger("dev.weft.nats");

    private static final byte[] ALIVE = {'+'};
    private static final byte[] LEAVING = {'-'};
    private static final byte[] CLAIMED = {'!'};
    /** Entries that are removed at the same time. */
    private static final int BATCH = 50;

    private final Subjects subjects;
    private final Members members;
    private final String node;
    private final Duration timeout;
    private final int replicas;
    /** When a node counts as dead, by the clock of this one. */
    private final Map<String, Long> deadAt = new ConcurrentHashMap<>();
    /** Whether there is a stream of members, and so presence: not without JetStream. */
    private volatile boolean kept;

    // For the supervisor.
    private long lastBeat = System.nanoTime();
    /** The number of this node's last heartbeat. */
    private long ownHeartbeat;
    private volatile @Nullable Thread removal;
    private volatile boolean ending;

    /** The numbers of the last heartbeats of nodes that seemed to be dead. For the thread that removes members. */
    private final Map<String, Long> lastHeartbeats = new HashMap<>();

    Nodes(Subjects subjects, Members members, String node, Duration timeout, int replicas) {
        this.subjects = subjects;
        this.members = members;
        this.node = node;
        this.timeout = timeout;
        this.replicas = replicas;
    }

    /** The connection is new. */
    void begin(Streams streams) {
        try {
            streams.prepareMembers(replicas);
            kept = true;
        } catch (BackplaneException e) {
            if (e.isUncertain()) {
                throw e;
            }
            kept = false;
            LOGGER.log(Level.DEBUG, "no presence", e);
            return;
        }
        deadAt.clear();
        ownHeartbeat = streams.set(subjects.node(node), ALIVE);
        for (String each : streams.subjects(subjects.node("*"))) {
            heard(subjects.nodeOf(each), timeout);
        }
    }

    private void heard(String name, Duration time) {
        deadAt.put(name, System.nanoTime() + time.toNanos());
    }

    /** A node has sent a heartbeat, or was claimed by another one, which has this time then. Called on a thread of the client. */
    void received(Message message) {
        boolean leaves = Arrays.equals(message.getData(), LEAVING);
        heard(subjects.nodeOf(message.getSubject()), leaves ? Duration.ZERO : timeout);
    }

    /** Says that this node is alive, and looks for dead ones. Returns whether the others have given this one up. */
    boolean beat(Streams streams, Backplane.Receiver receiver) {
        if (!kept) {
            // What could not be told of members meanwhile is told again and again.
            begin(streams);
            return false;
        }
        long now = System.nanoTime();
        if (now - lastBeat > timeout.toNanos() / 2) {
            // This node stood still: it has not heard the others, who may be alive.
            deadAt.keySet().forEach(each -> heard(each, timeout));
        }
        lastBeat = now;
        long heartbeat = streams.setAfter(ownHeartbeat, subjects.node(node), ALIVE);
        boolean givenUp = heartbeat == 0;
        ownHeartbeat = givenUp ? streams.set(subjects.node(node), ALIVE) : heartbeat;
        List<String> dead = new ArrayList<>();
        deadAt.forEach((name, time) -> {
            if (!name.equals(node) && System.nanoTime() - time >= 0) {
                dead.add(name);
            }
        });
        Thread last = removal;
        if (!dead.isEmpty() && (last == null || !last.isAlive())) {
            removal = Thread.ofVirtual().name("weft-nats-removal")
                    .start(() -> dead.forEach(each -> tryToRemove(each, streams, receiver)));
        }
        return givenUp;
    }

    private void tryToRemove(String dead, Streams streams, Backplane.Receiver receiver) {
        try {
            removeMembersOf(dead, streams, receiver);
        } catch (Throwable e) {
            // After the timeout of the claim, any node does the rest.
            Level level = e instanceof BackplaneException ? Level.DEBUG : Level.WARNING;
            LOGGER.log(level, "the members of a dead node are not removed yet", e);
        }
    }

    private void removeMembersOf(String dead, Streams streams, Backplane.Receiver receiver) {
        String heartbeat = subjects.node(dead);
        MessageInfo last = streams.get(heartbeat);
        if (last == null) {
            forget(dead);
            return;
        }
        Long known = lastHeartbeats.put(dead, last.getSeq());
        if (!Arrays.equals(last.getData(), LEAVING) && (known == null || known != last.getSeq())) {
            // Its heartbeat may not have arrived here yet. The next beat looks again.
            return;
        }
        long claim = streams.setAfter(last.getSeq(), heartbeat, CLAIMED);
        if (claim == 0) {
            return;
        }
        List<String> entries = List.copyOf(streams.subjects(subjects.membersOfNode(dead)));
        for (int i = 0; i < entries.size() && claim > 0 && !ending; i += BATCH) {
            members.removeDead(streams, entries.subList(i, Math.min(i + BATCH, entries.size())), claim, receiver);
            claim = streams.setAfter(claim, heartbeat, CLAIMED);
        }
        // At last, so that another node does the rest if this one dies meanwhile. If it has come back, its heartbeat is newer.
        if (claim > 0 && !ending && streams.removeBefore(claim + 1, heartbeat)) {
            forget(dead);
        }
    }

    private void forget(String dead) {
        deadAt.remove(dead);
        lastHeartbeats.remove(dead);
    }

    /** Tells the others that this node ends, which then do what it has begun. Waits, but no longer than this. */
    void leave(Connection connection, Duration longest) throws InterruptedException {
        ending = true;
        Thread last = removal;
        if (last != null) {
            last.join(longest);
        }
        if (kept && connection.getStatus() == Connection.Status.CONNECTED) {
            connection.publish(subjects.node(node), LEAVING);
        }
    }
}
