package dev.weft.topics;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A broker for nodes in one process, with faults on request. */
public final class MemoryBroker {
    private static final class Log {
        final long epoch = ThreadLocalRandom.current().nextLong();
        final List<BackplaneMessage> messages = new ArrayList<>();
        long offset;
    }

    private record Member(String topic, String name) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Log> logs = new HashMap<>();
    private boolean away;

    /** Offsets grow by this, as they do where a broker counts the messages of all topics together. */
    private final int step;

    public MemoryBroker(int step) {
        this.step = step;
    }

    /** A backplane for one node. */
    public Node node() {
        return new Node();
    }

    /** Nobody reaches the broker any more, or everybody does again. */
    public void away(boolean now) {
        setAway(now);
        if (now) {
            List.copyOf(nodes).forEach(each -> each.receiver.away());
        } else {
            tellReturn();
        }
    }

    /** Nobody reaches the broker any more, but has not been told yet. */
    void leaveUntold() {
        setAway(true);
    }

    /** Everybody reaches the broker again, and is passed messages, but has not been told yet. */
    void returnUntold() {
        setAway(false);
    }

    void tellReturn() {
        List.copyOf(nodes).forEach(each -> each.receiver.back());
    }

    /** Tells all nodes that messages of these topics may be missing. */
    void tellLoss(Predicate<String> topics) {
        List.copyOf(nodes).forEach(each -> each.receiver.lost(topics));
    }

    private void setAway(boolean now) {
        lock.lock();
        try {
            away = now;
        } finally {
            lock.unlock();
        }
    }

    /** All topics begin anew. */
    void loseData() {
        lock.lock();
        logs.clear();
        lock.unlock();
    }

    /** What a topic has had is too old to be kept. */
    void expire(String topic) {
        lock.lock();
        logs.get(topic).messages.clear();
        lock.unlock();
    }

    public final class Node implements Backplane {
        final Set<String> filters = ConcurrentHashMap.newKeySet();
        final Map<Member, Integer> members = new ConcurrentHashMap<>();
        private TopicLimits limits;
        private Receiver receiver;
        /** The number of messages that this node is not passed next. */
        volatile int losing;
        volatile int reads;
        volatile int published;
        /** Is called with the topic when a history is to be read. */
        volatile Consumer<String> beforeRead = topic -> {};
        /** Is called with a filter when the node is subscribed to it, and does not know that yet. */
        volatile Consumer<String> afterSubscribe = filter -> {};

        @Override
        public void start(TopicLimits topicLimits, Receiver told) {
            limits = topicLimits;
            receiver = told;
            nodes.add(this);
        }

        @Override
        public Position publish(BackplaneMessage message) {
            lock.lock();
            try {
                check();
                published++;
                BackplaneMessage placed = message;
                Position position = Position.of(0, 0);
                BackplaneMessage passed = BackplaneMessage.decode(message.topic(), message.encode());
                if (limits.historyLength() > 0) {
                    Log log = logs.computeIfAbsent(message.topic(), key -> new Log());
                    long previous = log.messages.isEmpty() ? 0 : log.offset;
                    log.offset += step;
                    position = Position.of(log.epoch, log.offset);
                    placed = passed.at(position, previous);
                    log.messages.add(placed);
                    if (log.messages.size() > limits.historyLength()) {
                        log.messages.removeFirst();
                    }
                } else {
                    placed = passed;
                }
                for (Node each : nodes) {
                    each.pass(placed);
                }
                return position;
            } finally {
                lock.unlock();
            }
        }

        private void pass(BackplaneMessage message) {
            // As brokers do: once for each subscription that matches.
            for (int i = subscriptions(message.topic()); i > 0; i--) {
                if (losing > 0) {
                    losing--;
                } else {
                    receiver.received(message);
                }
            }
        }

        /** The number of filters that match. */
        private int subscriptions(String topic) {
            FilterTree tree = new FilterTree();
            for (String each : filters) {
                tree.begin(new Subscription(null, each, TopicName.levelsOfFilter(each), SubscribeOptions.DEFAULT));
            }
            List<SubscriberSet> matching = new ArrayList<>();
            tree.addMatching(TopicName.levelsOfTopic(topic), matching);
            return (int) matching.stream().filter(each -> each.size() > 0).count();
        }

        /** Tells the other nodes that follow the topic. */
        private void tellOthers(String topic) {
            for (Node each : nodes) {
                if (each != this && each.subscriptions(topic) > 0) {
                    each.receiver.membersChanged(topic);
                }
            }
        }

        /** Passes something again, or out of order. */
        void passAgain(BackplaneMessage message) {
            receiver.received(message);
        }

        @Override
        public void subscribe(String filter) {
            lock.lock();
            try {
                filters.add(filter);
                check();
            } finally {
                lock.unlock();
            }
            afterSubscribe.accept(filter);
        }

        @Override
        public void unsubscribe(String filter) {
            filters.remove(filter);
        }

        @Override
        public BackplaneHistory read(String topic) {
            return history(topic, null);
        }

        @Override
        public BackplaneHistory readAfter(String topic, Position position) {
            return history(topic, position);
        }

        private BackplaneHistory history(String topic, Position after) {
            beforeRead.accept(topic);
            lock.lock();
            try {
                check();
                reads++;
                Log log = logs.computeIfAbsent(topic, key -> new Log());
                Position newest = Position.of(log.epoch, log.offset);
                if (after == null || after.epoch() != log.epoch) {
                    return new BackplaneHistory(newest, log.messages, after == null);
                }
                List<BackplaneMessage> missed = log.messages.stream()
                        .filter(each -> each.place().offset() > after.offset()).toList();
                boolean complete = missed.isEmpty()
                        ? after.offset() == log.offset
                        : missed.getFirst().previous() == after.offset();
                return new BackplaneHistory(newest, missed, complete);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public boolean present(String topic, String member, int connections) {
            lock.lock();
            try {
                check();
                Member key = new Member(topic, member);
                int before = total(key);
                if (connections == 0) {
                    members.remove(key);
                } else {
                    members.put(key, connections);
                }
                boolean changed = before == 0 != (total(key) == 0);
                if (changed) {
                    tellOthers(topic);
                }
                return changed;
            } finally {
                lock.unlock();
            }
        }

        private int total(Member member) {
            return nodes.stream().mapToInt(each -> each.members.getOrDefault(member, 0)).sum();
        }

        @Override
        public Map<String, Integer> presence(String topic) {
            lock.lock();
            try {
                check();
                Map<String, Integer> all = new TreeMap<>();
                for (Node node : nodes) {
                    node.members.forEach((member, count) -> {
                        if (member.topic().equals(topic)) {
                            all.merge(member.name(), count, Integer::sum);
                        }
                    });
                }
                return all;
            } finally {
                lock.unlock();
            }
        }

        private void check() {
            if (away || !nodes.contains(this)) {
                throw BackplaneException.notDone("away on purpose, or closed");
            }
        }

        @Override
        public BackplaneHealth health() {
            return new BackplaneHealth(!away && nodes.contains(this), "in memory");
        }

        /** As if its process had died; one of the others tells. */
        @Override
        public void close() {
            lock.lock();
            try {
                nodes.remove(this);
                for (Member each : members.keySet()) {
                    if (total(each) == 0 && !nodes.isEmpty()) {
                        nodes.getFirst().receiver.memberGone(each.topic(), each.name());
                        nodes.getFirst().tellOthers(each.topic());
                    }
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
