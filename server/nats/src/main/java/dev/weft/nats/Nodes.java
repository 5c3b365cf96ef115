package dev.weft.nats;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import io.nats.client.Connection;
import io.nats.client.Message;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The nodes of the group. Each gives a sign of life from time to time, which is also kept in the stream of members, so that a
 * node that dies is not forgotten with the others. Where one is silent for too long, the others remove its members.
 */
final class Nodes {
    private static final Logger LOGGER = System.getLogger("dev.weft.nats");

    private final Subjects subjects;
    private final Members members;
    private final String node;
    private final Duration timeout;
    /** When a node counts as dead, by the clock of this one. */
    private final Map<String, Long> deadAt = new ConcurrentHashMap<>();
    /** Whether the server has JetStream, without which there is no presence. */
    private volatile boolean kept;
    private volatile long lastBeat = System.nanoTime();

    Nodes(Subjects subjects, Members members, String node, Duration timeout) {
        this.subjects = subjects;
        this.members = members;
        this.node = node;
        this.timeout = timeout;
    }

    /** The connection is new. */
    void begin(Streams streams, int replicas) {
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
        streams.set(subjects.node(node), NatsBackplane.sign(true));
        for (String each : streams.subjects(subjects.node("*"))) {
            heard(subjects.nodeOf(each), timeout);
        }
    }

    private void heard(String name, Duration time) {
        deadAt.put(name, System.nanoTime() + time.toNanos());
    }

    /** A node has given a sign. Called on a thread of the client. */
    void received(Message message) {
        boolean alive = message.getData().length > 0 && message.getData()[0] == '+';
        heard(subjects.nodeOf(message.getSubject()), alive ? timeout : Duration.ZERO);
    }

    /** Says that this node is alive, and removes what dead nodes have left. Returns whether the others had given this one up. */
    boolean beat(Streams streams, Backplane.Receiver receiver) {
        if (!kept) {
            return false;
        }
        long now = System.nanoTime();
        if (now - lastBeat > timeout.toNanos() / 2) {
            // This node stood still: it has not heard the others, who may be alive.
            deadAt.keySet().forEach(each -> heard(each, timeout));
        }
        lastBeat = now;
        boolean forgotten = !streams.subjects(subjects.node(node)).contains(subjects.node(node));
        streams.set(subjects.node(node), NatsBackplane.sign(true));
        List<String> dead = new ArrayList<>();
        deadAt.forEach((name, time) -> {
            if (!name.equals(node) && System.nanoTime() - time >= 0) {
                dead.add(name);
            }
        });
        for (String each : dead) {
            bury(each, streams, receiver);
        }
        return forgotten;
    }

    private void bury(String dead, Streams streams, Backplane.Receiver receiver) {
        for (String entry : streams.subjects(subjects.member("*", "*", dead))) {
            // Of several nodes that do the same, one finds it.
            if (members.remove(streams, entry)) {
                receiver.memberGone(subjects.memberPart(entry, 0), subjects.memberPart(entry, 1));
            }
        }
        // At last, so that another node does the rest if this one dies meanwhile.
        streams.remove(subjects.node(dead));
        deadAt.remove(dead);
    }

    /** Tells the others that this node ends. */
    void leave(Connection connection) {
        if (kept && connection.getStatus() == Connection.Status.CONNECTED) {
            connection.publish(subjects.node(node), NatsBackplane.sign(false));
        }
    }
}
