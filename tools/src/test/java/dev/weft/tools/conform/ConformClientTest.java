package dev.weft.tools.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.tools.autobahn.AutobahnClient;
import dev.weft.tools.conform.broken.BrokenClient;
import dev.weft.tools.conform.broken.Fault;
import java.io.BufferedReader;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line with {@code --client}. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConformClientTest {
    private static final int PIPE = 1 << 16;

    private final StringWriter out = new StringWriter();

    private int conform(String... args) {
        return Conform.run(new PrintWriter(out), args);
    }

    /** Runs the command line while a client visits the targets, and returns the exit code. */
    private int conformWith(Fault fault, String timeout, String... targets) throws Exception {
        PipedReader pipe = new PipedReader(PIPE);
        CompletableFuture<Integer> exit = new CompletableFuture<>();
        PrintWriter writer = new PrintWriter(new PipedWriter(pipe), true);
        Thread.ofVirtual().start(() -> {
            exit.complete(Conform.run(writer, "--client", "--only", "control.ping.*", "--timeout", timeout));
            writer.close();
        });
        try (BufferedReader lines = new BufferedReader(pipe)) {
            String first = lines.readLine();
            BrokenClient client = new BrokenClient(fault,
                    Integer.parseInt(first.substring(first.lastIndexOf(':') + 1)));
            for (String target : targets) {
                client.visit(target);
            }
            lines.lines().forEach(line -> out.write(line + "\n"));
        }
        return exit.get(10, TimeUnit.SECONDS);
    }

    private static String[] targets(int cases, boolean reports) {
        String[] targets = new String[cases + 2];
        targets[0] = "/getCaseCount";
        for (int i = 1; i <= cases; i++) {
            targets[i] = "/runCase?case=" + i + "&agent=Broken%20%C3%A4";
        }
        targets[cases + 1] = reports ? "/updateReports?agent=x" : "/nothing";
        return targets;
    }

    @Test
    void runMustEndWhenTheClientWantsTheReports() throws Exception {
        assertEquals(0, conformWith(Fault.NONE, "5", targets(15, true)));
        assertTrue(out.toString().contains("control"), out.toString());
        assertTrue(out.toString().lines().noneMatch(line -> line.matches("(FAILED|SKIPPED)  .*")), out.toString());
    }

    @Test
    void failedCasesMustBeReported() throws Exception {
        assertEquals(1, conformWith(Fault.WRONG_PONG, "5", targets(15, true)));
        assertTrue(out.toString().contains("FAILED  control.ping.64"), out.toString());
    }

    @Test
    void clientThatStopsEarlyMustBeTold() throws Exception {
        assertEquals(1, conformWith(Fault.NONE, "0.5", targets(2, false)));
        assertTrue(out.toString().contains("the client stopped before the end"), out.toString());
        assertTrue(out.toString().contains("SKIPPED  "), out.toString());
    }

    @Test
    void clientThatDoesNotConnectMustBeTold() {
        assertEquals(2, conform("--client", "--", "true"));
        assertEquals(2, conform("--client", "--", "/no/such/program"));
        assertEquals(2, conform("--client", "--listen", "70000"));
    }

    @Test
    void casesForClientsMustBeListed() {
        assertEquals(0, conform("--client", "--list"));
        assertTrue(out.toString().contains("handshake.accept.none"), "ids");
        assertTrue(out.toString().contains("framing.masked.text"), "ids");
    }

    @Test
    void certificateMustNotBeTakenWithoutClient(@TempDir Path folder) throws Exception {
        String pem = Files.writeString(folder.resolve("key.pem"), TestKeys.pem()).toString();
        assertEquals(2, conform("--tls-cert", pem, "ws://127.0.0.1:1/"));
        assertEquals(2, conform("--client", "--tls-key", pem, "--", "true"));
        assertEquals(2, conform("--client", "--tls-cert", folder.resolve("none.pem").toString(), "--", "true"));
    }

    @Test
    void clientMustBeTestedOverTls(@TempDir Path folder) throws Exception {
        String pem = Files.writeString(folder.resolve("key.pem"), TestKeys.pem()).toString();
        Path json = folder.resolve("run.json");
        assertEquals(0,
                conform("--client", "--tls-cert", pem, "--only", "control.*", "--json", json.toString(), "--", Path.of(
                        System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                        System.getProperty("java.class.path"), AutobahnClient.class.getName(), "--insecure"),
                out::toString);
        assertTrue(Files.readString(json).contains("wss://127.0.0.1:"), out.toString());
        assertTrue(out.toString().lines().noneMatch(line -> line.matches("(FAILED|SKIPPED)  .*")), out.toString());
    }
}
