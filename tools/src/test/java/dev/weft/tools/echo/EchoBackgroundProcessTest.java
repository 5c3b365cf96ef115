package dev.weft.tools.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server in the background, and the commands for it, as processes of their own. */
@Timeout(120)
class EchoBackgroundProcessTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Pattern PID = Pattern.compile("(?m)^pid: ([0-9]+)$");
    private static final Pattern URL = Pattern.compile("(?m)^listening on: (ws://127\\.0\\.0\\.1:[0-9]+/)$");
    private static final String HANDLER = """
            class Answer implements dev.weft.WebSocketHandler {
                public void handle(dev.weft.WebSocketConnection ws) throws java.io.IOException {
                    ws.send("one");
                    ws.awaitClose();
                }
            }
            """;

    @TempDir
    private Path folder;

    private final List<TestProcess> started = new ArrayList<>();
    private Optional<ProcessHandle> server = Optional.empty();

    /** The output of a process that has ended with this exit code. */
    private String run(int exitCode, String... arguments) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--pid-file", folder.resolve("a.pid").toString()));
        TestProcess process = TestProcess.start(new ProcessBuilder(TestProcess.java(
                List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), EchoLauncher.class, all.toArray(String[]::new)))
                .redirectErrorStream(true), LIMIT);
        started.add(process);
        String output = process.process().inputReader().lines().collect(Collectors.joining("\n"));
        assertEquals(exitCode, process.process().waitFor(), output);
        return output;
    }

    @AfterEach
    void kill() {
        started.forEach(TestProcess::close);
        server.ifPresent(ProcessHandle::destroyForcibly);
    }

    private static String find(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        assertTrue(matcher.find(), text);
        return matcher.group(1);
    }

    @Test
    void itIsStartedReloadedAndStopped() throws Exception {
        Path handler = Files.writeString(folder.resolve("Answer.java"), HANDLER);
        String start = run(0, "--daemon", "--port=0", "--handler", handler.toString());
        server = ProcessHandle.of(Long.parseLong(find(PID, start)));
        URI uri = URI.create(find(URL, start));
        assertTrue(start.contains("\nlog: " + folder.resolve("a.log")), start);
        assertTrue(server.orElseThrow().isAlive());
        assertEquals(server.get().pid() + "\n", Files.readString(folder.resolve("a.pid")));

        assertTrue(run(1, "--port=0").endsWith("with the pid " + server.get().pid()));
        try (WebSocketConnection old = WebSocketClient.connect(uri)) {
            assertEquals(new Message.Text("one"), old.receive());
            assertTrue(run(0, "status").matches("(?s).*\nstate: serving\n.*\nconnections: 1\n.*"));
            String table = run(0, "status", "--connections", "--rows=7", "--order=queued");
            assertTrue(table.contains("Answer.handle(Answer.java:") && table.endsWith("\n1 of 1 connections"), table);
            Files.writeString(handler, HANDLER.replace("one", "two"));
            assertEquals("handler: loaded " + handler, run(0, "reload"));
            try (WebSocketConnection next = WebSocketClient.connect(uri)) {
                assertEquals(new Message.Text("two"), next.receive());
            }
            Files.writeString(handler, "no Java");
            assertTrue(run(1, "reload").contains(handler + ":1: error: "));

            run(0, "stop");
            assertEquals(1001, ((Message.Close) old.receive()).status().code());
        }
        server.get().onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertFalse(Files.exists(folder.resolve("a.pid")));
        assertFalse(Files.exists(folder.resolve("a.pid.sock")));
        run(3, "status");
        assertTrue(Files.readString(folder.resolve("a.log")).matches("(?s).*[0-9]{4}-[0-9]{2}-[0-9]{2} .* INFO .*"));
    }

    @Test
    void aDrainCanBeWaitedForAndTheEndFollowsItsSettings() throws Exception {
        String start = run(0, "--daemon", "--port=0", "--drain-notice=1ms", "--drain-spread=1ms");
        server = ProcessHandle.of(Long.parseLong(find(PID, start)));
        try (WebSocketConnection open = WebSocketClient.connect(URI.create(find(URL, start)))) {
            run(0, "drain", "--wait=30s");
            assertEquals(1001, open.awaitClose().code());
        }
        assertTrue(run(0, "status").matches("(?s).*\nstate: drained\n.*\nconnections: 0\n.*"));
        run(0, "stop");
    }

    @Test
    void connectionsThatOutliveTheWaitAreCounted() throws Exception {
        String start = run(0, "--daemon", "--port=0");
        server = ProcessHandle.of(Long.parseLong(find(PID, start)));
        try (WebSocketConnection open = WebSocketClient.connect(URI.create(find(URL, start)))) {
            assertTrue(run(1, "drain", "--wait=1ms").endsWith("after 1ms, connections are left: 1"), open::toString);
        }
    }

    @Test
    void aLogThatCannotBeWrittenIsNamed() throws Exception {
        Path log = folder.resolve("missing/a.log");
        assertEquals("echo: the log file " + log + " cannot be written: no such file or folder",
                run(1, "--daemon", "--port=0", "--log-file", log.toString()));
    }

    @Test
    void aStartThatFailsShowsTheLog() throws Exception {
        String output = run(1, "--daemon", "--host=weft.invalid");
        assertTrue(output.contains("exit code 1") && output.contains("unknown host weft.invalid"), output);
    }
}
