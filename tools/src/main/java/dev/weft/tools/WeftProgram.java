package dev.weft.tools;

import dev.weft.tools.conform.Conform;
import dev.weft.tools.connect.Connect;
import dev.weft.tools.echo.EchoCommandLine;
import dev.weft.tools.echo.EchoLauncher;
import dev.weft.tools.load.LoadProgram;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** One command line for all programs: its first word selects the program. */
@Command(name = "weft", sortOptions = false, usageHelpAutoWidth = true, synopsisSubcommandLabel = "COMMAND", description = {
        "An echo server, a client, a conformance suite, a load generator and benchmarks for WebSockets. `weft COMMAND --help` shows what a command takes, and its exit codes."}, exitCodeListHeading = "Exit codes:%n", exitCodeList = {
                "0:success", "2:wrong command line",
                "other:see the command"})
public final class WeftProgram implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
    private boolean help;

    private WeftProgram() {}

    /** Runs the command line; exits unless a server was started. */
    public static void main(String[] args) {
        String[] rest = args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length);
        switch (args.length == 0 ? "" : args[0]) {
            case "echo" -> EchoLauncher.main(rest);
            case "conform" -> Conform.main(rest);
            case "connect" -> Connect.main(rest);
            case "load" -> LoadProgram.main(rest);
            default -> System.exit(run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), args));
        }
    }

    /** Runs a command line that names none of the programs; returns the exit code. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        return commands().setOut(out).setErr(err).setParameterExceptionHandler((e, all) -> {
            e.getCommandLine().getErr().println("weft: " + e.getMessage() + " (--help shows all commands)");
            return 2;
        }).execute(args);
    }

    private static CommandLine commands() {
        return new CommandLine(new WeftProgram()).addSubcommand("echo", EchoCommandLine.spec())
                .addSubcommand("connect", Connect.command()).addSubcommand("conform", Conform.command())
                .addSubcommand("load", LoadProgram.command()).addSubcommand("bench", new Bench())
                .addSubcommand("completion", new Completion());
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "which command?");
    }

    /** Stands for the benchmarks, which {@code scripts/weft} runs: nothing imports their module. */
    @Command(name = "bench", sortOptions = false, usageHelpAutoWidth = true, description = {
            "Measures Weft and its peers: `scripts/weft bench --help` has the options. Needs the source tree."}, exitCodeListHeading = "Exit codes:%n", exitCodeList = {
                    "0:every suite came to its end", "1:one did not",
                    "2:wrong command line"})
    private static final class Bench implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Unmatched
        private List<String> arguments;

        @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
        private boolean help;

        @Override
        public Integer call() {
            throw new ParameterException(spec.commandLine(), "bench is run by scripts/weft, in the source tree");
        }
    }

    /** Prints the completion script. */
    @Command(name = "completion", sortOptions = false, usageHelpAutoWidth = true, description = {
            "Prints a script with which bash and zsh complete commands and options. In bash: source <(weft completion). In "
                    + "zsh, the same after: autoload -U compinit && compinit"}, exitCodeListHeading = "Exit codes:%n", exitCodeList = {
                            "0:success", "2:wrong command line"})
    private static final class Completion implements Runnable {
        @Spec
        private CommandSpec spec;

        @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
        private boolean help;

        @Override
        public void run() {
            PrintWriter out = spec.commandLine().getOut();
            out.print(AutoComplete.bash("weft", commands()));
            out.flush();
        }
    }
}
