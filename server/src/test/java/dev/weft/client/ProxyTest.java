package dev.weft.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionTimeouts;
import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.client.ScriptedServer.Peer;
import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.server.Handlers;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Proxies by HTTP's CONNECT and SOCKS 5, good ones and hostile ones. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyTest {
    private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();

    private static void relay(Peer peer, int port) throws Exception {
        try (Socket to = new Socket("127.0.0.1", port)) {
            Thread back = Thread.ofVirtual().start(() -> copy(to, peer.socket()));
            copy(peer.socket(), to);
            back.join();
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            // One end has left.
        }
    }

    /** Connects whatever is asked to this port. */
    private ScriptedServer httpProxy(int port) throws IOException {
        return new ScriptedServer(peer -> {
            asked.add(peer.readRequest());
            peer.text("HTTP/1.0 200 Connection established\r\nVia: test\r\n\r\n");
            relay(peer, port);
        });
    }

    private static String read(Peer peer, int length) throws IOException {
        return java.util.HexFormat.of().formatHex(peer.socket().getInputStream().readNBytes(length));
    }

    /** Wants these credentials, and connects whatever is asked to this port. */
    private ScriptedServer socksProxy(int port, boolean authenticates) throws IOException {
        return new ScriptedServer(peer -> {
            if (authenticates) {
                assertEquals("05020002", read(peer, 4));
                peer.hex("0502");
                // "user", "pass"
                assertEquals("01047573657204" + "70617373", read(peer, 11));
                peer.hex("0100");
            } else {
                assertEquals("050100", read(peer, 3));
                peer.hex("0500");
            }
            String head = read(peer, 4);
            asked.add(head + " " + switch (head) {
                case "05010003" -> read(peer, peer.socket().getInputStream().read());
                case "05010001" -> read(peer, 4);
                default -> throw new AssertionError(head);
            });
            read(peer, 2);
            // The address that it connects from: a name, an IPv6 address, or an IPv4 address.
            peer.hex(authenticates ? "05000004 00000000000000000000000000000001 0102" : "05000003 0161 0102");
            relay(peer, port);
        });
    }

    private static Proxy proxy(Proxy.Type type, ScriptedServer server) {
        return new Proxy(type, InetSocketAddress.createUnresolved("127.0.0.1", server.port()));
    }

    private static void assertEchoes(WebSocketConnection ws) throws IOException {
        ws.send("Hello");
        assertEquals(new Message.Text("Hello"), ws.receive());
        ws.close();
        ws.awaitClose();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void connectionMustGoThroughAnHttpProxy(boolean tls) throws Exception {
        WebSocketServerBuilder settings = Handlers.echoServer();
        try (WebSocketServer server = (tls ? settings.tls(TestKeys.context()) : settings).start();
                ScriptedServer proxy = httpProxy(server.port());
                WebSocketClient client = WebSocketClient.builder().tls(TestKeys.context())
                        .proxy(proxy(Proxy.Type.HTTP, proxy)).proxyCredentials("user", "p\u00e4ss").build()) {
            assertEchoes(client.open(URI.create((tls ? "wss" : "ws") + "://localhost:9/")));
            // RFC 7617 §2.1: UTF-8.
            assertEquals("CONNECT localhost:9 HTTP/1.1\r\nHost: localhost:9\r\n"
                    + "Proxy-Authorization: Basic dXNlcjpww6Rzcw==\r\n\r\n", asked.take());
        }
    }

    @ParameterizedTest
    @CsvSource({"true,ws://no.such.name.example:9/,05010003 6e6f2e737563682e6e616d652e6578616d706c65",
            "false,ws://127.0.0.9/,05010001 7f000009"})
    void connectionMustGoThroughASocksProxy(boolean authenticates, String uri, String request) throws Exception {
        WebSocketClientBuilder builder = WebSocketClient.builder();
        if (authenticates) {
            builder.proxyCredentials("user", "pass");
        }
        try (WebSocketServer server = Handlers.echoServer().start();
                ScriptedServer proxy = socksProxy(server.port(), authenticates);
                WebSocketClient client = builder.proxy(proxy(Proxy.Type.SOCKS, proxy)).build()) {
            assertEchoes(client.open(URI.create(uri)));
            assertEquals(request, asked.take());
        }
    }

    @Test
    void selectorMustChooseAndBeNotifiedOfFailures() throws Exception {
        int dead;
        try (ServerSocket socket = new ServerSocket(0)) {
            dead = socket.getLocalPort();
        }
        List<String> calls = new ArrayList<>();
        ProxySelector selector = new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
                calls.add("select " + uri);
                return uri.getHost().equals("direct.example")
                        ? List.of()
                        : List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", dead)));
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException failure) {
                calls.add("failed " + uri + " " + address);
            }
        };
        WebSocketClientBuilder builder = WebSocketClient.builder().proxySelector(selector);
        builder.resolver = host -> java.net.InetAddress.getAllByName("127.0.0.1");
        try (WebSocketServer server = Handlers.echoServer().start(); WebSocketClient client = builder.build()) {
            assertEchoes(client.open(URI.create("ws://direct.example:" + server.port() + "/")));
            assertEquals(Step.CONNECT, assertThrows(WebSocketConnectException.class,
                    () -> client.open(URI.create("wss://a.example/x?y"))).step());
            assertEquals(List.of("select http://direct.example:" + server.port() + "/",
                    "select https://a.example/x?y", "failed https://a.example/x?y /127.0.0.1:" + dead), calls);
        }
    }

    private static WebSocketConnectException refused(Proxy.Type type, ScriptedServer.Script script) throws Exception {
        return refused(type, ConnectionTimeouts.DEFAULT, script);
    }

    private static WebSocketConnectException refused(Proxy.Type type, ConnectionTimeouts timeouts,
            ScriptedServer.Script script) throws Exception {
        try (ScriptedServer proxy = new ScriptedServer(script);
                WebSocketClient client = WebSocketClient.builder().timeouts(timeouts).proxy(proxy(type, proxy))
                        .build()) {
            WebSocketConnectException failure = assertThrows(WebSocketConnectException.class,
                    () -> client.open(URI.create("ws://a.example/")));
            assertEquals(Step.PROXY, failure.step());
            return failure;
        }
    }

    @Test
    void refusalByAnHttpProxyMustBeReported() throws Exception {
        FailedResponse response = refused(Proxy.Type.HTTP, peer -> {
            assertFalse(peer.readRequest().contains("Authorization"));
            peer.text("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 2\r\n\r\nno");
        }).response().orElseThrow();
        assertEquals(407, response.status());
        assertEquals("no", response.bodyText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 OK\r\n\r\n",
            "HTTP/1.1 101 OK\r\n\r\n"})
    void hostileHttpProxyMustFail(String answer) throws Exception {
        refused(Proxy.Type.HTTP, peer -> {
            peer.readRequest();
            peer.text(answer);
        });
    }

    @ParameterizedTest
    @CsvSource({"'',ended", "04,ended", "0400,SOCKS 5", "05ff,credentials", "0502,credentials", "0500 04000001,SOCKS 5",
            "0500 05020001,rules", "0500 05050001,refused", "0500 05630001,reply 99", "0500 05000002,SOCKS 5",
            "0500 05000001 7f,ended"})
    void hostileSocksProxyMustFail(String answer, String why) throws Exception {
        String message = refused(Proxy.Type.SOCKS, peer -> {
            peer.hex(answer);
            peer.socket().shutdownOutput();
            peer.readToEnd();
        }).getMessage();
        assertTrue(message.contains(why), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP", "SOCKS"})
    void silentProxyMustEndByTheHandshakeTimeout(Proxy.Type type) throws Exception {
        ConnectionTimeouts timeouts = ConnectionTimeouts.builder().handshakeTimeout(Duration.ofMillis(300)).build();
        String message = refused(type, timeouts, Peer::readToEnd).getMessage();
        assertTrue(message.contains("handshakeTimeout"), message);
    }

    @Test
    void proxySettingsMustBeChecked() {
        WebSocketClientBuilder builder = WebSocketClient.builder();
        assertThrows(IllegalArgumentException.class, () -> builder.proxy(Proxy.NO_PROXY));
        assertThrows(IllegalArgumentException.class, () -> builder.proxyCredentials("a:b", ""));
        assertThrows(IllegalArgumentException.class, () -> builder.proxyCredentials("", ""));
        assertThrows(IllegalArgumentException.class, () -> builder.proxyCredentials("a", "x".repeat(256)));
        assertThrows(IllegalArgumentException.class, () -> builder.maxRedirects(21));
    }
}
