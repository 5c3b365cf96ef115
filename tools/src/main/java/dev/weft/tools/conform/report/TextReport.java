package dev.weft.tools.conform.report;

import dev.weft.tools.conform.wire.Verdict;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** A run as text: every case that is not OK, then a table by family. */
public final class TextReport {
    private static final List<Verdict> COLUMNS = List.of(Verdict.OK, Verdict.NON_STRICT, Verdict.INFORMATIONAL,
            Verdict.UNSUPPORTED, Verdict.SKIPPED, Verdict.FAILED);
    private static final int MAX_SHOWN_DETAIL = 300;

    private TextReport() {}

    /** Prints the report. */
    public static void print(RunResults run, PrintWriter out) {
        for (Verdict verdict : COLUMNS.reversed()) {
            List<Result> found = run.results().stream().filter(result -> result.verdict() == verdict).toList();
            switch (verdict) {
                case OK -> {
                }
                case UNSUPPORTED, SKIPPED -> summarize(verdict, found, out);
                default -> found.forEach(result -> out.println(
                        verdict.label() + "  " + result.id() + ": " + shorten(result.detail())));
            }
        }
        out.println();
        out.printf("%-16s%6s", "family", "cases");
        COLUMNS.forEach(verdict -> out.printf("%15s", verdict.label()));
        out.printf("%10s%n", "time");
        run.families().forEach((family, sums) -> line(out, family, sums, sums.millis()));
        line(out, "all", run.total(), run.millis());
        out.flush();
    }

    /** One line for a family, because most unsupported cases of a family have the same reason. */
    private static void summarize(Verdict verdict, List<Result> found, PrintWriter out) {
        found.stream().map(Result::family).distinct().forEach(family -> {
            List<Result> those = found.stream().filter(result -> result.family().equals(family)).toList();
            out.println(verdict.label() + "  " + those.size() + " of " + family + ", such as " + those.getFirst().id()
                    + ": "
                    + shorten(those.getFirst().detail()));
        });
    }

    private static void line(PrintWriter out, String name, RunResults.Sums sums, long millis) {
        out.printf("%-16s%6d", name, sums.cases());
        COLUMNS.forEach(
                verdict -> out.printf("%15s", sums.counts().get(verdict) == 0 ? "-" : sums.counts().get(verdict)));
        out.printf(Locale.ROOT, "%8.1f s%n", millis / 1e3);
    }

    private static String shorten(String detail) {
        return detail.length() <= MAX_SHOWN_DETAIL ? detail : detail.substring(0, MAX_SHOWN_DETAIL) + "…";
    }
}
