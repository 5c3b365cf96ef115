package dev.weft.internal.buffer;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Bytes of the budget that were given back at one place, such as a loop, and are kept for the next thread that takes some there: so
 * that loops which take and give back with every message do not all write to the number that counts what is taken, whose
 * cache line only one core can have at a time. Lock-free, for any thread.
 * <p>
 * A thread that takes bytes takes them from here if there are enough, else from the budget. A thread that gives bytes back puts
 * them here if there is room and the budget is not half spent, else in the budget. The budget collects what is kept before it
 * refuses anyone, so that nobody is refused for the sake of bytes that nobody uses.
 */
final class BudgetShare {
    /** In the middle of an array that is so long that no other object has a part of the element's cache line. */
    private static final int AT = 8;
    private static final int LENGTH = 16;

    private final BufferBudget budget;
    private final long most;
    /** Bytes that are counted as taken, and that nobody uses. */
    private final AtomicLongArray kept = new AtomicLongArray(LENGTH);

    /** One without bytes, which keeps at most this number. */
    BudgetShare(BufferBudget budget, long most) {
        this.budget = budget;
        this.most = most;
    }

    /** As {@link BufferBudget#takeWithoutRelief}. */
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

    /** As {@link BufferBudget#giveBack}. */
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

    /** For the budget: removes what is kept, which is returned. */
    long collect() {
        return kept.get(AT) == 0 ? 0 : kept.getAndSet(AT, 0);
    }
}
