package dev.weft.topics.json;

import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.parser.CloseCode;
import dev.weft.topics.PresenceListener;
import dev.weft.topics.Topics;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The connections that want to know who comes and goes. Each first gets the members, and then what changes: the lock is held from
 * the look at the members until their list is on its way. A change that happens in between is both in the list and told after it,
 * which a client must bear. Nothing under the lock waits for a peer.
 */
final class PresenceWatch implements PresenceListener {
    private final Topics topics;
    private final int maxMembers;

    private final ReentrantLock lock = new ReentrantLock();
    /** The connections by topic. Guarded by the lock. */
    private final Map<String, Set<WebSocketConnection>> watching = new HashMap<>();

    PresenceWatch(Topics topics, int maxMembers) {
        this.topics = topics;
        this.maxMembers = maxMembers;
    }

    void add(WebSocketConnection connection, String topic) {
        lock.lock();
        try {
            watching.computeIfAbsent(topic, key -> new LinkedHashSet<>()).add(connection);
            send(connection, members(0, topic));
        } finally {
            lock.unlock();
        }
    }

    void remove(WebSocketConnection connection, String topic) {
        lock.lock();
        try {
            watching.computeIfPresent(topic, (key, all) -> all.remove(connection) && all.isEmpty() ? null : all);
        } finally {
            lock.unlock();
        }
    }

    PreparedMessage members(long id, String topic) {
        return Envelope.members(id, topic, topics.presence(topic).keySet(), maxMembers);
    }

    @Override
    public void joined(String topic, String member) {
        tell(topic, member, true);
    }

    @Override
    public void left(String topic, String member) {
        tell(topic, member, false);
    }

    private void tell(String topic, String member, boolean present) {
        lock.lock();
        try {
            Set<WebSocketConnection> all = watching.get(topic);
            if (all != null) {
                PreparedMessage message = Envelope.change(topic, member, present);
                all.forEach(each -> send(each, message));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Who misses one change has the wrong members from then on: it has to come back. */
    private static void send(WebSocketConnection connection, PreparedMessage message) {
        SendResult result = connection.trySend(message);
        if (!result.isAccepted() && result != SendResult.CLOSED) {
            connection.close(CloseCode.TRY_AGAIN_LATER, "too slow");
        }
    }
}
