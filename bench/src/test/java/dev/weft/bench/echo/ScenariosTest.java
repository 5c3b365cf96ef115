package dev.weft.bench.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bench.echo.Scenario.Figure;
import dev.weft.bench.echo.Scenario.Pace;
import dev.weft.bench.peers.Peers;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every scenario, small and short, on a server without known faults. */
@Timeout(60)
class ScenariosTest {
    private static ServerProcess server;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        server = ServerProcess.start(Peers.FLOOR, List.of());
    }

    @AfterAll
    static void end() {
        server.close();
    }

    static Stream<Scenario> scenarios() {
        return Stream.of(new Saturation(4, Opcode.TEXT, 125, 2), new Saturation(2, Opcode.BINARY, 1 << 20, 1),
                new FixedRate(4, 16, 1000), new Bursts(20, 125, 10), new Broadcast(50, 125, 1),
                new Broadcast(50, 125, 4), new ConnectRate(4, 16),
                new SlowReaders(4, 4, 125, 1 << 16, 32));
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void aScenarioEndsWithFigures(Scenario scenario) throws IOException {
        List<Figure> figures = scenario.run(server.target(), new Pace(50_000_000, 150_000_000));
        assertTrue(figures.getFirst().metric().startsWith("server CPU per "), figures::toString);
        assertTrue(figures.stream().allMatch(figure -> Double.isFinite(figure.value()) && figure.value() >= 0),
                figures::toString);
        assertTrue(figures.stream().map(Figure::metric).distinct().count() == figures.size(), figures::toString);
    }

    @Test
    void fullPlanMustHaveEveryPeerWhereThereAreGoalsAndTheBestEverywhere() {
        EchoPlan plan = EchoPlan.of(false, Duration.ofMinutes(40));
        Set<Peers> echoing = EnumSet.complementOf(EnumSet.of(Peers.WEFT_TOPICS));
        assertEquals(5, plan.cells().stream().filter(cell -> cell.peers().equals(echoing)).count());
        Set<Peers> best = EnumSet.of(Peers.WEFT, Peers.FLOOR, Peers.NETTY_EPOLL, Peers.VERTX);
        for (EchoPlan.Cell cell : plan.cells()) {
            assertTrue(cell.peers().containsAll(best), cell::toString);
            assertEquals(cell.scenario() instanceof Broadcast, cell.peers().contains(Peers.WEFT_TOPICS));
        }
    }

    @Test
    void planMustUseMostOfItsTimeAndNoMore() {
        for (boolean quick : new boolean[]{true, false}) {
            Duration budget = quick ? Duration.ofSeconds(100) : Duration.ofMinutes(28);
            EchoPlan plan = EchoPlan.of(quick, budget);
            double each = (plan.pace().warmUp() + plan.pace().measure()) / 1e9;
            double round = plan.startSeconds() + plan.cells().stream()
                    .mapToDouble(cell -> cell.peers().size() * (cell.scenario().extraSeconds() + each)).sum();
            double share = plan.rounds() * round / budget.toSeconds();
            assertTrue(share > 0.8 && share < 0.95, () -> plan + " takes " + share);
        }
    }

    @Test
    void namesOfScenariosDiffer() {
        for (boolean quick : new boolean[]{true, false}) {
            List<String> names = EchoPlan.of(quick, Duration.ofMinutes(2)).cells().stream()
                    .map(cell -> cell.scenario().name()).toList();
            assertTrue(names.stream().distinct().count() == names.size(), names::toString);
        }
    }
}
