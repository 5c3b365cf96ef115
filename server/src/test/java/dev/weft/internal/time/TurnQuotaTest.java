package dev.weft.internal.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.loop.SteppedThreads;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TurnQuotaTest {
    private final SteppedThreads stepped = new SteppedThreads();
    private volatile boolean over;

    /** Works on this number of bytes in pieces of this size, and returns the number of turns that takes. */
    private int turns(int bytes, int piece) {
        return stepped.runToTheEnd(stepped.builder().start(() -> {
            int spent = 0;
            for (int left = bytes; left > 0; left -= piece) {
                spent = TurnQuota.spend(spent, piece);
            }
        }));
    }

    @Test
    void turnMustEndAfterItsBytes() {
        assertEquals(1, turns(TurnQuota.BYTES - 1, 1));
        assertEquals(2, turns(TurnQuota.BYTES, 1));
        assertEquals(2, turns(TurnQuota.BYTES, TurnQuota.PIECE));
        assertEquals(5, turns(4 * TurnQuota.BYTES, TurnQuota.FRAME));
    }

    @Test
    void largePieceMustEndOneTurn() {
        assertEquals(2, turns(7 * TurnQuota.BYTES, 7 * TurnQuota.BYTES));
        assertTrue(turns(Integer.MAX_VALUE, Integer.MAX_VALUE) > 1);
    }

    @Test
    void countMustNotOverflow() {
        AtomicInteger spent = new AtomicInteger(TurnQuota.BYTES - 1);
        assertTrue(stepped.runToTheEnd(stepped.builder().start(() -> {
            spent.set(TurnQuota.spend(spent.get(), Integer.MAX_VALUE));
            spent.set(TurnQuota.spend(spent.get(), TurnQuota.BYTES - 1));
        })) > 1);
        assertEquals(TurnQuota.BYTES - 1, spent.get());
    }

    @Test
    void interruptMustBeKept() throws Exception {
        Rescheduler.start();
        List<Boolean> interrupted = new ArrayList<>();
        Thread thread = Thread.ofVirtual().start(() -> {
            Thread.currentThread().interrupt();
            TurnQuota.spend(0, Integer.MAX_VALUE);
            interrupted.add(Thread.currentThread().isInterrupted());
        });
        assertTrue(thread.join(java.time.Duration.ofSeconds(20)));
        assertEquals(List.of(true), interrupted);
    }

    /**
     * On the JDK's scheduler. Yields alone would not do: a carrier with two threads that only yield never looks at the queues
     * for threads that others start or wake.
     */
    @Test
    void wokenThreadsMustGetTheirTurnAmongBusyOnes() throws Exception {
        Rescheduler.start();
        int busy = 4 * Runtime.getRuntime().availableProcessors();
        CountDownLatch working = new CountDownLatch(busy);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < busy; i++) {
            threads.add(Thread.ofVirtual().start(() -> {
                int spent = 0;
                for (int turns = 0; !over; turns++) {
                    spent = TurnQuota.spend(spent, TurnQuota.BYTES);
                    if (turns == 100) {
                        working.countDown();
                    }
                }
            }));
        }
        try {
            assertTrue(working.await(20, TimeUnit.SECONDS));
            for (int i = 0; i < 20; i++) {
                CountDownLatch started = new CountDownLatch(1);
                CountDownLatch ran = new CountDownLatch(1);
                Thread other = Thread.ofVirtual().start(() -> {
                    started.countDown();
                    LockSupport.park();
                    ran.countDown();
                });
                assertTrue(started.await(20, TimeUnit.SECONDS), "a thread that was started had no turn");
                LockSupport.unpark(other);
                assertTrue(ran.await(20, TimeUnit.SECONDS), "a thread that was woken had no turn");
            }
        } finally {
            over = true;
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }
}
