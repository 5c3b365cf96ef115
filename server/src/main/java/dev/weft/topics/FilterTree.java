package dev.weft.topics;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** The subscriptions to filters with wildcards, by level. Changed by one thread at a time, and read by any number. */
final class FilterTree {
    private static final class Node {
        final Map<String, Node> children = new ConcurrentHashMap<>();
        final SubscriberSet subscribers = new SubscriberSet();
    }

    private final Node root = new Node();
    private final ReentrantLock lock = new ReentrantLock();

    /** Begins and adds a subscription, like {@link SubscriberSet#begin}. */
    boolean begin(Subscription added) {
        lock.lock();
        boolean begun = false;
        try {
            begun = node(added).subscribers.begin(added);
            return begun;
        } finally {
            if (!begun) {
                // Nodes may have been made for it.
                remove(root, added, 0);
            }
            lock.unlock();
        }
    }

    private Node node(Subscription added) {
        Node node = root;
        for (String level : added.levels()) {
            node = node.children.computeIfAbsent(level, key -> new Node());
        }
        return node;
    }

    /** Removes a subscription, and the nodes that nobody needs any more. Returns whether it was there. */
    boolean remove(Subscription removed) {
        lock.lock();
        try {
            return remove(root, removed, 0);
        } finally {
            lock.unlock();
        }
    }

    private static boolean remove(Node node, Subscription removed, int depth) {
        if (depth == removed.levels().size()) {
            return node.subscribers.remove(removed);
        }
        String level = removed.levels().get(depth);
        Node child = node.children.get(level);
        if (child == null) {
            return false;
        }
        boolean found = remove(child, removed, depth + 1);
        if (child.children.isEmpty() && child.subscribers.size() == 0) {
            node.children.remove(level);
        }
        return found;
    }

    boolean isEmpty() {
        return root.children.isEmpty();
    }

    /**
     * Adds the subscribers of all filters that match the levels of a topic, the most exact filter first: at the first level that
     * differs, a name is before an asterisk, and that before the rest.
     */
    void addMatching(List<String> levels, List<SubscriberSet> matching) {
        if (!isEmpty()) {
            addMatching(root, levels, 0, matching);
        }
    }

    private static void addMatching(Node node, List<String> levels, int depth, List<SubscriberSet> matching) {
        if (depth == levels.size()) {
            matching.add(node.subscribers);
            return;
        }
        for (String level : List.of(levels.get(depth), TopicName.ANY)) {
            Node child = node.children.get(level);
            if (child != null) {
                addMatching(child, levels, depth + 1, matching);
            }
        }
        Node rest = node.children.get(TopicName.REST);
        if (rest != null) {
            matching.add(rest.subscribers);
        }
    }

    /** Whether a filter matches the levels of a topic. */
    boolean matches(List<String> levels) {
        if (isEmpty()) {
            return false;
        }
        List<SubscriberSet> matching = new ArrayList<>(2);
        addMatching(levels, matching);
        return matching.stream().anyMatch(each -> each.size() > 0);
    }

    /** Does something for each subscription to a filter that matches the levels of a topic. */
    void forEachMatching(List<String> levels, Consumer<Subscription> action) {
        List<SubscriberSet> matching = new ArrayList<>(2);
        addMatching(levels, matching);
        matching.forEach(each -> List.of(each.snapshot()).forEach(action));
    }

    void forEach(Consumer<Subscription> action) {
        forEach(root, action);
    }

    private static void forEach(Node node, Consumer<Subscription> action) {
        for (Subscription each : node.subscribers.snapshot()) {
            action.accept(each);
        }
        node.children.values().forEach(child -> forEach(child, action));
    }
}
