package dev.weft.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bench.report.Comparison.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static Comparison compare(List<Double> earlier, List<Double> later) {
        return Comparison.of(Samples.results(cpu("Weft", earlier)), Samples.results(cpu("Weft", later)));
    }

    private static Measurement cpu(String subject, List<Double> rounds) {
        return Samples.cpu("s", subject, rounds.toArray(Double[]::new));
    }

    private static Verdict verdict(List<Double> earlier, List<Double> later) {
        return compare(earlier, later).changes().getFirst().verdict();
    }

    private static List<Double> noise(long seed, int rounds, double median) {
        return new Random(seed).doubles(rounds, median * 0.93, median * 1.07).boxed().toList();
    }

    @Test
    void aPlantedRegressionIsFoundAndNoiseIsNot() {
        for (int rounds : new int[]{3, 5, 15}) {
            for (long seed = 1; seed <= 50; seed++) {
                assertEquals(Verdict.SAME, verdict(noise(seed, rounds, 10), noise(-seed, rounds, 10)), "noise");
                assertEquals(Verdict.WORSE, verdict(noise(seed, rounds, 10), noise(-seed, rounds, 13)), "a regression");
                assertEquals(Verdict.BETTER, verdict(noise(seed, rounds, 13), noise(-seed, rounds, 10)), "a gain");
            }
        }
    }

    @Test
    void aSmallChangeIsNoiseHoweverSteady() {
        assertEquals(Verdict.SAME, verdict(List.of(10.0, 10.0, 10.0), List.of(10.9, 10.9, 10.9)));
    }

    @Test
    void rangesThatOverlapAreNoise() {
        assertEquals(Verdict.SAME, verdict(List.of(10.0, 10.0, 13.0), List.of(12.0, 13.0, 14.0)));
    }

    @Test
    void oneRoundMustDifferByMoreThanHalf() {
        assertEquals(Verdict.SAME, verdict(List.of(10.0), List.of(14.0)));
        assertEquals(Verdict.WORSE, verdict(List.of(10.0), List.of(16.0)));
    }

    @Test
    void oneRoundThatStraysDoesNotHideARegressionAmongMany() {
        List<Double> before = noise(1, 9, 10);
        List<Double> after = Stream.concat(Stream.of(9.5), noise(2, 8, 12).stream()).toList();
        assertEquals(Verdict.WORSE, verdict(before, after));
        assertEquals(Verdict.SAME, verdict(before.subList(0, 3), after.subList(0, 3)), "among few nobody can tell");
    }

    /** The ranks of two times four rounds: with one exchange of neighbours p is 0.04, with three it is 0.15. */
    @Test
    void fourRoundsAreTestedByTheirRanks() {
        List<Double> before = List.of(10.0, 10.1, 10.2, 10.3);
        assertEquals(Verdict.WORSE, verdict(before, List.of(10.25, 12.0, 12.1, 12.2)));
        assertEquals(Verdict.SAME, verdict(before, List.of(10.05, 12.0, 12.1, 12.2)));
    }

    @Test
    void whereMoreIsBetterLessIsWorse() {
        Results before = Samples
                .results(new Measurement("echo", "s", "Weft", "throughput", "1/s", false, List.of(10.0, 10.1)));
        Results after = Samples
                .results(new Measurement("echo", "s", "Weft", "throughput", "1/s", false, List.of(5.0, 5.1)));
        Comparison comparison = Comparison.of(before, after);
        assertEquals(Verdict.WORSE, comparison.changes().getFirst().verdict());
        assertTrue(
                comparison.markdown().contains("| 0.50 | 1.00 | echo | s | Weft | throughput, 1/s (more is better) |"),
                comparison.markdown());
    }

    private static Results withPeers(double weft, double... peers) {
        List<Measurement> all = new ArrayList<>(List.of(cpu("Weft", List.of(weft, weft * 1.01, weft * 1.02))));
        for (int i = 0; i < peers.length; i++) {
            all.add(cpu("Peer " + i, List.of(peers[i], peers[i] * 1.01, peers[i] * 1.02)));
        }
        return Samples.results(all.toArray(Measurement[]::new));
    }

    /** The machine is half as fast: a figure that doubled has not changed, and one that tripled has. */
    @Test
    void whatBecameOfMostOthersIsTheMachinesDoing() {
        Results before = withPeers(10, 20, 30, 40);
        assertFalse(Comparison.of(before, withPeers(20, 40, 60, 81)).hasWorse());
        assertTrue(Comparison.of(before, withPeers(30, 40, 60, 81)).hasWorse());
        assertTrue(Comparison.of(before, withPeers(10, 10, 15, 20)).hasWorse(), "on a quicker machine");
        assertTrue(Comparison.of(before, withPeers(20, 20, 30, 81)).hasWorse(), "one of three says nothing");
        assertTrue(Comparison.of(withPeers(10, 20, 30), withPeers(20, 40, 60)).hasWorse(), "nor do two");
        assertTrue(Comparison.of(before, withPeers(30, 40, 60, 80)).markdown()
                .contains("| 1.50 | 2.00 | echo | s | Weft |"), "both are shown");
    }

    @Test
    void onlyWeftsOwnRegressionsFailARun() {
        assertTrue(compare(List.of(10.0), List.of(20.0)).hasWorse());
        assertFalse(compare(List.of(20.0), List.of(10.0)).hasWorse());
        assertFalse(Comparison.of(Samples.results(cpu("Peer 1", List.of(10.0))),
                Samples.results(cpu("Peer 1", List.of(20.0)))).hasWorse());
    }

    @Test
    void whatOnlyOneRunHasIsListed() {
        String text = Comparison.of(Samples.results(cpu("Peer 1.0", List.of(10.0))),
                Samples.results(cpu("Peer 1.1", List.of(20.0)))).markdown();
        assertTrue(text.contains("## Only in the earlier run: 1\n\n- echo, s, Peer 1.0, server CPU per message, µs"),
                text);
        assertTrue(text.contains("## Only in the later run: 1\n\n- echo, s, Peer 1.1, server CPU per message, µs"),
                text);
    }

    @Test
    void anotherMachineIsSaid() {
        Results here = Samples.results(cpu("Weft", List.of(1.0)));
        Machine m = here.machine();
        Results there = new Results(here.version(), here.started(), 1, true, false, "", new Machine("Slide rule", 2,
                m.memory(), m.kernel(), m.governor(), m.load(), m.jdk(), m.jvm(), m.jvmOptions(), m.commit(), false),
                List.of(), here.measurements());
        assertTrue(Comparison.of(here, there).markdown().contains("The runs differ in more than their commit"));
        assertTrue(Comparison.of(here, there).markdown().contains("| CPU | Abacus 9 | **Slide rule** |"));
        assertFalse(Comparison.of(here, here).markdown().contains("The runs differ"));
    }
}
