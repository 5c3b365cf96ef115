package dev.weft.tools.daemon;

import dev.weft.tools.options.FileFault;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Starts this program again, in the background: in a session of its own, with a log file, until it answers commands. */
public final class BackgroundProcess {
    /** Set in the process in the background. */
    private static final String PROPERTY = "weft.background";
    /** Date, time, level, message and stack trace. */
    private static final String LOG_FORMAT = "-Djava.util.logging.SimpleFormatter.format=%1$tF %1$tT.%1$tL %4$s %5$s%6$s%n";
    private static final int MILLIS_BETWEEN_QUESTIONS = 20;

    private BackgroundProcess() {}

    /** Whether this process is the one in the background. */
    public static boolean isThis() {
        return Boolean.getBoolean(PROPERTY);
    }

    /**
     * What became of a start.
     *
     * @param exitValue of the process, or 0 if it runs
     * @param text      its status if it runs, otherwise what it wrote to the log
     */
    public record Outcome(int exitValue, String text) {}

    /**
     * Starts the process, and waits until it runs or has ended.
     *
     * @param inheritsInput whether its standard input is that of this process: an inherited socket
     */
    public static Outcome start(Class<?> main, String[] arguments, Path pidFile, Path log, boolean inheritsInput)
            throws IOException, InterruptedException {
        long before = openLog(log);
        Process process = new ProcessBuilder(command(main, arguments)).redirectErrorStream(true)
                .redirectOutput(Redirect.appendTo(log.toFile()))
                .redirectInput(inheritsInput ? Redirect.INHERIT : Redirect.from(new File("/dev/null"))).start();
        String own = "pid: " + process.pid() + "\n";
        while (!process.waitFor(MILLIS_BETWEEN_QUESTIONS, TimeUnit.MILLISECONDS)) {
            try {
                String status = ControlSocket.send(pidFile, "GET /status").text();
                if (status.contains(own)) {
                    return new Outcome(0, status);
                }
            } catch (IOException e) {
                // Not yet.
            }
        }
        byte[] all = Files.readAllBytes(log);
        return new Outcome(process.exitValue(),
                new String(all, (int) before, (int) (all.length - before), StandardCharsets.UTF_8));
    }

    /** Creates the log if there is none, and returns its size. */
    private static long openLog(Path log) throws IOException {
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            return channel.size();
        } catch (IOException e) {
            throw new IOException("the log file " + log + " cannot be written: " + FileFault.of(e), e);
        }
    }

    private static List<String> command(Class<?> main, String[] arguments) {
        List<String> command = new ArrayList<>();
        // A session of its own: no signal of this terminal reaches it, such as that of Ctrl-C or of its end.
        findOnPath("setsid").ifPresent(command::add);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-D" + PROPERTY + "=true", LOG_FORMAT, "-cp", System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private static Optional<String> findOnPath(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.of(path.split(File.pathSeparator)).filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program)).filter(Files::isExecutable).map(Path::toString).findFirst();
    }
}
