package dev.weft.internal.send;

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
 * Stresses the sender, and shows that the stress finds what it is for.
 * <p>
 * A failure gives its seed; {@code -Dweft.stress.seed=} repeats what was done, if not who was first, and
 * {@code -Dweft.stress.seconds=} sets how long each sound variant is stressed.
 */
@Timeout(3600)
class FrameSenderStressTest {
    private static final long SEED = Long.getLong("weft.stress.seed", System.nanoTime());
    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("weft.stress.seconds", 2));
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** A planted fault is looked for so long, most are found at once: a miss would fail a build whose code is sound. */
    private static final Duration SEARCH = Duration.ofMinutes(2);
    /** Part of the search, after which it begins again, with other lives. */
    private static final Duration ROUND = Duration.ofSeconds(5);
    /** After this time without an event, a life with a fault is considered stuck. */
    private static final Duration FAULTY_PATIENCE = Duration.ofMillis(500);

    @Test
    @ExtendWith(FailsForGood.class)
    void acceptedMessagesMustArriveWholeAndInOrder() throws Exception {
        stress(SenderVariant.real());
    }

    /** The steps drawn out, so that they meet in many more ways. */
    @Test
    @ExtendWith(FailsForGood.class)
    void acceptedMessagesMustArriveInOrderDespiteDelays() throws Exception {
        stress(SenderVariant.copy());
    }

    private static void stress(SenderVariant variant) throws Exception {
        long frames = variant.stress(SEED, LENGTH, PATIENCE);
        // A run that did next to nothing would find next to nothing.
        assertTrue(frames > 100, () -> "only " + frames + " frames");
    }

    @ParameterizedTest
    @EnumSource
    void stressMustFindWhatIsPlanted(PlantedSenderFault fault) throws Exception {
        SenderVariant faulty = SenderVariant.copy(fault.edits());
        PlantedFaults.assumeLookedFor(fault, SEED);
        PlantedFaults.assertFound(() -> search(faulty), SEED);
    }

    /** Returns if all went well. */
    private static void search(SenderVariant faulty) throws Exception {
        long end = System.nanoTime() + SEARCH.toNanos();
        for (int round = 0; System.nanoTime() < end; round++) {
            faulty.stress(SEED + round, ROUND, FAULTY_PATIENCE);
        }
    }
}
