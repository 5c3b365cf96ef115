package dev.weft.tools.echo;

import dev.weft.server.ConnectionTable;
import dev.weft.tools.daemon.ControlSocket;
import dev.weft.tools.options.Notation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The launcher's commands for a server that runs. */
final class ControlCommand {
    /** As for an init script. */
    static final int NOT_RUNNING = 3;
    static final List<String> NAMES = List.of("status", "reload", "drain", "stop");

    private static final Map<String, String> DESCRIPTIONS = Map.of(
            "status", "Prints what the server with this pid file is doing.",
            "reload",
            "Lets the server read the options, certificates and code of --handler again. If one of them cannot be"
                    + " used, all stays as it is. Lists changed options that need a restart.",
            "drain",
            "Lets the server accept no more connections. Open connections continue, or are closed over the time of"
                    + " its --drain-spread.",
            "stop", "Ends the server, and waits until it has ended.");
    private static final Map<String, String> EXIT_CODES = new LinkedHashMap<>();

    static {
        EXIT_CODES.put("0", "done");
        EXIT_CODES.put("1", "not done");
        EXIT_CODES.put("2", "wrong command line");
        EXIT_CODES.put("3", "no server has the pid file");
    }

    /** More than what the server says that it may need. */
    private static final Duration MARGIN = Duration.ofSeconds(10);
    private static final int MILLIS_BETWEEN_QUESTIONS = 200;

    private final EchoLauncher launcher;

    ControlCommand(EchoLauncher launcher) {
        this.launcher = launcher;
    }

    static CommandSpec spec(String name) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage().description(DESCRIPTIONS.get(name)).exitCodeListHeading("%nExit codes:%n").exitCodeList(
                EXIT_CODES);
        spec.addOption(option("--pid-file", Notation.FILE,
                "The pid file of the server. Default: $WEFT_PID_FILE, or that of --daemon."));
        if (name.equals("status")) {
            spec.addOption(
                    OptionSpec.builder("--connections").description("Prints a table of the connections.").build());
            spec.addOption(option("--rows", Notation.COUNT,
                    "Maximum number of rows of the table. Default: 100."));
            spec.addOption(option("--order", Notation.TABLE_ORDER,
                    "Which connections come first: oldest, idle (longest without a byte from the client), or queued (most"
                            + " bytes to send). Default: oldest."));
        }
        if (name.equals("stop")) {
            spec.addOption(option("--timeout", Notation.TIME,
                    "Maximum time to wait. Default: what the settings of the server allow."));
        } else if (name.equals("drain")) {
            spec.addOption(option("--wait", Notation.TIME,
                    "Wait until no connection is left, but no longer than this. Default: do not wait."));
        }
        return spec.addOption(OptionSpec.builder("--help", "-h").usageHelp(true)
                .description("Show this help, and exit.").build());
    }

    private static <T> OptionSpec option(String name, Notation<T> notation, String description) {
        ITypeConverter<T> converter = notation.parse()::apply;
        return OptionSpec.builder(name).type(notation.type()).converters(converter).paramLabel(notation.label())
                .description(description).build();
    }

    /** Returns the exit status. */
    int run(String name, String... arguments) {
        CommandLine line = new CommandLine(spec(name)).setExpandAtFiles(false);
        try {
            ParseResult parsed = line.parseArgs(arguments);
            if (parsed.isUsageHelpRequested()) {
                launcher.print(line.getUsageMessage());
                return EchoLauncher.OK;
            }
            Map<String, String> environment = System.getenv();
            Path given = parsed.matchedOptionValue("--pid-file", null);
            Path pidFile = given != null
                    ? given
                    : environment.containsKey("WEFT_PID_FILE")
                            ? Path.of(environment.get("WEFT_PID_FILE"))
                            : RunSettings.defaultPidFile(environment);
            return send(name, request(name, parsed), pidFile,
                    Optional.ofNullable(
                            parsed.matchedOptionValue(name.equals("drain") ? "--wait" : "--timeout", null)));
        } catch (ParameterException | IllegalArgumentException e) {
            launcher.complain(e.getMessage() + " (" + name + " --help shows all options)");
            return EchoLauncher.BAD_USAGE;
        }
    }

    private static String request(String name, ParseResult parsed) {
        if (!name.equals("status")) {
            return "POST /" + name;
        }
        Optional<Integer> rows = Optional.ofNullable(parsed.matchedOptionValue("--rows", null));
        Optional<ConnectionTable.Order> order = Optional.ofNullable(parsed.matchedOptionValue("--order", null));
        if (!parsed.hasMatchedOption("--connections") && rows.isEmpty() && order.isEmpty()) {
            return "GET /status";
        }
        return "GET /connections?" + Stream.of(rows.map(count -> "rows=" + count), order.map(by -> "order=" + by))
                .flatMap(Optional::stream).collect(Collectors.joining("&"));
    }

    private int send(String name, String request, Path pidFile, Optional<Duration> time) {
        ControlSocket.Answer answer;
        try {
            answer = ControlSocket.send(pidFile, request);
        } catch (IOException e) {
            launcher.complain("no server with the pid file " + pidFile + " is running (" + e.getMessage() + ")");
            return NOT_RUNNING;
        }
        if (!answer.done()) {
            launcher.complain(answer.text().strip());
            return EchoLauncher.NOT_DONE;
        } else if (name.equals("stop")) {
            return awaitEnd(Long.parseLong(value("pid", answer.text())), time.orElseGet(
                    () -> Notation.TIME.parse().apply(value(RunningEcho.END_WITHIN, answer.text())).plus(MARGIN)));
        }
        launcher.print(answer.text());
        return time.isPresent() ? awaitDrained(pidFile, time.get()) : EchoLauncher.OK;
    }

    /** What a line of an answer says. */
    private static String value(String name, String text) {
        return text.lines().filter(line -> line.startsWith(name + ": "))
                .map(line -> line.substring(name.length() + 2)).findFirst().orElseThrow();
    }

    private int awaitDrained(Path pidFile, Duration time) {
        long end = System.nanoTime() + time.toNanos();
        try {
            while (true) {
                String status = ControlSocket.send(pidFile, "GET /status").text();
                if (value("state", status).equals(RunningEcho.DRAINED)) {
                    return EchoLauncher.OK;
                } else if (System.nanoTime() - end > 0) {
                    launcher.complain("after " + Notation.TIME.format().apply(time) + ", connections are left: "
                            + value("connections", status));
                    return EchoLauncher.NOT_DONE;
                }
                Thread.sleep(MILLIS_BETWEEN_QUESTIONS);
            }
        } catch (IOException e) {
            return EchoLauncher.OK; // the server has ended, and all connections with it
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return EchoLauncher.NOT_DONE;
        }
    }

    private int awaitEnd(long pid, Duration timeout) {
        CompletableFuture<ProcessHandle> end = ProcessHandle.of(pid).map(ProcessHandle::onExit)
                .orElseGet(() -> CompletableFuture.completedFuture(null));
        try {
            end.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return EchoLauncher.OK;
        } catch (TimeoutException e) {
            launcher.complain("the process " + pid + " has not ended within " + Notation.TIME.format().apply(timeout));
            return EchoLauncher.NOT_DONE;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return EchoLauncher.NOT_DONE;
        }
    }
}
