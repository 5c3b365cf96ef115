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
import dev.weft.tools.conform.wire.Side;
import dev.weft.tools.options.Trust;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
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
@Command(name = "conform", sortOptions = false, usageHelpAutoWidth = true, mixinStandardHelpOptions = false, customSynopsis = {
        "conform [OPTION...] URL", "conform [OPTION...] --client [--] [COMMAND [ARG...]]"}, description = {
                "Tests how strictly a WebSocket echo server, or with --client a client, follows RFC 6455 and RFC 7692.",
                "The server must send every message back unchanged. A client must do so too, on the connections that it opens as "
                        + "a test client for an Autobahn fuzzing server does. Exits with 0 if no case FAILED, 1 if one did or the "
                        + "client stopped before the end, 2 for a wrong command line or if there is no server or client."})
public final class Conform implements Callable<Integer> {
    private static final Duration TIME_TO_EXIT = Duration.ofSeconds(2);

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..*", paramLabel = "URL", hideParamSyntax = true, description = "The server: ws://host:port/path "
            + "or wss://host:port/path. With --client: the command that starts the client, which gets the URL as its last "
            + "argument; without one, the URL is printed, and the client is waited for.")
    private List<String> words = List.of();

    @Option(names = "--client", description = "Test a client.")
    private boolean client;

    @Option(names = "--listen", paramLabel = "PORT", defaultValue = "0", description = "With --client: the port on this "
            + "machine's loopback address. Default: any free one.")
    private int listen;

    @Option(names = "--tls-cert", paramLabel = "FILE", description = "With --client: listen for wss, with the certificate in "
            + "this PEM file.")
    private Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "A PEM file with the private key of --tls-cert. Default: "
            + "the file of --tls-cert.")
    private Path key;

    @Option(names = "--only", paramLabel = "PATTERN", description = "Run the cases whose id matches; * stands for "
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

    @Option(names = "--insecure", description = "With wss: accept any certificate.")
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
        List<Case> cases = Cases.all(client ? Side.CLIENT : Side.SERVER).stream().filter(this::isWanted).toList();
        if (cases.isEmpty()) {
            throw wrong("no case matches " + only);
        }
        if (list) {
            cases.forEach(one -> out.println(one.id() + "  " + one.title() + "  [" + one.section() + "]"));
            out.flush();
            return 0;
        }
        return client ? testClient(cases, out) : testServer(cases, out);
    }

    private int testServer(List<Case> cases, PrintWriter out) throws IOException, InterruptedException {
        if (words.size() != 1) {
            throw wrong(words.isEmpty() ? "which server? URL is missing" : "more than one server: " + words);
        }
        Settings settings = settings(words.getFirst());
        String server;
        try {
            server = greet(settings);
        } catch (Failure e) {
            throw wrong("no WebSocket server at " + settings.target() + ": " + e.getMessage());
        }
        Stopwatch watch = new Stopwatch();
        List<Result> results = new CaseRunner(settings, progressOf(cases.size())).run(cases);
        return report(watch.stop(Side.SERVER, settings, server, results), out);
    }

    private int testClient(List<Case> cases, PrintWriter out) throws IOException, InterruptedException {
        if (listen < 0 || listen > 65_535) {
            throw wrong("--listen " + listen + " is no port");
        }
        try (ServerSocket listener = listener()) {
            Settings settings = settings(
                    (certificate == null ? "ws" : "wss") + "://127.0.0.1:" + listener.getLocalPort());
            CaseRunner runner = new CaseRunner(settings, progressOf(cases.size()));
            Stopwatch watch = new Stopwatch();
            try (FuzzingServer server = new FuzzingServer(settings, cases, runner, listener)) {
                if (words.isEmpty()) {
                    out.println("conform listening on " + settings.target());
                    out.flush();
                }
                List<Result> results = runClient(server, settings);
                if (!server.wasVisited()) {
                    throw wrong("the client did not connect to " + settings.target());
                }
                int failed = report(watch.stop(Side.CLIENT, settings, server.agent(), results), out);
                if (!server.hasFinished()) {
                    out.println("the client stopped before the end");
                    out.flush();
                }
                return server.hasFinished() ? failed : 1;
            }
        }
    }

    private ServerSocket listener() {
        try {
            return new ServerSocket(listen, 1024, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw wrong("cannot listen on port " + listen + ": " + e.getMessage());
        }
    }

    /** Waits for the client, which is started if there is a command for it. */
    private List<Result> runClient(FuzzingServer server, Settings settings) throws InterruptedException {
        if (words.isEmpty()) {
            return server.await(null);
        }
        List<String> command = new ArrayList<>(words);
        command.add(settings.target().toString());
        Process process;
        try {
            process = new ProcessBuilder(command).redirectInput(Redirect.from(new File("/dev/null")))
                    .redirectOutput(Redirect.DISCARD).redirectError(Redirect.INHERIT).start();
        } catch (IOException e) {
            throw wrong("cannot start the client: " + e.getMessage());
        }
        try {
            return server.await(process);
        } finally {
            process.waitFor(TIME_TO_EXIT.toMillis(), TimeUnit.MILLISECONDS);
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroyForcibly();
        }
    }

    private int report(RunResults run, PrintWriter out) throws IOException {
        if (progress) {
            System.err.print("\r\033[K");
        }
        TextReport.print(run, out);
        if (json != null) {
            JsonReport.write(run, json);
        }
        if (html != null) {
            HtmlReport.write(run, html);
        }
        return run.hasFailed() ? 1 : 0;
    }

    /** Measures the time of a run. */
    private final class Stopwatch {
        private final Instant started = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        private final long before = System.nanoTime();

        RunResults stop(Side subject, Settings settings, String name, List<Result> results) {
            return new RunResults(subject, settings.target().toString(), name, started.toString(),
                    (System.nanoTime() - before) / 1_000_000, quick, results);
        }
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    private Settings settings(String url) {
        if (!(timeout >= 0.1 && timeout <= 60)) {
            throw wrong("--timeout " + timeout + " is not from 0.1 to 60");
        }
        Duration wait = Duration.ofMillis((long) (timeout * 1000));
        Duration patience = wait.dividedBy(5);
        try {
            return new Settings(URI.create(url), tls(), wait, patience, bytes(maxMessage), quick);
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw wrong(e.getMessage());
        } catch (IOException e) {
            throw wrong("--tls-cert: " + e.getMessage());
        }
    }

    private SSLContext tls() throws IOException, GeneralSecurityException {
        if (certificate != null && client) {
            return Trust.withCertificate(certificate, key == null ? certificate : key);
        }
        if (certificate != null || key != null) {
            throw new IllegalArgumentException(client
                    ? "--tls-key needs --tls-cert"
                    : "--tls-cert and --tls-key need "
                            + "--client");
        }
        return insecure ? Trust.any() : Trust.ordinary();
    }

    private long bytes(String size) {
        if (!size.matches("[0-9]{1,9}[kKmM]?")) {
            throw wrong("--max-message " + size + ": not a size such as 64k or 16m");
        }
        long number = Long.parseLong(size.replaceAll("[kKmM]", ""));
        long bytes = number << (size.matches(".*[kK]") ? 10 : size.matches(".*[mM]") ? 20 : 0);
        if (bytes > 512 << 20) {
            throw wrong("--max-message " + size + " is over 512m");
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
            System.err.print("\r" + line.substring(0, Math.min(line.length(), 78)) + "\033[K");
        };
    }
}
