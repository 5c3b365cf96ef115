package dev.weft.internal.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BufferPoolTest {
    private final BufferBudget budget = new BufferBudget(1000);
    private final BufferPool pool = new BufferPool(100, budget);

    @Test
    void lendsClearedBuffersOfItsSizeWithinTheBudget() {
        List<ByteBuffer> lent = new ArrayList<>();
        Set<ByteBuffer> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int i = 0; i < 10; i++) {
            ByteBuffer buffer = pool.borrow();
            assertEquals(100, buffer.remaining());
            assertTrue(buffer.hasArray());
            buffer.position(50).limit(60);
            lent.add(buffer);
            distinct.add(buffer);
        }
        assertEquals(10, distinct.size());
        assertEquals(1000, budget.taken());
        assertNull(pool.borrow());
        assertEquals(1000, budget.taken());
        lent.forEach(pool::giveBack);
        assertEquals(0, budget.taken());
        assertEquals(100, pool.borrow().remaining());
    }

    @Test
    void lendsAgainWhatCameBack() {
        ByteBuffer buffer = pool.borrow();
        pool.giveBack(buffer);
        assertSame(buffer, pool.borrow());
        assertNotSame(buffer, pool.borrow());
        assertEquals(200, budget.taken());
    }

    @Test
    void keptSizesGrowEightfoldWithRoomForAHeader() {
        BufferPool large = new BufferPool(1 << 14, new BufferBudget(1 << 30));
        assertEquals((1 << 17) + 14, large.largerSize());
        assertEquals(1 << 14, large.keptSize(1, 1, 1 << 14));
        assertEquals(0, large.keptSize(1, 1, (1 << 14) - 1), "over the most");
        assertEquals((1 << 17) + 14, large.keptSize(1 << 14, 1 << 17, 1 << 20));
        assertEquals(1 << 14, large.keptSize(1 << 14, 1 << 17, 1 << 17), "what is wanted is over the most");
        assertEquals((1 << 20) + 14, large.keptSize(1 << 20, 1 << 20, 1 << 21));
        assertEquals(0, large.keptSize((1 << 20) + 15, 1 << 22, 1 << 24), "under the least");
        assertEquals(1 << 21, new BufferPool(1 << 21, new BufferBudget(1)).largerSize(), "nothing larger is kept");
    }

    @Test
    void lendsAnySizeWithinTheBudgetAndKeepsTheKeptOnes() {
        BufferBudget bytes = new BufferBudget(4000);
        BufferPool sizes = new BufferPool(100, bytes);
        ByteBuffer kept = sizes.borrow(814);
        ByteBuffer odd = sizes.borrow(815);
        assertEquals(814, kept.remaining());
        assertEquals(815, odd.remaining());
        assertEquals(1629, bytes.taken());
        assertNull(sizes.borrow(2372));
        assertEquals(1629, bytes.taken());
        sizes.giveBack(kept);
        sizes.giveBack(odd);
        assertEquals(0, bytes.taken());
        assertSame(kept, sizes.borrow(814));
        assertNotSame(odd, sizes.borrow(815));
    }

    @Test
    void neverLendsOneBufferTwice() throws Exception {
        BufferPool small = new BufferPool(4, new BufferBudget(1 << 20));
        AtomicInteger failures = new AtomicInteger();
        List<FutureTask<Void>> borrowers = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            int number = i;
            borrowers.add(new FutureTask<>(() -> {
                for (int j = 0; j < 20_000; j++) {
                    ByteBuffer buffer = small.borrow();
                    assertNotNull(buffer);
                    buffer.putInt(0, number * 100_000 + j);
                    Thread.onSpinWait();
                    if (buffer.getInt(0) != number * 100_000 + j) {
                        failures.incrementAndGet();
                    }
                    small.giveBack(buffer);
                }
                return null;
            }));
        }
        borrowers.forEach(borrower -> Thread.ofPlatform().start(borrower));
        for (FutureTask<Void> borrower : borrowers) {
            borrower.get();
        }
        assertEquals(0, failures.get());
    }

    @Test
    void whatIsLentForBytesThatPassMustNotBeCounted() {
        ByteBuffer counted = pool.borrow(1000);
        ByteBuffer buffer = pool.lend(-1);
        assertEquals(100, buffer.remaining());
        assertEquals(1000, budget.taken());
        pool.takeBack(buffer, -1);
        assertEquals(1000, budget.taken());
        assertSame(buffer, pool.lend(-1), "it is kept");
        pool.giveBack(counted);
        assertEquals(0, budget.taken());
    }

    @Test
    void onlyABufferOfAnAskedSizeMustBeWorthAConnection() {
        ByteBuffer all = pool.borrow(1000);
        budget.relief(() -> {
            pool.giveBack(all);
            budget.relief(() -> 0);
            return 1000;
        });
        assertNull(pool.borrow());
        assertNull(pool.borrowWithoutRelief(200, -1));
        assertEquals(200, pool.borrow(200).remaining());
        assertEquals(200, budget.taken());
    }

    @Test
    void aBufferMustBeKeptAtThePlaceWhereItCameBack() {
        BufferPool placed = new BufferPool(100, budget, 2);
        ByteBuffer first = placed.borrowWithoutRelief(100, 0);
        ByteBuffer second = placed.borrowWithoutRelief(100, 0);
        placed.giveBack(first, 0);
        placed.giveBack(second, 1);
        assertSame(second, placed.borrowWithoutRelief(100, 1));
        assertSame(first, placed.lend(0));
        placed.takeBack(first, 1);
        assertSame(first, placed.lend(1));
        assertNotSame(first, placed.lend(-1));
        assertNotSame(first, placed.lend(2), "there is no such place");
        assertEquals(100, budget.taken());
    }

    @Test
    void oneBudgetMustBeForAllPlaces() {
        BufferPool placed = new BufferPool(100, budget, 2);
        List<ByteBuffer> lent = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            lent.add(placed.borrowWithoutRelief(100, i % 2));
        }
        assertNull(placed.borrowWithoutRelief(100, 0));
        assertEquals(1000, budget.taken());
        lent.forEach(buffer -> placed.giveBack(buffer, 0));
        assertEquals(0, budget.taken());
        for (int i = 0; i < 10; i++) {
            assertNotNull(placed.borrowWithoutRelief(100, 1), "what another place keeps is free");
        }
        assertNull(placed.borrowWithoutRelief(100, 0));
    }

    @Test
    void onlyTheSmallestSizeMustBeKeptAtAPlace() {
        BufferPool placed = new BufferPool(100, new BufferBudget(4000), 2);
        ByteBuffer larger = placed.borrowWithoutRelief(814, 0);
        placed.giveBack(larger, 0);
        assertSame(larger, placed.borrowWithoutRelief(814, 1));
    }

    @Test
    void bytesMustBeReturnedIfThereIsNoMemoryForABuffer() {
        BufferBudget bytes = new BufferBudget(Long.MAX_VALUE / 2);
        // The JDK has no array of this size, whatever the heap.
        BufferPool huge = new BufferPool(Integer.MAX_VALUE, bytes, 1);
        for (Supplier<ByteBuffer> borrowing : List.<Supplier<ByteBuffer>>of(huge::borrow,
                () -> huge.borrow(Integer.MAX_VALUE), () -> huge.borrow(Integer.MAX_VALUE - 1),
                () -> huge.borrowWithoutRelief(Integer.MAX_VALUE, 0),
                () -> huge.borrowWithoutRelief(Integer.MAX_VALUE, -1))) {
            assertThrows(OutOfMemoryError.class, borrowing::get);
            assertEquals(0, bytes.taken());
        }
    }
}
