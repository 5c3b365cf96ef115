package dev.weft.bench.parser;

import dev.weft.bench.Run;
import dev.weft.bench.Suite;
import dev.weft.bench.report.Measurement;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The cost of the code below the sockets: JMH benchmarks of Weft, baselines and peers, each in its own JVMs. */
public final class ParserSuite implements Suite {
    private static final String NAME = "parser";
    private static final String ALLOCATION = "gc.alloc.rate.norm";
    private static final int FORKS = 3;
    private static final int WARM_UP_ITERATIONS = 2;
    private static final int ITERATIONS = 3;
    private static final int WARM_UP_MILLIS = 400;
    private static final int ITERATION_MILLIS = 250;
    private static final TimeValue STUCK = TimeValue.seconds(60);
    /** The minimum time of a fork. */
    private static final Duration LEAST = Duration.ofMillis(WARM_UP_ITERATIONS * WARM_UP_MILLIS
            + ITERATIONS * ITERATION_MILLIS + 500);

    /** A suite that has not been run. */
    public ParserSuite() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void run(Run run) throws IOException {
        List<Cell> cells = run.quick() ? Cells.quick() : Cells.full();
        remarkMethod(run);
        List<RunResult> results = new ArrayList<>();
        long started = System.nanoTime();
        Duration slowest = LEAST.multipliedBy(forks(run));
        try (PrintStream log = new PrintStream(run.raw("jmh.txt").toFile())) {
            OutputFormat format = OutputFormatFactory.createFormatInstance(log, VerboseMode.NORMAL);
            for (int i = 0; i < cells.size(); i++) {
                long before = System.nanoTime();
                if (run.budget().minusNanos(before - started).compareTo(slowest) < 0) {
                    remarkRest(run, cells.subList(i, cells.size()));
                    break;
                }
                measure(run, cells.get(i), format, results);
                Duration took = Duration.ofNanos(System.nanoTime() - before);
                slowest = took.compareTo(slowest) > 0 ? took : slowest;
            }
        } finally {
            try (PrintStream json = new PrintStream(run.raw("jmh.json").toFile())) {
                ResultFormatFactory.getInstance(ResultFormatType.JSON, json).writeOut(results);
            }
        }
    }

    private static int forks(Run run) {
        return run.quick() ? 1 : FORKS;
    }

    private static void measure(Run run, Cell cell, OutputFormat format, List<RunResult> results) {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote(cell.benchmark().getName() + "." + cell.method()) + "$")
                .forks(forks(run)).warmupIterations(WARM_UP_ITERATIONS)
                .warmupTime(TimeValue.milliseconds(WARM_UP_MILLIS))
                .measurementIterations(ITERATIONS).measurementTime(TimeValue.milliseconds(ITERATION_MILLIS))
                .timeUnit(TimeUnit.NANOSECONDS).timeout(STUCK).addProfiler(GCProfiler.class).shouldFailOnError(true)
                .jvmArgs(JvmSettings.all().toArray(String[]::new))
                .jvmArgsAppend(cell.jvmOptions().toArray(String[]::new));
        cell.params().forEach((name, value) -> options.param(name, value));
        try {
            RunResult result = new Runner(options.build(), format).runSingle();
            results.add(result);
            add(run, cell, result);
        } catch (RunnerException e) {
            run.remark("Not measured: " + cell.scenario() + ", " + cell.subject() + ": " + e.getMessage());
        }
    }

    private static void add(Run run, Cell cell, RunResult result) {
        List<Double> nanos = rounds(result, iteration -> iteration.getPrimaryResult().getScore());
        List<Double> bytes = rounds(result, ParserSuite::allocation);
        Measurement time = new Measurement(NAME, cell.scenario(), cell.subject(), "time per " + cell.unit(), "ns", true,
                nanos);
        run.add(time);
        run.add(new Measurement(NAME, cell.scenario(), cell.subject(), cell.unit() + "s per second", "millions/s",
                false,
                nanos.stream().map(each -> 1e3 / each).toList()));
        run.add(new Measurement(NAME, cell.scenario(), cell.subject(), "throughput", "MB/s", false,
                nanos.stream().map(each -> 1e3 * cell.bytes() / each).toList()));
        run.add(new Measurement(NAME, cell.scenario(), cell.subject(), "allocated per " + cell.unit(), "bytes", true,
                bytes));
        run.progress(
                String.format(Locale.ROOT, "%s, %s: %.1f ns (%.1f to %.1f) per %s", cell.scenario(), cell.subject(),
                        time.median(), time.min(), time.max(), cell.unit()));
    }

    /** One figure for each iteration of each fork. */
    private static List<Double> rounds(RunResult result, ToDoubleFunction<IterationResult> figure) {
        return result.getBenchmarkResults().stream().flatMap(fork -> fork.getIterationResults().stream())
                .map(figure::applyAsDouble).toList();
    }

    private static double allocation(IterationResult iteration) {
        Result<?> bytes = iteration.getSecondaryResults().get(ALLOCATION);
        if (bytes == null) {
            throw new IllegalStateException("no " + ALLOCATION + " in " + iteration.getSecondaryResults().keySet());
        }
        return bytes.getScore();
    }

    private static void remarkRest(Run run, Collection<Cell> rest) {
        Map<String, Integer> missing = new HashMap<>();
        rest.forEach(cell -> missing.merge(cell.scenario(), 1, Integer::sum));
        run.remark("Left out, since time was up, " + rest.size() + " benchmarks: "
                + String.join("; ", missing.keySet().stream().sorted().toList()) + ".");
    }

    private static void remarkMethod(Run run) {
        run.remark(String.format(Locale.ROOT,
                "JMH, average time, %d fork(s) of %d x %d ms warm-up and %d x %d ms; a round is "
                        + "an iteration. JVM options: %s; for Netty also %s, because its caches are faster on its own kind of thread.",
                forks(run), WARM_UP_ITERATIONS, WARM_UP_MILLIS, ITERATIONS, ITERATION_MILLIS,
                String.join(" ", JvmSettings.all()), String.join(" ", JvmSettings.netty())));
        run.remark(
                "Frames: unmasking in place changes the bytes, so each read is a copy out of an unchanged stream, which is "
                        + "included in each figure; its own cost is shown as the limit. MB/s counts header and payload. A decoder "
                        + "makes each frame's unmasked payload available as its library delivers it: Weft and Jetty as views, in "
                        + "pieces if a frame is split across reads; Netty, Java-WebSocket, Helidon and okhttp as a whole copy. A test "
                        + "checks that each delivers every byte.");
        run.remark(
                "Settings of the peers: Netty without leak detection and buffer checks, with sun.misc.Unsafe, frames "
                        + "released at once, both kinds of buffer; Jetty with a heap buffer and its default of delivering split "
                        + "frames in pieces; Java-WebSocket and okhttp with default settings; Helidon's reads return new arrays, as "
                        + "its sockets do. Tomcat's and Undertow's decoders are left out: they cannot be driven without their own "
                        + "session and connection.");
        run.remark(
                "Mixed payloads: of 100 messages 60 have 20 to 125 bytes, 30 up to 1 KiB, 8 up to 16 KiB, 2 up to 64 KiB.");
    }
}
