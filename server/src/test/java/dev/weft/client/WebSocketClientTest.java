package dev.weft.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.CloseStatus;
import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionTimeouts;
import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.connection.Connection;
import dev.weft.parser.http.Headers;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.CookieHandler;
import java.net.CookieManager;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against Weft's own server, over loops and over pollers. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WebSocketClientTest {
    private static final String LONG = "All work and no play. ".repeat(20_000);

    private static URI uri(WebSocketServer server, String path) {
        return URI.create((server.configuration().tls().isPresent() ? "wss" : "ws") + "://127.0.0.1:" + server.port()
                + path);
    }

    private static WebSocketClient client(boolean loops) throws IOException {
        WebSocketClientBuilder builder = WebSocketClient.builder();
        builder.loops = loops;
        return builder.build();
    }

    private static void assertEchoes(WebSocketConnection ws) throws IOException {
        ws.send("Hello");
        assertEquals(new Message.Text("Hello"), ws.receive());
        ws.send(LONG);
        assertEquals(new Message.Text(LONG), ws.receive());
        byte[] bytes = {0, 1, 2, (byte) 0xff};
        ws.send(bytes);
        assertArrayEquals(bytes, assertInstanceOf(Message.Binary.class, ws.receive()).bytes());
        assertTrue(ws.ping(Duration.ofSeconds(10)).isPositive());
    }

    private static void closeAndAwait(WebSocketConnection ws) throws IOException {
        ws.close(1000, "bye");
        assertEquals(1000,
                assertInstanceOf(Message.Close.class, ws.receive()).status().received().orElseThrow().code());
        assertTrue(ws.closeStatus().orElseThrow().clean());
    }

    private static void awaitForgotten(WebSocketClient client) {
        Await.until("the session is forgotten, and then no connection counts",
                () -> client.sessionCount() == 0 && client.connectionCount() == 0);
    }

    /** The step at which opening fails. */
    private static WebSocketConnectException assertFails(Step step, WebSocketClient client, URI uri) {
        WebSocketConnectException failure = assertThrows(WebSocketConnectException.class, () -> client.open(uri));
        assertEquals(step, failure.step(), failure.toString());
        awaitForgotten(client);
        return failure;
    }

    // Connections

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void messagesMustBeExchangedByAPlatformThread(boolean loops) throws IOException {
        try (WebSocketServer server = Handlers.echoServer().start(); WebSocketClient client = client(loops)) {
            WebSocketConnection ws = client.open(uri(server, "/a?b=c"));
            assertEquals(1, client.connectionCount());
            assertEquals("/a", ws.path());
            assertEchoes(ws);
            closeAndAwait(ws);
            assertThrows(ConnectionClosedException.class, ws::receive);
            awaitForgotten(client);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void messagesMustBeExchangedByVirtualThreads(boolean loops) throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); WebSocketClient client = client(loops)) {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                CompletableFuture<Void> done = new CompletableFuture<>();
                all.add(done);
                Thread.ofVirtual().start(() -> {
                    try {
                        WebSocketConnection ws = client.open(uri(server, "/"));
                        assertEchoes(ws);
                        closeAndAwait(ws);
                        done.complete(null);
                    } catch (Throwable e) {
                        done.completeExceptionally(e);
                    }
                });
            }
            for (CompletableFuture<Void> each : all) {
                each.get(20, TimeUnit.SECONDS);
            }
            awaitForgotten(client);
        }
    }

    @Test
    void sharedClientMustConnect() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().start()) {
            assertEquals("Hello", Snippets.connect(uri(server, "/")));
            Await.until("the server's end is over", () -> server.connectionCount() == 0);
        }
    }

    @Test
    void settingsMustReachTheServerAndRefusalsTheCaller() throws IOException {
        HandshakePolicy policy = request -> request.headers().first("Authorization").orElse("").equals("Bearer good")
                && request.headers().first("Origin").orElse("").equals("https://example.com")
                        ? HandshakeDecision.accept()
                        : HandshakeDecision.reject(401, "sign in first");
        try (WebSocketServer server = Handlers.echoServer().subprotocols("chat.v2").policy(policy).start()) {
            assertEquals("chat.v2", Snippets.settings(uri(server, "/"), "good"));
            assertEquals("HANDSHAKE 401", Snippets.settings(uri(server, "/"), "bad"));
        }
    }

    @Test
    void threadThatReceivesMayChange() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); WebSocketClient client = client(true)) {
            WebSocketConnection ws = client.open(uri(server, "/"));
            for (int i = 0; i < 20; i++) {
                AtomicReference<Object> received = new AtomicReference<>();
                Thread thread = (i % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform()).start(() -> {
                    try {
                        received.set(ws.receive());
                    } catch (Exception e) {
                        received.set(e);
                    }
                });
                ws.send("message " + i);
                assertTrue(thread.join(Duration.ofSeconds(10)));
                assertEquals(new Message.Text("message " + i), received.get());
            }
        }
    }

    @Test
    void protocolMustGoOnWhileNoThreadReceives() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            ws.ping(Duration.ofSeconds(10));
            ws.send("unread");
            ws.close(4001, "enough");
            ws.awaitClose();
        }).start(); WebSocketClient client = client(true)) {
            WebSocketConnection ws = client.open(uri(server, "/"));
            Await.until("the Close frame is answered", () -> ws.closeStatus().isPresent());
            Await.until("it does not count any more", () -> client.connectionCount() == 0);
            // Messages from before the end can still be received.
            assertEquals(new Message.Text("unread"), ws.receive());
            CloseStatus status = assertInstanceOf(Message.Close.class, ws.receive()).status();
            assertEquals(4001, status.received().orElseThrow().code());
            awaitForgotten(client);
        }
    }

    @Test
    void unreceivedConnectionMustBeForgottenAfterItsClose() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            // Far more than is read ahead.
            for (int i = 0; i < 20; i++) {
                ws.trySend(LONG);
            }
            ws.awaitClose();
        }).start(); WebSocketClient client = WebSocketClient.builder().noDeflate().build()) {
            WebSocketConnection ws = client.open(uri(server, "/"));
            ws.close();
            awaitForgotten(client);
            assertTrue(ws.closeStatus().orElseThrow().clean(), () -> ws.closeStatus().toString());
        }
    }

    @Test
    void unreceivedMessagesMustBeForgottenSoonAfterAnOwnClose() throws IOException {
        ConnectionTimeouts timeouts = ConnectionTimeouts.builder().closeTimeout(Duration.ofMillis(300)).build();
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            peer.hex("8101 78");
            peer.readClose();
            peer.socket().shutdownOutput();
            peer.readToEnd();
        }); WebSocketClient client = WebSocketClient.builder().timeouts(timeouts).build()) {
            WebSocketConnection ws = client.open(server.uri());
            ws.close();
            awaitForgotten(client);
            assertThrows(ConnectionClosedException.class, ws::receive);
        }
    }

    @Test
    void brokenConnectionMustBeForgotten() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            peer.socket().setSoLinger(true, 0);
        }); WebSocketClient client = client(true)) {
            WebSocketConnection ws = client.open(server.uri());
            assertThrows(IOException.class, ws::receive);
            awaitForgotten(client);
        }
    }

    @Test
    void firstFramesMayComeWithTheResponse() throws IOException {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            String accept = ScriptedServer.Peer.accept(peer.readRequest());
            peer.text("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 101 \r\nUpgrade: websocket\r\n"
                    + "Connection: upgrade\r\nSec-WebSocket-Accept: " + accept
                    + "\r\n\r\n\u0081\u0005Hello\u0081\u0001x");
            peer.readClose();
        }); WebSocketClient client = client(true)) {
            WebSocketConnection ws = client.open(server.uri());
            assertEquals(new Message.Text("Hello"), ws.receive());
            assertEquals(new Message.Text("x"), ws.receive());
            closeAndAwait(ws);
        }
    }

    /** Else those that only send would use up the budget. */
    @Test
    void connectionMustHoldNoBufferBeforeItReceives() throws IOException {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            peer.readClose();
        }); WebSocketClient client = client(true)) {
            WebSocketConnection ws = client.open(server.uri());
            assertEquals(0, assertInstanceOf(Connection.class, ws).heldBytes());
            closeAndAwait(ws);
        }
    }

    @Test
    void keepalivePingsMustFindADeadServer() throws Exception {
        ConnectionTimeouts timeouts = ConnectionTimeouts.builder().pingInterval(Duration.ofMillis(100))
                .pongTimeout(Duration.ofMillis(100)).build();
        CountDownLatch done = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.upgrade();
            done.await();
        }); WebSocketClient client = WebSocketClient.builder().timeouts(timeouts).build()) {
            WebSocketConnection ws = client.open(server.uri());
            String failure = assertThrows(IOException.class, ws::receive).toString();
            assertTrue(failure.contains("pongTimeout"), failure);
        } finally {
            done.countDown();
        }
    }

    // The request

    @Test
    void requestMustHaveWhatWasSet() throws Exception {
        AtomicReference<String> request = new AtomicReference<>();
        try (ScriptedServer server = new ScriptedServer(peer -> {
            request.set(peer.upgrade("Sec-WebSocket-Protocol: v1"));
            peer.readClose();
        });
                WebSocketClient client = WebSocketClient.builder().header("Origin", "http://a").header("X", "1")
                        .subprotocols("v2", "v1").build()) {
            WebSocketConnection ws = client.open(URI.create("ws://localhost:" + server.port() + "?q=%20"),
                    Headers.of("Authorization", "Bearer t"));
            assertEquals("v1", ws.subprotocol().orElseThrow());
            closeAndAwait(ws);
            assertTrue(request.get().startsWith("GET /?q=%20 HTTP/1.1\r\nHost: localhost:" + server.port() + "\r\n"));
            for (String line : List.of("Origin: http://a", "X: 1", "Authorization: Bearer t",
                    "Sec-WebSocket-Protocol: v2, v1",
                    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12; client_max_window_bits,"
                            + " permessage-deflate; server_no_context_takeover; client_max_window_bits,"
                            + " permessage-deflate; client_max_window_bits")) {
                assertTrue(request.get().contains("\r\n" + line + "\r\n"), request.get());
            }
        }
    }

    /** RFC 6874 §1: a zone means something on this machine only. */
    @Test
    void zoneOfAnAddressMustNotBeSent() throws Exception {
        List<String> hosts = new CopyOnWriteArrayList<>();
        List<URI> cookies = new CopyOnWriteArrayList<>();
        CookieManager noting = new CookieManager() {
            @Override
            public Map<String, List<String>> get(URI uri, Map<String, List<String>> headers) throws IOException {
                cookies.add(uri);
                return super.get(uri, headers);
            }
        };
        WebSocketServer started;
        try {
            InetAddress.getByName("::1%lo");
            started = Handlers.echoServer().policy(request -> {
                hosts.add(request.headers().first("Host").orElseThrow());
                return HandshakeDecision.accept();
            }).listen("::1", 0).start();
        } catch (IOException e) {
            abort("there is no IPv6 address at an interface lo: " + e);
            return;
        }
        try (WebSocketServer server = started;
                WebSocketClient client = WebSocketClient.builder().cookieHandler(noting).build();
                WebSocketConnection ws = client.open(URI.create("ws://[::1%lo]:" + server.port() + "/a?b"))) {
            assertEchoes(ws);
            assertEquals(List.of("[::1]:" + server.port()), hosts);
            assertEquals(URI.create("http://[::1]:" + server.port() + "/a?b"), cookies.getFirst());
        }
        Destination plain = Destination.of(URI.create("ws://[fe80::1%eth0]/"));
        assertEquals("fe80::1%eth0", plain.host());
        assertEquals("[fe80::1]:80", plain.authority());
        assertEquals("[fe80::1]", plain.hostHeader());
        assertEquals("ws://[fe80::1]/", plain.toString());
    }

    /** RFC 3986 §3.2.2 allows names that {@link URI} takes for none. */
    @ParameterizedTest
    @CsvSource({"my_service, my_service", "bücher.example, xn--bcher-kva.example"})
    void nameMayHaveAnUnderscoreOrOtherLetters(String name, String expected) throws Exception {
        List<String> hosts = new CopyOnWriteArrayList<>();
        WebSocketClientBuilder builder = WebSocketClient.builder().cookieHandler(new CookieManager());
        builder.resolver = host -> {
            hosts.add(host);
            return InetAddress.getAllByName("127.0.0.1");
        };
        try (WebSocketServer server = Handlers.echoServer().policy(request -> {
            hosts.add(request.headers().first("Host").orElseThrow());
            return HandshakeDecision.accept();
        }).start();
                WebSocketClient client = builder.build();
                WebSocketConnection ws = client.open(URI.create("ws://" + name + ":" + server.port() + "/a?b"))) {
            assertEchoes(ws);
            assertEquals(List.of(expected, expected + ":" + server.port()), hosts);
        }
        assertEquals("wss://" + expected + "/", Destination.of(URI.create("wss://" + name)).toString());
        assertEquals(443, Destination.of(URI.create("wss://" + name + ":")).port());
    }

    @Test
    void keysMustDiffer() throws Exception {
        List<String> requests = new ArrayList<>();
        try (ScriptedServer server = new ScriptedServer(peer -> {
            synchronized (requests) {
                requests.add(peer.upgrade());
            }
            peer.readClose();
        }); WebSocketClient client = WebSocketClient.builder().noDeflate().build()) {
            for (int i = 0; i < 3; i++) {
                closeAndAwait(client.open(server.uri()));
                server.end();
            }
        }
        assertEquals(3, requests.stream().distinct().count());
        assertFalse(requests.getFirst().contains("Extensions"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://a/", "a", "/a", "ws:a", "ws:///a", "ws://a/#f", "ws://u:p@a/", "ws://a:0/",
            "ws://a:65536/",
            "ws://u@a_b/", "ws://a_b:65536/", "ws://a_b:x/", "ws://a%20b/", "ws://:80/"})
    void uriMustBeOneOfWebSocket(String uri) throws IOException {
        try (WebSocketClient client = client(true)) {
            assertThrows(IllegalArgumentException.class, () -> client.open(URI.create(uri)));
        }
    }

    @Test
    void settingsMustBeCheckedWhenTheyAreSet() {
        WebSocketClientBuilder builder = WebSocketClient.builder();
        for (String name : List.of("Host", "Upgrade", "sec-websocket-key", "Content-Length", "a b")) {
            assertThrows(IllegalArgumentException.class, () -> builder.header(name, "x"));
        }
        assertThrows(IllegalArgumentException.class, () -> builder.header("X", "a\r\nY: b"));
        assertThrows(IllegalArgumentException.class, () -> builder.subprotocols("a b"));
        assertThrows(IllegalArgumentException.class, () -> builder.subprotocols("a", "a"));
        assertThrows(IllegalArgumentException.class, () -> builder.connectTimeout(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> builder.readBufferSize(1023));
        assertThrows(IllegalArgumentException.class, () -> builder.maxBufferedSize(1).build());
    }

    // Handlers

    @Test
    void endOfAHandlerMustCloseItsConnection() throws Exception {
        CountDownLatch virtual = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer().start(); WebSocketClient client = client(true)) {
            WebSocketConnection good = client.run(uri(server, "/"), ws -> {
                assertEchoes(ws);
                if (Thread.currentThread().isVirtual()) {
                    virtual.countDown();
                }
            });
            assertTrue(virtual.await(10, TimeUnit.SECONDS));
            Await.until("it is closed", () -> good.closeStatus().isPresent());
            assertEquals(1000, good.closeStatus().get().sent().orElseThrow().code());
            WebSocketConnection ended = client.run(uri(server, "/"), ws -> {
                ws.close(4000, "");
                ws.awaitClose();
                ws.send("throws its own end");
            });
            Await.until("it is closed", () -> ended.closeStatus().isPresent());
            assertEquals(4000, ended.closeStatus().get().sent().orElseThrow().code());
            awaitForgotten(client);
        }
    }

    /** An exception of which nothing can be found out. */
    private static final class Unreportable extends IllegalStateException {
        private static final long serialVersionUID = 1;

        @Override
        public Throwable getCause() {
            throw new OutOfMemoryError("test");
        }
    }

    @Test
    void failureThatCannotBeReportedMustCloseTheConnection() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start(); WebSocketClient client = client(true)) {
            WebSocketConnection failed = client.run(uri(server, "/"), ws -> {
                throw new Unreportable();
            });
            Await.until("it is closed", () -> failed.closeStatus().isPresent());
            assertEquals(1011, failed.closeStatus().get().sent().orElseThrow().code());
            awaitForgotten(client);
        }
    }

    /** The caller has no connection then, and a handler would use one that nobody knows of. */
    @Test
    void handlerMustNotRunIfItsStartWasInterrupted() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        CookieHandler interrupting = new CookieHandler() {
            @Override
            public Map<String, List<String>> get(URI uri, Map<String, List<String>> headers) {
                return Map.of();
            }

            @Override
            public void put(URI uri, Map<String, List<String>> headers) {
                Thread.currentThread().interrupt();
            }
        };
        int opened = 0;
        try (WebSocketServer server = Handlers.echoServer().start();
                WebSocketClient client = WebSocketClient.builder().cookieHandler(interrupting).build()) {
            for (int i = 0; i < 20; i++) {
                try {
                    client.run(uri(server, "/"), ws -> runs.incrementAndGet());
                    opened++;
                } catch (InterruptedIOException e) {
                    // Such as almost always: the thread of the handler has just been started.
                }
                Thread.interrupted();
            }
            awaitForgotten(client);
        }
        assertEquals(opened, runs.get());
    }

    // Failures

    @Test
    void refusedConnectionMustFailAtConnect() throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        try (WebSocketClient client = client(true)) {
            String message = assertFails(Step.CONNECT, client, URI.create("ws://127.0.0.1:" + port + "/")).getMessage();
            assertTrue(message.contains("127.0.0.1:" + port), message);
        }
    }

    @Test
    void unknownNameMustFailAtResolve() throws IOException {
        WebSocketClientBuilder builder = WebSocketClient.builder();
        builder.resolver = host -> {
            throw new UnknownHostException(host);
        };
        try (WebSocketClient client = builder.build()) {
            String message = assertFails(Step.RESOLVE, client, URI.create("ws://no.such.host/")).getMessage();
            assertTrue(message.contains("no.such.host"), message);
        }
    }

    /** The system looks it up as a name, which takes its time. */
    @Test
    void numberThatIsNoAddressMustBeLookedUpLikeAName() throws IOException {
        WebSocketClientBuilder builder = WebSocketClient.builder();
        builder.resolver = host -> {
            throw new UnknownHostException("asked for " + host);
        };
        try (WebSocketClient client = builder.build()) {
            String message = assertFails(Step.RESOLVE, client, URI.create("ws://99999999999/")).getMessage();
            assertTrue(message.contains("asked for 99999999999"), message);
        }
    }

    @Test
    void slowNameLookupMustEndByTheConnectTimeout() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        WebSocketClientBuilder builder = WebSocketClient.builder().connectTimeout(Duration.ofMillis(100));
        builder.resolver = host -> {
            try {
                done.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return InetAddress.getAllByName("127.0.0.1");
        };
        try (WebSocketClient client = builder.build()) {
            // One more than there are places: the last one does not even get its turn.
            for (int i = 0; i <= NameLookup.MOST; i++) {
                String message = assertFails(Step.RESOLVE, client, URI.create("ws://slow.example/")).getMessage();
                assertTrue(message.contains("connectTimeout"), message);
            }
        } finally {
            done.countDown();
        }
        try (WebSocketServer server = Handlers.echoServer().start(); WebSocketClient client = client(true)) {
            closeAndAwait(client.open(URI.create("ws://localhost:" + server.port() + "/")));
        }
    }

    @Test
    void refusalMustBeReported() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().endpoint("/only", Handlers::echo).start();
                WebSocketClient client = client(true)) {
            FailedResponse response = assertFails(Step.HANDSHAKE, client, uri(server, "/other")).response()
                    .orElseThrow();
            assertEquals(404, response.status());
            assertEquals("there is no endpoint at this path\n", response.bodyText());
            assertTrue(response.headers().contains("Date"));
        }
    }

    @Test
    void interruptMustEndTheOpening() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.readRequest();
            asked.countDown();
            peer.readToEnd();
        }); WebSocketClient client = client(true)) {
            AtomicReference<Object> result = new AtomicReference<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    result.set(client.open(server.uri()));
                } catch (Exception e) {
                    result.set(e);
                }
            });
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            thread.interrupt();
            assertTrue(thread.join(Duration.ofSeconds(10)));
            assertInstanceOf(InterruptedIOException.class, result.get());
            assertEquals("done", server.end());
            awaitForgotten(client);
        }
    }

    // TLS

    private static WebSocketServerBuilder tlsServer() {
        return Handlers.echoServer().policy(HandshakePolicy.sameOrigin()).tls(TestKeys.context());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tlsMustBeSpoken(boolean loops) throws IOException {
        WebSocketClientBuilder builder = WebSocketClient.builder().tls(TestKeys.context());
        builder.loops = loops;
        try (WebSocketServer server = tlsServer().start(); WebSocketClient client = builder.build()) {
            for (String host : List.of("localhost", "127.0.0.1")) {
                WebSocketConnection ws = client.open(URI.create("wss://" + host + ":" + server.port() + "/"));
                assertTrue(ws.request().tlsSession().isPresent());
                assertEchoes(ws);
                closeAndAwait(ws);
                awaitForgotten(client);
            }
        }
    }

    @Test
    void certificateMustBeForTheHostAndTrusted() throws IOException {
        WebSocketClientBuilder builder = WebSocketClient.builder().tls(TestKeys.context());
        builder.resolver = host -> InetAddress.getAllByName("127.0.0.1");
        try (WebSocketServer server = tlsServer().start();
                WebSocketClient client = builder.build();
                WebSocketClient trusting = builder
                        .tls(TestKeys.context(), parameters -> parameters.setEndpointIdentificationAlgorithm(""))
                        .build();
                WebSocketClient strict = client(true)) {
            URI other = URI.create("wss://other.example:" + server.port() + "/");
            String message = assertFails(Step.TLS, client, other).getMessage();
            assertTrue(message.contains("other.example"), message);
            closeAndAwait(trusting.open(other));
            assertFails(Step.TLS, strict, uri(server, "/"));
        }
    }

    @Test
    void certificatesOfAPemFileMustBeTrustedAndNoOthers(@TempDir Path folder) throws Exception {
        Path trusted = Files.writeString(folder.resolve("trusted.pem"),
                "# ours\n" + TestKeys.certificate(TestKeys.make())
                        + TestKeys.pem());
        Path other = Files.writeString(folder.resolve("other.pem"), TestKeys.certificate(TestKeys.make()));
        Path none = Files.writeString(folder.resolve("none.pem"), "nothing");
        WebSocketClientBuilder builder = WebSocketClient.builder();
        try (WebSocketServer server = tlsServer().start();
                WebSocketClient client = builder.trustedCertificates(trusted).build();
                WebSocketClient wrong = builder.trustedCertificates(other).build()) {
            closeAndAwait(client.open(uri(server, "/")));
            assertFails(Step.TLS, wrong, uri(server, "/"));
        }
        for (Path unusable : List.of(none, folder.resolve("missing.pem"))) {
            String message = assertThrows(IOException.class, () -> builder.trustedCertificates(unusable)).getMessage();
            assertTrue(message.contains(unusable.toString()), message);
        }
    }

    @Test
    void serverThatDoesNotSpeakTlsMustFailAtTls() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().start();
                WebSocketClient client = WebSocketClient.builder().tls(TestKeys.context()).build()) {
            assertFails(Step.TLS, client, URI.create("wss://127.0.0.1:" + server.port() + "/"));
        }
    }

    // Other sockets

    @Test
    void connectionsMayGoToASocketFile(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("s");
        try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                WebSocketClient client = WebSocketClient.builder().unixSocket(file).build()) {
            listener.bind(UnixDomainSocketAddress.of(file));
            // The bytes that arrive there are forwarded to a server over TCP, and back.
            try (WebSocketServer server = Handlers.echoServer().start()) {
                Thread.ofVirtual().start(() -> relay(listener, server.port()));
                WebSocketConnection ws = client.open(URI.create("ws://any.example/"));
                assertEchoes(ws);
                assertEquals(UnixDomainSocketAddress.of(file), ws.remoteAddress());
                closeAndAwait(ws);
            }
            Files.delete(file);
            assertFails(Step.CONNECT, client, URI.create("ws://any.example/"));
        }
    }

    private static void relay(ServerSocketChannel listener, int port) {
        try (SocketChannel from = listener.accept();
                SocketChannel to = SocketChannel.open(new java.net.InetSocketAddress("127.0.0.1", port))) {
            Thread back = Thread.ofVirtual().start(() -> copy(to, from));
            copy(from, to);
            back.join();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void copy(SocketChannel from, SocketChannel to) {
        var buffer = java.nio.ByteBuffer.allocate(8192);
        try {
            while (from.read(buffer.clear()) >= 0) {
                to.write(buffer.flip());
            }
            to.shutdownOutput();
        } catch (IOException e) {
            // One end has left.
        }
    }

    @Test
    void localAddressMustBeUsed() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().start();
                WebSocketClient client = WebSocketClient.builder()
                        .localAddress(InetAddress.getByName("127.0.0.2")).build()) {
            WebSocketConnection ws = client.open(uri(server, "/"));
            assertTrue(ws.localAddress().toString().startsWith("/127.0.0.2:"), ws.localAddress().toString());
            closeAndAwait(ws);
        }
    }

    // The end of a client

    @Test
    void endOfAClientMustCloseItsConnectionsWith1001() throws Exception {
        List<CompletableFuture<Integer>> codes = List.of(new CompletableFuture<>(), new CompletableFuture<>());
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            CloseStatus status = ws.awaitClose();
            codes.get(ws.path().equals("/handled") ? 0 : 1).complete(status.received().orElseThrow().code());
        }).start()) {
            WebSocketClient client = client(true);
            client.run(uri(server, "/handled"), WebSocketConnection::awaitClose);
            WebSocketConnection free = client.open(uri(server, "/free"));
            long before = System.nanoTime();
            client.close();
            assertTrue(System.nanoTime() - before < TimeUnit.SECONDS.toNanos(8), "the grace period was not used up");
            assertEquals(1001, codes.get(0).get(10, TimeUnit.SECONDS));
            assertEquals(1001, codes.get(1).get(10, TimeUnit.SECONDS));
            assertTrue(free.closeStatus().orElseThrow().clean());
            assertThrows(IllegalStateException.class, () -> client.open(uri(server, "/")));
            client.close();
        }
    }

    @Test
    void endOfAClientMustEndOpeningsAndStuckHandlers() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.readRequest();
            asked.countDown();
            peer.readToEnd();
        }); WebSocketServer echo = Handlers.echoServer().start()) {
            WebSocketClient client = WebSocketClient.builder().closeGrace(Duration.ZERO).build();
            client.run(uri(echo, "/"), ws -> {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupted.countDown();
                }
            });
            CompletableFuture<IOException> failure = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> failure
                    .complete(assertThrows(WebSocketConnectException.class, () -> client.open(server.uri()))));
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            client.close();
            String message = failure.get(10, TimeUnit.SECONDS).getMessage();
            assertTrue(message.contains("the client was closed"), message);
            assertTrue(interrupted.await(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void endOfAClientMustEndTheLookupOfAName() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        WebSocketClientBuilder builder = WebSocketClient.builder().connectTimeout(Duration.ofMinutes(1));
        builder.resolver = host -> {
            asked.countDown();
            try {
                done.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return InetAddress.getAllByName("127.0.0.1");
        };
        WebSocketClient client = builder.build();
        try {
            CompletableFuture<IOException> failure = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> failure.complete(assertThrows(WebSocketConnectException.class,
                    () -> client.open(URI.create("ws://slow.example/")))));
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            client.close();
            String message = failure.get(10, TimeUnit.SECONDS).getMessage();
            assertTrue(message.contains("the client was closed"), message);
        } finally {
            done.countDown();
            client.close();
        }
    }

    /** The program that the process of the next test runs. */
    static final class Forgetful {
        private Forgetful() {}

        public static void main(String[] arguments) throws IOException {
            WebSocketClient.connect(URI.create(arguments[0])).send("Hello");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--add-opens=java.base/java.lang=ALL-UNNAMED", "-Ddev.weft.loops=0"})
    void openConnectionMustNotKeepTheJvmAlive(String option) throws Exception {
        CompletableFuture<Message> received = new CompletableFuture<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> received.complete(ws.receive()))
                .start()) {
            ProcessBuilder builder = new ProcessBuilder(TestProcess.jdkProgram("java"), option, "-cp",
                    System.getProperty("java.class.path"), Forgetful.class.getName(), uri(server, "/").toString());
            try (TestProcess process = TestProcess.start(builder, Duration.ofSeconds(20))) {
                assertEquals(0, process.process().waitFor());
            }
            assertEquals(new Message.Text("Hello"), received.get(10, TimeUnit.SECONDS));
        }
    }
}
