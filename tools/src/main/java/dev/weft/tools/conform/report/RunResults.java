package dev.weft.tools.conform.report;

import dev.weft.tools.conform.wire.Side;
import dev.weft.tools.conform.wire.Verdict;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All results of a run.
 *
 * @param subject what was tested
 * @param target the server's address, or the one to which the client connected
 * @param name the name that the program gives itself, if any
 * @param started the time of the start, as ISO 8601 in UTC
 * @param millis how long it took
 * @param quick whether the run had fewer repetitions
 * @param results in the order of the cases
 */
public record RunResults(Side subject, String target, String name, String started, long millis, boolean quick,
        List<Result> results) {
    /** The totals of a family. */
    public record Sums(int cases, Map<Verdict, Integer> counts, long millis) {
        static Sums of(List<Result> results) {
            Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
            for (Verdict verdict : Verdict.values()) {
                counts.put(verdict, 0);
            }
            results.forEach(result -> counts.merge(result.verdict(), 1, Integer::sum));
            return new Sums(results.size(), counts, results.stream().mapToLong(Result::millis).sum());
        }
    }

    /** The totals of each family, in the order of the families. */
    public Map<String, Sums> families() {
        Map<String, Sums> families = new LinkedHashMap<>();
        results.stream().map(Result::family).distinct().forEach(family -> families.put(family, Sums.of(
                results.stream().filter(result -> result.family().equals(family)).toList())));
        return families;
    }

    /** The totals of all cases. */
    public Sums total() {
        return Sums.of(results);
    }

    /** Whether any case failed. */
    public boolean hasFailed() {
        return results.stream().anyMatch(result -> result.verdict() == Verdict.FAILED);
    }
}
