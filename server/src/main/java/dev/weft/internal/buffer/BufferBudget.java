package dev.weft.internal.buffer;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Limits the bytes that all connections of a server together hold in buffers, incomplete messages, their decompressors, and
 * messages that wait to be sent. When it is spent, a stuck connection that holds many bytes may be evicted to serve a request
 * ({@link Relief}). For any thread.
 */
public final class BufferBudget {
    private final long limit;
    private final AtomicLong taken = new AtomicLong();
    /** Created when the server starts; their bytes are included in {@link #taken}. */
    private final AtomicReference<BudgetShare[]> shares = new AtomicReference<>(new BudgetShare[0]);
    private volatile Relief relief = () -> 0;

    /** Frees bytes when the budget is spent. */
    @FunctionalInterface
    public interface Relief {
        /**
         * Evicts one connection; returns the number of bytes that it will release soon, or 0 if no connection can be evicted.
         * Does not wait.
         */
        long evictOne();
    }

    /** A budget of this number of bytes, without relief. */
    public BufferBudget(long limit) {
        this.limit = limit;
    }

    /** Creates a share that keeps at most this number of unused bytes. */
    BudgetShare newShare(long most) {
        BudgetShare share = new BudgetShare(this, most);
        shares.updateAndGet(before -> {
            BudgetShare[] more = Arrays.copyOf(before, before.length + 1);
            more[before.length] = share;
            return more;
        });
        return share;
    }

    /** Sets the relief to call when the budget is spent. */
    public void relief(Relief value) {
        relief = value;
    }

    /**
     * Takes bytes from the budget, with relief if necessary; returns false, and takes nothing, if not enough are left. Bytes
     * that an evicted connection has not released yet count as free: its thread may not have been scheduled yet.
     */
    public boolean take(long bytes) {
        if (takeWithoutRelief(bytes)) {
            return true;
        }
        long before = taken();
        long leaving = 0;
        while (!takeWithoutRelief(bytes)) {
            long more = bytes <= limit ? relief.evictOne() : 0;
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

    /**
     * Takes bytes from the budget; returns false, and takes nothing, if not enough are left. A request for 0 bytes is never
     * refused, even if more than the limit is taken.
     */
    public boolean takeWithoutRelief(long bytes) {
        return bytes == 0 || bytes <= limit && (takeOnce(bytes) || collectShares() && takeOnce(bytes));
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

    /** Collects the bytes of the shares; returns whether there were any. */
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

    /** Counts bytes that are already held, even beyond the limit; other requests are refused until there is room again. */
    public void takeRegardless(long bytes) {
        taken.addAndGet(bytes);
    }

    /** Whether nothing is left. */
    public boolean isSpent() {
        return taken.get() >= limit && taken() >= limit;
    }

    /** Whether shares must keep nothing. */
    boolean isHalfSpent() {
        return taken.get() > limit / 2;
    }

    /** Returns bytes that were taken. */
    public void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** The maximum number of bytes that may be taken. */
    public long limit() {
        return limit;
    }

    /**
     * The number of bytes that are taken now, without those that shares keep. Exact if no other thread takes or returns bytes
     * meanwhile.
     */
    public long taken() {
        long now = taken.get();
        for (BudgetShare share : shares.get()) {
            now -= share.kept();
        }
        return Math.max(0, now);
    }
}
