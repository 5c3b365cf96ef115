package dev.weft.tools.echo;

import dev.weft.tools.daemon.BackgroundProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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
        pidFileToWrite(); // if there can be one
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

    /**
     * Where only this user can write.
     *
     * @throws IllegalArgumentException with a message for the user, if there is no such folder
     */
    static Path defaultPidFile(Map<String, String> environment) {
        return Stream.of(environment.get("XDG_RUNTIME_DIR"), environment.get("HOME"), System.getProperty("user.home"))
                .filter(folder -> folder != null && Path.of(folder).isAbsolute() && Files.isDirectory(Path.of(folder)))
                .map(folder -> Path.of(folder, "weft-echo.pid")).findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("--pid-file is needed: this user has no home directory"));
    }
}
