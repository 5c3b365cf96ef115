package dev.weft.tools.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.tools.conform.broken.BrokenClient;
import dev.weft.tools.conform.broken.Fault;
import dev.weft.tools.conform.cases.Case;
import dev.weft.tools.conform.cases.Cases;
import dev.weft.tools.conform.report.Result;
import dev.weft.tools.conform.wire.Side;
import dev.weft.tools.conform.wire.Verdict;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The suite finds each fault of a broken client, and none in a client without faults. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BrokenClientTest {
    private static final int AT_ONCE = 8;
    private static final Map<Fault, Future<Result>> RESULTS = new EnumMap<>(Fault.class);

    private static ClientRun run(Fault fault, List<Case> cases, Duration timeout) throws Exception {
        return ClientRun.of(cases, timeout, port -> new BrokenClient(fault, port)::visit);
    }

    @Test
    void clientWithoutFaultsIsAllOk() throws Exception {
        ClientRun run = run(Fault.NONE, Cases.all(Side.CLIENT), Duration.ofSeconds(40));
        assertEquals(List.of(), run.results().stream().filter(result -> result.verdict() != Verdict.OK).toList());
        assertTrue(run.results().size() > 1244, "at least as many as for servers");
        assertEquals(0, run.surplusVisits(), "each case says exactly how many connections it needs");
    }

    static Stream<Fault> faults() {
        return Arrays.stream(Fault.values()).filter(fault -> fault != Fault.NONE && fault.isOf(Side.CLIENT));
    }

    /** Several at once, because some wait for answers that never arrive. */
    @BeforeAll
    static void startAll() {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        faults().forEach(fault -> RESULTS.put(fault, threads.submit(() -> {
            String id = fault.foundBy(Side.CLIENT);
            List<Case> cases = Cases.all(Side.CLIENT).stream().filter(one -> one.id().equals(id)).toList();
            assertEquals(1, cases.size(), id);
            return run(fault, cases, Duration.ofSeconds(2)).results().getFirst();
        })));
        threads.shutdown();
    }

    @ParameterizedTest
    @MethodSource("faults")
    void eachFaultIsFoundByItsCase(Fault fault) throws Exception {
        Result result = RESULTS.get(fault).get();
        assertTrue(Set.of(Verdict.FAILED, Verdict.NON_STRICT, Verdict.INFORMATIONAL).contains(result.verdict()),
                () -> fault + ": " + result);
    }
}
