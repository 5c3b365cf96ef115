package dev.weft.client;

import static dev.weft.Echoes.assertEchoes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.Installed;
import dev.weft.TestKeys;
import dev.weft.TestProcess;
import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The client through proxies and to a server that are not Weft's: tinyproxy (HTTP CONNECT), microsocks (SOCKS 5) and Python's
 * websockets. Skipped where they are not installed.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForeignProgramsTest {
    private static final Duration LIMIT = Duration.ofSeconds(50);
    private static final String USER = "weft";
    private static final String PASSWORD = "s3cret";

    @TempDir
    private Path folder;

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    private TestProcess startProxy(Proxy.Type type, int port) throws IOException {
        List<String> command;
        if (type == Proxy.Type.HTTP) {
            Path file = Files.writeString(folder.resolve("tinyproxy.conf"), "Port " + port
                    + "\nListen 127.0.0.1\nTimeout 60\nLogLevel Connect\nBasicAuth " + USER + " " + PASSWORD + "\n");
            command = List.of(Installed.program("tinyproxy"), "-d", "-c", file.toString());
        } else {
            command = List.of(Installed.program("microsocks"), "-i", "127.0.0.1", "-p", Integer.toString(port), "-u",
                    USER, "-P", PASSWORD);
        }
        File log = folder.resolve("log").toFile();
        TestProcess process = TestProcess.start(
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log), LIMIT);
        Await.until("the proxy listens", () -> {
            assertTrue(process.process().isAlive(), "the proxy has ended");
            try (Socket probe = new Socket()) {
                probe.connect(new InetSocketAddress("127.0.0.1", port), 1000);
                return true;
            } catch (IOException e) {
                return false;
            }
        });
        return process;
    }

    private static WebSocketClientBuilder builder(Proxy.Type type, int port) {
        return WebSocketClient.builder().tls(TestKeys.context())
                .proxy(new Proxy(type, new InetSocketAddress("127.0.0.1", port)));
    }

    @ParameterizedTest
    @CsvSource({"HTTP,false", "HTTP,true", "SOCKS,false", "SOCKS,true"})
    void messagesMustPassAProxyWithCredentials(Proxy.Type type, boolean tls) throws Exception {
        int port = freePort();
        WebSocketServerBuilder settings = Handlers.echoServer();
        try (TestProcess proxy = startProxy(type, port);
                WebSocketServer server = (tls ? settings.tls(TestKeys.context()) : settings).start();
                WebSocketClient client = builder(type, port).proxyCredentials(USER, PASSWORD).build()) {
            assertEchoes(client.open(URI.create((tls ? "wss" : "ws") + "://127.0.0.1:" + server.port() + "/")));
            assertTrue(proxy.process().isAlive());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP", "SOCKS"})
    void missingAndWrongCredentialsMustBeReported(Proxy.Type type) throws Exception {
        int port = freePort();
        try (TestProcess proxy = startProxy(type, port);
                WebSocketServer server = Handlers.echoServer().start();
                WebSocketClient without = builder(type, port).build();
                WebSocketClient wrong = builder(type, port).proxyCredentials(USER, "wrong").build()) {
            for (WebSocketClient each : List.of(without, wrong)) {
                WebSocketConnectException refused = assertThrows(WebSocketConnectException.class,
                        () -> each.open(URI.create("ws://127.0.0.1:" + server.port() + "/")));
                assertEquals(Step.PROXY, refused.step());
                if (type == Proxy.Type.HTTP) {
                    assertTrue(List.of(401, 407).contains(refused.response().orElseThrow().status()));
                }
            }
            assertTrue(proxy.process().isAlive());
        }
    }

    @Test
    void messagesMustPassToAndFromPythonsWebsockets() throws Exception {
        // Where Debian's packages are, whatever comes first in PATH.
        String python = "/usr/bin/python3";
        assumeTrue(Files.isExecutable(Path.of(python)), "no " + python + ": the test with it is skipped");
        try (TestProcess probe = TestProcess.start(new ProcessBuilder(python, "-c", "import websockets")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD), LIMIT)) {
            assumeTrue(probe.process().waitFor(20, TimeUnit.SECONDS) && probe.process().exitValue() == 0,
                    "no websockets for Python on this machine: the test with it is skipped");
        }
        Path pem = Files.writeString(folder.resolve("both.pem"), TestKeys.pem());
        Path script = Path.of("..", "scripts", "smoke-client.py");
        try (TestProcess servers = TestProcess.start(
                new ProcessBuilder(python, script.toString(), pem.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT),
                LIMIT);
                WebSocketClient deflating = WebSocketClient.builder().tls(TestKeys.context()).build();
                WebSocketClient plain = WebSocketClient.builder().tls(TestKeys.context()).noDeflate().build();
                BufferedReader lines = servers.process().inputReader()) {
            for (int i = 0; i < 4; i++) {
                String base = lines.readLine().replaceFirst("#.*", "");
                assertEchoes(deflating.open(URI.create(base)));
                assertEchoes(plain.open(URI.create(base)));
                assertEquals(4001, deflating.open(URI.create(base + "close")).awaitClose().received().orElseThrow()
                        .code());
            }
        }
    }
}
