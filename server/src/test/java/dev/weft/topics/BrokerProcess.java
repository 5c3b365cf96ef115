package dev.weft.topics;

import dev.weft.Installed;
import dev.weft.server.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A broker in a process of its own, on a free port of the loopback and with a temporary folder, both of which it keeps. */
public final class BrokerProcess implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Duration START = Duration.ofSeconds(20);
    /** All that {@link #freePort} has returned. */
    private static final Set<Integer> PORTS = ConcurrentHashMap.newKeySet();

    /** Makes the command of the broker. */
    public interface Command {
        List<String> of(int port, Path folder);
    }

    private final Command command;
    private final Path folder;
    private final int port;
    private Process process;

    private BrokerProcess(Command command) throws IOException {
        this.command = command;
        this.folder = Files.createTempDirectory("weft-broker");
        this.port = freePort();
    }

    /** Starts a broker, and waits until it can be connected. A test is skipped if the program is not installed. */
    public static BrokerProcess start(Command command) throws IOException, InterruptedException {
        BrokerProcess broker = new BrokerProcess(command);
        broker.restart();
        return broker;
    }

    /** Redis without persistence. */
    public static BrokerProcess redis(String... options) throws IOException, InterruptedException {
        return start((port, folder) -> {
            List<String> line = new ArrayList<>(
                    List.of("redis-server", "--port", "" + port, "--bind", "127.0.0.1", "--save",
                            "", "--dir", folder.toString(), "--loglevel", "warning"));
            line.addAll(List.of(options));
            return line;
        });
    }

    /** NATS with JetStream, which keeps its files. */
    public static BrokerProcess nats(String... options) throws IOException, InterruptedException {
        return start((port, folder) -> {
            List<String> line = new ArrayList<>(
                    List.of("nats-server", "--port", "" + port, "--addr", "127.0.0.1", "-js",
                            "-sd", folder.toString()));
            line.addAll(List.of(options));
            return line;
        });
    }

    public int port() {
        return port;
    }

    /** Returns a port that this has not returned before: it may be used only later. */
    public static int freePort() throws IOException {
        int port;
        do {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = socket.getLocalPort();
            }
        } while (!PORTS.add(port));
        return port;
    }

    /** Starts the broker again, on the same port and with the same folder. */
    public void restart() throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(command.of(port, folder));
        line.set(0, Installed.program(line.getFirst()));
        process = new ProcessBuilder(line).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile())).start();
        Process started = process;
        CompletableFuture.delayedExecutor(LIMIT.toSeconds(), TimeUnit.SECONDS).execute(started::destroyForcibly);
        long end = System.nanoTime() + START.toNanos();
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
                return;
            } catch (IOException e) {
                if (!process.isAlive() || System.nanoTime() - end > 0) {
                    throw new IOException("the broker does not start: " + Files.readString(folder.resolve("log")), e);
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    /** Ends the broker at once, as by {@code kill -9}. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Has the broker stand still. Waits until it does: a signal takes effect some time after it was sent. */
    public void stop() throws IOException, InterruptedException {
        signal("STOP");
        Await.until("the broker stands still", this::standsStill);
    }

    /** Has the broker go on. */
    public void goOn() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor();
    }

    /** Whether each thread of the process is stopped; as far as that can be seen on systems that are not Linux. */
    private boolean standsStill() {
        try (Stream<Path> threads = Files.list(Path.of("/proc", "" + process.pid(), "task"))) {
            for (Path thread : threads.toList()) {
                if (!Files.readString(thread.resolve("status")).contains("State:\tT")) {
                    return false;
                }
            }
            return true;
        } catch (NoSuchFileException e) {
            return !Files.isDirectory(Path.of("/proc/self/task"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes what the broker has stored; it must not run. */
    public void eraseData() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                if (!each.equals(folder)) {
                    Files.delete(each);
                }
            }
        }
    }

    public long pid() {
        return process.pid();
    }

    @Override
    public void close() throws IOException {
        if (process != null) {
            try {
                kill();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        eraseData();
        Files.delete(folder);
    }
}
