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
}
