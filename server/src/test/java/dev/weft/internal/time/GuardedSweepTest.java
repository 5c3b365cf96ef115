package dev.weft.internal.time;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The handling of a connection whose sweep fails. */
class GuardedSweepTest {
    private final List<String> aborted = new ArrayList<>();
    private final Failures failures = new Failures("a test", (what, count, latest) -> {});

    private void sweep(Throwable failure, boolean abortFails) {
        new GuardedSweep<String>((session, now) -> GuardedSweepTest.fail(failure), session -> {
            aborted.add(session + " aborted");
            if (abortFails) {
                throw new IllegalStateException("on purpose");
            }
        }, failures).sweep("it", 1);
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void fail(Throwable failure) throws T {
        throw (T) failure;
    }

    @Test
    void connectionThatFailsMustBeAborted() {
        sweep(new IllegalStateException("on purpose"), false);
        assertEquals(List.of("it aborted"), aborted);
        assertEquals(1, failures.count());
    }

    @Test
    void lackOfMemoryMustAbortNothing() {
        sweep(new OutOfMemoryError("on purpose"), false);
        assertEquals(List.of(), aborted);
        assertEquals(1, failures.count());
    }

    @Test
    void failureOfTheAbortMustNotReachTheSweeper() {
        sweep(new IllegalStateException("on purpose"), true);
        assertEquals(2, failures.count());
    }
}
