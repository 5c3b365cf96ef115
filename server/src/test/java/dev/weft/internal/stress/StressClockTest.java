package dev.weft.internal.stress;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class StressClockTest {
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration LOOK = Duration.ofMillis(20);
    private static final int LOOKS_WITHIN_PATIENCE = (int) (PATIENCE.toNanos() / LOOK.toNanos());
    private static final Object LIFE = "life";

    private final Queue<Runnable> scheduled = new ArrayDeque<>();
    private long nanos;
    private final StressClock clock = new StressClock(PATIENCE, scheduled::add, () -> nanos);
    private final StressClock.Watch watch = clock.watch();

    /** Looks again after this time; the thread that was started at the look before has had its turn. */
    private boolean isStuckAfter(Duration time, long progress) {
        while (!scheduled.isEmpty()) {
            scheduled.remove().run();
        }
        return isStuckWithoutTurnsAfter(time, progress);
    }

    private boolean isStuckWithoutTurnsAfter(Duration time, long progress) {
        nanos += time.toNanos();
        clock.look();
        return watch.isStuck(LIFE, progress);
    }

    @Test
    void aLifeWithoutProgressMustBeStuckAfterThePatience() {
        for (int i = 0; i < LOOKS_WITHIN_PATIENCE; i++) {
            assertFalse(isStuckAfter(LOOK, 0));
        }
        assertTrue(isStuckAfter(LOOK, 0) || isStuckAfter(LOOK, 0));
    }

    @Test
    void progressMustBeginThePatienceAgain() {
        for (int i = 0; i < 3 * LOOKS_WITHIN_PATIENCE; i++) {
            assertFalse(isStuckAfter(LOOK, i));
        }
    }

    /** The machine was suspended, or the watchdog got no processor. */
    @Test
    void aLongTimeBetweenTwoLooksMustNotCount() {
        assertFalse(isStuckAfter(LOOK, 0));
        assertFalse(isStuckAfter(PATIENCE.multipliedBy(100), 0));
        assertFalse(isStuckAfter(LOOK, 0));
    }

    @Test
    void timeInWhichNoThreadGetsATurnMustNotCount() {
        assertFalse(isStuckAfter(LOOK, 0));
        for (int i = 0; i < 3 * LOOKS_WITHIN_PATIENCE; i++) {
            assertFalse(isStuckWithoutTurnsAfter(LOOK, 0));
        }
        assertFalse(isStuckAfter(LOOK, 0));
    }

    @Test
    void aSchedulerThatRunsNothingMustBeReported() {
        clock.look();
        for (int i = 0; i < StressClock.LONGEST_SILENCE * LOOKS_WITHIN_PATIENCE; i++) {
            isStuckWithoutTurnsAfter(LOOK, i);
        }
        assertThrows(AssertionError.class, () -> isStuckWithoutTurnsAfter(LOOK, 0));
    }
}
