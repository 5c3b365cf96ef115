package dev.weft.bench.report;

import java.util.List;

/**
 * One figure of one subject in one scenario, taken once per round.
 *
 * @param suite        the suite: parser, memory or echo
 * @param scenario     the load, such as {@code 64 x 16 B w1}; the conditions are the same for all subjects of a scenario
 * @param subject      the code that was measured: Weft, a peer with its version, or a baseline
 * @param metric       what was measured, such as {@code server CPU per message}
 * @param unit         the unit of the figures
 * @param lessIsBetter whether the smaller figure wins
 * @param rounds       the figures, at least one
 */
public record Measurement(String suite, String scenario, String subject, String metric, String unit,
        boolean lessIsBetter, List<Double> rounds) {
    /** Copies the rounds, so that the record cannot change. */
    public Measurement {
        rounds = List.copyOf(rounds);
        if (rounds.isEmpty()) {
            throw new IllegalArgumentException("no round: " + scenario + ", " + subject + ", " + metric);
        }
    }

    /** The median: the middle figure, or the mean of the two middle ones. */
    public double median() {
        double[] sorted = rounds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The same with all figures multiplied by this factor. */
    Measurement scaled(double factor) {
        return new Measurement(suite, scenario, subject, metric, unit, lessIsBetter,
                rounds.stream().map(figure -> figure * factor).toList());
    }

    /** The minimum. */
    public double min() {
        return rounds.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    /** The maximum. */
    public double max() {
        return rounds.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }
}
