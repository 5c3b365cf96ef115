package dev.weft.tools.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * The results of a run.
 *
 * @param plan       the parameters of the run
 * @param open       the number of connections that were opened
 * @param seconds    the time of the measurement
 * @param sent       the number of messages that were due in that time
 * @param answered   the number of these that were answered
 * @param unanswered the number of these that were not answered
 * @param latencies  the latencies in nanoseconds, by percentile
 * @param errors     the number of errors by kind
 * @param warnings   the reasons why the figures may describe this program rather than the server
 */
record LoadResult(LoadPlan plan, int open, double seconds, long sent, long answered, long unanswered,
        Map<String, Long> latencies, Map<String, Long> errors, List<String> warnings) {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};
    private static final double MUCH_CPU = 0.7;
    private static final double ALL_CPU = 0.95;
    private static final double MUCH_PAUSE = 0.05;
    private static final double MUCH_DELAY = 0.2;
    private static final double ENOUGH = 0.98;
    private static final double MICRO = 1e3;
    private static final double MILLI = 1e6;
    private static final double UNIT = 1e9;

    /**
     * The resources that this program itself has used.
     *
     * @param processors the number of processors that it kept busy
     * @param available  the number of available processors
     * @param machine    the fraction of all processors that was busy with anything; negative if it is not known
     * @param paused     the fraction of the time that garbage collection took
     */
    record Own(double processors, int available, double machine, double paused) {}

    static LoadResult of(LoadPlan plan, int open, double seconds, LoadStatistics statistics, Own own) {
        Histogram total = statistics.total();
        Map<String, Long> latencies = new LinkedHashMap<>();
        latencies.put("min", total.getTotalCount() == 0 ? 0 : total.getMinValue());
        for (double percentile : PERCENTILES) {
            latencies.put("p" + (percentile == (int) percentile ? "" + (int) percentile : "" + percentile),
                    total.getValueAtPercentile(percentile));
        }
        latencies.put("max", total.getMaxValue());
        long sent = statistics.sent.sum();
        long delay = statistics.delays().getValueAtPercentile(99);
        return new LoadResult(plan, open, seconds, sent, statistics.answered.sum(), statistics.unanswered.sum(),
                latencies, statistics.errors(),
                open == 0 ? List.of() : warnings(plan, sent / seconds, delay, latencies.get("p99"), own));
    }

    /** The reasons why this program may be the bottleneck. */
    static List<String> warnings(LoadPlan plan, double rate, long delay, long latency, Own own) {
        List<String> warnings = new ArrayList<>();
        if (own.processors() > MUCH_CPU * own.available()) {
            warnings.add(String.format(Locale.ROOT,
                    "this program kept %.1f of %d processors busy: it may be the bottleneck, not the server",
                    own.processors(), own.available()));
        }
        if (own.machine() > ALL_CPU && own.processors() <= MUCH_CPU * own.available()) {
            warnings.add(String.format(Locale.ROOT,
                    "this machine was %.0f %% busy, %.1f of its %d processors with this program: whatever else ran here slowed "
                            + "it down",
                    own.machine() * 100, own.processors(), own.available()));
        }
        if (own.paused() > MUCH_PAUSE) {
            warnings.add(String.format(Locale.ROOT, "this program spent %.0f %% of the time collecting garbage",
                    own.paused() * 100));
        }
        if (delay > MUCH_DELAY * latency && delay > MILLI) {
            warnings.add("this program sent 1 % of the messages more than " + time(delay)
                    + " late, though their connection was free: the latencies are partly its own");
        }
        if (plan.rate() > 0 && rate < ENOUGH * plan.rate()) {
            warnings.add(String.format(Locale.ROOT, "%.0f messages/s were sent instead of %.0f", rate, plan.rate()));
        }
        return warnings;
    }

    /** Whether something went wrong with a connection or a message. */
    boolean hasFailed() {
        return !errors.isEmpty() || unanswered > 0;
    }

    /** The result as readable lines. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "%d of %d connections, %s, %s messages of %d bytes, %.1f s", open,
                plan.connections(),
                plan.rate() > 0
                        ? String.format(Locale.ROOT, "%.0f messages/s", plan.rate())
                        : "window " + plan.window(),
                plan.type().name().toLowerCase(Locale.ROOT), plan.size(), seconds));
        lines.add(String.format(Locale.ROOT, "answered    %,d messages, %,.1f/s, %,.2f MiB/s each way", answered,
                answered / seconds, answered / seconds * plan.size() / (1 << 20)));
        lines.add("unanswered  " + unanswered);
        StringBuilder latency = new StringBuilder("latency   ");
        latencies.forEach((name, nanos) -> latency.append("  ").append(name).append(' ').append(time(nanos)));
        lines.add(latency.toString());
        errors.forEach((kind, number) -> lines.add("error       " + number + " x " + kind));
        warnings.forEach(warning -> lines.add("warning     " + warning));
        return lines;
    }

    /** The result as names and values, for JSON. */
    Map<String, Object> values() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("uri", plan.uri().toString());
        all.put("connections", plan.connections());
        all.put("open", open);
        all.put("rate", plan.rate());
        all.put("window", plan.rate() > 0 ? 0 : plan.window());
        all.put("type", plan.type().name().toLowerCase(Locale.ROOT));
        all.put("size", plan.size());
        all.put("seconds", seconds);
        all.put("sent", sent);
        all.put("answered", answered);
        all.put("unanswered", unanswered);
        all.put("answeredPerSecond", answered / seconds);
        all.put("latencyNanos", latencies);
        all.put("errors", errors);
        all.put("warnings", warnings);
        return all;
    }

    /** Formats nanoseconds with a suitable unit. */
    static String time(long nanos) {
        return nanos < MILLI
                ? String.format(Locale.ROOT, "%.0f µs", nanos / MICRO)
                : nanos < UNIT
                        ? String.format(Locale.ROOT, "%.1f ms", nanos / MILLI)
                        : String.format(Locale.ROOT, "%.2f s", nanos / UNIT);
    }
}
