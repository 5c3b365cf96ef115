package dev.weft.bench.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Installed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The short form of {@code scripts/fault-topics}, for half a minute and more. Run it with {@code -Dweft.faults=true}. */
@EnabledIfSystemProperty(named = "weft.faults", matches = "true")
@Timeout(240)
class FaultRunTest {
    @ParameterizedTest
    @EnumSource(BrokerKind.class)
    void nothingMustBeLostDoubledOrReordered(BrokerKind kind) throws Exception {
        Installed.program(kind.command("", 0, Path.of(".")).getFirst());
        FaultRun.Result result = FaultRun.run(kind, new FaultRun.Size(60, 3, Duration.ofMillis(300), 0.4),
                new LoopbackNetwork(3, kind.servers()));
        assertEquals(Map.of(), result.findings().counts(), () -> result.findings().toString());
        // Otherwise a check could not have failed.
        result.tallies().forEach((name, tally) -> {
            assertTrue(tally.deliveries() > 30, name + ": " + tally);
            assertTrue(tally.gapsTold() > 0, "the broker has lost its data, and nobody was told: " + name);
        });
    }
}
