package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stresses the parking transport, and shows that the stress finds what it is for.
 * <p>
 * A failure tells its seed; {@code -Dweft.stress.seed=} repeats what was done, if not who was first, and
 * {@code -Dweft.stress.seconds=} sets how long each sound variant is stressed.
 */
@Timeout(3600)
class ParkingTransportStressTest {
    private static final long SEED = Long.getLong("weft.stress.seed", System.nanoTime());
    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("weft.stress.seconds", 2));
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** A planted fault is to be found within so long; its life waits for good after so long without an event. */
    private static final Duration FAULTY_LENGTH = Duration.ofSeconds(20);
    private static final Duration FAULTY_PATIENCE = Duration.ofMillis(700);

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyWaitEndsAndEveryOctetArrives(boolean virtual) throws Exception {
        stress(TransportVariant.real(), virtual);
    }

    /** The steps of the state machine drawn out, so that they meet in many more ways. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyWaitEndsAndEveryOctetArrivesHoweverSlowTheSteps(boolean virtual) throws Exception {
        stress(TransportVariant.copy(), virtual);
    }

    private static void stress(TransportVariant variant, boolean virtual) throws Exception {
        TransportStress.Outcome outcome = TransportStress.run(variant, virtual,
                new TransportStress.Settings(SEED, LENGTH, 8, 2, PATIENCE));
        // A run that did next to nothing would find next to nothing.
        assertTrue(outcome.octets() > 0 && outcome.waits() > 0, outcome::toString);
    }

    @ParameterizedTest
    @EnumSource
    void theStressFindsWhatIsPlanted(PlantedFault fault) throws Exception {
        TransportVariant faulty = TransportVariant.copy(fault.edit());
        boolean virtual = (SEED + fault.ordinal()) % 2 == 0;
        assertThrows(AssertionError.class,
                () -> TransportStress.run(faulty, virtual,
                        new TransportStress.Settings(SEED, FAULTY_LENGTH, 8, 2, FAULTY_PATIENCE)),
                () -> "not found: the seed was " + SEED);
    }
}
