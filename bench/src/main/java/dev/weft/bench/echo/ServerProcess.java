package dev.weft.bench.echo;

import dev.weft.bench.peers.Peers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A peer in its own JVM, which ends when this object is closed or when the JVM that started it has ended. */
public final class ServerProcess implements AutoCloseable {
    private static final int START_SECONDS = 60;
    private static final int END_SECONDS = 5;
    private static final String LISTENING = "listening ";
    /** The JVM options, the same for all servers. */
    private static final List<String> JVM = List.of("-XX:+UseSerialGC", "-Xms512m", "-Xmx2g");

    private final Process process;
    private final int port;

    private ServerProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts a server and waits until it listens. */
    public static ServerProcess start(Peers peer, List<String> prefix) throws IOException, InterruptedException {
        return start(peer, prefix, List.of());
    }

    /** Like {@link #start(Peers, List)}, with further options of the JVM. */
    static ServerProcess start(Peers peer, List<String> prefix, List<String> options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM);
        command.addAll(peer.jvmOptions());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), peer.main().getName()));
        return start(peer.toString(), command);
    }

    /** Starts a server that prints {@code listening PORT} and ends with its input, and waits until it listens. */
    static ServerProcess start(String name, List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        CompletableFuture<Integer> port = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("output of " + name).start(() -> read(process, port));
        try {
            return new ServerProcess(process, port.get(START_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException | TimeoutException e) {
            process.destroyForcibly();
            throw new IOException(name + " did not start", e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** Reports the port, then keeps reading: a server that logs must not block on a full pipe. */
    private static void read(Process process, CompletableFuture<Integer> port) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(LISTENING)) {
                    port.complete(Integer.parseInt(line.substring(LISTENING.length())));
                }
            }
            port.completeExceptionally(new IOException("it ended"));
        } catch (IOException | NumberFormatException e) {
            port.completeExceptionally(e);
        }
    }

    /** The server's port and CPU clock. */
    public Target target() {
        return new Target(port, new CpuClock(process.pid()));
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Closes the server's standard input, which must make it end, and waits. Returns whether it ended by itself. */
    boolean end() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // It has ended.
        }
        try {
            if (process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                return true;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        return false;
    }

    @Override
    public void close() {
        end();
    }

    /** A server to load. */
    public record Target(int port, CpuClock cpu) {}
}
