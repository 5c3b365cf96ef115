package dev.weft.bench.topics;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FaultSequenceTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    /** Messages on other nodes, and those some seconds before or after, have to arrive. */
    @Test
    void faultMustExcuseOnlyWhatItMayHaveHit() {
        FaultSequence faults = new FaultSequence(null, List.of(), null, Duration.ZERO, 1, said -> {});
        faults.hit(Set.of(1), 10 * SECOND, 14 * SECOND);
        assertTrue(faults.mayHaveHit(1, 12 * SECOND, 12 * SECOND));
        assertTrue(faults.mayHaveHit(1, 9 * SECOND, 15 * SECOND));
        assertTrue(faults.mayHaveHit(1, 8 * SECOND, 10 * SECOND));
        assertFalse(faults.mayHaveHit(0, 12 * SECOND, 12 * SECOND));
        assertFalse(faults.mayHaveHit(1, 8 * SECOND, 8 * SECOND));
        assertFalse(faults.mayHaveHit(1, 18 * SECOND, 19 * SECOND));
    }
}
