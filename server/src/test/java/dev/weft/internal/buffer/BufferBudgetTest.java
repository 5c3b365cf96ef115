package dev.weft.internal.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BufferBudgetTest {
    @Test
    void takesUpToItsLimitAndNotOneMore() {
        BufferBudget budget = new BufferBudget(100);
        assertTrue(budget.take(60));
        assertFalse(budget.take(41));
        assertEquals(60, budget.taken());
        assertTrue(budget.take(40));
        assertFalse(budget.take(1));
        assertTrue(budget.take(0));
        budget.giveBack(100);
        assertEquals(0, budget.taken());
        assertEquals(100, budget.limit());
        assertFalse(budget.take(Long.MAX_VALUE), "nor does it overflow");
        assertTrue(budget.take(1));
        assertFalse(budget.take(Long.MAX_VALUE), "nor does it overflow");
        assertEquals(1, budget.taken());
    }

    @Test
    void whoNeedsNothingMustNotBeRefusedNorEvictAnother() {
        BufferBudget budget = new BufferBudget(100);
        budget.takeRegardless(150);
        budget.relief(() -> {
            throw new AssertionError("a connection was evicted");
        });
        assertTrue(budget.take(0));
        assertTrue(budget.takeWithoutRelief(0));
        assertEquals(150, budget.taken());
    }

    @Test
    void aRefusalDoesNotRefuseOthers() throws Exception {
        BufferBudget budget = new BufferBudget(100);
        FutureTask<Void> greedy = new FutureTask<>(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                assertFalse(budget.take(101));
            }
            return null;
        });
        Thread thread = Thread.ofPlatform().start(greedy);
        try {
            for (int i = 0; i < 1_000_000; i++) {
                assertTrue(budget.take(10), "there is room for ten");
                budget.giveBack(10);
            }
        } finally {
            thread.interrupt();
        }
        greedy.get();
        assertEquals(0, budget.taken());
    }

    @Test
    void takeMustAskForReliefUntilThereIsRoom() {
        BufferBudget budget = new BufferBudget(100);
        int[] left = {3};
        budget.relief(() -> {
            if (left[0] == 0) {
                return 0;
            }
            left[0]--;
            budget.giveBack(10);
            return 10;
        });
        assertTrue(budget.take(100));
        assertFalse(budget.takeWithoutRelief(1));
        assertEquals(3, left[0], "it did not ask");
        assertTrue(budget.take(20));
        assertEquals(1, left[0], "it did not ask more often than needed");
        assertEquals(100, budget.taken());
        assertFalse(budget.take(101));
        assertEquals(1, left[0], "what can never be taken is not worth a connection");
        assertFalse(budget.take(20));
        assertEquals(0, left[0]);
        assertEquals(90, budget.taken());
    }

    @Test
    void bytesOfAnEvictedConnectionMustCountAsFree() {
        BufferBudget budget = new BufferBudget(100);
        int[] asked = {0};
        budget.relief(() -> {
            asked[0]++;
            return 10;
        });
        assertTrue(budget.take(100));
        assertTrue(budget.take(20));
        assertEquals(2, asked[0], "it did not ask more often than needed");
        assertEquals(120, budget.taken());
        budget.giveBack(20);
        assertEquals(100, budget.taken());
    }

    @Test
    void takeRegardlessMustGoBeyondTheLimitAndHoldUpOthers() {
        BufferBudget budget = new BufferBudget(100);
        budget.takeRegardless(120);
        assertEquals(120, budget.taken());
        assertTrue(budget.isSpent());
        assertFalse(budget.take(1));
        budget.giveBack(20);
        assertTrue(budget.isSpent());
        budget.giveBack(1);
        assertFalse(budget.isSpent());
        assertTrue(budget.take(1));
    }

    @Test
    void whatAShareKeepsMustBeFreeForAll() {
        BufferBudget budget = new BufferBudget(100);
        BudgetShare share = budget.newShare(40);
        assertTrue(share.takeWithoutRelief(40));
        share.giveBack(40);
        assertEquals(40, share.kept());
        assertEquals(0, budget.taken());
        assertTrue(budget.take(100), "it was not collected");
        assertEquals(0, share.kept());
        assertEquals(100, budget.taken());
        assertTrue(budget.isSpent());
        assertFalse(share.takeWithoutRelief(1));
    }

    @Test
    void aBudgetOfWhichSharesKeepMuchMustNotBeSpent() {
        BufferBudget budget = new BufferBudget(100);
        BudgetShare share = budget.newShare(40);
        assertTrue(share.takeWithoutRelief(40));
        share.giveBack(40);
        budget.takeRegardless(60);
        assertFalse(budget.isSpent());
        assertEquals(60, budget.taken());
        budget.takeRegardless(40);
        assertTrue(budget.isSpent());
    }

    @Test
    void shareMustKeepNothingOfAHalfSpentBudget() {
        BufferBudget budget = new BufferBudget(100);
        BudgetShare share = budget.newShare(20);
        assertTrue(share.takeWithoutRelief(45));
        share.giveBack(15);
        share.giveBack(15);
        assertEquals(15, share.kept(), "more than its most");
        assertTrue(share.takeWithoutRelief(10));
        assertEquals(5, share.kept(), "it did not take what it keeps");
        assertTrue(budget.take(45));
        share.giveBack(10);
        assertEquals(5, share.kept(), "the budget is half spent");
        assertEquals(60, budget.taken());
    }

    @Test
    void reliefMustBeAskedOnlyWhenNoShareKeepsAnything() {
        BufferBudget budget = new BufferBudget(100);
        BudgetShare share = budget.newShare(50);
        assertTrue(share.takeWithoutRelief(50));
        share.giveBack(50);
        budget.relief(() -> {
            throw new AssertionError("a connection was given up for bytes that nobody uses");
        });
        assertTrue(budget.take(100));
    }

    @Test
    void sharesMustNeverHandOutMoreThanTheBudgetHas() throws Exception {
        BufferBudget budget = new BufferBudget(100);
        AtomicLong used = new AtomicLong();
        AtomicLong most = new AtomicLong();
        List<FutureTask<Void>> takers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            BudgetShare share = budget.newShare(40);
            int bytes = 10 + 5 * i;
            takers.add(new FutureTask<>(() -> {
                for (int j = 0; j < 100_000; j++) {
                    boolean atShare = (j & 7) != 0;
                    if (atShare ? share.takeWithoutRelief(bytes) : budget.takeWithoutRelief(bytes)) {
                        most.accumulateAndGet(used.addAndGet(bytes), Math::max);
                        used.addAndGet(-bytes);
                        share.giveBack(bytes);
                    }
                }
                return null;
            }));
        }
        takers.forEach(taker -> Thread.ofPlatform().start(taker));
        for (FutureTask<Void> taker : takers) {
            taker.get();
        }
        assertTrue(most.get() <= 100, () -> most + " bytes of 100 were in use");
        assertEquals(0, budget.taken());
        assertTrue(budget.take(100));
    }
}
