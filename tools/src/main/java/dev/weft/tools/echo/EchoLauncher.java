package dev.weft.tools.echo;

import dev.weft.server.DrainSettings;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.WebSocketServer;
import dev.weft.tools.options.Notation;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Starts an echo server from the command line. {@code --help} lists all settings. */
public final class EchoLauncher {
    static final int OK = 0;
    static final int CANNOT_LISTEN = 1;
    static final int NOT_DONE = 1;
    static final int BAD_USAGE = 2;
    static final int BAD_HANDLER = 4;

    private final PrintStream out;
    private final PrintStream err;
    private final Consumer<WebSocketServer> onStart;

    /**
     * A launcher that prints to these streams.
     *
     * @param onStart called with the server before the line with its address is printed
     */
    EchoLauncher(PrintStream out, PrintStream err, Consumer<WebSocketServer> onStart) {
        this.out = out;
        this.err = err;
        this.onStart = onStart;
    }

    /** Starts an echo server, which runs until the process is terminated. */
    public static void main(String[] arguments) {
        int status = new EchoLauncher(System.out, System.err, EchoLauncher::tellAtExit).launch(arguments);
        if (status != OK) {
            System.exit(status);
        }
    }

    /**
     * Runs the command line and returns the exit status; a server that it starts keeps running. Without options nothing is
     * parsed, so the start does not wait for the parser classes to load, which would take half of the start time.
     */
    int launch(String... arguments) {
        return arguments.length == 0 && !OptionSources.hasOptions(System.getenv())
                ? start(Level.INFO, EchoDefaults.builder().build(), server -> {})
                : new EchoCommandLine(this).run(arguments);
    }

    /** What follows the start of a server. After an exception, the server is closed. */
    @FunctionalInterface
    interface Started {
        void accept(WebSocketServer server) throws IOException;
    }

    /** Starts a server with these settings. */
    int start(Level logLevel, ServerConfiguration configuration, Started started) {
        EchoLogging.configure(logLevel);
        try {
            WebSocketServer server = WebSocketServer.start(configuration);
            onStart.accept(server);
            try {
                started.accept(server);
            } catch (IOException e) {
                server.close();
                throw e;
            }
            print("Weft echo listening on " + String.join(", ", urls(server)) + System.lineSeparator());
            return OK;
        } catch (IOException e) {
            complain(e.getMessage());
            return CANNOT_LISTEN;
        }
    }

    /** The requested host names, or the address of an inherited socket, with the actual ports of the server. */
    static List<String> urls(WebSocketServer server) {
        List<String> urls = new ArrayList<>();
        String scheme = server.configuration().tls().isPresent() ? "wss" : "ws";
        List<SocketAddress> requested = server.configuration().addresses();
        for (int i = 0; i < server.addresses().size(); i++) {
            if (server.addresses().get(i) instanceof InetSocketAddress address) {
                String host = i < requested.size()
                        ? ((InetSocketAddress) requested.get(i)).getHostString()
                        : address.getAddress().getHostAddress();
                String urlHost = host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
                urls.add(scheme + "://" + urlHost + ":" + address.getPort() + "/");
            } else {
                urls.add(scheme + "+unix:" + server.addresses().get(i));
            }
        }
        return urls;
    }

    /** The server closes itself then, by its own hook. */
    private static void tellAtExit(WebSocketServer server) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            int connections = server.connectionCount();
            if (connections > 0) {
                System.err.println("echo: closing " + connections + (connections == 1 ? " connection" : " connections")
                        + ", within " + Notation.TIME.format().apply(longestEnd(server.configuration())));
            }
        }, "echo-exit"));
    }

    /** The longest time from a signal or {@code stop} until the server has ended. */
    static Duration longestEnd(ServerConfiguration configuration) {
        DrainSettings drain = configuration.drainSettings();
        Duration closing = drain.closing()
                .map(options -> options.spread().plus(options.grace().orElse(configuration.shutdownGrace())))
                .orElse(Duration.ZERO);
        return drain.notice().plus(closing).plus(configuration.shutdownGrace());
    }

    static String version() {
        String version = EchoLauncher.class.getPackage().getImplementationVersion();
        return "Weft " + (version == null ? "(unpackaged)" : version) + ", Java " + Runtime.version();
    }

    void print(String text) {
        out.print(text);
        out.flush();
    }

    void complain(String what) {
        err.println("echo: " + what);
    }
}
