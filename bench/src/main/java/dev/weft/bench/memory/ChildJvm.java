package dev.weft.bench.memory;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A JVM whose memory is measured, and which ends when its standard input ends. */
final class ChildJvm implements AutoCloseable {
    private static final int START_SECONDS = 60;
    private static final int END_SECONDS = 5;
    private static final String LISTENING = "listening ";

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private int port;

    /** Starts a program from this class path. */
    ChildJvm(List<String> jvmOptions, String main, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(arguments);
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        Thread.ofPlatform().daemon().name("output of " + main).start(this::read);
    }

    /** Reads to the end: a server that logs must not block on a full pipe. */
    private void read() {
        try (var output = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            // The process has ended; the thread that waits for a line will notice.
        }
    }

    /** Waits until the program has printed its port. */
    int port() throws IOException, InterruptedException {
        if (port == 0) {
            port = Integer.parseInt(await(LISTENING, START_SECONDS).substring(LISTENING.length()).trim());
        }
        return port;
    }

    /** Waits for a line with this beginning. */
    String await(String prefix, long seconds) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (true) {
            String line = lines.poll(100, TimeUnit.MILLISECONDS);
            if (line != null && line.startsWith(prefix)) {
                return line;
            }
            if (line == null && !process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("no \"" + prefix.trim() + "\" from a process that is "
                        + (process.isAlive() ? "too slow" : "over"));
            }
        }
    }

    /** Makes the program continue. */
    void tell() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            process.waitFor(END_SECONDS, TimeUnit.SECONDS);
        } catch (IOException e) {
            // It has ended.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
