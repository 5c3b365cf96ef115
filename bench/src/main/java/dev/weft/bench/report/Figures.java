package dev.weft.bench.report;

import java.util.Locale;

/** Figures as text, and how one is to another. */
final class Figures {
    private Figures() {}

    /** Three digits that count. */
    static String text(double figure) {
        double size = Math.abs(figure);
        String format = size >= 100
                ? "%,.0f"
                : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : size >= 0.01 ? "%.3f" : "%.2g";
        return size == 0 ? "0" : String.format(Locale.ROOT, format, figure);
    }

    /** The median, and the least and greatest round if there were several. */
    static String text(Measurement measurement) {
        return text(measurement.median()) + spread(measurement);
    }

    /** The least and greatest round in brackets, or nothing if there was but one. */
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
     * How many times as much the one costs as the other: over 1 it is the worse of the two, whichever way its figures
     * go. Where a quotient says nothing, since a figure is 0 or less, it is infinite for the worse and 0 for the better.
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

    /** As of the medians. */
    static double cost(Measurement one, Measurement other) {
        return cost(one.median(), other.median(), one.lessIsBetter());
    }

    /** Whether some round of the one lies among the rounds of the other. */
    static boolean overlap(Measurement one, Measurement other) {
        return one.min() <= other.max() && other.min() <= one.max();
    }
}
