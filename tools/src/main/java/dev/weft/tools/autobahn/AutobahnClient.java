package dev.weft.tools.autobahn;

import dev.weft.ConnectionLimits;
import dev.weft.Message;
import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketClientBuilder;
import dev.weft.client.WebSocketConnectException;
import dev.weft.tools.options.Trust;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Drives the client through the cases of a fuzzing server. Each case is a connection on which the client echoes everything
 * until the server ends it. The server judges the results and writes the reports.
 */
@Command(name = "autobahn-client", sortOptions = false, usageHelpAutoWidth = true, mixinStandardHelpOptions = false, description = {
        "Drives Weft's client through an Autobahn fuzzing server (wstest -m fuzzingserver), which writes the reports.",
        "Exits with 0 if all cases were run, whatever their results; 1 if one could not be run, or there is no "
                + "server; 2 for a wrong command line."})
public final class AutobahnClient implements Callable<Integer> {
    /** The largest messages of the suite are 16 MiB long. */
    private static final int MAX_MESSAGE_SIZE = 64 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BETWEEN_LINES = 50;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "URL", description = "The fuzzing server: ws://host:port.")
    private URI url;

    @Option(names = "--agent", paramLabel = "NAME", defaultValue = "weft", description = "The name in the reports. "
            + "Default: ${DEFAULT-VALUE}.")
    private String agent;

    @Option(names = "--insecure", description = "With wss: accept any certificate, for any name.")
    private boolean insecure;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
    private boolean help;

    private AutobahnClient() {}

    /** Runs the command line and exits. */
    public static void main(String[] args) {
        System.exit(run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), args));
    }

    /** Runs the command line; returns the exit code. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new AutobahnClient()).setOut(out).setErr(err).execute(args);
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        ConnectionLimits limits = ConnectionLimits.builder().maxMessageSize(MAX_MESSAGE_SIZE).build();
        int failed = 0;
        try (WebSocketClient client = client(limits)) {
            int count = caseCount(client);
            for (int number = 1; number <= count; number++) {
                try {
                    echo(client, uri("/runCase?case=" + number + "&agent=" + encodedAgent()));
                } catch (WebSocketConnectException e) {
                    failed++;
                    err.println("case " + number + " could not be run: " + e.getMessage());
                }
                if (number % BETWEEN_LINES == 0 || number == count) {
                    out.println(number + " of " + count + " cases");
                }
            }
            client.open(uri("/updateReports?agent=" + encodedAgent())).awaitClose();
            return failed == 0 ? 0 : 1;
        } catch (IOException | GeneralSecurityException e) {
            err.println("autobahn-client: " + e.getMessage());
            return 1;
        }
    }

    private WebSocketClient client(ConnectionLimits limits) throws IOException, GeneralSecurityException {
        WebSocketClientBuilder builder = WebSocketClient.builder().limits(limits);
        if (insecure) {
            builder.tls(Trust.any(), parameters -> parameters.setEndpointIdentificationAlgorithm(""));
        }
        return builder.build();
    }

    private int caseCount(WebSocketClient client) throws IOException {
        try (WebSocketConnection ws = client.open(uri("/getCaseCount"))) {
            Optional<Message> count = ws.receive(PATIENCE);
            if (count.isPresent() && count.get() instanceof Message.Text text && text.text().matches("[0-9]{1,6}")) {
                return Integer.parseInt(text.text());
            }
            throw new IOException("the server did not return the number of cases: " + count);
        }
    }

    /** Echoes until the connection ends for any reason: many cases break the rules. */
    private static void echo(WebSocketClient client, URI uri) throws WebSocketConnectException {
        try (WebSocketConnection ws = client.open(uri)) {
            for (MessageView view = ws.receiveView(); view != null; view = ws.receiveView()) {
                ws.send(view);
            }
        } catch (WebSocketConnectException e) {
            throw e;
        } catch (IOException e) {
            // This failure is what the case tests.
        }
    }

    private String encodedAgent() {
        return URLEncoder.encode(agent, StandardCharsets.UTF_8);
    }

    private URI uri(String target) {
        String base = url.toString();
        try {
            return URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + target);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "not a URL: " + base, e);
        }
    }
}
