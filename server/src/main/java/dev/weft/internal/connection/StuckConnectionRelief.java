package dev.weft.internal.connection;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.time.CoarseClock;

/** Frees memory for other connections by evicting the stuck connection that holds the most. For any thread. */
public final class StuckConnectionRelief implements BufferBudget.Relief {
    private final CoarseClock clock;
    private final Iterable<Connection> connections;
    /**
     * The time at which all connections were checked and none could be evicted. The next attempt is made only after the
     * clock has moved.
     */
    private volatile int inVainAt;

    /**
     * Evicts only from these connections.
     *
     * @param connections the connections that are currently open; iterated again on each attempt
     */
    public StuckConnectionRelief(CoarseClock clock, Iterable<Connection> connections) {
        this.clock = clock;
        this.connections = connections;
    }

    @Override
    public long evictOne() {
        int now = clock.now();
        if (inVainAt == now) {
            return 0;
        }
        Connection largest = null;
        long most = 0;
        for (Connection connection : connections) {
            long held = connection.heldBytes();
            if (held > most && connection.isOpen() && Eviction.isStuck(connection)) {
                largest = connection;
                most = held;
            }
        }
        if (largest == null) {
            inVainAt = now;
            return 0;
        }
        Eviction.start(largest);
        return most;
    }
}
