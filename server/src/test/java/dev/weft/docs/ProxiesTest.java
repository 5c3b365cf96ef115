package dev.weft.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.Installed;
import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketClientBuilder;
import dev.weft.server.Await;
import dev.weft.server.ClientAddressField;
import dev.weft.server.Handlers;
import dev.weft.server.ProxySettings;
import dev.weft.server.RefusalReason;
import dev.weft.server.WebSocketServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The configurations in {@code docs/guides/proxies} work: wss at the proxy, in front of a server. Skipped where nginx or
 * HAProxy is not installed. Only addresses, files and, in some tests, times are others than in the files.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxiesTest {
    private static final Duration LIMIT = Duration.ofSeconds(50);
    private static final ProxySettings PROXIES = ProxySettings.builder().trustedProxies(List.of("127.0.0.1"))
            .clientAddressField(ClientAddressField.X_FORWARDED_FOR).build();
    /** Not the proxies' own address. */
    private static final String CLIENT = "127.0.0.2";
    private static final Path GUIDES = Documents.ROOT.resolve("docs/guides/proxies");

    @TempDir
    private Path folder;
    private KeyStore keys;
    private HttpClient client;

    @BeforeEach
    void makeKeys() throws Exception {
        Path file = folder.resolve("keys.p12");
        TestKeys.write(file);
        keys = KeyStore.getInstance(file.toFile(), TestKeys.PASSWORD.toCharArray());
        client = HttpClient.newBuilder().sslContext(TestKeys.contextOf(keys))
                .localAddress(InetAddress.getByName(CLIENT))
                .build();
        String certificate = TestKeys.certificate(keys);
        String secret = TestKeys.privateKey(keys);
        Files.writeString(folder.resolve("site.pem"), certificate);
        Files.writeString(folder.resolve("site.key"), secret);
        Files.writeString(folder.resolve("both.pem"), certificate + secret);
    }

    @AfterEach
    void closeClient() {
        client.shutdownNow();
    }

    /** Starts a proxy with its configuration from the guide, in which the tunnel's timeout is this one. */
    private TestProcess start(String proxy, int port, int serverPort, String timeout) throws Exception {
        return start(proxy, port, "127.0.0.1:" + serverPort, timeout);
    }

    private TestProcess start(String proxy, int port, String serverAddress, String timeout) throws Exception {
        List<String> command = proxy.equals("nginx")
                ? List.of(Installed.program("nginx"), "-p", folder.toString(), "-c",
                        nginx(port, serverAddress, timeout).toString())
                : List.of(Installed.program("haproxy"), "-db", "-f", haproxy(port, serverAddress, timeout).toString());
        return start(proxy, command, port);
    }

    private TestProcess start(String proxy, List<String> command, int port) throws IOException {
        File log = folder.resolve("log").toFile();
        TestProcess process = TestProcess.start(
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log), LIMIT);
        Await.until(proxy + " listens", () -> {
            assertTrue(process.process().isAlive(), () -> Documents.read(log.toPath()));
            try (Socket probe = new Socket()) {
                probe.connect(new InetSocketAddress("127.0.0.1", port), 1000);
                return true;
            } catch (IOException e) {
                return false;
            }
        });
        return process;
    }

    private Path nginx(int port, String serverAddress, String timeout) throws IOException {
        Files.writeString(folder.resolve("weft.conf"), changed("nginx.conf",
                "127.0.0.1:9001", serverAddress, "listen 443 ssl", "listen 127.0.0.1:" + port + " ssl",
                "/etc/ssl/chat.example.com.pem", folder.resolve("site.pem").toString(),
                "/etc/ssl/chat.example.com.key", folder.resolve("site.key").toString(),
                "proxy_read_timeout 60s", "proxy_read_timeout " + timeout));
        String paths = Stream.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
                .map(what -> what + "_temp_path " + folder.resolve("temp-" + what) + ";\n").reduce("", String::concat);
        return Files.writeString(folder.resolve("main.conf"), "daemon off;\nmaster_process off;\npid "
                + folder.resolve("pid") + ";\nerror_log stderr;\nevents { }\nhttp {\naccess_log off;\n" + paths
                + "include " + folder.resolve("weft.conf") + ";\n}\n");
    }

    private Path haproxy(int port, String serverAddress, String timeout) throws IOException {
        return Files.writeString(folder.resolve("weft.cfg"), changed("haproxy.cfg",
                "127.0.0.1:9001", serverAddress, "bind :443", "bind 127.0.0.1:" + port,
                "/etc/ssl/chat.example.com.both.pem", folder.resolve("both.pem").toString(),
                "timeout tunnel 60s", "timeout tunnel " + timeout, "maxconn 20000", "maxconn 100"));
    }

    private static String changed(String file, String... changes) {
        String text = Documents.read(GUIDES.resolve(file));
        for (int i = 0; i < changes.length; i += 2) {
            assertTrue(text.contains(changes[i]), changes[i]);
            text = text.replace(changes[i], changes[i + 1]);
        }
        return text;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static WebSocketServer server(Duration pingInterval) throws IOException {
        return Guides.health().pingInterval(pingInterval)
                .proxySettings(PROXIES)
                .handler(ProxiesTest::tellAddress).start();
    }

    /** Tells the client its address, without the port. */
    private static void tellAddress(WebSocketConnection ws) throws IOException {
        ws.send(((InetSocketAddress) ws.remoteAddress()).getAddress().getHostAddress());
        Handlers.echo(ws);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nginx", "haproxy"})
    void messagesGoThroughTheProxy(String name) throws Exception {
        int port = freePort();
        String uri = "wss://localhost:" + port + "/";
        try (WebSocketServer server = server(Duration.ofSeconds(20));
                TestProcess proxy = start(name, port, server.port(), "60s")) {
            TextClient ws = TextClient.open(client, uri, "Origin", "https://localhost:" + port);
            assertEquals(CLIENT, ws.next());
            String large = "grüße ".repeat(20_000);
            ws.send(large);
            assertEquals(large, ws.next());
            assertEquals(1, server.connectionCount());
            ws.close();
            assertEquals("close 1000 ", ws.next());
            assertTrue(proxy.process().isAlive());
        }
    }

    @ParameterizedTest
    @CsvSource({"nginx,true", "nginx,false", "haproxy,true", "haproxy,false"})
    void clientMustExchangeMessagesThroughTheProxy(String name, boolean deflate) throws Exception {
        int port = freePort();
        WebSocketClientBuilder builder = WebSocketClient.builder().tls(TestKeys.contextOf(keys))
                .header("Origin", "https://localhost:" + port);
        try (WebSocketServer server = server(Duration.ofSeconds(20));
                TestProcess proxy = start(name, port, server.port(), "60s");
                WebSocketClient weft = (deflate ? builder : builder.noDeflate()).build()) {
            WebSocketConnection ws = weft.open(URI.create("wss://localhost:" + port + "/"));
            assertEquals(new Message.Text("127.0.0.1"), ws.receive());
            String large = "grüße ".repeat(20_000);
            ws.send(large);
            assertEquals(new Message.Text(large), ws.receive());
            ws.close(4000, "done");
            assertEquals(4000, ws.awaitClose().received().orElseThrow().code());
            assertTrue(proxy.process().isAlive());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nginx", "haproxy"})
    void foreignOriginIsRefusedThroughTheProxy(String name) throws Exception {
        int port = freePort();
        try (WebSocketServer server = server(Duration.ofSeconds(20));
                TestProcess proxy = start(name, port, server.port(), "60s")) {
            CompletionException refused = assertThrows(CompletionException.class, () -> TextClient.open(client,
                    "wss://localhost:" + port + "/", "Origin", "https://evil.example"));
            assertEquals(403, ((WebSocketHandshakeException) refused.getCause()).getResponse().statusCode());
            assertTrue(proxy.process().isAlive());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nginx", "haproxy"})
    void silentConnectionIsCutWithoutPings(String name) throws Exception {
        int port = freePort();
        try (WebSocketServer server = server(Duration.ofHours(1));
                TestProcess proxy = start(name, port, server.port(), "1s")) {
            TextClient ws = TextClient.open(client, "wss://localhost:" + port + "/");
            assertEquals(CLIENT, ws.next());
            assertTrue(List.of("error", "close 1006 ").contains(ws.next()));
            Await.until("the server knows, too", () -> server.connectionCount() == 0);
            assertTrue(proxy.process().isAlive());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nginx", "haproxy"})
    void pingsKeepASilentConnectionOpen(String name) throws Exception {
        int port = freePort();
        try (WebSocketServer server = server(Duration.ofMillis(200));
                TestProcess proxy = start(name, port, server.port(), "1s")) {
            TextClient ws = TextClient.open(client, "wss://localhost:" + port + "/");
            assertEquals(CLIENT, ws.next());
            // Three times as long as the proxy allows a silent connection to be: there is nothing but the time to wait for.
            assertEquals(null, ws.next(Duration.ofSeconds(3)));
            ws.send("still there");
            assertEquals("still there", ws.next());
            assertTrue(proxy.process().isAlive());
        }
    }

    @Test
    void serverMustBeReachableOverAUnixDomainSocket() throws Exception {
        int port = freePort();
        Path socket = folder.resolve("s");
        try (WebSocketServer server = Guides.health().listen(UnixDomainSocketAddress.of(socket)).handler(Handlers::echo)
                .start(); TestProcess proxy = start("nginx", port, "unix:" + socket, "60s")) {
            TextClient ws = TextClient.open(client, "wss://localhost:" + port + "/");
            ws.send("through a file");
            assertEquals("through a file", ws.next());
            assertEquals(1, server.connectionCount());
            assertTrue(proxy.process().isAlive());
        }
    }

    private TestProcess startTcp(int port, int serverPort, String header) throws Exception {
        Path file = Files.writeString(folder.resolve("weft.cfg"), changed("haproxy-tcp.cfg",
                "127.0.0.1:9001", "127.0.0.1:" + serverPort, "bind :443", "bind 127.0.0.1:" + port,
                "send-proxy-v2 proxy-v2-options crc32c", header, "check", "check inter 100ms", "maxconn 20000",
                "maxconn 100"));
        return start("haproxy", List.of(Installed.program("haproxy"), "-db", "-f", file.toString()), port);
    }

    @Test
    void clientIsKnownThroughTlsBehindNginx() throws Exception {
        Path module = Path.of(System.getProperty("weft.nginx.modules", "/usr/lib/nginx/modules"),
                "ngx_stream_module.so");
        assumeTrue(Files.exists(module), "no stream module of nginx on this machine: its configuration is not tried");
        int port = freePort();
        try (WebSocketServer server = tlsServer()) {
            Path part = Files.writeString(folder.resolve("weft.conf"), changed("nginx-stream.conf", "127.0.0.1:9001",
                    "127.0.0.1:" + server.port(), "listen 443", "listen 127.0.0.1:" + port));
            Path file = Files.writeString(folder.resolve("main.conf"), "load_module " + module
                    + ";\ndaemon off;\nmaster_process off;\npid " + folder.resolve("pid")
                    + ";\nerror_log stderr;\nevents { }\nstream {\ninclude " + part + ";\n}\n");
            try (TestProcess proxy = start("nginx",
                    List.of(Installed.program("nginx"), "-p", folder.toString(), "-c", file.toString()), port)) {
                assertClientIsKnown(port);
                assertTrue(proxy.process().isAlive());
            }
        }
    }

    private WebSocketServer tlsServer() throws IOException {
        ProxySettings proxies = PROXIES.toBuilder().proxyProtocol(true).clientAddressField(ClientAddressField.NONE)
                .build();
        return WebSocketServer.builder().tls(TestKeys.contextOf(keys)).proxySettings(proxies)
                .handler(ProxiesTest::tellAddress).start();
    }

    private void assertClientIsKnown(int port) throws InterruptedException {
        TextClient ws = TextClient.open(client, "wss://localhost:" + port + "/", "Origin", "https://localhost:" + port);
        assertEquals(CLIENT, ws.next());
        ws.send("through TLS");
        assertEquals("through TLS", ws.next());
    }

    /** HAProxy's checks are connections of its own: LOCAL in version 2. */
    @ParameterizedTest
    @ValueSource(strings = {"send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c"})
    void clientIsKnownThroughTls(String header) throws Exception {
        int port = freePort();
        try (WebSocketServer server = tlsServer(); TestProcess proxy = startTcp(port, server.port(), header)) {
            assertClientIsKnown(port);
            assertEquals(0, server.refusals().get(RefusalReason.PROXY_HEADER));
            assertTrue(proxy.process().isAlive());
        }
    }

    /** The server trusts others. */
    @Test
    void headerOfAProxyThatIsNotTrustedIsRefused() throws Exception {
        int port = freePort();
        ProxySettings proxies = ProxySettings.builder().trustedProxies(List.of("10.0.0.0/8")).proxyProtocol(true)
                .build();
        try (WebSocketServer server = WebSocketServer.builder().proxySettings(proxies).handler(Handlers::echo).start();
                TestProcess proxy = startTcp(port, server.port(), "send-proxy-v2")) {
            assertThrows(CompletionException.class, () -> TextClient.open(client, "ws://localhost:" + port + "/"));
            assertTrue(server.refusals().get(RefusalReason.PROXY_HEADER) > 0);
            assertTrue(proxy.process().isAlive());
        }
    }

    @Test
    void pageHoldsTheFiles() {
        String page = Documents.read(Documents.ROOT.resolve("docs/guides/deployment.md"));
        assertTrue(page.contains(Documents.read(GUIDES.resolve("nginx.conf"))));
        assertTrue(page.contains(Documents.read(GUIDES.resolve("haproxy.cfg"))));
        assertTrue(page.contains(Documents.read(GUIDES.resolve("haproxy-tcp.cfg"))));
        assertTrue(page.contains(Documents.read(GUIDES.resolve("nginx-stream.conf"))));
    }
}
