package dev.weft.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.conform.peers.WeftEcho;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weft itself by its own suite, over each transport. */
class WeftTest {
    /** No rule decides these: small replies are not worth compressing, and what a message without octets means is open. */
    private static final Set<String> INFORMATIONAL = Set.of("deflate.stream.no-octets", "deflate-volume.text.16",
            "deflate-volume.random.16", "deflate-volume.text.64", "deflate-volume.random.64");

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void everyCaseIsOk(TransportKind transport, @TempDir Path folder) throws Exception {
        Path json = folder.resolve("run.json");
        StringWriter out = new StringWriter();
        try (WebSocketServer server = WeftEcho.start(0, transport)) {
            Conform.run(new PrintWriter(out), "ws://127.0.0.1:" + server.port() + "/", "--quick", "--json",
                    json.toString());
        }
        JsonObject run = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        List<String> others = run.getAsJsonArray("cases").asList().stream().map(JsonElement::getAsJsonObject)
                .filter(one -> !isExpected(one.get("id").getAsString(), one.get("verdict").getAsString()))
                .map(JsonObject::toString).toList();
        assertEquals(List.of(), others, out.toString());
    }

    private static boolean isExpected(String id, String verdict) {
        return verdict.equals("OK") || verdict.equals("INFORMATIONAL") && INFORMATIONAL.contains(id);
    }
}
