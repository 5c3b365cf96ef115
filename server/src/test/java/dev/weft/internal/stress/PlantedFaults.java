package dev.weft.internal.stress;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Which planted faults a run of the tests looks for. Some are found only after a minute, so a run looks for one in
 * {@value #SHARE}, chosen by the seed; with {@code -Dweft.stress.faults=all}, as {@code scripts/test --all} gives it, for each.
 */
public final class PlantedFaults {
    private static final int SHARE = 5;
    private static final boolean ALL = "all".equals(System.getProperty("weft.stress.faults"));

    private PlantedFaults() {}

    /** Ends the test as skipped unless this run looks for the fault. */
    public static void assumeLookedFor(Enum<?> fault, long seed) {
        assumeTrue(ALL || Math.floorMod(fault.ordinal() - seed, SHARE) == 0,
                "this run looks for other faults; scripts/test --all looks for all");
    }
}
