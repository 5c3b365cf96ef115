package dev.weft.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static List<String> lines(Measurement... measurements) {
        return Arrays.asList(Report.markdown(Samples.results(measurements), Map.of(), Optional.empty()).split("\n"));
    }

    private static Measurement throughput(String scenario, String subject, double figure) {
        return new Measurement("echo", scenario, subject, "throughput", "messages/s", false, List.of(figure));
    }

    @Test
    void aCellThatWeftLosesIsNamedTheWorstFirst() {
        List<String> lines = lines(Samples.cpu("small", "Weft", 1.0), Samples.cpu("small", "Slow 1.0", 2.0),
                Samples.cpu("large", "Weft", 12.0, 13.0, 14.0), Samples.cpu("large", "Quick 1.0", 10.0, 10.0, 10.0),
                Samples.cpu("larger", "Weft", 30.0), Samples.cpu("larger", "Quick 1.0", 10.0));
        List<String> losses = lines.subList(lines.indexOf("## Where Weft loses"), lines.indexOf("## Echo"));
        assertTrue(losses.contains("Weft is worse than the best peer in 2 of 3 cells."), losses.toString());
        assertEquals(List.of("| 3.00 | echo | larger | server CPU per message, µs | Weft: 30.0 | Quick 1.0: 10.0 |  |",
                "| 1.30 | echo | large | server CPU per message, µs | Weft: 13.0 (12.0–14.0) | Quick 1.0: 10.0 (10.0–10.0) |  |"),
                losses.stream().filter(line -> line.contains("| echo |")).toList());
    }

    @Test
    void whereMoreIsBetterTheGreaterFigureWins() {
        List<String> lines = lines(throughput("s", "Weft", 50), throughput("s", "Quick 1.0", 100),
                throughput("t", "Weft", 100), throughput("t", "Quick 1.0", 50));
        assertTrue(lines.contains("| Weft to the best peer | 2.00 loses | 0.50 |"), lines.toString());
        assertTrue(lines.contains("| Weft | 50.0 | **100** |"), lines.toString());
        assertTrue(lines.contains("| Quick 1.0 | **100** | 50.0 |"), lines.toString());
    }

    @Test
    void aBaselineIsNoPeerAndIsNamedAsSuch() {
        List<String> lines = lines(Samples.cpu("s", "Weft", 2.0), Samples.cpu("s", "selector loop (floor)", 1.0),
                Samples.cpu("s", "Slow 1.0", 4.0));
        assertTrue(lines.contains("| ratio | suite | scenario | metric | Weft | baseline | also better |"),
                lines.toString());
        assertTrue(lines.contains("| Weft | **2.00** |"), "the best but for the baseline is bold: " + lines);
        assertTrue(lines.contains("| *selector loop (floor)* | 1.00 |"), lines.toString());
        assertTrue(lines.contains("| Weft to the best peer | 0.50 |"), lines.toString());
    }

    @Test
    void aMissingCellIsADash() {
        List<String> lines = lines(Samples.cpu("s", "Weft", 2.0), Samples.cpu("t", "Slow 1.0", 4.0));
        assertTrue(lines.contains("| Weft | **2.00** | — |"), lines.toString());
        assertTrue(lines.contains("| Slow 1.0 | — | **4.00** |"), lines.toString());
    }

    @Test
    void nothingIsAnInfiniteLossToSomething() {
        List<String> lines = lines(Samples.cpu("s", "Weft", 2.0), Samples.cpu("s", "Quick 1.0", 0.0));
        assertTrue(lines.contains("| Weft to the best peer | ∞ loses |"), lines.toString());
    }

    @Test
    void manyScenariosStandBelowEachOther() {
        List<String> lines = Arrays
                .asList(Report.markdown(Samples.results(List.of(), Samples.parser()), Map.of(), Optional.empty())
                        .split("\n"));
        assertTrue(lines.contains("|  | Weft | Netty 4.2.7 | Jetty 12.1.14 | Java-WebSocket 1.6.0 | Tomcat 11.0.13 | "
                + "*baseline: copy* | Weft to the best peer |"), lines.toString());
    }

    @Test
    void remarksStandWithTheirSuiteEvenIfItMeasuredNothing() {
        List<String> lines = Arrays.asList(Report.markdown(Samples.results(List.of(new Remark("echo", "No TLS."),
                new Remark("memory", "Failed.")), Samples.echo()), Map.of(), Optional.empty()).split("\n"));
        assertEquals("- No TLS.", lines.get(lines.indexOf("## Echo") + 2));
        assertEquals("- Failed.", lines.get(lines.indexOf("## Memory") + 2));
    }

    @Test
    void headMustNameMachineCommitAndCommand() {
        String head = String.join("\n", lines(Samples.cpu("s", "Weft", 2.0)));
        for (String fact : List.of("Abacus 9, 2 cores, 8 GiB", "0123456789abcdef", "`scripts/bench echo`",
                "performance")) {
            assertTrue(head.contains(fact), fact);
        }
        assertFalse(head.contains("quick run"));
    }
}
