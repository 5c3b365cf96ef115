package dev.weft.topics.json;

import dev.weft.topics.BackplaneException;
import dev.weft.topics.BackplaneHistory;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** The backplane of a single node, whose broker keeps histories, and is away or loses them when a test wants it. */
final class FaultyBackplane extends StubBackplane {
    private static final class Log {
        final long epoch = ThreadLocalRandom.current().nextLong();
        final List<BackplaneMessage> messages = new ArrayList<>();
        long offset;
    }

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Map<String, Log> logs = new HashMap<>();
    private final Map<String, Map<String, Integer>> members = new HashMap<>();
    private boolean away;
    private int refused;

    /** From now on, everything is refused. */
    void leave() {
        under(() -> away = true);
        receiver().away();
    }

    void comeBack() {
        under(() -> away = false);
        receiver().back();
    }

    /** All topics begin anew. */
    void loseData() {
        under(() -> {
            logs.clear();
            return null;
        });
    }

    /** The number of subscriptions that were refused. */
    int refused() {
        return under(() -> refused);
    }

    private <T> T under(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    private <T> T ifNotAway(Supplier<T> action) {
        return under(() -> {
            if (away) {
                throw BackplaneException.notDone("away, as the test wants");
            }
            return action.get();
        });
    }

    private Log log(String topic) {
        return logs.computeIfAbsent(topic, key -> new Log());
    }

    @Override
    public Position publish(BackplaneMessage message) {
        return ifNotAway(() -> {
            Log log = log(message.topic());
            Position position = Position.of(log.epoch, ++log.offset);
            log.messages.add(message.at(position, log.offset - 1));
            receiver().received(log.messages.getLast());
            return position;
        });
    }

    @Override
    public void subscribe(String filter) {
        under(() -> refused += away ? 1 : 0);
        ifNotAway(() -> null);
    }

    @Override
    public BackplaneHistory read(String topic) {
        return readAfter(topic, null);
    }

    @Override
    public BackplaneHistory readAfter(String topic, Position position) {
        return ifNotAway(() -> {
            Log log = log(topic);
            Position newest = Position.of(log.epoch, log.offset);
            boolean known = position != null && position.epoch() == log.epoch;
            List<BackplaneMessage> messages = known
                    ? log.messages.subList((int) position.offset(), log.messages.size())
                    : log.messages;
            return new BackplaneHistory(newest, messages, known || position == null);
        });
    }

    @Override
    public boolean present(String topic, String member, int connections) {
        return ifNotAway(() -> {
            Map<String, Integer> here = members.computeIfAbsent(topic, key -> new TreeMap<>());
            boolean before = here.containsKey(member);
            if (connections == 0) {
                here.remove(member);
            } else {
                here.put(member, connections);
            }
            return before != here.containsKey(member);
        });
    }

    @Override
    public Map<String, Integer> presence(String topic) {
        return ifNotAway(() -> new TreeMap<>(members.getOrDefault(topic, Map.of())));
    }
}
