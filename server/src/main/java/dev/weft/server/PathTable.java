package dev.weft.server;

import dev.weft.internal.PathPattern;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Maps path patterns to values. Immutable: a change returns a new table, which shares the nodes that are not on the
 * path to the change.
 * <p>
 * A tree with a level for each segment of the patterns. From left to right, a literal segment takes precedence over a
 * parameter, and a parameter over a subtree ({@code **}). If the rest of the path then matches nothing, the next
 * alternative is tried. A lookup visits each node at most once.
 *
 * @param <T> the type of the values
 */
final class PathTable<T> {
    /** A pattern, and the value for the paths that match it. */
    record Entry<T>(PathPattern pattern, T value) {}

    /** The parameter, the entry, and the entry for the whole rest of a path are {@code null} if there is none. */
    private record Node<T>(Map<String, Node<T>> literals, @Nullable Node<T> parameter, @Nullable Entry<T> entry,
            @Nullable Entry<T> subtree) {
        boolean isEmpty() {
            return literals.isEmpty() && parameter == null && entry == null && subtree == null;
        }
    }

    private final Node<T> root;

    private PathTable(Node<T> root) {
        this.root = root;
    }

    /** Returns an empty table. */
    static <T> PathTable<T> empty() {
        return new PathTable<>(emptyNode());
    }

    private static <T> Node<T> emptyNode() {
        return new Node<>(Map.of(), null, null, null);
    }

    boolean isEmpty() {
        return root.isEmpty();
    }

    /**
     * Returns a table with one more value.
     *
     * @throws IllegalArgumentException if there already is a pattern that matches the same paths; the message names both
     */
    PathTable<T> with(PathPattern pattern, T value) {
        return changed(pattern, present -> {
            if (present != null) {
                throw overlapping(pattern, present);
            }
            return new Entry<>(pattern, value);
        });
    }

    private static IllegalArgumentException overlapping(PathPattern pattern, Entry<?> present) {
        return new IllegalArgumentException("path '" + pattern + "' matches the same as '" + present.pattern()
                + "', which is there already");
    }

    /**
     * Returns a table in which this pattern and value replace those of the pattern that matches the same paths.
     *
     * @throws IllegalArgumentException if there is none
     */
    PathTable<T> replacing(PathPattern pattern, T value) {
        return changed(pattern, present -> {
            if (present == null) {
                throw new IllegalArgumentException("there is no endpoint at '" + pattern + "'");
            }
            return new Entry<>(pattern, value);
        });
    }

    /**
     * Returns a table with this value, or, if the pattern already has a value, with what the function makes of that one.
     *
     * @throws IllegalArgumentException if another pattern matches the same paths
     */
    PathTable<T> merging(PathPattern pattern, T value, UnaryOperator<T> change) {
        return changed(pattern, present -> {
            if (present != null && !present.pattern().toString().equals(pattern.toString())) {
                throw overlapping(pattern, present);
            }
            return new Entry<>(pattern, present == null ? value : change.apply(present.value()));
        });
    }

    /** Returns a table without the pattern that matches the same paths; this table if there is none. */
    PathTable<T> without(PathPattern pattern) {
        boolean[] found = new boolean[1];
        PathTable<T> changed = changed(pattern, present -> {
            found[0] = present != null;
            return null;
        });
        return found[0] ? changed : this;
    }

    private PathTable<T> changed(PathPattern pattern, UnaryOperator<Entry<T>> change) {
        return new PathTable<>(changed(root, pattern.segments(), change));
    }

    private static <T> Node<T> changed(Node<T> node, List<PathPattern.Segment> rest, UnaryOperator<Entry<T>> change) {
        if (rest.isEmpty()) {
            return new Node<>(node.literals, node.parameter, change.apply(node.entry), node.subtree);
        }
        List<PathPattern.Segment> further = rest.subList(1, rest.size());
        return switch (rest.getFirst()) {
            case PathPattern.Rest all -> new Node<>(node.literals, node.parameter, node.entry,
                    change.apply(node.subtree));
            case PathPattern.Parameter parameter -> {
                Node<T> next = changed(node.parameter == null ? PathTable.<T>emptyNode() : node.parameter, further,
                        change);
                yield new Node<>(node.literals, next.isEmpty() ? null : next, node.entry, node.subtree);
            }
            case PathPattern.Literal literal -> {
                Map<String, Node<T>> literals = new HashMap<>(node.literals);
                Node<T> next = changed(literals.getOrDefault(literal.value(), emptyNode()), further, change);
                if (next.isEmpty()) {
                    literals.remove(literal.value());
                } else {
                    literals.put(literal.value(), next);
                }
                yield new Node<>(literals, node.parameter, node.entry, node.subtree);
            }
        };
    }

    /**
     * Returns the entry that a request's path matches.
     *
     * @throws IllegalArgumentException as {@link PathPattern#segmentsOf}
     */
    Optional<Entry<T>> find(String path) {
        return Optional.ofNullable(find(root, PathPattern.segmentsOf(path), 0));
    }

    private static <T> @Nullable Entry<T> find(Node<T> node, List<String> segments, int index) {
        if (index == segments.size()) {
            return node.entry;
        }
        String segment = segments.get(index);
        Node<T> literal = node.literals.get(segment);
        Entry<T> found = literal == null ? null : find(literal, segments, index + 1);
        if (found == null && node.parameter != null && !segment.isEmpty()) {
            found = find(node.parameter, segments, index + 1);
        }
        return found == null ? node.subtree : found;
    }

    /** All values by their patterns, sorted by the text of the patterns. */
    Map<String, T> byPattern() {
        Map<String, T> all = new TreeMap<>();
        collect(root, all);
        return Collections.unmodifiableMap(all);
    }

    private static <T> void collect(Node<T> node, Map<String, T> all) {
        if (node.entry != null) {
            all.put(node.entry.pattern().toString(), node.entry.value());
        }
        if (node.subtree != null) {
            all.put(node.subtree.pattern().toString(), node.subtree.value());
        }
        node.literals.values().forEach(next -> collect(next, all));
        if (node.parameter != null) {
            collect(node.parameter, all);
        }
    }
}
