package dev.weft.tools.echo;

import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpLimits;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.ProxySettings;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.TlsCertificates;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.tools.handlers.HandlerCode;
import dev.weft.tools.options.Notation;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The launcher's command line: one option for each setting of {@link WebSocketServerBuilder}, which also supplies the defaults.
 * Each instance parses one command line.
 */
final class EchoOptions extends OptionTable {
    private static final int HELP_WIDTH = 110;
    private static final int OPTIONS_WIDTH = 36;
    private static final int MOST_TYPING_ERRORS = 2;
    private static final Pattern ISO_DURATION = Pattern.compile("\\bPT[0-9.HMS-]+");

    private static final List<String> PROXY_OPTIONS = List.of("--trusted-proxy", "--trust-unix-sockets",
            "--proxy-protocol", "--max-proxy-header-size", "--client-address-field");
    private static final Map<String, String> EXIT_CODES = new LinkedHashMap<>();

    static {
        EXIT_CODES.put("0",
                "the help or the version was printed; --check found no fault; --daemon started the server; the command succeeded");
        EXIT_CODES.put("1", "it cannot listen, or another server has the pid file; the command failed");
        EXIT_CODES.put("2", "wrong options on the command line, in the environment or in the file");
        EXIT_CODES.put("3", "no server has the pid file");
        EXIT_CODES.put("4", "the code of --handler cannot be compiled, loaded or used");
        EXIT_CODES.put("128 + N", "ended by signal N");
    }

    private final WebSocketServerBuilder builder = EchoDefaults.withoutEcho();
    private final ServerConfiguration defaults = EchoDefaults.builder().build();
    private final CommandLine commandLine;
    private final DeflateSettings.Builder deflateBuilder = DeflateSettings.builder();
    private boolean deflateWanted = true;
    private final HttpLimits.Builder httpLimits = HttpLimits.builder();
    private final List<SocketAddress> addresses = new ArrayList<>();
    private final List<String> origins = new ArrayList<>();
    private final List<String> hosts = new ArrayList<>();
    private final List<String> trustedProxies = new ArrayList<>();
    private final ProxySettings.Builder proxyBuilder = ProxySettings.builder();
    private boolean anyOrigin;
    private final EchoTls tls = new EchoTls();
    private final OperationOptions operation = new OperationOptions(builder, defaults);
    private final RunSettings run = new RunSettings();
    private Level logLevel = Level.INFO;
    private ServerConfiguration configuration;
    private boolean helpWanted;
    private boolean versionWanted;

    EchoOptions() {
        super("echo");
        declareHandler();
        declareSockets();
        declareTls();
        declareRequestHeads();
        declareMessages();
        declareTimes();
        declareServer();
        operation.declare(this);
        declareCompression();
        declareHandshakes();
        declareProxies();
        declareRunning();
        declareOutput();
        for (String command : ControlCommand.NAMES) {
            spec.addSubcommand(command, ControlCommand.spec(command));
        }
        spec.usageMessage().description(
                "A WebSocket server that sends every message back, and shows browsers a page to try it with. With --handler,"
                        + " it runs your code instead.",
                "A SIZE is in bytes, or with k, m or g in KiB, MiB or GiB; a TIME is like 500ms, 20s, 2m, 1h or 7d.")
                .width(HELP_WIDTH).longOptionsMaxWidth(OPTIONS_WIDTH).sortOptions(false).abbreviateSynopsis(true)
                .exitCodeListHeading("%nExit codes:%n").exitCodeList(EXIT_CODES);
        commandLine = new CommandLine(spec).setExpandAtFiles(false);
    }

    private void declareHandler() {
        group("Handler",
                option("--handler", Notation.FILE, "every message is sent back",
                        "Code to serve in place of echo and page: a source file, a folder with sources, or a jar.",
                        file -> run.handler = Optional.of(file)),
                switchOn("--watch", () -> run.watch = true,
                        "Load the code of --handler again when it changes. New connections get the new code; others keep"
                                + " the old one."));
    }

    private void declareSockets() {
        group("Sockets",
                option("--host", Notation.NAME, EchoDefaults.HOST, builder::host,
                        "Name or address to listen on; 0.0.0.0 or :: serves other machines too."),
                option("--port", Notation.COUNT, EchoDefaults.PORT, builder::port,
                        "Port to listen on; 0 lets the system choose."),
                list("--listen", "HOST:PORT", "a host and a port", Notation::parseAddress,
                        texts -> texts.stream().map(Notation::parseAddress).forEach(addresses::add),
                        "Address to listen on, such as 127.0.0.1:9001 or [::1]:9001, in place of --host and --port; may be"
                                + " repeated.",
                        List.of()),
                list("--unix", "PATH", "a path", Path::of,
                        paths -> paths.stream().map(UnixDomainSocketAddress::of).forEach(addresses::add),
                        "File of a Unix domain socket to listen on, in place of --host and --port; may be repeated.",
                        List.of()),
                switchOn("--inherited", () -> {
                    builder.listenInherited();
                    run.inherited = true;
                },
                        "Listen on the socket that is the standard input, as systemd passes it with StandardInput=socket, in place"
                                + " of --host and --port."),
                option("--socket-permissions", Notation.PERMISSIONS,
                        PosixFilePermissions.toString(defaults.socketPermissions()),
                        text -> builder.socketPermissions(PosixFilePermissions.fromString(text)),
                        "Permissions of the files of --unix: users with write permission may connect."),
                flag("--reuse-port", defaults.reusePort(), builder::reusePort,
                        "Whether other processes of this user may listen on the same port, and share its connections."),
                option("--backlog", Notation.COUNT, defaults.backlog(), builder::backlog,
                        "Connections that may wait to be accepted."),
                option("--transport", Notation.TRANSPORT, defaults.transport(), builder::transport,
                        "How connections wait for the network: loops, parking, parking-platform or blocking."),
                flag("--tcp-nodelay", defaults.tcpNoDelay(), builder::tcpNoDelay,
                        "Whether small writes are sent at once."),
                flag("--keep-alive", defaults.keepAlive(), builder::keepAlive,
                        "Whether the system checks for dead peers too (TCP keep-alive)."),
                systemSize("--receive-buffer-size", defaults.receiveBufferSize(), builder::receiveBufferSize,
                        "The system's receive buffer of a connection."),
                systemSize("--send-buffer-size", defaults.sendBufferSize(), builder::sendBufferSize,
                        "The system's send buffer of a connection."));
    }

    private void declareTls() {
        group("TLS",
                list("--tls-cert", "FILE", "a file's name", Path::of, tls::certificates,
                        "PEM file with a certificate and those of its issuers, to speak TLS with: wss instead of ws. May be"
                                + " repeated; clients get the one for the name that they ask for. Read again when changed.",
                        List.of()),
                list("--tls-key", "FILE", "a file's name", Path::of, tls::keys,
                        "PEM file with the private key, one for each --tls-cert, in the same order. Without this option,"
                                + " the keys are in the files of --tls-cert.",
                        List.of()),
                option("--tls-keystore", Notation.FILE, "none", "Key store, PKCS #12 or JKS, in place of --tls-cert.",
                        tls::keystore),
                option("--tls-password-file", Notation.FILE, "none",
                        "File whose first line is the password of the key store, or of the keys; others should not be"
                                + " able to read it.",
                        tls::passwordFile));
    }

    private void declareRequestHeads() {
        var limits = defaults.httpLimits();
        group("Request heads",
                option("--max-request-line-size", Notation.SIZE, limits.maxRequestLineSize(),
                        httpLimits::maxRequestLineSize, "Maximum number of bytes of a request line."),
                option("--max-header-line-size", Notation.SIZE, limits.maxHeaderLineSize(),
                        httpLimits::maxHeaderLineSize, "Maximum number of bytes of a header line."),
                option("--max-header-count", Notation.COUNT, limits.maxHeaderCount(), httpLimits::maxHeaderCount,
                        "Maximum number of header lines."),
                option("--max-headers-size", Notation.SIZE, limits.maxHeadersSize(), httpLimits::maxHeadersSize,
                        "Maximum number of bytes of all header lines together."));
    }

    private void declareMessages() {
        var limits = defaults.limits();
        group("Messages",
                option("--max-message-size", Notation.SIZE, limits.maxMessageSize(), builder::maxMessageSize,
                        "Maximum size of a message; a larger one closes the connection with 1009."),
                option("--max-streamed-message-size", Notation.LONG_SIZE, limits.maxStreamedMessageSize(),
                        builder::maxStreamedMessageSize,
                        "Maximum size of a message that a handler reads as a stream; this handler does not."),
                option("--max-frames-per-message", Notation.COUNT, limits.maxFramesPerMessage(),
                        builder::maxFramesPerMessage, "Maximum number of frames of a message."),
                option("--max-compression-ratio", Notation.COUNT, limits.maxCompressionRatio(),
                        builder::maxCompressionRatio,
                        "Maximum number of bytes that a compressed byte of a message may become."),
                option("--max-queued-size", Notation.SIZE, limits.maxQueuedSize(), builder::maxQueuedSize,
                        "Maximum number of bytes that wait for one peer in handlers that use trySend; this one does not."),
                option("--read-ahead-size", Notation.SIZE, limits.readAheadSize(), builder::readAheadSize,
                        "Maximum number of bytes that are read while a handler is busy; this one rarely is."));
    }

    private void declareTimes() {
        var timeouts = defaults.timeouts();
        group("Times",
                option("--handshake-timeout", Notation.TIME, timeouts.handshakeTimeout(), builder::handshakeTimeout,
                        "Maximum time for a request head; a slower peer gets 408."),
                option("--policy-timeout", Notation.TIME, defaults.policyTimeout(), builder::policyTimeout,
                        "Maximum time to decide about a request; a peer that waits longer gets 503."),
                option("--ping-interval", Notation.TIME, timeouts.pingInterval(), builder::pingInterval,
                        "Time without bytes from the peer after which a ping is sent."),
                option("--pong-timeout", Notation.TIME, timeouts.pongTimeout(), builder::pongTimeout,
                        "Time without bytes after a ping, after which the connection is aborted."),
                option("--message-timeout", Notation.TIME, timeouts.messageTimeout(), builder::messageTimeout,
                        "Maximum time from a message's first byte to its last."),
                option("--write-timeout", Notation.TIME, timeouts.writeTimeout(), builder::writeTimeout,
                        "Maximum time in which the network takes no bytes of a waiting write."),
                option("--stream-timeout", Notation.TIME, timeouts.streamTimeout(), builder::streamTimeout,
                        "Maximum time between two writes to a streamed message that others wait for; this handler streams none."),
                option("--close-timeout", Notation.TIME, timeouts.closeTimeout(), builder::closeTimeout,
                        "Maximum time for the closing handshake."),
                option("--shutdown-grace", Notation.TIME, defaults.shutdownGrace(),
                        builder::shutdownGrace,
                        "Maximum time for connections to end by themselves when the server is stopped."));
    }

    private void declareServer() {
        group("Whole server",
                option("--max-connections", Notation.COUNT, defaults.maxConnections(), builder::maxConnections,
                        "Maximum number of connections; further ones get 503."),
                option("--max-tls-handshakes", Notation.COUNT, defaults.maxTlsHandshakes(), builder::maxTlsHandshakes,
                        "Maximum number of TLS handshakes at the same time; further ones wait."),
                option("--metrics", Notation.NAME, "none",
                        "Path at which Prometheus can read what the server has done, such as /metrics.",
                        builder::metrics),
                option("--read-buffer-size", Notation.SIZE, defaults.readBufferSize(), builder::readBufferSize,
                        "Size of each buffer that is lent to a busy connection."),
                option("--max-buffered-size", Notation.LONG_SIZE, defaults.maxBufferedSize(), builder::maxBufferedSize,
                        "Maximum number of bytes in such buffers, half-read requests and messages, and waiting messages; by default a quarter of the heap."));
    }

    private void declareCompression() {
        var deflate = defaults.deflate().orElseThrow();
        group("Compression (permessage-deflate)",
                flag("--deflate", true, wanted -> deflateWanted = wanted, "Whether messages may be compressed at all."),
                flag("--deflate-outgoing-context-takeover", deflate.outgoingContextTakeover(),
                        deflateBuilder::outgoingContextTakeover,
                        "Whether outgoing messages may refer to earlier ones."),
                flag("--deflate-incoming-context-takeover", deflate.incomingContextTakeover(),
                        deflateBuilder::incomingContextTakeover,
                        "Whether incoming messages may refer to earlier ones."),
                option("--deflate-outgoing-max-window-bits", Notation.COUNT, deflate.outgoingMaxWindowBits(),
                        deflateBuilder::outgoingMaxWindowBits,
                        "How far outgoing messages may refer back, as a power of two."),
                option("--deflate-incoming-max-window-bits", Notation.COUNT, deflate.incomingMaxWindowBits(),
                        deflateBuilder::incomingMaxWindowBits,
                        "How far incoming messages may refer back, as a power of two."),
                option("--deflate-outgoing-history-size", Notation.SIZE, deflate.outgoingHistorySize(),
                        deflateBuilder::outgoingHistorySize,
                        "Bytes of earlier messages that are kept for each connection."),
                option("--deflate-level", Notation.COUNT, deflate.level(), deflateBuilder::level,
                        "Effort of the compressor, 1 to 9."),
                option("--deflate-min-message-size", Notation.SIZE, deflate.minMessageSize(),
                        deflateBuilder::minMessageSize, "Smaller messages are sent uncompressed."),
                option("--deflate-max-idle-deflaters", Notation.COUNT, deflate.maxIdleDeflaters(),
                        deflateBuilder::maxIdleDeflaters, "Compressors that are kept between messages."),
                option("--deflate-max-idle-inflaters", Notation.COUNT, deflate.maxIdleInflaters(),
                        deflateBuilder::maxIdleInflaters, "Decompressors that are kept between messages."));
    }

    private void declareHandshakes() {
        group("Handshakes",
                list("--subprotocol", "TOKEN", "a token", token -> Headers.of(token, ""),
                        tokens -> builder.subprotocols(tokens.toArray(String[]::new)),
                        "Supported subprotocol, may be repeated; the first supported one that a client offers is chosen.",
                        defaults.subprotocols()),
                list("--allow-origin", "ORIGIN", "an origin", origin -> HandshakePolicy.origins(List.of(origin)),
                        origins::addAll,
                        "Origin, such as https://example.com, https://*.example.com, app://name or null, whose pages may"
                                + " connect besides this server's own; may be repeated.",
                        List.of()),
                list("--allow-host", "HOST", "a host with an optional port",
                        host -> HandshakePolicy.hosts(List.of(host)),
                        hosts::addAll,
                        "Host, such as localhost or *.example.com:9001, that clients may address; others get 421;"
                                + " may be repeated. With none, any host.",
                        List.of()),
                switchOn("--any-origin", () -> anyOrigin = true, "Let pages of every origin connect."));
    }

    private void declareProxies() {
        var proxies = defaults.proxySettings();
        group("Proxies",
                list("--trusted-proxy", "PREFIX", "an IP address or a prefix of addresses",
                        prefix -> ProxySettings.builder().trustedProxies(List.of(prefix)), trustedProxies::addAll,
                        "Address, or prefix such as 10.0.0.0/8, of proxies that are trusted to report the client's"
                                + " address; may be repeated.",
                        proxies.trustedProxies()),
                flag("--trust-unix-sockets", proxies.trustUnixSockets(), proxyBuilder::trustUnixSockets,
                        "Whether those who connect by the files of --unix are such proxies."),
                flag("--proxy-protocol", proxies.proxyProtocol(), proxyBuilder::proxyProtocol,
                        "Whether each connection must begin with a header of the PROXY protocol, from a trusted proxy."),
                option("--max-proxy-header-size", Notation.SIZE, proxies.maxProxyHeaderSize(),
                        proxyBuilder::maxProxyHeaderSize, "Maximum number of bytes of such a header."),
                option("--client-address-field", Notation.FIELD, proxies.clientAddressField(),
                        proxyBuilder::clientAddressField,
                        "Header in which the proxies name the client: none, x-forwarded-for or forwarded."));
    }

    private void declareRunning() {
        group("Running",
                option("--config", Notation.FILE, "none",
                        "File with options: a line for each, such as port = 9001. The environment precedes it, such as"
                                + " WEFT_PORT=9001; the command line precedes both.",
                        file -> {}),
                switchOn("--check", () -> run.check = true,
                        "Check the options, and read the certificates and the code of --handler, but do not listen."),
                switchOn("--daemon", () -> run.daemon = true,
                        "Run in the background, and return when the server listens."),
                option("--pid-file", Notation.FILE,
                        "none; with --daemon, weft-echo.pid in $XDG_RUNTIME_DIR, or in the home directory",
                        "File for the number of the process. The commands below find the server by it.",
                        file -> run.pidFile = Optional.of(file)),
                option("--log-file", Notation.FILE, "beside the pid file", "File for the output of --daemon.",
                        run::logFile));
    }

    private void declareOutput() {
        group("Output",
                switchOn("--quiet", () -> logLevel = Level.WARNING, "Log warnings only."),
                switchOn("--verbose", () -> logLevel = Level.DEBUG,
                        "Log the end of every connection, and every refusal, too."),
                OptionSpec.builder("--help", "-h").usageHelp(true).description("Show this help, and exit.").build(),
                OptionSpec.builder("--version").versionHelp(true).description("Show the version, and exit.").build());
    }

    /**
     * Parses the arguments. May be called only once.
     *
     * @throws ParameterException with a message for the user
     */
    void parse(String... arguments) {
        ParseResult parsed = parsed(arguments);
        helpWanted = parsed.isUsageHelpRequested();
        versionWanted = parsed.isVersionHelpRequested();
        try {
            for (OptionSpec option : new LinkedHashSet<>(parsed.matchedOptions())) {
                setters.getOrDefault(option.longestName(), value -> {}).accept(option.getValue());
            }
            if (deflateWanted) {
                builder.deflate(deflateBuilder.build());
            } else {
                builder.noDeflate();
            }
            tls.apply(builder);
            operation.apply();
            addresses.forEach(builder::listen);
            if (!hosts.isEmpty()) {
                builder.httpSettings(defaults.httpSettings().toBuilder().hosts(hosts).build());
            }
            if (PROXY_OPTIONS.stream().anyMatch(parsed::hasMatchedOption)) {
                builder.proxySettings(proxyBuilder.trustedProxies(trustedProxies).build());
            }
            run.check();
            builder.httpLimits(httpLimits.build()).policy(policy());
            if (run.handler.isEmpty()) {
                configuration = EchoDefaults.withEcho(builder).build();
            }
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new ParameterException(commandLine, inOptions(e.getMessage()), e);
        }
    }

    private ParseResult parsed(String... arguments) {
        try {
            ParseResult parsed = commandLine.parseArgs(arguments);
            if (parsed.hasSubcommand()) {
                String command = parsed.subcommand().commandSpec().name();
                throw new ParameterException(commandLine,
                        "'" + command + "' is a command: put it before all options, as in " + command
                                + " --pid-file FILE");
            }
            return parsed;
        } catch (UnmatchedArgumentException e) {
            String first = e.getUnmatched().getFirst();
            throw new ParameterException(commandLine, first.startsWith("-")
                    ? "unknown option '" + first + "'" + similar(first)
                    : "'" + first + "' is neither an option nor one of the commands "
                            + String.join(", ", ControlCommand.NAMES),
                    e);
        }
    }

    /** Asks about the option that the user may have meant. */
    private String similar(String argument) {
        String name = argument.split("=", 2)[0];
        return setters.keySet().stream().filter(option -> distance(name, option) <= MOST_TYPING_ERRORS)
                .min(Comparator.comparingInt(option -> distance(name, option)))
                .map(option -> "; did you mean " + option + "?").orElse("");
    }

    /** The number of characters to insert, delete or replace (Levenshtein). */
    private static int distance(String a, String b) {
        int[] row = IntStream.rangeClosed(0, b.length()).toArray();
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    private HandshakePolicy policy() {
        return hosts.isEmpty() ? originPolicy() : HandshakePolicy.hosts(hosts).and(originPolicy());
    }

    private HandshakePolicy originPolicy() {
        if (anyOrigin) {
            return HandshakePolicy.anyOrigin();
        } else if (origins.isEmpty()) {
            return defaults.policy();
        }
        HandshakePolicy listed = HandshakePolicy.origins(origins);
        return request -> defaults.policy().decide(request) instanceof HandshakeDecision.Accept accept
                ? accept
                : listed.decide(request);
    }

    /** The message of an invalid setting in the terms of the command line: it starts with the name of the setting. */
    private String inOptions(String complaint) {
        String setting = complaint.split(" ", 2)[0];
        String name = setters.keySet().stream().filter(option -> option.replace("-", "").equalsIgnoreCase(setting))
                .findFirst().orElse(setting);
        return ISO_DURATION.matcher(name + complaint.substring(setting.length()))
                .replaceAll(found -> Notation.TIME.format().apply(Duration.parse(found.group())));
    }

    CommandSpec spec() {
        return spec;
    }

    boolean isHelpWanted() {
        return helpWanted;
    }

    boolean isVersionWanted() {
        return versionWanted;
    }

    /** The help text, including a final line break. */
    String help() {
        return commandLine.getUsageMessage();
    }

    /** The certificates that were read, after parsing. */
    Optional<TlsCertificates> certificates() {
        return tls.loaded();
    }

    /** What to serve and how to run, after parsing. */
    RunSettings run() {
        return run;
    }

    /** The settings of a server that echoes, after parsing without {@code --handler}. */
    ServerConfiguration configuration() {
        return configuration;
    }

    /**
     * The settings of a server that serves this code, after parsing with {@code --handler}.
     *
     * @throws ParameterException with a message for the user
     */
    ServerConfiguration configuration(HandlerCode code) {
        try {
            return code.addTo(builder).build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(commandLine, inOptions(e.getMessage()), e);
        }
    }

    /** The lowest level that is logged. */
    Level logLevel() {
        return logLevel;
    }
}
