package dev.weft.bench.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a process that does one short job, and returns its output. */
public final class ShortProcess {
    private ShortProcess() {}

    /**
     * Starts the process with no input, and waits for it to end. After the limit, or if this thread is interrupted, the process
     * and its children are terminated.
     *
     * @return its standard output, with its standard error if the builder joins them
     * @throws IOException if it does not start, takes too long, or does not exit with 0
     */
    public static String run(ProcessBuilder builder, Duration limit) throws IOException, InterruptedException {
        Path output = Files.createTempFile("weft-process", ".txt");
        try {
            Process process = builder.redirectOutput(output.toFile()).start();
            try {
                process.getOutputStream().close();
                boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
                String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
                if (!ended || process.exitValue() != 0) {
                    throw new IOException(String.join(" ", builder.command())
                            + (ended ? " exited with " + process.exitValue() : " did not end within " + limit) + ": "
                            + text);
                }
                return text;
            } finally {
                List<ProcessHandle> children = process.descendants().toList();
                process.destroyForcibly();
                children.forEach(ProcessHandle::destroyForcibly);
            }
        } finally {
            Files.delete(output);
        }
    }
}
