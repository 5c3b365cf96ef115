package dev.weft.bench.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.bench.scaling.Simulation.Lines;
import dev.weft.bench.scaling.Simulation.Work;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulationTest {
    private static final int THINGS = 50_000;
    private static final double TRANSFER = 50;

    private static double perSecond(int cores, double serial, Lines... lines) {
        return Simulation.perSecond(new Work(1000, serial, 0, List.of(lines)), cores, TRANSFER, THINGS);
    }

    @Test
    void coresThatShareNothingMustAddUp() {
        assertEquals(1e6, perSecond(1, 0), 1e4);
        assertEquals(64e6, perSecond(64, 0), 64e4);
    }

    @Test
    void oneLineThatEachThingWritesMustBeTheCeiling() {
        Lines line = new Lines(1, 1, 0);
        assertEquals(1e6, perSecond(1, 0, line), 1e4, "a core that is alone has the line");
        assertEquals(1e9 / TRANSFER, perSecond(64, 0, line), 3e5);
        assertEquals(1e9 / TRANSFER / 2, perSecond(64, 0, new Lines(1, 1, 1)), 3e5, "a read takes the line too");
    }

    @Test
    void writesToManyLinesMustOnlyCostTheirTransfers() {
        assertEquals(64e9 / (1000 + TRANSFER), perSecond(64, 0, new Lines(100_000, 1, 0)), 64e4);
    }

    @Test
    void lineHandedToAnotherCoreMustCostItsTransfer() {
        Work work = new Work(1000, 0, 2, List.of());
        assertEquals(1e6, Simulation.perSecond(work, 1, TRANSFER, THINGS), 1e4);
        assertEquals(64e9 / (1000 + 2 * TRANSFER), Simulation.perSecond(work, 64, TRANSFER, THINGS), 64e4);
    }

    @Test
    void aLineThatIsOnlyReadMustCostNothing() {
        assertEquals(64e6, perSecond(64, 0, new Lines(1, 0, 10)), 64e4);
    }

    @Test
    void theThreadThatHasAllFirstMustBeTheCeiling() {
        assertEquals(1e9 / 100, perSecond(64, 100), 1e5);
        assertEquals(1e9 / 1100, perSecond(1, 100), 1e4);
    }

    @Test
    void moreCoresThanItKnowsMustBeRefused() {
        assertThrows(IllegalArgumentException.class, () -> perSecond(65, 0));
        assertThrows(IllegalArgumentException.class, () -> perSecond(0, 0));
    }
}
