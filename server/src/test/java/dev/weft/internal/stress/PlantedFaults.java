package dev.weft.internal.stress;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.function.Executable;

/**
 * Which planted faults a run of the tests looks for. Some are found only after a minute, so a run looks for one in
 * {@value #SHARE}, chosen by the seed; with {@code -Dweft.stress.faults=all}, as {@code scripts/test --all} gives it, for each.
 */
public final class PlantedFaults {
    private static final int SHARE = 5;
    private static final boolean ALL = "all".equals(System.getProperty("weft.stress.faults"));

    private PlantedFaults() {}

    /** Checks that the search fails, and not because the copy with the fault could not even be loaded. */
    public static AssertionError assertFound(Executable search, long seed) {
        AssertionError found = assertThrows(AssertionError.class, search, () -> "not found: the seed was " + seed);
        for (Throwable cause = found; cause != null; cause = cause.getCause()) {
            assertFalse(cause instanceof LinkageError, cause::toString);
        }
        return found;
    }

    /** Ends the test as skipped unless this run looks for the fault. */
    public static void assumeLookedFor(Enum<?> fault, long seed) {
        assumeTrue(ALL || Math.floorMod(fault.ordinal() - seed, SHARE) == 0,
                "this run looks for other faults; scripts/test --all looks for all");
    }
}
