package dev.weft.bench.soak;

import dev.weft.bench.peers.Peers;
import dev.weft.bench.process.ShortProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The server under test: a process started by this program, or a server known only by its address. */
final class EchoServer implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("wss?://\\S+");
    private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)");
    private static final Pattern SESSIONS = Pattern
            .compile("(?m)^\\s*\\d+:\\s+(\\d+)\\s+\\d+\\s+dev\\.weft\\.server\\.ServerSession\\s");
    private static final Path JDK = Path.of(System.getProperty("java.home"), "bin");
    private static final long SECONDS_TO_END = 30;
    private static final Duration JCMD_LIMIT = Duration.ofSeconds(120);

    private final URI address;
    private final Process process;

    private EchoServer(URI address, Process process) {
        this.address = address;
        this.process = process;
    }

    /** What a process holds; the heap is measured after a full collection. */
    record Holding(long rss, long liveHeap, long connections, long threads, long descriptors) {}

    static EchoServer at(URI address) {
        return new EchoServer(address, null);
    }

    /** Starts the echo launcher from the jars in a folder, on a port that the system chooses. */
    static EchoServer start(List<String> jvmOptions, Path jars, List<String> options) throws IOException {
        List<String> all = new ArrayList<>(List.of("--port", "0", "--quiet"));
        all.addAll(options);
        return start(jvmOptions, jars + "/*", "dev.weft.tools.echo.EchoLauncher", all);
    }

    /** Starts a server that can also carry out orders, on a port that the system chooses. */
    static EchoServer startWithHandlers(List<String> jvmOptions, List<String> options) throws IOException {
        return start(jvmOptions, System.getProperty("java.class.path"), SoakServer.class.getName(), options);
    }

    private static EchoServer start(List<String> jvmOptions, String classPath, String main, List<String> options)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(JDK.resolve("java").toString(), "-XX:+UseSerialGC"));
        command.addAll(Peers.loopOptions());
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", classPath, main));
        command.addAll(options);
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String line;
        while ((line = output.readLine()) != null) {
            Matcher matcher = ADDRESS.matcher(line);
            if (matcher.find()) {
                return new EchoServer(URI.create(matcher.group()), process);
            }
        }
        throw new IOException("the server ended before it listened");
    }

    URI address() {
        return address;
    }

    /** Whether its memory can be inspected. */
    boolean isOurs() {
        return process != null;
    }

    boolean isAlive() {
        return process == null || process.isAlive();
    }

    /** Inspects a server started by this program, which causes a full collection in it. */
    Holding look() throws IOException, InterruptedException {
        String histogram = histogram();
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        String status = Files.readString(proc.resolve("status"));
        try (Stream<Path> descriptors = Files.list(proc.resolve("fd"))) {
            return new Holding(1024 * find(status, Pattern.compile("VmRSS:\\s+(\\d+)")), find(histogram, TOTAL),
                    find(histogram, SESSIONS), find(status, Pattern.compile("Threads:\\s+(\\d+)")),
                    descriptors.count());
        }
    }

    private String histogram() throws IOException, InterruptedException {
        return ShortProcess.run(new ProcessBuilder(JDK.resolve("jcmd").toString(), Long.toString(process.pid()),
                "GC.class_histogram").redirectErrorStream(true), JCMD_LIMIT);
    }

    /** The number in a pattern's group; 0 if the pattern is not found, because a class without instances is not listed. */
    private static long find(String text, Pattern pattern) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }

    @Override
    public void close() {
        if (process == null) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
