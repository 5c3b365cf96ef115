package dev.weft.tools.echo;

import dev.weft.server.ServerConfiguration;
import dev.weft.server.WebSocketServer;
import dev.weft.tools.daemon.BackgroundProcess;
import dev.weft.tools.daemon.ControlSocket;
import dev.weft.tools.daemon.PidFile;
import dev.weft.tools.handlers.HandlerCode;
import dev.weft.tools.handlers.HandlerException;
import dev.weft.tools.handlers.LiveHandlers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Runs the command line with its options. */
public final class EchoCommandLine {
    private final EchoLauncher launcher;

    EchoCommandLine(EchoLauncher launcher) {
        this.launcher = launcher;
    }

    /** The options, for one command line of several programs. Not in the launcher, whose start would load the parser. */
    public static CommandSpec spec() {
        return new EchoOptions().spec();
    }

    /** Returns the exit status. */
    int run(String[] arguments) {
        if (arguments.length > 0 && ControlCommand.NAMES.contains(arguments[0])) {
            return new ControlCommand(launcher).run(arguments[0], Arrays.copyOfRange(arguments, 1, arguments.length));
        }
        try {
            return run(LaunchOptions.read(System.getenv(), arguments));
        } catch (ParameterException e) {
            launcher.complain(e.getMessage() + " (--help shows all options)");
            return EchoLauncher.BAD_USAGE;
        } catch (HandlerException e) {
            launcher.complain(e.getMessage());
            return EchoLauncher.BAD_HANDLER;
        } catch (IOException e) {
            launcher.complain(e.getMessage());
            return EchoLauncher.CANNOT_LISTEN;
        }
    }

    private int run(LaunchOptions launched) throws HandlerException, IOException {
        EchoOptions options = launched.options();
        if (options.isHelpWanted()) {
            launcher.print(options.help());
            return EchoLauncher.OK;
        } else if (options.isVersionWanted()) {
            launcher.print(EchoLauncher.version() + System.lineSeparator());
            return EchoLauncher.OK;
        } else if (options.run().startsBackground() && !options.run().check) {
            return startInBackground(launched);
        }
        Optional<Path> file = options.run().handler;
        Optional<HandlerCode> code = file.isPresent() ? Optional.of(HandlerCode.load(file.get())) : Optional.empty();
        ServerConfiguration configuration = code.isPresent()
                ? options.configuration(code.get())
                : options.configuration();
        if (options.run().check) {
            launched.sources().unknownVariables()
                    .forEach(name -> launcher.complain("the variable " + name + " is not an option, and is ignored"));
            launcher.print("The options can be used." + System.lineSeparator());
            return EchoLauncher.OK;
        }
        Optional<Path> pidFile = options.run().pidFileToWrite();
        if (pidFile.isEmpty()) {
            return launcher.start(options.logLevel(), configuration, server -> serve(server, launched, code));
        }
        PidFile taken = PidFile.take(pidFile.get());
        int status = launcher.start(options.logLevel(), configuration, server -> {
            RunningEcho running = serve(server, launched, code);
            ControlSocket control = ControlSocket.open(pidFile.get(), running);
            Thread end = Thread.ofPlatform().daemon().name("echo-end").start(() -> closeAtEnd(server, control, taken));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> join(end), "echo-end-hook"));
        });
        if (status != EchoLauncher.OK) {
            taken.close();
        }
        return status;
    }

    private RunningEcho serve(WebSocketServer server, LaunchOptions launched, Optional<HandlerCode> code)
            throws IOException {
        Optional<LiveHandlers> handlers = code.map(loaded -> new LiveHandlers(server, loaded));
        RunSettings run = launched.options().run();
        if (run.watch) {
            watch(run.handler.orElseThrow(), handlers.orElseThrow());
        }
        return new RunningEcho(server, String.join(", ", EchoLauncher.urls(server)), launched, handlers);
    }

    private void watch(Path file, LiveHandlers handlers) throws IOException {
        try {
            handlers.watch(file, loaded -> launcher.print("echo: " + loaded
                    + " was loaded again: new connections get the new code" + System.lineSeparator()), failure -> {
                        launcher.complain(
                                failure instanceof HandlerException ? failure.getMessage() : failure.toString());
                        launcher.complain("new connections still get the old code");
                    });
        } catch (HandlerException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Waits for the end of the server. Without the control socket, the process can end then, too. */
    private static void closeAtEnd(WebSocketServer server, ControlSocket control, PidFile pidFile) {
        try {
            server.awaitTermination();
            control.close();
            pidFile.close();
        } catch (InterruptedException | IOException e) {
            // The process ends anyway, and with it its lock on the file.
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private int startInBackground(LaunchOptions launched) throws IOException {
        RunSettings run = launched.options().run();
        Path pidFile = run.pidFileToWrite().orElseThrow();
        try {
            BackgroundProcess.Outcome outcome = BackgroundProcess.start(EchoLauncher.class, launched.arguments(),
                    pidFile, run.logFile(), run.inherited);
            if (outcome.exitValue() == EchoLauncher.OK) {
                launcher.print(outcome.text() + "log: " + run.logFile() + System.lineSeparator());
            } else {
                String log = outcome.text().isBlank()
                        ? ". It wrote nothing to its log: " + run.logFile()
                        : ". Its log: " + run.logFile() + System.lineSeparator() + outcome.text().strip();
                launcher.complain("the server has ended with exit code " + outcome.exitValue() + log);
            }
            return outcome.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return EchoLauncher.NOT_DONE;
        }
    }
}
