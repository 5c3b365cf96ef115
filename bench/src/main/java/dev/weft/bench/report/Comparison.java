package dev.weft.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.commons.math3.stat.descriptive.rank.Median;
import org.apache.commons.math3.stat.inference.MannWhitneyUTest;

/**
 * What changed from one run to a later one. A figure changed beyond noise if
 * <ul>
 * <li>its median went up or down by more than a tenth, and</li>
 * <li>its rounds tell the runs apart: with four or more in both, by a Mann-Whitney test at 5 %; with fewer, no round of the
 * one lies among the rounds of the other. A single round shows no noise of its own: then the median must have changed
 * by more than half.</li>
 * </ul>
 * This measures noise within a run. But the speed of a machine can also change from one run to the next. Peers and baselines
 * are pinned, so a change that most of them share in the same scenario is due to the machine. Where there are three or more,
 * the later figures are first corrected by the median of their changes.
 */
public final class Comparison {
    private static final double TENTH = 1.10;
    private static final double HALF = 1.5;
    private static final int ROUNDS_TO_TEST = 4;
    private static final double LEVEL = 0.05;
    private static final int FEWEST_WITNESSES = 3;

    /** What happened to a figure. */
    enum Verdict {
        WORSE("Worse beyond noise"), BETTER("Better beyond noise"), SAME("Within noise");

        private final String title;

        Verdict(String title) {
            this.title = title;
        }
    }

    /**
     * One figure in both runs.
     *
     * @param mood how much slower the machine was in the later run, if over 1
     * @param cost over 1 if the figure became worse, corrected by that
     */
    record Change(Measurement earlier, Measurement later, double mood, double cost, Verdict verdict) {}

    /** The properties by which the same figure is found in both runs. */
    private record Key(String suite, String scenario, String subject, String metric, String unit) {
        static Key of(Measurement one) {
            return new Key(one.suite(), one.scenario(), one.subject(), one.metric(), one.unit());
        }

        /** Whether the other is the same figure of a subject other than Weft. */
        boolean hasWitness(Key other) {
            return Kind.of(other.subject) != Kind.WEFT
                    && new Key(suite, scenario, other.subject, metric, unit).equals(other);
        }
    }

    private final Results earlier;
    private final Results later;
    private final List<Change> changes = new ArrayList<>();
    private final List<Key> gone;
    private final List<Key> fresh;

    private Comparison(Results earlier, Results later) {
        this.earlier = earlier;
        this.later = later;
        Map<Key, Measurement> before = byKey(earlier);
        Map<Key, Measurement> after = byKey(later);
        after.forEach((key, one) -> {
            if (before.containsKey(key)) {
                changes.add(change(before.get(key), one, mood(key, before, after)));
            }
        });
        changes.sort(Comparator.comparingDouble(Change::cost).reversed());
        gone = before.keySet().stream().filter(key -> !after.containsKey(key)).toList();
        fresh = after.keySet().stream().filter(key -> !before.containsKey(key)).toList();
    }

    /** Compares two runs. */
    public static Comparison of(Results earlier, Results later) {
        return new Comparison(earlier, later);
    }

    /**
     * Whether a figure of Weft became worse beyond noise; peers and baselines do not count, because they are not ours to fix.
     */
    public boolean hasWorse() {
        return changes.stream()
                .anyMatch(one -> one.verdict == Verdict.WORSE && Kind.of(one.later.subject()) == Kind.WEFT);
    }

    List<Change> changes() {
        return List.copyOf(changes);
    }

    private static Map<Key, Measurement> byKey(Results results) {
        Map<Key, Measurement> all = new LinkedHashMap<>();
        results.measurements().forEach(one -> all.put(Key.of(one), one));
        return all;
    }

    /** The median change of subjects that did not change themselves; 1 if there are too few of them. */
    private static double mood(Key key, Map<Key, Measurement> before, Map<Key, Measurement> after) {
        double[] costs = after.entrySet().stream()
                .filter(entry -> key.hasWitness(entry.getKey()) && before.containsKey(entry.getKey()))
                .mapToDouble(entry -> Figures.cost(entry.getValue(), before.get(entry.getKey())))
                .filter(cost -> cost > 0 && Double.isFinite(cost)).toArray();
        return costs.length < FEWEST_WITNESSES ? 1 : new Median().evaluate(costs);
    }

    private static Change change(Measurement before, Measurement measured, double mood) {
        Measurement after = measured.scaled(measured.lessIsBetter() ? 1 / mood : mood);
        double cost = Figures.cost(after, before);
        double size = Math.max(cost, 1 / cost);
        Verdict direction = cost > 1 ? Verdict.WORSE : Verdict.BETTER;
        int rounds = Math.min(before.rounds().size(), after.rounds().size());
        boolean apart;
        if (rounds >= ROUNDS_TO_TEST) {
            apart = new MannWhitneyUTest().mannWhitneyUTest(array(before), array(after)) < LEVEL;
        } else {
            apart = !Figures.overlap(before, after) && (rounds > 1 || size > HALF);
        }
        return new Change(before, measured, mood, cost, apart && size > TENTH ? direction : Verdict.SAME);
    }

    private static double[] array(Measurement one) {
        return one.rounds().stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** The whole comparison. */
    public String markdown() {
        Markdown text = new Markdown();
        text.line("# Comparison of two benchmark runs");
        text.table(List.of("", "earlier", "later"), List.of(
                fact("started", Results::started), fact("kind", one -> one.quick() ? "quick" : "full"),
                fact("commit", one -> one.machine().shortCommit() + (one.machine().dirty() ? ", changed" : "")),
                fact("CPU", one -> one.machine().cpu()), fact("cores", one -> String.valueOf(one.machine().cores())),
                fact("kernel", one -> one.machine().kernel()), fact("governor", one -> one.machine().governor()),
                fact("JDK", one -> one.machine().jdk()), fact("load", one -> Figures.text(one.machine().load()))));
        if (!isAlike()) {
            text.line("**The runs differ in more than their commit (bold above): a change may come from there.**");
        }
        text.line(
                "Ratios are later ÷ earlier, corrected for the machine's speed: if three or more peers and baselines "
                        + "are in both runs, the median of their changes in the same scenario and metric is taken out of "
                        + "the later figures before they are compared. Beyond noise: the median changed by more than a tenth, and the rounds tell the "
                        + "runs apart (four or more in both: Mann-Whitney at 5 %; two or three: their ranges do not overlap; one: the "
                        + "median changed by more than half). Measure again what looks worse.");
        for (Verdict verdict : Verdict.values()) {
            List<Change> of = changes.stream().filter(one -> one.verdict == verdict).toList();
            text.line("## " + verdict.title + ": " + of.size());
            List<Change> ranked = verdict == Verdict.BETTER ? of.reversed() : of;
            if (!of.isEmpty()) {
                text.table(List.of("ratio", "mood", "suite", "scenario", "subject", "metric", "earlier", "later"),
                        ranked.stream().map(Comparison::row).toList());
            }
        }
        list(text, "Only in the earlier run", gone);
        list(text, "Only in the later run", fresh);
        return text.toString();
    }

    private static List<String> row(Change change) {
        Measurement now = change.later;
        boolean less = now.lessIsBetter();
        return List.of(Figures.ratio(less ? change.cost : 1 / change.cost),
                Figures.ratio(less ? change.mood : 1 / change.mood), now.suite(), now.scenario(), now.subject(),
                now.metric() + ", " + now.unit() + (less ? "" : " (more is better)"),
                Figures.text(change.earlier), Figures.text(now));
    }

    private static void list(Markdown text, String title, List<Key> keys) {
        if (!keys.isEmpty()) {
            text.line("## " + title + ": " + keys.size());
            text.bullets(keys.stream()
                    .map(one -> String.join(", ", one.suite, one.scenario, one.subject, one.metric, one.unit))
                    .toList());
        }
    }

    private List<String> fact(String name, Function<Results, String> of) {
        String one = of.apply(earlier);
        String other = of.apply(later);
        boolean expected = one.equals(other) || List.of("started", "commit", "load").contains(name);
        return List.of(name, one, expected ? other : "**" + other + "**");
    }

    private boolean isAlike() {
        Machine one = earlier.machine();
        Machine other = later.machine();
        return earlier.quick() == later.quick() && one.cpu().equals(other.cpu()) && one.cores() == other.cores()
                && one.kernel().equals(other.kernel()) && one.governor().equals(other.governor())
                && one.jdk().equals(other.jdk());
    }
}
