package dev.weft.internal.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class SweeperTest {
    private final CoarseClock clock = new CoarseClock();

    @Test
    void clockMustMoveBeforeTheCheck() throws Exception {
        LinkedBlockingQueue<Integer> looks = new LinkedBlockingQueue<>();
        long begin = clock.now();
        AtomicBoolean behind = new AtomicBoolean();
        Sweeper sweeper = new Sweeper("sweeper", clock, Duration.ofMillis(1), now -> {
            if (clock.now() != now) {
                behind.set(true);
            }
            looks.add(now);
        });
        sweeper.start();
        long last = begin;
        for (int i = 0; i < 5; i++) {
            long now = looks.take();
            assertTrue(now - last >= 0);
            last = now;
        }
        sweeper.stop();
        assertTrue(last - begin > 0);
        assertFalse(behind.get());
    }

    /** A hundred steps of a second would take longer than this test may. */
    @Test
    void stepsGetShorterForAShorterDeadline() throws Exception {
        LinkedBlockingQueue<Integer> looks = new LinkedBlockingQueue<>();
        Sweeper sweeper = new Sweeper("sweeper", clock, Duration.ofSeconds(4), looks::add);
        sweeper.start();
        sweeper.shorten(Duration.ofMillis(4));
        sweeper.shorten(Duration.ofSeconds(1));
        for (int i = 0; i < 100; i++) {
            assertNotNull(looks.poll(10, TimeUnit.SECONDS));
        }
        sweeper.stop();
    }

    /** As when the process is stopped and continues: connections must not all become late. */
    @Test
    void theClockLeavesOutWhatTheSweeperMissed() throws Exception {
        LinkedBlockingQueue<Integer> looks = new LinkedBlockingQueue<>();
        AtomicBoolean missed = new AtomicBoolean();
        Duration step = Duration.ofMillis(5);
        Sweeper sweeper = new Sweeper("sweeper", clock, step.multipliedBy(4), now -> {
            looks.add(now);
            if (missed.compareAndSet(false, true)) {
                long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
            }
        });
        sweeper.start();
        int before = looks.take();
        int after = looks.take();
        sweeper.stop();
        assertTrue(after - before <= 2 * step.toMillis() + 1, () -> after - before + " ms");
    }

    @Test
    void stopMustEndTheSweeperWhateverItsStep() throws Exception {
        AtomicReference<Thread> thread = new AtomicReference<>();
        LinkedBlockingQueue<Boolean> looked = new LinkedBlockingQueue<>();
        Sweeper sweeper = new Sweeper("sweeper", clock, Duration.ofDays(1), now -> {
            thread.set(Thread.currentThread());
            looked.add(true);
        });
        sweeper.start();
        looked.take();
        assertTrue(thread.get().isDaemon());
        assertFalse(thread.get().isVirtual());
        sweeper.stop();
        thread.get().join();
    }

    @Test
    void sweeperMustContinueAfterAFailedCheck() throws Exception {
        LinkedBlockingQueue<Boolean> looks = new LinkedBlockingQueue<>();
        Failures failures = new Failures("sweeper", (what, count, latest) -> {});
        Sweeper sweeper = new Sweeper(clock, Duration.ofMillis(1), now -> {
            looks.add(true);
            throw new IllegalStateException("one connection's trouble");
        }, failures);
        sweeper.start();
        for (int i = 0; i < 3; i++) {
            looks.take();
        }
        sweeper.stop();
        assertTrue(failures.count() >= 2);
    }

    @Test
    void clockMustNeverBeZero() {
        clock.set(0);
        assertEquals(1, clock.now());
    }
}
