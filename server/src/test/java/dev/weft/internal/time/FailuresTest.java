package dev.weft.internal.time;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class FailuresTest {
    private final List<String> reports = new ArrayList<>();
    private final List<Throwable> reported = new ArrayList<>();
    private int reportsThatFail;

    private final Failures failures = new Failures("sweeper", (what, count, latest) -> {
        if (reportsThatFail-- > 0) {
            throw new OutOfMemoryError("test");
        }
        reports.add(what + " " + count);
        reported.add(latest);
    });

    private void reportUntil(int number) {
        while (reports.size() < number) {
            Thread.onSpinWait();
            failures.report();
        }
    }

    @Test
    void theFirstFailureIsReportedAtOnce() {
        Throwable failure = new OutOfMemoryError("test");
        failures.note(failure);
        assertEquals(List.of("sweeper 1"), reports);
        assertSame(failure, reported.getFirst());
    }

    @Test
    void failuresInQuickSuccessionShareAReport() {
        for (int i = 0; i < 300; i++) {
            failures.note(new IllegalStateException());
        }
        assertEquals(300, failures.count());
        reportUntil(2);
        assertEquals(List.of("sweeper 1", "sweeper 299"), reports);
    }

    @Test
    void failedReportsMustBeRepeatedLater() {
        reportsThatFail = 1;
        failures.note(new OutOfMemoryError("test"));
        assertEquals(List.of(), reports);
        reportUntil(1);
        assertEquals(List.of("sweeper 1"), reports);
    }

    @Test
    void nothingIsReportedTwice() {
        failures.note(new IllegalStateException());
        long end = System.nanoTime() + 1_200_000_000;
        while (System.nanoTime() < end) {
            failures.report();
        }
        assertEquals(1, reports.size());
    }
}
