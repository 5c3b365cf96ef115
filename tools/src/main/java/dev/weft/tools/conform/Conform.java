package dev.weft.tools.conform;

import dev.weft.tools.conform.cases.Case;
import dev.weft.tools.conform.cases.Cases;
import dev.weft.tools.conform.report.HtmlReport;
import dev.weft.tools.conform.report.JsonReport;
import dev.weft.tools.conform.report.Result;
import dev.weft.tools.conform.report.RunResults;
import dev.weft.tools.conform.report.TextReport;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Findings;
import dev.weft.tools.conform.wire.Response;
import dev.weft.tools.conform.wire.Server;
import dev.weft.tools.conform.wire.Settings;
import dev.weft.tools.options.Trust;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command line. */
@Command(name = "conform", sortOptions = false, usageHelpAutoWidth = true, mixinStandardHelpOptions = false, description = {
        "Tests how strictly a WebSocket echo server follows RFC 6455 and RFC 7692.",
        "The server must send every message back unchanged. Exits with 0 if no case FAILED, 1 if one did, 2 for a wrong "
                + "command line or if there is no server."})
public final class Conform implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "URL", description = "The server: ws://host:port/path or "
            + "wss://host:port/path.")
    private URI url;

    @Option(names = "--only", paramLabel = "PATTERN", description = "Run the cases whose id fits; * stands for "
            + "anything: utf8.*, *.chopped-1. May be repeated.")
    private List<String> only = List.of();

    @Option(names = "--list", description = "Print the cases, and run none.")
    private boolean list;

    @Option(names = "--quick", description = "Fewer repetitions.")
    private boolean quick;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all results as JSON.")
    private Path json;

    @Option(names = "--html", paramLabel = "FILE", description = "Write all results as HTML.")
    private Path html;

    @Option(names = "--insecure", description = "With wss: take any certificate.")
    private boolean insecure;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "5", description = "How long an answer may take. "
            + "Default: ${DEFAULT-VALUE}.")
    private double timeout;

    @Option(names = "--max-message", paramLabel = "SIZE", defaultValue = "16m", description = "Skip cases with larger "
            + "messages; k and m are understood. Default: ${DEFAULT-VALUE}.")
    private String maxMessage;

    @Option(names = "--progress", hidden = true)
    private boolean progress;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
    private boolean help;

    private Conform() {}

    /** Runs the command line and exits. */
    public static void main(String[] args) {
        System.exit(run(new PrintWriter(System.out, true), args));
    }

    /** Runs the command line; returns the exit code. */
    static int run(PrintWriter out, String... args) {
        return command().setOut(out).execute(args);
    }

    /** The command. */
    public static CommandLine command() {
        return new CommandLine(new Conform());
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        List<Case> cases = Cases.all().stream().filter(this::isWanted).toList();
        if (cases.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "no case matches " + only);
        }
        if (list) {
            cases.forEach(one -> out.println(one.id() + "  " + one.title() + "  [" + one.section() + "]"));
            out.flush();
            return 0;
        }
        Settings settings = settings();
        String server;
        try {
            server = greet(settings);
        } catch (Failure e) {
            throw new ParameterException(spec.commandLine(), "no WebSocket server at " + url + ": " + e.getMessage());
        }
        Instant started = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        long before = System.nanoTime();
        List<Result> results = new CaseRunner(settings, progressOf(cases.size())).run(cases);
        RunResults run = new RunResults(url.toString(), server, started.toString(),
                (System.nanoTime() - before) / 1_000_000, quick,
                results);
        TextReport.print(run, out);
        if (json != null) {
            JsonReport.write(run, json);
        }
        if (html != null) {
            HtmlReport.write(run, html);
        }
        return run.hasFailed() ? 1 : 0;
    }

    private Settings settings() {
        if (url == null) {
            throw new ParameterException(spec.commandLine(), "URL is missing: which server?");
        }
        if (!(timeout >= 0.1 && timeout <= 60)) {
            throw new ParameterException(spec.commandLine(), "--timeout " + timeout + " is not from 0.1 to 60");
        }
        Duration wait = Duration.ofMillis((long) (timeout * 1000));
        Duration patience = wait.dividedBy(5);
        try {
            SSLContext trust = insecure ? Trust.any() : Trust.ordinary();
            return new Settings(url, trust, wait, patience, bytes(maxMessage), quick);
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
    }

    private long bytes(String size) {
        if (!size.matches("[0-9]{1,9}[kKmM]?")) {
            throw new ParameterException(spec.commandLine(),
                    "--max-message " + size + ": not a size such as 64k or 16m");
        }
        long number = Long.parseLong(size.replaceAll("[kKmM]", ""));
        long bytes = number << (size.matches(".*[kK]") ? 10 : size.matches(".*[mM]") ? 20 : 0);
        if (bytes > 512 << 20) {
            throw new ParameterException(spec.commandLine(), "--max-message " + size + " is over 512m");
        }
        return bytes;
    }

    private boolean isWanted(Case one) {
        return only.isEmpty() || only.stream().anyMatch(pattern -> Pattern.matches(
                "\\Q" + pattern.replace("*", "\\E.*\\Q") + "\\E", one.id()));
    }

    /** Checks that there is a server, and returns the name that it gives itself. */
    private static String greet(Settings settings) {
        Server server = new Server(settings, new Findings());
        try {
            Response response = server.request(server.upgrade().bytes());
            if (response == null || response.status() != 101) {
                throw new Failure(response == null ? "the server ended the connection" : "status " + response.status());
            }
            return String.join(", ", response.values("Server"));
        } finally {
            server.abort();
        }
    }

    private Consumer<Result> progressOf(int all) {
        if (!progress) {
            return result -> {};
        }
        AtomicInteger done = new AtomicInteger();
        return result -> {
            String line = done.incrementAndGet() + "/" + all + "  " + result.id();
            System.err.print("\r" + line.substring(0, Math.min(line.length(), 78)) + "\033[K"
                    + (done.get() == all ? "\r\033[K" : ""));
        };
    }
}
