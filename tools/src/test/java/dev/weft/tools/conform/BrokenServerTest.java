package dev.weft.tools.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.tools.conform.broken.BrokenServer;
import dev.weft.tools.conform.broken.Fault;
import dev.weft.tools.conform.cases.Case;
import dev.weft.tools.conform.cases.Cases;
import dev.weft.tools.conform.report.Result;
import dev.weft.tools.conform.wire.Settings;
import dev.weft.tools.conform.wire.Side;
import dev.weft.tools.conform.wire.Verdict;
import dev.weft.tools.options.Trust;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The suite finds each fault of a broken server, and none in a server without faults. */
class BrokenServerTest {
    private static List<Result> run(Fault fault, List<Case> cases, Duration timeout) throws Exception {
        try (BrokenServer server = new BrokenServer(fault)) {
            Settings settings = new Settings(URI.create("ws://127.0.0.1:" + server.port() + "/"),
                    Trust.ordinary(), timeout, timeout.dividedBy(4), 16 << 20, true);
            return new CaseRunner(settings, result -> {}).run(cases);
        }
    }

    @Test
    void serverWithoutFaultsIsAllOk() throws Exception {
        List<Result> results = run(Fault.NONE, Cases.all(Side.SERVER), Duration.ofSeconds(10));
        List<Result> others = results.stream().filter(result -> result.verdict() != Verdict.OK).toList();
        assertEquals(List.of(), others);
        assertTrue(results.size() > 1000);
    }

    static Stream<Fault> faults() {
        return Arrays.stream(Fault.values()).filter(fault -> fault != Fault.NONE && fault.isOf(Side.SERVER));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void eachFaultIsFoundByItsCase(Fault fault) throws Exception {
        String id = fault.foundBy(Side.SERVER);
        List<Case> cases = Cases.all(Side.SERVER).stream().filter(one -> one.id().equals(id)).toList();
        assertEquals(1, cases.size(), id);
        Result result = run(fault, cases, Duration.ofSeconds(2)).getFirst();
        assertTrue(Set.of(Verdict.FAILED, Verdict.NON_STRICT, Verdict.INFORMATIONAL).contains(result.verdict()),
                () -> fault + ": " + result);
    }
}
