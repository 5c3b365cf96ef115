package dev.weft.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * All figures of one metric in one suite: subjects by scenarios, some cells of which may be missing.
 *
 * @param scenarios in the order in which they were measured
 * @param subjects Weft, then the peers, then the baselines
 */
record Grid(String suite, String metric, String unit, boolean lessIsBetter, List<String> scenarios,
        List<String> subjects, Map<Cell, Measurement> cells) {
    /** The position of a figure. */
    record Cell(String scenario, String subject) {}

    /** What all figures of a grid have in common. */
    private record Key(String suite, String metric, String unit, boolean lessIsBetter) {}

    static List<Grid> of(List<Measurement> measurements) {
        Map<Key, Map<Cell, Measurement>> grids = new LinkedHashMap<>();
        for (Measurement one : measurements) {
            grids.computeIfAbsent(new Key(one.suite(), one.metric(), one.unit(), one.lessIsBetter()),
                    key -> new LinkedHashMap<>()).put(new Cell(one.scenario(), one.subject()), one);
        }
        List<Grid> all = new ArrayList<>();
        grids.forEach((key, cells) -> all.add(new Grid(key.suite, key.metric, key.unit, key.lessIsBetter,
                cells.keySet().stream().map(Cell::scenario).distinct().toList(),
                cells.keySet().stream().map(Cell::subject).distinct().sorted(Comparator.comparing(Kind::of)).toList(),
                cells)));
        return all;
    }

    /** The figure of a cell, or null. */
    Measurement at(String scenario, String subject) {
        return cells.get(new Cell(scenario, subject));
    }

    /** The figures of a scenario, best first. */
    List<Measurement> ranking(String scenario) {
        Comparator<Measurement> byMedian = Comparator.comparingDouble(Measurement::median);
        return subjects.stream().map(subject -> at(scenario, subject)).filter(one -> one != null)
                .sorted(lessIsBetter ? byMedian : byMedian.reversed()).toList();
    }

    /** Such as {@code latency p99, µs (less is better)}. */
    String title() {
        return metric + ", " + unit + " (" + (lessIsBetter ? "less" : "more") + " is better)";
    }

    /** Such as {@code echo-latency-p99}, fit for a file. */
    String fileName() {
        return (suite + " " + metric).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-|-$", "");
    }
}
