package dev.weft.internal.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.FutureTask;
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
    void whatAGivenUpConnectionHasNotYetGivenBackMustCountAsFree() {
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
        assertFalse(budget.take(0));
        budget.giveBack(20);
        assertTrue(budget.isSpent());
        budget.giveBack(1);
        assertFalse(budget.isSpent());
        assertTrue(budget.take(1));
    }
}
