package dev.weft.internal.connection;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.time.CoarseClock;

/** Frees memory for others by giving up the connection that holds most of those that are stuck. For any thread. */
public final class LargestStuck implements BufferBudget.Relief {
    private final CoarseClock clock;
    private final Iterable<Connection> connections;
    /** When all were looked at and none could be given up: not again before the clock has moved. */
    private volatile int inVainAt;

    /**
     * Looks among these.
     *
     * @param connections those that are open now; iterated anew at each look
     */
    public LargestStuck(CoarseClock clock, Iterable<Connection> connections) {
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
            if (held > most && connection.isOpen() && connection.isStuck()) {
                largest = connection;
                most = held;
            }
        }
        if (largest == null) {
            inVainAt = now;
            return 0;
        }
        largest.evict();
        return most;
    }
}
