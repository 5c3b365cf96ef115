package dev.weft.tools.echo;

import dev.weft.tools.daemon.BackgroundProcess;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The launcher's options about what it serves and how it runs; they are no settings of the server. */
final class RunSettings {
    Optional<Path> handler = Optional.empty();
    boolean watch;
    boolean daemon;
    boolean check;
    /** Whether the standard input is the socket to listen on. */
    boolean inherited;
    Optional<Path> pidFile = Optional.empty();
    private Optional<Path> logFile = Optional.empty();

    void logFile(Path file) {
        logFile = Optional.of(file);
    }

    /**
     * Checks the combination.
     *
     * @throws IllegalArgumentException with a message for the user
     */
    void check() {
        if (watch && handler.isEmpty()) {
            throw new IllegalArgumentException("--watch needs --handler");
        } else if (logFile.isPresent() && !daemon) {
            throw new IllegalArgumentException("--log-file needs --daemon");
        }
    }

    /** Whether this process is to start another one, in the background. */
    boolean startsBackground() {
        return daemon && !BackgroundProcess.isThis();
    }

    /** The pid file, if there is to be one. */
    Optional<Path> pidFileToWrite() {
        return daemon && pidFile.isEmpty() ? Optional.of(defaultPidFile(System.getenv())) : pidFile;
    }

    /** The log file of a server in the background. */
    Path logFile() {
        return logFile.orElseGet(() -> {
            Path pids = pidFileToWrite().orElseThrow();
            return pids.resolveSibling(pids.getFileName().toString().replaceFirst("\\.pid$", "") + ".log");
        });
    }

    /** Where only this user can write. */
    static Path defaultPidFile(Map<String, String> environment) {
        return Path.of(environment.getOrDefault("XDG_RUNTIME_DIR", System.getProperty("user.home")), "weft-echo.pid");
    }
}
