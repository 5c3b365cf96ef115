package dev.weft.bench;

import dev.weft.bench.echo.EchoSuite;
import dev.weft.bench.memory.MemorySuite;
import dev.weft.bench.parser.ParserSuite;
import dev.weft.bench.report.Comparison;
import dev.weft.bench.report.Machine;
import dev.weft.bench.report.Report;
import dev.weft.bench.report.Results;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command line. */
@Command(name = "bench", sortOptions = false, usageHelpAutoWidth = true, subcommands = {Compare.class,
        Rewrite.class}, description = {
                "Measures Weft and its peers, and writes figures, a report and plots.",
                "Use the machine for nothing else meanwhile. Exits with 0 if every suite was completed, 1 if not, 2 for a wrong "
                        + "command line."})
public final class Bench implements Callable<Integer> {
    /** In the order in which they run. */
    private static final List<Suite> SUITES = List.of(new ParserSuite(), new MemorySuite(), new EchoSuite());

    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss");

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "SUITE", defaultValue = "all", description = "parser, memory, echo or all. "
            + "Default: ${DEFAULT-VALUE}.")
    private String suite;

    @Option(names = "--quick", description = "Fewer rounds and scenarios: under 5 minutes, not under 90. Good for a first "
            + "look; not for publishing.")
    private boolean quick;

    @Option(names = "--out", paramLabel = "DIR", description = "Write to this folder. Default: "
            + "bench/results/DATE-TIME-COMMIT, in UTC.")
    private Path out;

    @Option(names = "--compare", paramLabel = "EARLIER", description = "Tell what became worse since an earlier run: its "
            + "results.json or folder.")
    private Path earlier;

    @Option(names = "--fail-if-slower", description = "With --compare: exit with 1 if something became worse beyond noise.")
    private boolean failIfSlower;

    @Option(names = "--root", hidden = true, defaultValue = ".")
    private Path root;

    @Option(names = "--command", hidden = true, defaultValue = "")
    private String command;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
    private boolean help;

    private final List<Suite> suites;
    private final Consumer<String> console;

    Bench(List<Suite> suites, Consumer<String> console) {
        this.suites = suites;
        this.console = console;
    }

    /** Runs the command line and exits. */
    public static void main(String[] args) {
        System.exit(run(new PrintWriter(System.out, true), new Bench(SUITES, System.err::println), args));
    }

    /** Runs the command line; returns the exit code. */
    static int run(PrintWriter out, Bench bench, String... args) {
        return new CommandLine(bench).setOut(out).execute(args);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Plan> plans = plans();
        if (failIfSlower && earlier == null) {
            throw new ParameterException(spec.commandLine(),
                    "--fail-if-slower: than what? --compare EARLIER is missing");
        }
        Results before = earlier == null ? null : Compare.read(spec, earlier);
        Machine machine = Machine.here(root);
        Path folder = folder(machine);
        Recorder recorder = new Recorder(folder, quick, command, machine, console);
        Runner runner = new Runner(recorder);
        Thread interrupted = new Thread(() -> interrupted(recorder, runner, folder));
        Runtime.getRuntime().addShutdownHook(interrupted);
        boolean well = runner.run(plans);
        if (!removeHook(interrupted)) {
            return 1;
        }
        recorder.complete();
        write(recorder, folder);
        PrintWriter to = spec.commandLine().getOut();
        to.println(folder.resolve("report.md"));
        if (before == null) {
            return well ? 0 : 1;
        }
        Comparison comparison = Comparison.of(before, recorder.results());
        Files.writeString(folder.resolve("comparison.md"), comparison.markdown());
        to.print(comparison.markdown());
        to.flush();
        return well && !(failIfSlower && comparison.hasWorse()) ? 0 : 1;
    }

    private List<Plan> plans() {
        List<Plan> plans = suites.stream().filter(one -> suite.equals("all") || suite.equals(one.name()))
                .map(one -> Plan.of(one, quick)).toList();
        if (plans.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "no suite is called " + suite + "; there are "
                    + suites.stream().map(one -> one.name() + ", ").collect(Collectors.joining()) + "and all");
        }
        return plans;
    }

    private Path folder(Machine machine) throws IOException {
        Path folder = out != null
                ? out
                : root.resolve("bench/results/" + NAME.format(LocalDateTime.now(ZoneOffset.UTC)) + "-"
                        + machine.shortCommit());
        if (Files.exists(folder.resolve("results.json"))) {
            throw new ParameterException(spec.commandLine(), folder + " holds the results of another run");
        }
        return Files.createDirectories(folder);
    }

    private static void write(Recorder recorder, Path folder) throws IOException {
        recorder.flush();
        Report.write(recorder.results(), folder);
    }

    /** Whether the program has not yet begun to exit. */
    private static boolean removeHook(Thread hook) {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return false;
        }
    }

    /** Called when the program is asked to end: what was measured so far is still worth keeping. */
    private void interrupted(Recorder recorder, Runner runner, Path folder) {
        try {
            runner.stop();
            recorder.remark("all", "Interrupted: figures are missing.");
            write(recorder, folder);
            console.accept("interrupted; so far: " + folder.resolve("report.md"));
        } catch (IOException | InterruptedException e) {
            console.accept("interrupted; " + e);
        }
    }
}
