package dev.weft.micrometer;

import java.util.ArrayList;
import java.util.List;

/** The meters of one binder in all registries to which it was bound. */
final class Bindings {
    private final List<SnapshotMeters<?>> bound = new ArrayList<>();
    private boolean closed;

    /**
     * Registers the meters of one registry.
     *
     * @throws IllegalStateException if the binder is closed
     */
    void add(SnapshotMeters<?> meters) {
        synchronized (bound) {
            if (closed) {
                throw new IllegalStateException("the binder is closed");
            }
            bound.add(meters);
        }
        meters.register();
    }

    /** Removes the meters from all registries. Has no effect the second time. */
    void close() {
        List<SnapshotMeters<?>> all;
        synchronized (bound) {
            closed = true;
            all = List.copyOf(bound);
            bound.clear();
        }
        all.forEach(SnapshotMeters::remove);
    }
}
