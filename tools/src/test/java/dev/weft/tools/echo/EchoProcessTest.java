package dev.weft.tools.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The launcher in its own process. */
@Timeout(60)
class EchoProcessTest {
    private static final Pattern LISTENING = Pattern
            .compile("Weft echo listening on ws://127\\.0\\.0\\.1:([0-9]+)/");

    private static final Duration LIMIT = Duration.ofSeconds(50);

    private TestProcess started;
    private Process process;

    /** Starts the launcher in a process that ends with that of the test. */
    static final class Launcher {
        private Launcher() {}

        public static void main(String[] arguments) {
            TestProcess.endWithInput();
            EchoLauncher.main(arguments);
        }
    }

    private void start(String... arguments) throws IOException {
        started = TestProcess.start(new ProcessBuilder(TestProcess.java(List.of(), Launcher.class, arguments)), LIMIT);
        process = started.process();
    }

    /** All that it has written to standard error, until its end. */
    private String errors() {
        return process.errorReader().lines().collect(Collectors.joining("\n"));
    }

    private int port() throws IOException {
        String line = process.inputReader().readLine();
        assertNotNull(line, this::errors);
        Matcher matcher = LISTENING.matcher(line);
        assertTrue(matcher.matches(), line);
        return Integer.parseInt(matcher.group(1));
    }

    @AfterEach
    void kill() {
        started.close();
    }

    @Test
    void sigtermClosesConnectionsWith1001AndEndsTheProcess() throws Exception {
        start("--port", "0");
        try (HttpClient http = HttpClient.newHttpClient()) {
            EchoClient client = EchoClient.connect(http, port());
            assertEquals("still here", client.echo("still here"));

            process.toHandle().destroy();

            assertEquals(1001, client.closeCode());
            assertTrue(process.waitFor(10, TimeUnit.SECONDS), "still running");
            assertEquals(128 + 15, process.exitValue());
        }
        assertTrue(errors().contains("echo: closing 1 connection, within 10s"), errors());
    }

    @Test
    void sigtermDrainsAsTheOptionsSay() throws Exception {
        start("--port", "0", "--readiness", "/readyz", "--drain-notice", "1h");
        try (HttpClient http = HttpClient.newHttpClient()) {
            int port = port();
            HttpRequest ready = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz")).build();
            assertEquals(200, http.send(ready, BodyHandlers.discarding()).statusCode());

            process.toHandle().destroy();

            while (http.send(ready, BodyHandlers.discarding()).statusCode() != 503) {
                Thread.onSpinWait();
            }
            assertEquals("served", EchoClient.connect(http, port).echo("served"));
            process.destroyForcibly(); // it would wait for the notice
            http.shutdownNow(); // its WebSocket does not read, so it does not notice
        }
    }

    @Test
    void theLogHasOneLineForEachRecord() throws Exception {
        start("--port", "0", "--verbose");
        try (HttpClient http = HttpClient.newHttpClient()) {
            int port = port();
            EchoClient.connect(http, port).close(1000);
            List<String> lines = new ArrayList<>();
            while (lines.isEmpty() || !lines.getLast().contains("connection ended")) {
                lines.add(process.errorReader().readLine());
            }
            for (String line : lines) {
                assertTrue(line.matches("[0-9:]{8}\\.[0-9]{3} (INFO|FINE) .+"), line);
            }
            assertTrue(lines.getFirst().contains("INFO listening on /127.0.0.1:" + port + "; connections run on "),
                    lines.getFirst());
        }
    }

    @Test
    void quietLogsNothingOfANormalRun() throws Exception {
        start("--port", "0", "--quiet");
        port();
        process.toHandle().destroy();
        process.waitFor();
        assertEquals("", errors());
    }

    @Test
    void badUsageEndsTheProcessWithStatus2() throws Exception {
        start("--port", "seven");
        assertEquals(2, process.waitFor());
        assertEquals(1, errors().lines().count(), errors());
    }
}
