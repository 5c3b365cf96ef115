package dev.weft.tools.echo;

import dev.weft.server.ConnectionTable;
import dev.weft.server.TlsCertificates;
import dev.weft.server.WebSocketServer;
import dev.weft.tools.daemon.ControlCommands;
import dev.weft.tools.handlers.HandlerException;
import dev.weft.tools.handlers.LiveHandlers;
import dev.weft.tools.options.Notation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.ParameterException;

/** What a server that runs does for the commands that control it. */
final class RunningEcho implements ControlCommands {
    /** Changes of these options take effect at once. */
    private static final Set<String> RELOADED = Set.of("--handler", "--quiet", "--verbose");

    /** The state of a server that serves nobody any more. */
    static final String DRAINED = "drained";
    /** The line that says how long the end may take. */
    static final String END_WITHIN = "end within";

    private final WebSocketServer server;
    private final String urls;
    private final LaunchOptions launched;
    private final Optional<LiveHandlers> handlers;
    private final Instant started = Instant.now();
    private Path code;

    RunningEcho(WebSocketServer server, String urls, LaunchOptions launched, Optional<LiveHandlers> handlers) {
        this.server = server;
        this.urls = urls;
        this.launched = launched;
        this.handlers = handlers;
        this.code = launched.options().run().handler.orElse(null);
    }

    @Override
    public String status() {
        return pid() + "state: " + state() + "\nlistening on: " + urls + "\nconnections: " + server.connectionCount()
                + "\nhealth: "
                + server.health().status() + "\nuptime: "
                + Duration.between(started, Instant.now()).truncatedTo(ChronoUnit.SECONDS).toString().substring(2)
                        .toLowerCase()
                + "\n" + (code == null ? "" : "handler: " + code + "\n")
                + launched.options().certificates().map(TlsCertificates::expiresAt)
                        .map(time -> "certificates: valid until " + time + "\n").orElse("");
    }

    private String state() {
        try {
            return server.awaitDrained(Duration.ZERO) ? DRAINED : "draining";
        } catch (IllegalStateException e) {
            return "serving";
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String connections(int rows, ConnectionTable.Order order) {
        return ConnectionTable.of(server, rows, order).toString();
    }

    private static String pid() {
        return "pid: " + ProcessHandle.current().pid() + "\n";
    }

    @Override
    public String reload() throws CommandFailedException {
        try {
            LaunchOptions next = launched.readAgain();
            Set<String> changes = new TreeSet<>(next.sources().changes(launched.sources()));
            StringBuilder done = new StringBuilder();
            Optional<Path> nextCode = next.options().run().handler;
            if (handlers.isPresent() && nextCode.isPresent()) {
                handlers.get().reload(nextCode.get());
                code = nextCode.get();
                changes.removeAll(RELOADED);
                done.append("handler: loaded ").append(code).append("\n");
            }
            Optional<TlsCertificates> certificates = launched.options().certificates();
            if (certificates.isPresent()) {
                certificates.get().reload();
                done.append("certificates: valid until ").append(certificates.get().expiresAt()).append("\n");
            }
            EchoLogging.configure(next.options().logLevel());
            changes.removeAll(Set.of("--quiet", "--verbose"));
            changes.forEach(option -> done.append(option).append(": needs a restart\n"));
            return done.isEmpty() ? "nothing to load again\n" : done.toString();
        } catch (ParameterException | IllegalArgumentException | HandlerException | IOException e) {
            throw new CommandFailedException(e.getMessage(), e);
        }
    }

    @Override
    public String drain() {
        server.drain();
        return "state: " + state() + "\nconnections: " + server.connectionCount() + "\n";
    }

    /** On a thread of its own: exit waits for the server to close, which this command must not do. */
    @Override
    public String stop() {
        Thread.ofPlatform().name("echo-stop").start(() -> System.exit(EchoLauncher.OK));
        return pid() + END_WITHIN + ": " + Notation.TIME.format().apply(EchoLauncher.longestEnd(server.configuration()))
                + "\n";
    }
}
