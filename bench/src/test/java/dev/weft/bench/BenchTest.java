package dev.weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bench.report.Fonts;
import dev.weft.bench.report.Measurement;
import dev.weft.bench.report.Remark;
import dev.weft.bench.report.Results;
import dev.weft.bench.report.Samples;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BenchTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private double figure = 10;
    private Path run;

    @BeforeEach
    void begin() {
        run = folder.resolve("run");
    }

    /** A suite that ends at once, quick or not. */
    private final class Instant implements Suite {
        private final String name;

        private Instant(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void run(Run run) {
            run.progress("measures");
            run.remark("Nothing was set.");
            for (String subject : List.of("Weft", "Peer 1.0")) {
                run.add(new Measurement(name, "s", subject, "time", "ns", true, List.of(figure, figure + 1)));
            }
        }
    }

    private int bench(String... args) {
        Bench bench = new Bench(List.of(new Instant("parser"), new Instant("memory")),
                line -> err.append(line).append('\n'));
        return new CommandLine(bench).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true))
                .execute(args);
    }

    @Test
    void aRunLeavesFiguresReportAndPlots() throws Exception {
        Fonts.assumeAvailable();
        assertEquals(0, bench("--quick", "--command", "scripts/bench --quick", "--out", run.toString()), err::toString);
        Results results = Results.read(run);
        assertTrue(results.complete() && results.quick());
        assertEquals("scripts/bench --quick", results.command());
        assertEquals(List.of("parser", "memory"),
                results.measurements().stream().map(Measurement::suite).distinct().toList());
        assertTrue(Files.readString(run.resolve("report.md"))
                .contains("![parser: time, ns (less is better)](parser-time.svg)"));
        assertTrue(Files.exists(run.resolve("parser-time.svg")));
        assertTrue(err.toString().contains("parser  measures"), err.toString());
        assertTrue(out.toString().contains("report.md"), out.toString());
    }

    @Test
    void withoutOutTheFolderIsNamedByDateAndCommit() throws Exception {
        Fonts.assumeAvailable();
        assertEquals(0, bench("parser", "--root", folder.toString()), err::toString);
        try (var runs = Files.list(folder.resolve("bench/results"))) {
            List<String> names = runs.map(one -> one.getFileName().toString()).toList();
            assertEquals(1, names.size());
            assertTrue(names.getFirst().matches("\\d{4}-\\d\\d-\\d\\d-\\d{6}-unknown"), names.toString());
        }
    }

    @Test
    void oneSuiteRunsAlone() throws Exception {
        Fonts.assumeAvailable();
        assertEquals(0, bench("memory", "--out", run.toString()), err::toString);
        assertEquals(List.of("memory"),
                Results.read(run).measurements().stream().map(Measurement::suite).distinct().toList());
    }

    /** A suite that measures briefly and then waits, with a child process. */
    static final class Waits implements Suite {
        public static void main(String[] args) {
            System.exit(Bench.run(new PrintWriter(System.err, true),
                    new Bench(List.of(new Waits()), System.err::println), args));
        }

        @Override
        public String name() {
            return "echo";
        }

        @Override
        public void run(Run run) throws IOException, InterruptedException {
            run.add(new Measurement("echo", "s", "Weft", "time", "ns", true, List.of(1.0)));
            Process child = new ProcessBuilder("sleep", "50").start();
            System.out.println(child.pid());
            try {
                child.waitFor();
            } finally {
                run.add(new Measurement("echo", "t", "Weft", "time", "ns", true, List.of(2.0)));
            }
        }
    }

    @Test
    @Timeout(60)
    void anInterruptLeavesWhatWasMeasuredAndNoProcess() throws Exception {
        Process program = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Waits.class.getName(), "--out", run.toString())
                .redirectError(folder.resolve("err").toFile()).start();
        program.onExit().orTimeout(50, TimeUnit.SECONDS).exceptionally(late -> program.destroyForcibly());
        try {
            ProcessHandle child = ProcessHandle.of(Long.parseLong(program.inputReader().readLine())).orElseThrow();
            program.destroy();
            program.waitFor();
            child.onExit().join();
        } finally {
            List<ProcessHandle> children = program.descendants().toList();
            program.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
        }
        Results results = Results.read(run);
        assertFalse(results.complete());
        assertEquals(2, results.measurements().size(), "what it handed over in the end, too");
        assertTrue(results.remarks().contains(new Remark("all", "Interrupted: figures are missing.")),
                results.toString());
        assertTrue(Files.readString(run.resolve("report.md")).contains("**The run was interrupted"));
    }

    @Test
    void anUnknownSuiteIsAWrongCommandLine() {
        assertEquals(2, bench("ehco", "--out", run.toString()));
        assertTrue(err.toString().startsWith("no suite is called ehco; there are parser, memory, and all\n"),
                err.toString());
        assertFalse(Files.exists(run));
    }

    @Test
    void anotherRunsResultsAreNotOverwritten() throws Exception {
        Files.createDirectories(run);
        Samples.results().write(run);
        assertEquals(2, bench("--out", run.toString()));
        assertEquals(Samples.results(), Results.read(run));
    }

    @Test
    void aRunIsComparedWithAnEarlierOne() throws Exception {
        Fonts.assumeAvailable();
        assertEquals(0, bench("--out", run.toString()), err::toString);
        figure = 20;
        Path second = folder.resolve("second");
        assertEquals(0, bench("--out", second.toString(), "--compare", run.toString()), err::toString);
        assertTrue(
                out.toString()
                        .contains(
                                "| 1.95 | 1.00 | parser | s | Weft | time, ns | 10.5 (10.0–11.0) | 20.5 (20.0–21.0) |"),
                out.toString());
        assertTrue(Files.readString(second.resolve("comparison.md")).contains("## Worse beyond noise: 4"));
        assertEquals(1,
                bench("--out", folder.resolve("third").toString(), "--compare", run.toString(), "--fail-if-slower"));
    }

    @Test
    void twoRunsAreComparedWithoutMeasuring() throws Exception {
        for (int i = 1; i <= 2; i++) {
            Path one = Files.createDirectories(folder.resolve("run" + i));
            Samples.results(Samples.cpu("s", "Weft", 10.0 * i, 10.1 * i)).write(one);
        }
        String earlier = folder.resolve("run1/results.json").toString();
        String later = folder.resolve("run2").toString();
        assertEquals(0, bench("compare", earlier, later));
        assertTrue(out.toString().contains("## Worse beyond noise: 1"), out.toString());
        assertEquals(1, bench("compare", "--fail-if-slower", earlier, later));
        assertEquals(0, bench("compare", "--fail-if-slower", later, earlier));
    }

    @Test
    void reportIsWrittenOnceMoreWithoutMeasuring() throws Exception {
        Path one = Files.createDirectories(folder.resolve("run1"));
        Samples.results(Samples.cpu("s", "Weft", 10.0)).write(one);
        assertEquals(0, bench("report", one.toString(), "--overview"));
        assertTrue(Files.readString(one.resolve("report.md")).contains("server CPU per message"));
        assertEquals(2, bench("report", folder.resolve("none").toString()));
    }

    @Test
    void whatCannotBeComparedIsAWrongCommandLine() throws Exception {
        assertEquals(2, bench("--compare", folder.resolve("none.json").toString(), "--out", run.toString()));
        assertEquals(2, bench("--fail-if-slower", "--out", run.toString()));
        Path bad = Files.writeString(folder.resolve("bad.json"), "{}");
        assertEquals(2, bench("compare", bad.toString(), bad.toString()));
        assertTrue(err.toString().contains("bad.json is not a result"), err.toString());
        assertFalse(Files.exists(run), "nothing was measured");
    }
}
