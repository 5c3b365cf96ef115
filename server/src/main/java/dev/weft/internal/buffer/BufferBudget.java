package dev.weft.internal.buffer;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How many bytes all connections of a server together may hold in buffers, half-read messages, what decompresses these, and
 * messages that wait to be sent. When it is spent, a connection that holds much and does nothing with it may be given up for
 * the one that asks ({@link Relief}). For any thread.
 */
public final class BufferBudget {
    private final long limit;
    private final AtomicLong taken = new AtomicLong();
    /** Made when the server starts; their bytes are in {@link #taken}. */
    private final AtomicReference<BudgetShare[]> shares = new AtomicReference<>(new BudgetShare[0]);
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

    /** Makes a share that keeps at most this number of bytes that nobody uses. */
    BudgetShare newShare(long most) {
        BudgetShare share = new BudgetShare(this, most);
        shares.updateAndGet(before -> {
            BudgetShare[] more = Arrays.copyOf(before, before.length + 1);
            more[before.length] = share;
            return more;
        });
        return share;
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
        if (takeWithoutRelief(bytes)) {
            return true;
        }
        long before = taken();
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
        return bytes <= limit && (takeOnce(bytes) || collectShares() && takeOnce(bytes));
    }

    private boolean takeOnce(long bytes) {
        long now;
        do {
            now = taken.get();
            if (bytes > limit - now) {
                return false;
            }
        } while (!taken.compareAndSet(now, now + bytes));
        return true;
    }

    /** Whether there was anything in them. */
    private boolean collectShares() {
        boolean found = false;
        for (BudgetShare share : shares.get()) {
            long bytes = share.collect();
            if (bytes > 0) {
                taken.addAndGet(-bytes);
                found = true;
            }
        }
        return found;
    }

    /** Takes bytes that are held already, whatever the limit says; others are refused until there is less. */
    public void takeRegardless(long bytes) {
        taken.addAndGet(bytes);
    }

    /** Whether nothing is left. */
    public boolean isSpent() {
        return taken.get() >= limit && taken() >= limit;
    }

    /** Whether shares are to keep nothing. */
    boolean isHalfSpent() {
        return taken.get() > limit / 2;
    }

    /** Puts back what was taken. */
    public void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** The most bytes that may be taken. */
    public long limit() {
        return limit;
    }

    /** Bytes that are taken now, without those that shares keep. Exact when no other thread takes or gives back meanwhile. */
    public long taken() {
        long now = taken.get();
        for (BudgetShare share : shares.get()) {
            now -= share.kept();
        }
        return Math.max(0, now);
    }
}
