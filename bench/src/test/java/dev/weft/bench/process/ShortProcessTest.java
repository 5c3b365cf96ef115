package dev.weft.bench.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShortProcessTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    /** Long enough for the shell to start its child, and to write its number. */
    private static final Duration SHORT = Duration.ofSeconds(3);

    @TempDir
    private Path folder;

    private static ProcessBuilder shell(String script) {
        return new ProcessBuilder("/bin/sh", "-c", script).redirectErrorStream(true);
    }

    @Test
    void outputMustBeReturned() throws Exception {
        assertEquals("out\nerr\n", ShortProcess.run(shell("echo out; echo err >&2"), LONG));
    }

    @Test
    void aFailureMustBeReportedWithItsOutput() {
        IOException failure = assertThrows(IOException.class, () -> ShortProcess.run(shell("echo why; exit 7"), LONG));
        assertTrue(failure.getMessage().endsWith(" exited with 7: why\n"), failure.getMessage());
    }

    @Test
    void aProcessThatTakesTooLongMustEndWithItsChildren() throws Exception {
        Path pids = folder.resolve("pids");
        assertThrows(IOException.class,
                () -> ShortProcess.run(shell("sleep 50 & echo $! > " + pids + "; echo $$ >> " + pids + "; wait"),
                        SHORT));
        for (String pid : Files.readAllLines(pids)) {
            ProcessHandle.of(Long.parseLong(pid))
                    .ifPresent(left -> left.onExit().orTimeout(20, TimeUnit.SECONDS).join());
        }
    }
}
