package dev.weft.internal.buffer;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes all connections of a server together may hold in buffers, half-read messages, what decompresses these, and
 * messages that wait to be sent. When it is spent, a connection that holds much and does nothing with it may be given up for
 * the one that asks ({@link Relief}). For any thread.
 */
public final class BufferBudget {
    private final long limit;
    private final AtomicLong taken = new AtomicLong();
    private volatile Relief relief = () -> 0;

    /** Frees bytes when the budget is spent. */
    @FunctionalInterface
    public interface Relief {
        /** Gives up one connection; returns the bytes that it will give back soon, 0 if there is none to give up. Does not wait. */
        long giveUpOne();
    }

    /** A budget of this number of bytes, without relief. */
    public BufferBudget(long limit) {
        this.limit = limit;
    }

    /** Sets what is asked for relief. */
    public void relief(Relief value) {
        relief = value;
    }

    /**
     * Takes bytes from the budget, with relief if need be; false, and nothing taken, if it does not have them. What a connection
     * that was given up has not given back so far counts as free: its thread may not have had its turn.
     */
    public boolean take(long bytes) {
        long before = taken.get();
        long leaving = 0;
        while (!takeWithoutRelief(bytes)) {
            long more = bytes <= limit ? relief.giveUpOne() : 0;
            if (more == 0) {
                return takeWithoutRelief(bytes);
            }
            leaving += more;
            if (bytes <= limit - before + leaving) {
                takeRegardless(bytes);
                return true;
            }
        }
        return true;
    }

    /** Takes bytes from the budget; false, and nothing taken, if it does not have them. */
    public boolean takeWithoutRelief(long bytes) {
        long now;
        do {
            now = taken.get();
            if (bytes > limit - now) {
                return false;
            }
        } while (!taken.compareAndSet(now, now + bytes));
        return true;
    }

    /** Takes bytes that are held already, whatever the limit says; others are refused until there is less. */
    public void takeRegardless(long bytes) {
        taken.addAndGet(bytes);
    }

    /** Whether nothing is left. */
    public boolean isSpent() {
        return taken.get() >= limit;
    }

    /** Puts back what was taken. */
    public void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** The most bytes that may be taken. */
    public long limit() {
        return limit;
    }

    /** Bytes that are taken now. */
    public long taken() {
        return taken.get();
    }
}
