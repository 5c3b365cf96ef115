package dev.weft.bench.start;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * Starts the echo server again and again, in turn with and without its cache, and prints medians: the time from the start
 * of the process to the first 101, CPU time until then, and RSS then.
 *
 * <pre>
 * scripts/measure-start 21
 * </pre>
 */
public final class StartTime {
    /** The JVM's default, which the launcher does not combine with a cache. */
    private static final String NO_CACHE = "-Xshare:auto";

    private StartTime() {}

    /** Where the launcher listens without options. */
    private static final int DEFAULT_PORT = 9001;

    /**
     * Arguments: the number of rounds; {@code default} if the server is started without options, or {@code free} if it is given
     * a free port; and the command that starts it.
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int rounds = Integer.parseInt(arguments[0]);
        boolean bare = arguments[1].equals("default");
        List<String> command = Arrays.asList(arguments).subList(2, arguments.length);
        List<Start> with = new ArrayList<>();
        List<Start> without = new ArrayList<>();
        measure(command, bare, ""); // makes the cache, if there is none
        measure(command, bare, NO_CACHE);
        for (int i = 0; i < rounds; i++) {
            with.add(measure(command, bare, ""));
            without.add(measure(command, bare, NO_CACHE));
        }
        print("with the cache", with);
        print("without", without);
        System.out.printf(Locale.ROOT, "with / without: time %.2f, CPU %.2f, RSS %.2f%n",
                (double) median(with, Start::nanos) / median(without, Start::nanos),
                mean(with, Start::cpuNanos) / mean(without, Start::cpuNanos),
                (double) median(with, Start::rss) / median(without, Start::rss));
    }

    private static Start measure(List<String> command, boolean bare, String javaOptions)
            throws IOException, InterruptedException {
        return bare ? Start.measure(command, DEFAULT_PORT, javaOptions) : Start.measure(command, javaOptions);
    }

    private static void print(String what, List<Start> starts) {
        System.out.printf(Locale.ROOT,
                "%-16s first 101 after %.0f ms (%.0f to %.0f), CPU %.0f ms (mean), RSS %.1f MiB; median of %d%n", what,
                median(starts, Start::nanos) / 1e6, starts.stream().mapToLong(Start::nanos).min().orElseThrow() / 1e6,
                starts.stream().mapToLong(Start::nanos).max().orElseThrow() / 1e6,
                mean(starts, Start::cpuNanos) / 1e6, median(starts, Start::rss) / 1048576.0, starts.size());
    }

    private static long median(List<Start> starts, ToLongFunction<Start> figure) {
        long[] sorted = starts.stream().mapToLong(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    /** The figures have coarse steps, so a median would say less. */
    private static double mean(List<Start> starts, ToLongFunction<Start> figure) {
        return starts.stream().mapToLong(figure).average().orElseThrow();
    }
}
