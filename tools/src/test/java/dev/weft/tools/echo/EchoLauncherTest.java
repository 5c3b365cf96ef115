package dev.weft.tools.echo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketConnectException;
import dev.weft.server.WebSocketServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class EchoLauncherTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<WebSocketServer> servers = new ArrayList<>();

    private int launch(String... arguments) {
        return new EchoLauncher(new PrintStream(out, false, UTF_8), new PrintStream(err, true, UTF_8), servers::add)
                .launch(arguments);
    }

    @AfterEach
    void closeServers() {
        servers.forEach(WebSocketServer::close);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', textBlock = """
            --port=70000,               "--port 70000 is not within 0 to 65535"
            --port=-1,                  "--port -1 is not within 0 to 65535"
            --port=abc,                 "Invalid value for option '--port': 'abc' is not a number"
            --port=99999999999,         "Invalid value for option '--port': '99999999999' is not within 0 to 2147483647"
            --port,                     "Missing required parameter for option '--port' (N)"
            --host=,                    "Invalid value for option '--host': it is empty"
            --listen=9001,              "Invalid value for option '--listen' (HOST:PORT): '9001' is not a host and a port"
            --listen=::1:9001,          "Invalid value for option '--listen' (HOST:PORT): '::1:9001' is not a host and a port"
            --socket-permissions=660,   "Invalid value for option '--socket-permissions': '660' is not like rw-rw----"
            --transport=magic,          "Invalid value for option '--transport': 'magic' is none of loops, parking, parking-platform, blocking"
            --backlog=0,                "--backlog 0 is not within 1 to 2147483647"
            --max-header-count=0,           "--max-header-count 0 is not within 1 to 2147483647"
            --max-message-size=0,       "--max-message-size 0 is not within 1 to 2147483639"
            --read-buffer-size=1,       "--read-buffer-size 1 is not within 1024 to 16777216"
            --ping-interval=0s,         "--ping-interval 0s is not within 1ms to 20d"
            --close-timeout=366d,       "--close-timeout 366d is not within 1ms to 20d"
            --ping-interval=9,          "Invalid value for option '--ping-interval': '9' is not a time, such as 500ms, 20s, 2m, 1h or 7d"
            --tcp-nodelay=maybe,        "Invalid value for option '--tcp-nodelay': 'maybe' is not a boolean"
            "--subprotocol=a b",        "Invalid value for option '--subprotocol' (TOKEN): 'a b' is not a token"
            --allow-origin=example.com, "Invalid value for option '--allow-origin' (ORIGIN): 'example.com' is not an origin"
            "--allow-host=a b",         "Invalid value for option '--allow-host' (HOST): 'a b' is not a host with an optional port"
            --tls-keystore=a,           "--tls-keystore needs --tls-password-file"
            --tls-password-file=a,      "--tls-password-file needs --tls-keystore or --tls-cert"
            --tls-key=a,                "--tls-key must be given once for each --tls-cert, or not at all"
            --tls-cert=missing,         "--tls-cert missing is not a file"
            --log-file=a,               "--log-file needs --daemon"
            --any-origin=maybe,         "Invalid value for option '--any-origin': 'maybe' is not a boolean"
            --watch,                    "--watch needs --handler"
            --tls-keystore=,            "Invalid value for option '--tls-keystore': it is empty"
            --no-such-thing,            "unknown option '--no-such-thing'"
            --max-connection=1,         "unknown option '--max-connection=1'; did you mean --max-connections?"
            --prot,                     "unknown option '--prot'; did you mean --port?"
            stray,                      "'stray' is neither an option nor one of the commands status, reload, drain, stop"
            --config=missing,           "--config missing cannot be read: no such file or folder"
            """)
    void badUsageIsOneLineAndStatus2(String argument, String complaint) {
        assertEquals(EchoLauncher.BAD_USAGE, launch(argument));
        assertEquals("echo: " + complaint + " (--help shows all options)\n", err.toString(UTF_8));
        assertEquals("", out.toString(UTF_8));
        assertEquals(List.of(), servers);
    }

    @Test
    void aCommandAfterOptionsMustNotStartAServer() {
        assertEquals(EchoLauncher.BAD_USAGE, launch("--port=0", "--pid-file=a.pid", "status"));
        assertEquals("echo: 'status' is a command: put it before all options, as in status --pid-file FILE"
                + " (--help shows all options)\n", err.toString(UTF_8));
        assertEquals(List.of(), servers);
    }

    @Test
    void aPortInUseIsOneLineAndStatus1() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String port = String.valueOf(other.getLocalPort());
            assertEquals(EchoLauncher.CANNOT_LISTEN, launch("--quiet", "--port", port));
            assertEquals("echo: cannot listen on 127.0.0.1:" + port + ": Address already in use\n",
                    err.toString(UTF_8));
            assertEquals("", out.toString(UTF_8));
        }
    }

    @Test
    void otherHostsThanTheAllowedOnesGet421() throws Exception {
        launch("--quiet", "--port", "0", "--allow-host", "localhost");
        int port = servers.get(0).port();
        try (HttpClient http = HttpClient.newHttpClient()) {
            assertEquals(200, http.send(HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/")).build(),
                    BodyHandlers.discarding()).statusCode());
            assertEquals(421, http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/")).build(),
                    BodyHandlers.discarding()).statusCode());
        }
    }

    @Test
    void anUnknownHostIsOneLineAndStatus1() {
        // RFC 6761 §6.4: names under invalid never exist.
        assertEquals(EchoLauncher.CANNOT_LISTEN, launch("--quiet", "--port", "0", "--host", "weft.invalid"));
        assertEquals("echo: cannot listen on weft.invalid:0: unknown host weft.invalid\n", err.toString(UTF_8));
    }

    private void assertBadTls(Path keystore, Path passwordFile, String complaint) {
        err.reset();
        assertEquals(EchoLauncher.BAD_USAGE,
                launch("--port=0", "--tls-keystore=" + keystore, "--tls-password-file=" + passwordFile));
        String line = err.toString(UTF_8);
        assertTrue(line.startsWith("echo: " + complaint) && line.endsWith(" (--help shows all options)\n"), line);
        assertEquals(1, line.lines().count(), line);
        assertEquals("", out.toString(UTF_8));
    }

    @Test
    void aKeyStoreThatIsOfNoUseIsOneLineAndStatus2(@TempDir Path folder) throws Exception {
        Path good = folder.resolve("keys.p12");
        TestKeys.write(good);
        Path password = Files.writeString(folder.resolve("password"), TestKeys.PASSWORD + "\n");
        Path wrong = Files.writeString(folder.resolve("wrong"), "wrong-one");
        Path nothing = Files.writeString(folder.resolve("nothing"), "");
        Path missing = folder.resolve("missing");
        Path empty = folder.resolve("empty.p12");
        KeyStore none = KeyStore.getInstance("PKCS12");
        none.load(null, null);
        try (OutputStream stream = Files.newOutputStream(empty)) {
            none.store(stream, TestKeys.PASSWORD.toCharArray());
        }
        assertBadTls(missing, password, "--tls-keystore " + missing + " is not a file");
        assertBadTls(good, missing, "--tls-password-file " + missing + " is not a file");
        assertBadTls(folder, password, "--tls-keystore " + folder + " is not a file");
        assertBadTls(good, wrong, "--tls-keystore " + good + ": it cannot be opened with this password: ");
        assertBadTls(good, nothing, "--tls-keystore " + good + ": it cannot be opened with this password: ");
        assertBadTls(password, password, "--tls-keystore " + password + ": it cannot be opened with this password: ");
        assertBadTls(empty, password, "--tls-keystore " + empty + ": it has no private key");
        assertEquals(List.of(), servers);
    }

    @Test
    void pemFilesMustMakeItWss(@TempDir Path folder) throws Exception {
        Path keys = Path.of("../server/src/test/resources/tls");
        Path password = Files.writeString(folder.resolve("password"), "secret\n");
        Path both = Files.writeString(folder.resolve("both.pem"),
                Files.readString(keys.resolve("ec.pem")) + Files.readString(keys.resolve("ec.key")));
        for (List<String> options : List.of(List.of("--tls-cert", both.toString()),
                List.of("--tls-cert", keys + "/ec.pem", "--tls-key", keys + "/ec-encrypted.key", "--tls-password-file",
                        password.toString()),
                List.of("--tls-cert", keys + "/ec.pem", "--tls-cert", keys + "/other.pem", "--tls-key",
                        keys + "/ec.key",
                        "--tls-key", keys + "/other.key"))) {
            List<String> arguments = new ArrayList<>(List.of("--quiet", "--port", "0"));
            arguments.addAll(options);
            out.reset();
            assertEquals(EchoLauncher.OK, launch(arguments.toArray(String[]::new)), err.toString(UTF_8));
            int port = servers.getLast().port();
            assertEquals("Weft echo listening on wss://127.0.0.1:" + port + "/\n", out.toString(UTF_8));
        }
        assertEquals(EchoLauncher.BAD_USAGE, launch("--tls-cert", keys + "/ec.pem", "--tls-key", keys + "/other.key"));
        assertEquals("echo: --tls-cert " + keys + "/other.key: the key does not belong to the certificate CN=ec of "
                + keys + "/ec.pem (--help shows all options)\n", err.toString(UTF_8));
    }

    @Test
    void aKeyStoreMakesItWssAndThePageHttps(@TempDir Path folder) throws Exception {
        Path keystore = folder.resolve("keys.p12");
        TestKeys.write(keystore);
        Path password = Files.writeString(folder.resolve("password"), TestKeys.PASSWORD + "\nnot looked at\n");
        assertEquals(EchoLauncher.OK, launch("--quiet", "--port", "0", "--tls-keystore", keystore.toString(),
                "--tls-password-file", password.toString()));
        int port = servers.get(0).port();
        assertEquals("Weft echo listening on wss://127.0.0.1:" + port + "/\n", out.toString(UTF_8));
        KeyStore store = KeyStore.getInstance(keystore.toFile(), TestKeys.PASSWORD.toCharArray());
        try (HttpClient http = HttpClient.newBuilder().sslContext(TestKeys.contextOf(store)).build()) {
            EchoClient client = EchoClient.connect(http, "wss", port);
            assertEquals("Grüße", client.echo("Grüße"));
            assertEquals(4001, client.close(4001));
            URI uri = URI.create("https://127.0.0.1:" + port + "/");
            var page = http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
            assertEquals(200, page.statusCode());
            assertTrue(page.body().endsWith("</html>\n"), "whole");
        }
    }

    @Test
    void helpAndVersionStartNothing() {
        assertEquals(EchoLauncher.OK, launch("--help"));
        assertTrue(out.toString(UTF_8).startsWith("Usage: echo"), out.toString(UTF_8));
        out.reset();
        assertEquals(EchoLauncher.OK, launch("--version"));
        assertTrue(out.toString(UTF_8).matches("Weft .+, Java " + Runtime.version().feature() + ".*\n"),
                out.toString(UTF_8));
        assertEquals(List.of(), servers);
    }

    @Test
    void helpMustListEveryExitCode() {
        assertEquals(EchoLauncher.OK, launch("--help"));
        String codes = out.toString(UTF_8).split("Exit codes:\n")[1];
        for (int code : List.of(EchoLauncher.OK, EchoLauncher.CANNOT_LISTEN, EchoLauncher.BAD_USAGE,
                ControlCommand.NOT_RUNNING, EchoLauncher.BAD_HANDLER)) {
            assertTrue(codes.lines().anyMatch(line -> line.strip().startsWith(code + " ")), code + " in " + codes);
        }
    }

    @Test
    void oneLineSaysWhereItListens() {
        assertEquals(EchoLauncher.OK, launch("--quiet", "--port", "0"));
        assertEquals("Weft echo listening on ws://127.0.0.1:" + servers.get(0).port() + "/\n", out.toString(UTF_8));
        assertFalse(servers.get(0).port() == 0);
    }

    @Test
    void anIpv6AddressIsInBrackets() {
        assertEquals(EchoLauncher.OK, launch("--quiet", "--port", "0", "--host", "::1"));
        assertEquals("Weft echo listening on ws://[::1]:" + servers.get(0).port() + "/\n", out.toString(UTF_8));
    }

    @Test
    void oneLineHasEveryAddress(@TempDir Path folder) {
        Path file = folder.resolve("echo.sock");
        assertEquals(EchoLauncher.OK, launch("--quiet", "--listen", "localhost:0", "--listen=[::1]:0", "--unix",
                file.toString()));
        var addresses = servers.get(0).addresses();
        assertEquals("Weft echo listening on ws://localhost:" + ((InetSocketAddress) addresses.get(0)).getPort()
                + "/, ws://[::1]:" + ((InetSocketAddress) addresses.get(1)).getPort() + "/, ws+unix:" + file + "\n",
                out.toString(UTF_8));
    }

    @Test
    void messagesComeBackAsTheyWere() {
        launch("--quiet", "--port", "0", "--subprotocol", "b");
        try (HttpClient http = HttpClient.newHttpClient()) {
            EchoClient client = EchoClient.connect(http, servers.get(0).port(), "a", "b");
            assertEquals("b", client.subprotocol());
            for (String text : List.of("", "Hello", "Grüße, 世界 🧵", "x".repeat(100_000))) {
                assertEquals(text, client.echo(text));
            }
            for (int length : new int[]{0, 1, 125, 126, 65_535, 65_536, 1 << 20}) {
                byte[] bytes = new byte[length];
                RandomGenerator.getDefault().nextBytes(bytes);
                assertArrayEquals(bytes, client.echo(bytes));
            }
            assertEquals(4001, client.close(4001));
        }
    }

    @Test
    void browsersGetThePage() throws Exception {
        launch("--quiet", "--port", "0");
        URI uri = URI.create("http://127.0.0.1:" + servers.get(0).port() + "/");
        try (HttpClient http = HttpClient.newHttpClient()) {
            var page = http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
            assertEquals(200, page.statusCode());
            assertTrue(page.body().endsWith("</html>\n"), "whole");
            var nothing = http.send(HttpRequest.newBuilder(uri.resolve("/x")).build(), BodyHandlers.ofString());
            assertEquals(404, nothing.statusCode());
        }
    }

    @Test
    void theExampleHandlerRunsInPlaceOfTheEcho() throws Exception {
        assertEquals(EchoLauncher.OK, launch("--quiet", "--port=0", "--handler=../docs/examples/handlers/Chat.java"),
                err.toString(UTF_8));
        String uri = "ws://127.0.0.1:" + servers.getFirst().port();
        try (WebSocketConnection ada = WebSocketClient.connect(URI.create(uri + "/chat/garden"));
                WebSocketConnection bob = WebSocketClient.connect(URI.create(uri + "/chat/garden"))) {
            Optional<Message> received;
            do { // the handler may add a connection to its room after the client has it
                ada.send("hello");
                received = bob.receive(Duration.ofMillis(100));
            } while (received.isEmpty());
            assertEquals(new Message.Text("hello"), received.get());
        }
        assertEquals(404, assertThrows(WebSocketConnectException.class,
                () -> WebSocketClient.connect(URI.create(uri + "/"))).response().orElseThrow().status());
    }

    @Test
    void aHandlerThatDoesNotCompileIsStatus4(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("Chat.java"), "class Chat {\n  int x = y;\n}\n");
        assertEquals(EchoLauncher.BAD_HANDLER, launch("--quiet", "--port=0", "--handler", file.toString()));
        assertTrue(
                err.toString(UTF_8).startsWith("echo: " + file + " does not compile: 1 error\n" + file + ":2: error: "),
                err.toString(UTF_8));
        assertEquals(List.of(), servers);
    }

    @Test
    void checkListensNowhere(@TempDir Path folder) throws Exception {
        Path config = Files.writeString(folder.resolve("echo.conf"), "# the port\nport = 0\n\nallow-origin = null\n");
        assertEquals(EchoLauncher.OK, launch("--check", "--config", config.toString()), err.toString(UTF_8));
        assertEquals("The options can be used.\n", out.toString(UTF_8));
        Files.writeString(config, "port = 70000\n");
        assertEquals(EchoLauncher.BAD_USAGE, launch("--check", "--config=" + config));
        assertEquals(
                "echo: --port 70000 is not within 0 to 65535 (" + config + ", line 1) (--help shows all options)\n",
                err.toString(UTF_8));
        assertEquals(List.of(), servers);
    }

    @Test
    void commandsForAServerThatDoesNotRunAreStatus3(@TempDir Path folder) throws Exception {
        Path pidFile = Files.writeString(folder.resolve("echo.pid"), "1\n");
        for (String command : ControlCommand.NAMES) {
            assertEquals(ControlCommand.NOT_RUNNING, launch(command, "--pid-file", pidFile.toString()));
        }
        assertTrue(err.toString(UTF_8).startsWith("echo: no server with the pid file " + pidFile + " is running ("),
                err.toString(UTF_8));
    }
}
