package dev.weft.tools.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.tools.conform.broken.BrokenServer;
import dev.weft.tools.conform.broken.Fault;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConformTest {
    private final StringWriter out = new StringWriter();

    private int conform(String... args) {
        return Conform.run(new PrintWriter(out), args);
    }

    private static String url(BrokenServer server) {
        return "ws://127.0.0.1:" + server.port() + "/echo?a=b";
    }

    @Test
    void exitsWithZeroWithoutFailure() throws Exception {
        try (BrokenServer server = new BrokenServer(Fault.NONE)) {
            assertEquals(0, conform(url(server), "--only", "control.ping.*", "--only", "*.alternating"));
        }
        assertTrue(out.toString().contains("control"), out.toString());
        assertTrue(out.toString().contains("deflate"), out.toString());
        assertFalse(out.toString().contains("closing"), out.toString());
    }

    @Test
    void exitsWithOneAfterFailureAndReportsIt(@TempDir Path folder) throws Exception {
        Path json = folder.resolve("run.json");
        Path html = folder.resolve("run.html");
        try (BrokenServer server = new BrokenServer(Fault.WRONG_PONG)) {
            assertEquals(1, conform(url(server), "--only", "control.ping.*", "--json", json.toString(), "--html",
                    html.toString()));
        }
        assertTrue(out.toString().contains("FAILED  control.ping.64"), out.toString());
        JsonObject run = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        assertEquals("OK", verdict(run, "control.ping.0"));
        assertEquals("FAILED", verdict(run, "control.ping.64"));
        String page = Files.readString(html);
        assertTrue(page.contains("control.ping.64") && page.contains("&lt;- pong"), page);
        assertFalse(page.matches("(?s).*(src|href)=\"http.*"), "needs nothing else");
    }

    private static String verdict(JsonObject run, String id) {
        return run.getAsJsonArray("cases").asList().stream().map(JsonElement::getAsJsonObject)
                .filter(one -> one.get("id").getAsString().equals(id)).map(one -> one.get("verdict").getAsString())
                .findFirst().orElseThrow();
    }

    @Test
    void dropsWithoutCloseFrameAreNotStrictAndDoNotFail() throws Exception {
        try (BrokenServer server = new BrokenServer(Fault.DROPS_WITHOUT_CLOSE)) {
            assertEquals(0, conform(url(server), "--only", "opcodes.3.*"));
        }
        assertTrue(out.toString().contains("NON-STRICT  opcodes.3.empty"), out.toString());
    }

    @Test
    void largeMessagesAreSkippedAndSaidSo() throws Exception {
        try (BrokenServer server = new BrokenServer(Fault.NONE)) {
            assertEquals(0, conform(url(server), "--only", "limits.text.*", "--max-message", "256k", "--quick"));
        }
        assertTrue(out.toString().contains("SKIPPED"), out.toString());
    }

    @Test
    void exitsWithTwoForWrongUsage() throws Exception {
        assertEquals(2, conform());
        assertEquals(2, conform("http://127.0.0.1/"));
        assertEquals(2, conform("ws://127.0.0.1/", "--max-message", "much"));
        assertEquals(2, conform("ws://127.0.0.1/", "--only", "nothing.*"));
        assertEquals(2, conform("ws://127.0.0.1/", "--timeout", "0"));
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        assertEquals(2, conform("ws://127.0.0.1:" + port + "/"));
    }

    @Test
    void listsCasesWithoutServer() {
        assertEquals(0, conform("--list"));
        assertTrue(out.toString().lines().count() > 1000);
        assertTrue(out.toString().contains("utf8.invalid.surrogate-d800.dribbled"), "ids");
    }
}
