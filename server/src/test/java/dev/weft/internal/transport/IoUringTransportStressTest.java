package dev.weft.internal.transport;

import static dev.weft.internal.transport.ParkingTransportStressTest.FAULTY_PATIENCE;
import static dev.weft.internal.transport.ParkingTransportStressTest.LENGTH;
import static dev.weft.internal.transport.ParkingTransportStressTest.PATIENCE;
import static dev.weft.internal.transport.ParkingTransportStressTest.ROUND;
import static dev.weft.internal.transport.ParkingTransportStressTest.SEARCH;
import static dev.weft.internal.transport.ParkingTransportStressTest.SEED;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.internal.stress.FailsForGood;
import dev.weft.internal.stress.NoisyCopy.Edit;
import dev.weft.internal.stress.PlantedFaults;
import dev.weft.internal.transport.TransportVariant.Kind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Stresses the transport over io_uring. As in {@link ParkingTransportStressTest}, a failure tells its seed, and {@code
 * -Dweft.stress.seconds=} sets the length.
 */
@Timeout(3600)
class IoUringTransportStressTest {
    private static final Edit FEW_BUFFERS = new Edit("int COUNT = 1024;", "int COUNT = 4;");

    @BeforeEach
    void requireRings() {
        assumeTrue(Rings.obstacle().isEmpty(), () -> Rings.obstacle().orElseThrow());
    }

    @Test
    @ExtendWith(FailsForGood.class)
    void everyWaitEndsAndEveryByteArrives() throws Exception {
        stress(TransportVariant.real(Kind.IO_URING));
    }

    /** The steps of the states drawn out, so that they meet in many more ways. */
    @Test
    @ExtendWith(FailsForGood.class)
    void everyByteMustArriveDespiteDelays() throws Exception {
        stress(TransportVariant.copy(Kind.IO_URING));
    }

    /** Often, there is no buffer to receive into. */
    @Test
    @ExtendWith(FailsForGood.class)
    void everyByteMustArriveDespiteALackOfBuffers() throws Exception {
        stress(TransportVariant.copy(Kind.IO_URING, FEW_BUFFERS));
    }

    @ParameterizedTest
    @EnumSource
    void theStressMustFindWhatIsPlanted(PlantedRingFault fault) throws Exception {
        TransportVariant faulty = TransportVariant.copy(Kind.IO_URING, fault.edits());
        PlantedFaults.assumeLookedFor(fault, SEED);
        PlantedFaults.assertFound(() -> search(faulty), SEED);
    }

    /** Returns if all went well. */
    private static void search(TransportVariant faulty) throws Exception {
        long end = System.nanoTime() + SEARCH.toNanos();
        for (int round = 0; System.nanoTime() < end; round++) {
            TransportStress.run(faulty, Driver.LOOP,
                    new TransportStress.Settings(SEED + round, ROUND, 8, 2, FAULTY_PATIENCE));
        }
    }

    private static void stress(TransportVariant variant) throws Exception {
        TransportStress.Outcome outcome = TransportStress.run(variant, Driver.LOOP,
                new TransportStress.Settings(SEED, LENGTH, 8, 2, PATIENCE));
        // A run that did next to nothing would find next to nothing.
        assertTrue(outcome.bytes() > 0 && outcome.waits() > 0 && outcome.moves() > 0, outcome::toString);
    }
}
