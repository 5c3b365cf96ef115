package dev.weft.internal.buffer;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Bytes of the budget that were returned at one place, such as a loop, and are kept there for the next thread that takes some.
 * Without shares, all loops would write to the budget's counter with every message, and only one core can own the counter's
 * cache line at a time. Lock-free, for any thread.
 * <p>
 * A thread takes bytes from the share if it has enough, otherwise from the budget. A thread returns bytes to the share if that
 * has room and the budget is not half spent, otherwise to the budget. The budget collects the bytes of its shares before it
 * refuses a request, so no request is refused because of unused bytes.
 */
final class BudgetShare {
    /**
     * The index of the element in the middle of the array. The array is so long that no other object shares the element's cache
     * line.
     */
    private static final int AT = 8;
    private static final int LENGTH = 16;

    private final BufferBudget budget;
    private final long most;
    /** Bytes that are counted as taken but are unused. */
    private final AtomicLongArray kept = new AtomicLongArray(LENGTH);

    /** An empty share that keeps at most this number of bytes. */
    BudgetShare(BufferBudget budget, long most) {
        this.budget = budget;
        this.most = most;
    }

    /** Like {@link BufferBudget#takeWithoutRelief}. */
    boolean takeWithoutRelief(long bytes) {
        long now;
        do {
            now = kept.get(AT);
            if (bytes > now) {
                return budget.takeWithoutRelief(bytes);
            }
        } while (!kept.compareAndSet(AT, now, now - bytes));
        return true;
    }

    /** Like {@link BufferBudget#giveBack}. */
    void giveBack(long bytes) {
        long now;
        do {
            now = kept.get(AT);
            if (now + bytes > most || budget.isHalfSpent()) {
                budget.giveBack(bytes);
                return;
            }
        } while (!kept.compareAndSet(AT, now, now + bytes));
    }

    /** Bytes that are kept. */
    long kept() {
        return kept.get(AT);
    }

    /** Removes all bytes that are kept, and returns their number. For the budget. */
    long collect() {
        return kept.get(AT) == 0 ? 0 : kept.getAndSet(AT, 0);
    }
}
