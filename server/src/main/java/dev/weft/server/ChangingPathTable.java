package dev.weft.server;

import dev.weft.internal.PathPattern;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A path table that any thread may change at any time; a lookup sees either all of a change or nothing of it. No method
 * waits.
 *
 * @param <T> the type of the values
 */
final class ChangingPathTable<T> {
    private final AtomicReference<PathTable<T>> table = new AtomicReference<>(PathTable.empty());

    boolean isEmpty() {
        return table.get().isEmpty();
    }

    /**
     * Returns the entry that a request's path matches.
     *
     * @throws IllegalArgumentException if the table is not empty, and the path cannot be decoded
     */
    Optional<PathTable.Entry<T>> find(String path) {
        PathTable<T> now = table.get();
        return now.isEmpty() ? Optional.empty() : now.find(path);
    }

    /** Changes the table as {@link PathTable#with} does. */
    void add(PathPattern pattern, T value) {
        table.updateAndGet(before -> before.with(pattern, value));
    }

    /** Changes the table as {@link PathTable#replacing} does. */
    void replace(PathPattern pattern, T value) {
        table.updateAndGet(before -> before.replacing(pattern, value));
    }

    /** Changes the table as {@link PathTable#without} does, and returns whether there was such a pattern. */
    boolean remove(PathPattern pattern) {
        PathTable<T> before = table.getAndUpdate(present -> present.without(pattern));
        return before.without(pattern) != before;
    }

    /** All values by their patterns. */
    Map<String, T> byPattern() {
        return table.get().byPattern();
    }
}
