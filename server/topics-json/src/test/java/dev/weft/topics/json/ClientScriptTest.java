package dev.weft.topics.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.Installed;
import dev.weft.TestProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client script in a browser and in Node.js, and Python's websockets, against the real server. Skipped where they are missing. */
@Timeout(120)
class ClientScriptTest {
    private static final Duration LIMIT = Duration.ofSeconds(100);

    @TempDir
    private Path folder;
    private ScriptServer server;

    @BeforeEach
    void start() throws IOException {
        server = new ScriptServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private TestProcess run(File output, String... command) throws IOException {
        return TestProcess.start(new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output), LIMIT);
    }

    private int exitValue(String... command) throws Exception {
        try (TestProcess process = run(folder.resolve("ignored").toFile(), command)) {
            return process.process().waitFor(20, TimeUnit.SECONDS) ? process.process().exitValue() : -1;
        }
    }

    @Test
    void theChecksMustPassInNode() throws Exception {
        String node = Installed.program("node");
        String option = "--experimental-websocket"; // on by default since Node 22
        assumeTrue(exitValue(node, option, "-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)") == 0,
                "this node has no WebSocket: the test with it is skipped (scripts/smoke-topics brings one)");
        Path output = folder.resolve("node");
        try (TestProcess process = run(output.toFile(), node, option, "src/test/resources/script/node.mjs",
                "src/main/resources/META-INF/weft-topics/weft-topics.mjs", server.base().toString(),
                server.address().toString())) {
            assertTrue(process.process().waitFor(90, TimeUnit.SECONDS), "the checks take too long");
            assertEquals(0, process.process().exitValue(), () -> read(output));
        }
        assertTrue(read(output).contains("28 passed, 0 failed"), () -> read(output));
    }

    @Test
    void theChecksMustPassInChromium() throws Exception {
        String chromium = Installed.program("chromium");
        // Its sandbox does not work for root, as in containers; only our own page is opened.
        List<String> command = List.of(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + folder.resolve("profile"), server.page().toString());
        Path output = folder.resolve("chromium");
        try (TestProcess process = run(output.toFile(), command.toArray(String[]::new))) {
            String result = server.result().completeOnTimeout("no result", 90, TimeUnit.SECONDS).join();
            assertTrue(result.contains("28 passed, 0 failed"), () -> result + "\n" + read(output));
            process.process().destroy(); // so that it leaves its profile in peace
            process.process().waitFor(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void pythonsWebsocketsMustBeServed() throws Exception {
        // Where Debian's packages are, whatever comes first in PATH.
        String python = "/usr/bin/python3";
        assumeTrue(Files.isExecutable(Path.of(python)), "no " + python + ": the test with it is skipped");
        assumeTrue(exitValue(python, "-c", "import websockets") == 0,
                "no websockets for Python on this machine: the test with it is skipped");
        Path output = folder.resolve("python");
        try (TestProcess process = run(output.toFile(), python, "src/test/resources/script/interop.py",
                server.address().toString())) {
            assertTrue(process.process().waitFor(60, TimeUnit.SECONDS), "the checks take too long");
            assertEquals(0, process.process().exitValue(), () -> read(output));
        }
        assertTrue(read(output).contains("all is well"), () -> read(output));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
