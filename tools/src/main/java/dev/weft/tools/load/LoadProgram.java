package dev.weft.tools.load;

import com.google.gson.GsonBuilder;
import dev.weft.ConnectionLimits;
import dev.weft.MessageType;
import dev.weft.client.WebSocketClient;
import dev.weft.tools.options.ClientOptions;
import dev.weft.tools.options.Notation;
import dev.weft.tools.options.Terminals;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command line of the load generator. */
@Command(name = "load", sortOptions = false, usageHelpAutoWidth = true, description = {
        "Puts an echo server under load, and measures how long the answers take.",
        "With --rate, a latency counts from when a message was due, even if it was sent later. Warns if this program itself is "
                + "the bottleneck. A TIME is like 500ms, 20s, 2m or 1h; a SIZE is in bytes, or with k or m in KiB or MiB."}, exitCodeListHeading = "Exit codes:%n", exitCodeList = {
                        "0:every message was answered",
                        "1:no connection could be opened", "2:wrong command line",
                        "3:a connection failed, or a message was not answered"})
public final class LoadProgram implements Callable<Integer> {
    private static final int NO_CONNECTION = 1;
    private static final int FAILED = 3;
    private static final int LARGEST = 64 << 20;
    private static final int WIDTH = 78;
    /** A strong reference: otherwise the logger could be garbage collected, and its level lost. */
    private static final Logger LOGGER = Logger.getLogger("dev.weft");

    private final Terminals terminals;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "URI", description = "The server: ws://host:port/path or wss://host:port/path.")
    private String uri;

    @Option(names = {"-n",
            "--connections"}, paramLabel = "N", defaultValue = "10", description = "Connections. Default: "
                    + "${DEFAULT-VALUE}.")
    private int connections;

    @Option(names = {"-r",
            "--rate"}, paramLabel = "N", description = "Messages per second of all connections together. "
                    + "Default: as many as the window allows.")
    private double rate;

    @Option(names = {"-w",
            "--window"}, paramLabel = "N", defaultValue = "1", description = "Without --rate: messages of one "
                    + "connection that wait for their answer at the same time. Default: ${DEFAULT-VALUE}.")
    private int window;

    @Option(names = "--size", paramLabel = "SIZE", defaultValue = "128", description = "Bytes of a message. Default: "
            + "${DEFAULT-VALUE}.")
    private String size;

    @Option(names = {"-b", "--binary"}, description = "Send binary messages instead of text.")
    private boolean binary;

    @Option(names = "--ramp-up", paramLabel = "TIME", defaultValue = "0s", description = "Open the connections evenly over this "
            + "time; measure afterwards. Default: ${DEFAULT-VALUE}.")
    private Duration rampUp;

    @Option(names = {"-d",
            "--duration"}, paramLabel = "TIME", defaultValue = "10s", description = "How long to measure. "
                    + "Default: ${DEFAULT-VALUE}.")
    private Duration duration;

    @Option(names = "--json", description = "Print the result as JSON; latencies are in nanoseconds.")
    private boolean json;

    @Mixin
    private ClientOptions clientOptions;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
    private boolean help;

    private LoadProgram(Terminals terminals) {
        this.terminals = terminals;
    }

    /** Runs the command line and exits. */
    public static void main(String[] args) {
        LOGGER.setLevel(Level.OFF);
        System.exit(command().setCommandName("weft load").execute(args));
    }

    /** The command, for this process. */
    public static CommandLine command() {
        return command(Terminals.ofProcess());
    }

    static CommandLine command(Terminals terminals) {
        return new CommandLine(new LoadProgram(terminals)).setExpandAtFiles(false)
                .registerConverter(Duration.class, Notation.TIME.parse()::apply)
                .setParameterExceptionHandler((e, args) -> {
                    e.getCommandLine().getErr().println("load: " + e.getMessage() + " (--help shows all options)");
                    return 2;
                });
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Consumer<String> progress = line -> {};
        if (terminals.errors()) {
            progress = line -> {
                err.print("\r" + line.substring(0, Math.min(WIDTH, line.length())) + "\u001b[K");
                err.flush();
            };
        }
        LoadPlan plan = plan();
        try (WebSocketClient client = client(plan)) {
            LoadResult result = new LoadRun(plan, progress).run(client);
            progress.accept("");
            if (terminals.errors()) {
                err.print("\r");
                err.flush();
            }
            if (json) {
                out.println(
                        new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(result.values()));
            } else {
                result.lines().forEach(out::println);
            }
            out.flush();
            return result.open() == 0 ? NO_CONNECTION : result.hasFailed() ? FAILED : 0;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        } catch (IOException e) {
            err.println("load: " + e.getMessage());
            return NO_CONNECTION;
        }
    }

    private LoadPlan plan() {
        try {
            int bytes = Notation.SIZE.parse().apply(size);
            check("--connections", connections, 1, 1_000_000);
            check("--window", window, 1, 1_000_000);
            check("--size", bytes, 0, LARGEST);
            if (!(rate >= 0 && rate <= 1e8)) {
                throw new IllegalArgumentException("--rate " + rate + " is not within 0 to 100000000");
            }
            if (duration.isZero()) {
                throw new IllegalArgumentException("--duration is 0");
            }
            return new LoadPlan(ClientOptions.target(uri), connections, rate, window, bytes,
                    binary ? MessageType.BINARY : MessageType.TEXT,
                    rampUp, duration);
        } catch (IllegalArgumentException | TypeConversionException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private static void check(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(option + " " + value + " is not within " + least + " to " + most);
        }
    }

    private WebSocketClient client(LoadPlan plan) throws IOException {
        return clientOptions.builder().closeGrace(Duration.ZERO)
                .limits(ConnectionLimits.builder().maxMessageSize(Math.max(plan.size(), 1 << 20)).build()).build();
    }
}
