package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.stress.FailsForGood;
import dev.weft.internal.stress.PlantedFaults;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Stresses the loops, and shows that the stress finds what it is for.
 * <p>
 * A failure gives its seed; {@code -Dweft.stress.seed=} repeats what was done, if not who was first, and
 * {@code -Dweft.stress.seconds=} sets how long each sound variant is stressed.
 */
@Timeout(3600)
class LoopStressTest {
    private static final long SEED = Long.getLong("weft.stress.seed", System.nanoTime());
    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("weft.stress.seconds", 3));
    private static final Duration LONGEST_ROUND = Duration.ofMillis(800);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /** A planted fault is looked for so long, most are found at once: a miss would fail a build whose code is sound. */
    private static final Duration SEARCH = Duration.ofMinutes(2);
    /** Some faults show only at the end of a round. */
    private static final Duration LONGEST_ROUND_OF_SEARCH = Duration.ofMillis(200);
    /** After this time without an event, a life with a fault is considered stuck. */
    private static final Duration FAULTY_PATIENCE = Duration.ofMillis(1000);

    @Test
    @ExtendWith(FailsForGood.class)
    void everyThreadMustGoOn() throws Exception {
        stress(LoopVariant.real());
    }

    /** The steps drawn out, so that they meet in many more ways. */
    @Test
    @ExtendWith(FailsForGood.class)
    void everyThreadMustGoOnHoweverSlowTheSteps() throws Exception {
        stress(LoopVariant.copy());
    }

    private static void stress(LoopVariant variant) throws Exception {
        LoopStress.Outcome outcome = LoopStress.run(variant.maker(),
                new LoopStress.Settings(SEED, LENGTH, LONGEST_ROUND, PATIENCE));
        System.out.println(outcome);
        // A run that did next to nothing would find next to nothing.
        assertTrue(outcome.lives() > 0 && outcome.takeovers() > 0, outcome::toString);
    }

    @ParameterizedTest
    @EnumSource
    void stressMustFindWhatIsPlanted(PlantedLoopFault fault) throws Exception {
        LoopVariant faulty = LoopVariant.copy(fault.edits());
        PlantedFaults.assumeLookedFor(fault, SEED);
        AssertionError found = PlantedFaults.assertFound(() -> LoopStress.run(faulty.maker(),
                new LoopStress.Settings(SEED, SEARCH, LONGEST_ROUND_OF_SEARCH, FAULTY_PATIENCE)), SEED);
        System.out.println(fault + ": " + found.getMessage());
    }
}
