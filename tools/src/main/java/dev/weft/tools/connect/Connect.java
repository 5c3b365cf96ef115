package dev.weft.tools.connect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.ConnectionLimits;
import dev.weft.WebSocketConnection;
import dev.weft.client.FailedResponse;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketClientBuilder;
import dev.weft.client.WebSocketConnectException;
import dev.weft.tools.options.ClientOptions;
import dev.weft.tools.options.Notation;
import dev.weft.tools.options.PeerText;
import dev.weft.tools.options.Terminals;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

/** The command line of the client for terminals and pipes. */
@Command(name = "connect", sortOptions = false, usageHelpAutoWidth = true, description = {
        "Connects to a WebSocket server: what you type, or what is piped in, is sent; what the server sends is printed.",
        "At a terminal, each line is a message, and /help lists commands. In a pipe, each line of standard input is a text "
                + "message, and messages are printed one per line, their bytes unchanged. Where messages are printed to a "
                + "terminal, control characters are shown as \\uXXXX.",
        "A TIME is like 500ms, 20s, 2m, 1h or 7d."}, exitCodeListHeading = "Exit codes:%n", exitCodeList = {
                "0:the connection was closed by this end, or by the server with 1000 or without a code; or the reader of the "
                        + "output has gone",
                "1:there was no connection: name, network, proxy, TLS, or the server's answer",
                "2:wrong command line, or input that cannot be sent",
                "3:the connection was lost: it ended without a closing handshake",
                "4:the server closed with another code, broke the protocol, or sent too large a message",
                "5:the connection was closed before --count messages were received"})
public final class Connect implements Callable<Integer> {
    private static final int MOST_OF_BODY = 500;
    private static final long EXIT_MILLIS = 1000;
    private static final Duration DEFAULT_WAIT = Duration.ofSeconds(1);
    /** A strong reference: otherwise the logger could be garbage collected, and its level lost. */
    private static final Logger LOGGER = Logger.getLogger("dev.weft");

    private final InputStream in;
    private final OutputStream out;
    private final Terminals terminals;
    private final Consumer<WebSocketConnection> onOpen;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "URI", description = "The server: ws://host:port/path or wss://host:port/path; without a scheme "
            + "it is ws.")
    private String uri;

    @Option(names = {"-b",
            "--binary"}, description = "Send standard input as binary messages, of as many bytes as there are "
                    + "at once, up to 64 KiB; print messages without an end of line. At a terminal, send lines as binary messages.")
    private boolean binary;

    @Option(names = "--base64", description = "Each line of the input is a binary message in base64; print messages in base64, "
            + "one per line.")
    private boolean base64;

    @Option(names = {"-x",
            "--send"}, paramLabel = "TEXT", description = "Send this message instead of standard input. May be "
                    + "repeated.")
    private List<String> texts = List.of();

    @Option(names = "--text-from", paramLabel = "FILE", description = "Send the file as one message instead of standard "
            + "input's lines; - is all of standard input. A text message, or with --binary a binary one; up to 64 MiB.")
    private String textFrom;

    @Option(names = {"-n", "--no-input"}, description = "Send nothing, and receive until the server closes.")
    private boolean noInput;

    @Option(names = {"-c", "--count"}, paramLabel = "N", description = "Close after N messages were received.")
    private int count;

    @Option(names = {"-w",
            "--wait"}, paramLabel = "TIME", description = "When all input is sent, close as soon as no message "
                    + "has been received for this long. Default 1s; with --count or --no-input, no limit.")
    private Duration wait;

    @Mixin
    private ClientOptions clientOptions;

    @Option(names = "--max-message-size", paramLabel = "SIZE", description = "Maximum number of bytes of a received message; k and m "
            + "are understood. Default 16m.")
    private String maxMessageSize = "16m";

    @Option(names = {"-v", "--verbose"}, description = "Show the handshake, the frames and the messages, with the "
            + "time. The request's credentials are shown, too.")
    private boolean verbose;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
    private boolean help;

    private Connect(InputStream in, OutputStream out, Terminals terminals, Consumer<WebSocketConnection> onOpen) {
        this.in = in;
        this.out = out;
        this.terminals = terminals;
        this.onOpen = onOpen;
    }

    /** Runs the command line and exits. */
    public static void main(String[] args) {
        LOGGER.setLevel(Level.OFF);
        System.exit(command().setCommandName("weft connect").execute(args));
    }

    /** The command, for this process. */
    public static CommandLine command() {
        return command(System.in, new FileOutputStream(FileDescriptor.out), Terminals.ofProcess(),
                Connect::closeAtExit);
    }

    /**
     * The command with other streams. Everything except messages is written to the command line's error writer.
     *
     * @param onOpen receives the connection as soon as it is open
     */
    static CommandLine command(InputStream in, OutputStream out, Terminals terminals,
            Consumer<WebSocketConnection> onOpen) {
        CommandLine line = new CommandLine(new Connect(in, out, terminals, onOpen)).setExpandAtFiles(false)
                .registerConverter(Duration.class, Notation.TIME.parse()::apply);
        return line.setParameterExceptionHandler((e, args) -> {
            e.getCommandLine().getErr().println("connect: " + e.getMessage() + " (--help shows all options)");
            return ExitStatus.USAGE;
        });
    }

    /** Makes a signal close the connection before the process ends. */
    private static void closeAtExit(WebSocketConnection connection) {
        CountDownLatch over = new CountDownLatch(1);
        connection.onClose(status -> over.countDown());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                connection.close(1001, "");
                over.await(EXIT_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "connect-shutdown"));
    }

    @Override
    public Integer call() throws InterruptedException {
        Form form = form();
        Display display = new Display(out, spec.commandLine().getErr(), terminals, form, verbose);
        URI target = target();
        boolean typed = terminals.input() && terminals.output() && texts.isEmpty() && textFrom == null && !noInput;
        try (WebSocketClient client = client(display)) {
            display.detail("* connecting to " + target);
            WebSocketConnection connection = client.open(target);
            onOpen.accept(connection);
            display.detail("* connected" + agreed(connection));
            Conversation conversation = new Conversation(connection, display, count);
            return typed ? converse(conversation, form) : exchange(conversation, input(form));
        } catch (WebSocketConnectException e) {
            display.trouble("no connection to " + target + ": " + e.getMessage());
            e.response().map(FailedResponse::bodyText).filter(body -> !body.isBlank())
                    .ifPresent(body -> display.note(PeerText.lines(body.strip(), MOST_OF_BODY)));
            return ExitStatus.NO_CONNECTION;
        } catch (IOException e) {
            display.trouble("no connection to " + target + ": " + e.getMessage());
            return ExitStatus.NO_CONNECTION;
        } catch (IllegalArgumentException | TypeConversionException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** What both ends have agreed on. */
    private static String agreed(WebSocketConnection connection) {
        String subprotocol = connection.subprotocol().map(name -> ", subprotocol " + name).orElse("");
        String extensions = connection.response().map(response -> String.join(", ",
                response.headers().all("Sec-WebSocket-Extensions"))).filter(values -> !values.isEmpty())
                .map(values -> ", " + PeerText.line(values, MOST_OF_BODY)).orElse(", no extensions");
        return subprotocol + extensions;
    }

    private Form form() {
        if (binary && base64) {
            throw new ParameterException(spec.commandLine(), "--binary and --base64 exclude each other");
        }
        if (count < 0) {
            throw new ParameterException(spec.commandLine(), "--count " + count + " is less than 0");
        }
        if ((texts.isEmpty() ? 0 : 1) + (textFrom == null ? 0 : 1) + (noInput ? 1 : 0) > 1) {
            throw new ParameterException(spec.commandLine(), "--send, --text-from and --no-input exclude each other");
        }
        return binary ? Form.BINARY : base64 ? Form.BASE64 : Form.LINES;
    }

    private URI target() {
        try {
            return ClientOptions.target(uri);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private WebSocketClient client(Display display) throws IOException {
        WebSocketClientBuilder builder = clientOptions.builder().closeGrace(Duration.ofMillis(EXIT_MILLIS))
                .limits(ConnectionLimits.builder().maxMessageSize(Notation.SIZE.parse().apply(maxMessageSize)).build());
        if (verbose) {
            builder.keepResponse(true).wireListener(target -> new WireLog(display));
        }
        return builder.build();
    }

    /** The input when no user types. */
    private Input input(Form form) throws IOException {
        if (noInput) {
            return conversation -> {};
        } else if (!texts.isEmpty()) {
            return conversation -> {
                for (String text : texts) {
                    new PipedInput(new ByteArrayInputStream(text.getBytes(UTF_8)), "--send", form, true)
                            .sendTo(conversation);
                }
            };
        } else if (textFrom == null) {
            return new PipedInput(in, "standard input", form, false);
        } else if (textFrom.equals("-")) {
            return new PipedInput(in, "standard input", form, true);
        }
        Path file = Path.of(textFrom);
        return conversation -> {
            try (InputStream content = readable(file)) {
                new PipedInput(content, textFrom, form, true).sendTo(conversation);
            }
        };
    }

    private static InputStream readable(Path file) throws Input.UnsendableException {
        try {
            return Files.newInputStream(file);
        } catch (IOException e) {
            throw new Input.UnsendableException("--text-from " + file + " cannot be read");
        }
    }

    /** Sends all input, then closes when it has been quiet for long enough. */
    private int exchange(Conversation conversation, Input input) {
        Duration quiet = wait != null || count > 0 || noInput ? wait : DEFAULT_WAIT;
        start(conversation, input, Optional.ofNullable(quiet));
        return conversation.run();
    }

    /** Lets a user type. */
    private int converse(Conversation conversation, Form form) throws IOException, InterruptedException {
        Display display = conversation.display();
        display.note("connected; /help lists commands");
        try (Prompt prompt = new Prompt()) {
            display.setPrompt(prompt::above);
            Thread typing = start(conversation, new TypedInput(prompt, form), Optional.of(Duration.ZERO));
            int status = conversation.run();
            display.setPrompt(null);
            typing.interrupt();
            typing.join(EXIT_MILLIS);
            if (status == ExitStatus.OK) {
                display.note("closed");
            }
            return status;
        }
    }

    /** Starts to send on a separate thread, which closes the connection afterwards if {@code quiet} is not empty. */
    private static Thread start(Conversation conversation, Input input, Optional<Duration> quiet) {
        return Thread.ofPlatform().daemon().name("connect-input").start(() -> {
            try {
                input.sendTo(conversation);
                if (quiet.isPresent()) {
                    conversation.awaitQuiet(quiet.get());
                    conversation.connection().close();
                }
            } catch (Input.UnsendableException e) {
                conversation.failInput(e.getMessage());
            } catch (IOException e) {
                // The connection has ended: the receiving thread reports the reason.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }
}
