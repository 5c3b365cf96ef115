package dev.weft.bench.report;

import java.util.Locale;

/** Formats figures, and compares one with another. */
final class Figures {
    private Figures() {}

    /** Three significant digits. */
    static String text(double figure) {
        double size = Math.abs(figure);
        String format = size >= 100
                ? "%,.0f"
                : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : size >= 0.01 ? "%.3f" : "%.2g";
        return size == 0 ? "0" : String.format(Locale.ROOT, format, figure);
    }

    /** The median, and the minimum and maximum if there were several rounds. */
    static String text(Measurement measurement) {
        return text(measurement.median()) + spread(measurement);
    }

    /** The minimum and maximum in brackets, or nothing if there was only one round. */
    static String spread(Measurement measurement) {
        return measurement.rounds().size() == 1
                ? ""
                : " (" + text(measurement.min()) + "–" + text(measurement.max()) + ")";
    }

    /** A ratio from {@link #cost}. */
    static String ratio(double ratio) {
        return Double.isInfinite(ratio) ? "∞" : String.format(Locale.ROOT, ratio >= 100 ? "%,.0f" : "%.2f", ratio);
    }

    /**
     * The cost of one measurement as a multiple of another: over 1 it is the worse of the two, whether more or less is better.
     * If a figure is 0 or less, so that a quotient means nothing, the result is infinite for the worse and 0 for the better.
     */
    static double cost(double one, double other, boolean lessIsBetter) {
        double cost = lessIsBetter ? one : other;
        double of = lessIsBetter ? other : one;
        if (cost == of) {
            return 1;
        }
        if (cost > 0 && of > 0) {
            return cost / of;
        }
        return cost > of ? Double.POSITIVE_INFINITY : 0;
    }

    /** The ratio of the medians. */
    static double cost(Measurement one, Measurement other) {
        return cost(one.median(), other.median(), one.lessIsBetter());
    }

    /** Whether any round of one lies within the range of the rounds of the other. */
    static boolean overlap(Measurement one, Measurement other) {
        return one.min() <= other.max() && other.min() <= one.max();
    }
}
