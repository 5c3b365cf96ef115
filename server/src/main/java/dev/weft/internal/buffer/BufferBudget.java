package dev.weft.internal.buffer;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many octets all connections of a server together may hold in buffers, half-read messages, what decompresses these,
 * and posted ones. For any thread.
 */
public final class BufferBudget {
    private final long limit;
    private final AtomicLong taken = new AtomicLong();

    /** A budget of so many octets. */
    public BufferBudget(long limit) {
        this.limit = limit;
    }

    /** Takes octets from the budget; false, and nothing taken, if it has not so many. */
    public boolean take(long octets) {
        long now;
        do {
            now = taken.get();
            if (octets > limit - now) {
                return false;
            }
        } while (!taken.compareAndSet(now, now + octets));
        return true;
    }

    /** Puts back what was taken. */
    public void giveBack(long octets) {
        taken.addAndGet(-octets);
    }

    /** The most octets that may be taken. */
    public long limit() {
        return limit;
    }

    /** Octets that are taken now. */
    public long taken() {
        return taken.get();
    }
}
