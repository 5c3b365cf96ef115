package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.internal.stress.FailsForGood;
import dev.weft.internal.stress.PlantedFaults;
import dev.weft.internal.transport.TransportVariant.Kind;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Stresses the parking transport, and shows that the stress finds the faults that it is meant to find.
 * <p>
 * A failure tells its seed; {@code -Dweft.stress.seed=} repeats what was done, if not who was first, and {@code
 * -Dweft.stress.seconds=} sets how long each sound variant is stressed.
 */
@Timeout(3600)
class ParkingTransportStressTest {
    static final long SEED = Long.getLong("weft.stress.seed", System.nanoTime());
    static final Duration LENGTH = Duration.ofSeconds(Long.getLong("weft.stress.seconds", 2));
    static final Duration PATIENCE = Duration.ofSeconds(10);
    /** A planted fault is looked for so long, most are found at once: a miss would fail a build whose code is sound. */
    static final Duration SEARCH = Duration.ofMinutes(2);
    /** Part of the search, after which it goes on with another driver. */
    static final Duration ROUND = Duration.ofMillis(1500);
    /** After this time without an event, a life with a fault is considered stuck. */
    static final Duration FAULTY_PATIENCE = Duration.ofMillis(700);

    /** The faults in direct system calls. */
    private static final Set<PlantedFault> DIRECT = EnumSet.of(PlantedFault.CLOSED_DURING_A_CALL,
            PlantedFault.LOOKS_WHETHER_IT_IS_CLOSED_BEFORE_IT_SAYS_THAT_IT_RECEIVES,
            PlantedFault.LOOKS_WHETHER_IT_IS_CLOSED_BEFORE_IT_SAYS_THAT_IT_SENDS, PlantedFault.READER_DOES_NOT_CLOSE,
            PlantedFault.WRITER_DOES_NOT_CLOSE);

    @ParameterizedTest
    @ExtendWith(FailsForGood.class)
    @MethodSource("dev.weft.internal.transport.Driver#ofThisJava")
    void everyWaitEndsAndEveryByteArrives(Driver driver) throws Exception {
        stress(TransportVariant.real(Kind.PARKING), driver);
    }

    /** The steps of the state machine drawn out, so that they meet in many more ways. */
    @ParameterizedTest
    @ExtendWith(FailsForGood.class)
    @MethodSource("dev.weft.internal.transport.Driver#ofThisJava")
    void everyByteMustArriveDespiteDelays(Driver driver) throws Exception {
        stress(TransportVariant.copy(Kind.PARKING), driver);
    }

    private static void stress(TransportVariant variant, Driver driver) throws Exception {
        TransportStress.Outcome outcome = TransportStress.run(variant, driver,
                new TransportStress.Settings(SEED, LENGTH, 8, 2, PATIENCE));
        // A run that did next to nothing would find next to nothing.
        assertTrue(outcome.bytes() > 0 && outcome.waits() > 0, outcome::toString);
        assertEquals(driver == Driver.LOOP, outcome.moves() > 0, outcome::toString);
    }

    @ParameterizedTest
    @EnumSource
    void theStressFindsWhatIsPlanted(PlantedFault fault) throws Exception {
        assumeTrue(!DIRECT.contains(fault) || Descriptors.obstacle().isEmpty());
        TransportVariant faulty = TransportVariant.copy(Kind.PARKING, fault.edit());
        PlantedFaults.assumeLookedFor(fault, SEED);
        PlantedFaults.assertFound(() -> search(faulty, fault.ordinal()), SEED);
    }

    /** Returns if all went well. */
    private static void search(TransportVariant faulty, int first) throws Exception {
        List<Driver> drivers = List.copyOf(Driver.ofThisJava());
        long end = System.nanoTime() + SEARCH.toNanos();
        for (int round = 0; System.nanoTime() < end; round++) {
            Driver driver = drivers.get(Math.floorMod(SEED + first + round, drivers.size()));
            TransportStress.run(faulty, driver,
                    new TransportStress.Settings(SEED + round, ROUND, 8, 2, FAULTY_PATIENCE));
        }
    }
}
