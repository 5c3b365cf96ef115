package dev.weft.tools.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs the suite against Weft's server, over each transport, and over TLS. */
class WeftTest {
    /** No rule decides these: small replies are not worth compressing, and what a message without bytes means is open. */
    private static final Set<String> INFORMATIONAL = Set.of("deflate.stream.no-bytes", "deflate-volume.text.16",
            "deflate-volume.random.16", "deflate-volume.text.64", "deflate-volume.random.64");

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void everyCaseIsOk(TransportKind transport, @TempDir Path folder) throws Exception {
        try (WebSocketServer server = WeftEcho.builder().transport(transport).start()) {
            assertAllOk("ws://127.0.0.1:" + server.port() + "/", folder);
        }
    }

    @Test
    void everyCaseIsOkByTls(@TempDir Path folder) throws Exception {
        try (WebSocketServer server = WeftEcho.builder().tls(newKey(folder)).start()) {
            assertAllOk("wss://127.0.0.1:" + server.port() + "/", folder);
        }
    }

    /** The page of scripts/echo answers HEAD. */
    @Test
    void handshakesMustBeOkNextToAPage(@TempDir Path folder) throws Exception {
        try (WebSocketServer server = WeftEcho.builder().http("GET", "/", request -> HttpResponse.text(200, "page\n"))
                .start()) {
            assertEquals(List.of(), unexpected("ws://127.0.0.1:" + server.port() + "/", folder, "handshake.*"));
        }
    }

    /** A key made by the JDK's keytool, with a self-signed certificate. */
    private static SSLContext newKey(Path folder) throws Exception {
        String password = "for-tests-only";
        Path file = folder.resolve("key.p12");
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-keystore", file.toString(), "-storepass", password, "-alias", "weft", "-keyalg", "EC",
                "-dname", "CN=localhost").redirectErrorStream(true).redirectOutput(Redirect.DISCARD).start();
        try {
            assertTrue(keytool.waitFor(60, TimeUnit.SECONDS), "keytool does not end");
        } finally {
            keytool.destroyForcibly();
        }
        assertEquals(0, keytool.exitValue());
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(file.toFile(), password.toCharArray()), password.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    /**
     * If a thread is not scheduled for some milliseconds, a ping may be answered only by the pong of a later one: not strict,
     * but allowed (§5.5.3). It must not happen every time.
     */
    private static void assertAllOk(String url, Path folder) throws IOException {
        for (JsonObject one : unexpected(url, folder, "*")) {
            assertEquals("NON_STRICT", one.get("verdict").getAsString(), one::toString);
            assertEquals(List.of(), unexpected(url, folder, one.get("id").getAsString()));
        }
    }

    private static List<JsonObject> unexpected(String url, Path folder, String only) throws IOException {
        Path json = folder.resolve("run.json");
        Conform.run(new PrintWriter(Writer.nullWriter()), url, "--quick", "--insecure", "--only", only, "--json",
                json.toString());
        JsonObject run = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        return run.getAsJsonArray("cases").asList().stream().map(JsonElement::getAsJsonObject)
                .filter(one -> !isExpected(one.get("id").getAsString(), one.get("verdict").getAsString())).toList();
    }

    private static boolean isExpected(String id, String verdict) {
        return verdict.equals("OK") || verdict.equals("INFORMATIONAL") && INFORMATIONAL.contains(id);
    }
}
