package dev.weft.topics.json;

import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.parser.CloseCode;
import dev.weft.topics.PresenceListener;
import dev.weft.topics.Topics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections that want to know who comes and goes. Each first gets the members, and then what changes. Asking for the members
 * may wait for the broker of a backplane; changes that happen meanwhile are kept, and follow the list. So a change may be both in
 * the list and told after it, which a client must bear. Nothing waits under the lock.
 */
final class PresenceWatch implements PresenceListener {
    /** Of changes that are kept for one connection. */
    private static final int MOST_KEPT = 1000;

    private final Topics topics;
    private final int maxMembers;

    private final ReentrantLock lock = new ReentrantLock();
    /**
     * The connections by topic, each with the changes that wait for its list, or {@code null} if it has got that. Guarded by the
     * lock.
     */
    private final Map<String, Map<WebSocketConnection, @Nullable List<PreparedMessage>>> watching = new HashMap<>();

    PresenceWatch(Topics topics, int maxMembers) {
        this.topics = topics;
        this.maxMembers = maxMembers;
    }

    /**
     * Sends the members of a topic to a connection, and from then on the changes. May wait for a broker; if that fails, the
     * connection gets no changes. For the thread of the connection, as is {@link #remove}.
     */
    void add(WebSocketConnection connection, String topic) {
        List<PreparedMessage> kept = new ArrayList<>();
        lock.lock();
        try {
            watching.computeIfAbsent(topic, key -> new LinkedHashMap<>()).put(connection, kept);
        } finally {
            lock.unlock();
        }
        boolean sent = false;
        try {
            PreparedMessage members = members(0, topic);
            lock.lock();
            try {
                send(connection, members);
                kept.forEach(each -> send(connection, each));
                watching.get(topic).put(connection, null);
                sent = true;
            } finally {
                lock.unlock();
            }
        } finally {
            if (!sent) {
                remove(connection, topic);
            }
        }
    }

    void remove(WebSocketConnection connection, String topic) {
        lock.lock();
        try {
            Map<WebSocketConnection, ?> all = watching.get(topic);
            if (all != null) {
                all.remove(connection);
                if (all.isEmpty()) {
                    watching.remove(topic);
                }
            }
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
            Map<WebSocketConnection, @Nullable List<PreparedMessage>> all = watching.get(topic);
            if (all != null) {
                PreparedMessage message = Envelope.change(topic, member, present);
                all.forEach((connection, kept) -> {
                    if (kept == null) {
                        send(connection, message);
                    } else {
                        keep(connection, kept, message);
                    }
                });
            }
        } finally {
            lock.unlock();
        }
    }

    private static void keep(WebSocketConnection connection, List<PreparedMessage> kept, PreparedMessage message) {
        if (kept.size() < MOST_KEPT) {
            kept.add(message);
        } else {
            connection.close(CloseCode.TRY_AGAIN_LATER, "too many changes");
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
