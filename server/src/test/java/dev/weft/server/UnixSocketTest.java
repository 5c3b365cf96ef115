package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.TestProcess;
import dev.weft.parser.http.HttpResponse;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server that listens on Unix domain sockets. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnixSocketTest {
    private static final Duration LIMIT = Duration.ofSeconds(50);

    @RegisterExtension
    private final LogCapture log = new LogCapture();

    @TempDir
    private Path folder;

    private UnixDomainSocketAddress address() {
        return UnixDomainSocketAddress.of(folder.resolve("weft.sock"));
    }

    /** Shakes hands, has a text echoed that needs several reads, then closes; prints the text's length and the close code. */
    static final class Client {
        private Client() {}

        public static void main(String[] arguments) throws IOException {
            String text = "x".repeat(Integer.parseInt(arguments[1]));
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(arguments[0]))) {
                write(channel, RawPeer.request().getBytes(ISO_8859_1));
                StringBuilder head = new StringBuilder();
                while (head.indexOf("\r\n\r\n") < 0) {
                    head.append((char) read(channel, 1).get());
                }
                if (!head.toString().startsWith("HTTP/1.1 101 ")) {
                    throw new IOException(head.toString());
                }
                write(channel, textFrame(text));
                ByteBuffer header = read(channel, text.length() < 126 ? 2 : 4);
                if (header.get() != (byte) 0x81
                        || !UTF_8.decode(read(channel, text.length())).toString().equals(text)) {
                    throw new IOException("no echo");
                }
                System.out.println(text.length());
                write(channel, RawPeer.bytes(RawPeer.CLOSE_1000));
                System.out.println(read(channel, 4).getShort(2));
            }
        }

        private static void write(SocketChannel channel, byte[] bytes) throws IOException {
            for (ByteBuffer buffer = ByteBuffer.wrap(bytes); buffer.hasRemaining();) {
                channel.write(buffer);
            }
        }

        private static ByteBuffer read(SocketChannel channel, int length) throws IOException {
            ByteBuffer buffer = ByteBuffer.allocate(length);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    throw new IOException("ended after " + buffer.position() + " of " + length + " bytes");
                }
            }
            return buffer.flip();
        }
    }

    private void assertServes(WebSocketServer server, int length) throws Exception {
        assertTrue(server.addresses().contains(address()));
        List<String> command = TestProcess.java(List.of(), Client.class, address().toString(), String.valueOf(length));
        try (TestProcess client = TestProcess.start(
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT), LIMIT)) {
            assertEquals(List.of(String.valueOf(length), "1000"), client.process().inputReader().lines().toList());
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void clientOfAnotherProcessIsServed(TransportKind transport) throws Exception {
        try (WebSocketServer server = Handlers.echoServer().transport(transport).listen(address()).start()) {
            assertServes(server, 50_000);
        }
    }

    /** Every way to receive, of which each transport has its own for Unix domain sockets. */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void handlerMayWaitInAnyWay(TransportKind transport) throws Exception {
        LinkedBlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (WebSocketServer server = WebSocketServer.builder().transport(transport).listen(address()).handler(ws -> {
            seen.add("early " + ws.receive(Duration.ofMillis(1)).isPresent());
            ws.send("go");
            seen.add(((Message.Text) ws.receive(Duration.ofSeconds(20)).orElseThrow()).text());
            seen.add(((Message.Text) ws.receive()).text());
            seen.add("pong " + (ws.ping(Duration.ofSeconds(20)).toNanos() > 0));
            seen.add("end " + ws.awaitClose().code());
        }).start(); SocketChannel peer = SocketChannel.open(address())) {
            Client.write(peer, RawPeer.request().getBytes(ISO_8859_1));
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) Client.read(peer, 1).get());
            }
            assertEquals("early false", seen.poll(20, TimeUnit.SECONDS));
            assertEquals(ByteBuffer.wrap(RawPeer.bytes("8102 676f")), Client.read(peer, 4));
            Client.write(peer, textFrame("first"));
            assertEquals("first", seen.poll(20, TimeUnit.SECONDS));
            Client.write(peer, textFrame("x".repeat(1000)));
            assertEquals(1000, seen.poll(20, TimeUnit.SECONDS).length());
            ByteBuffer ping = Client.read(peer, 2);
            assertEquals((byte) 0x89, ping.get(0));
            byte[] payload = Client.read(peer, ping.get(1)).array();
            Client.write(peer, RawPeer.frame(0x8A, payload));
            assertEquals(1, server.connectionCount());
            assertEquals("pong true", seen.poll(20, TimeUnit.SECONDS));
            Client.write(peer, RawPeer.bytes(RawPeer.CLOSE_1000));
            assertEquals("end 1000", seen.poll(20, TimeUnit.SECONDS));
            assertEquals(1000, Client.read(peer, 4).getShort(2));
        }
    }

    private static String readUntil(SocketChannel channel, String end) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            text.append((char) Client.read(channel, 1).get());
        }
        return text.toString();
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void bodyMayArriveAfterItsHead(TransportKind transport) throws Exception {
        Semaphore runs = new Semaphore(0);
        CountDownLatch decide = new CountDownLatch(1);
        try (WebSocketServer server = Handlers.echoServer().transport(transport).listen(address())
                .messageTimeout(Duration.ofSeconds(1)).http("/upper", request -> {
                    runs.release();
                    return HttpResponse.text(200,
                            new String(request.body().readAllBytes(), UTF_8).toUpperCase(Locale.ROOT));
                }).policy(request -> {
                    runs.release();
                    decide.await();
                    return HandshakeDecision.accept();
                }).start(); SocketChannel peer = SocketChannel.open(address())) {
            for (int i = 0; i < 2; i++) {
                String body = "a body " + "x".repeat(i * 1000) + "!";
                Client.write(peer, ("POST /upper HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length() + "\r\n\r\n")
                        .getBytes(ISO_8859_1));
                assertTrue(runs.tryAcquire(20, TimeUnit.SECONDS), "the handler runs");
                Client.write(peer, body.getBytes(ISO_8859_1));
                String response = readUntil(peer, "!");
                assertTrue(response.startsWith("HTTP/1.1 200 "), response);
                assertTrue(response.endsWith(body.toUpperCase(Locale.ROOT)), response);
            }
            // What then follows on the same connection works as without a body before it.
            Client.write(peer, RawPeer.request().getBytes(ISO_8859_1));
            assertTrue(runs.tryAcquire(20, TimeUnit.SECONDS), "the policy runs");
            Client.write(peer, textFrame("Hello"));
            decide.countDown();
            assertTrue(readUntil(peer, "\r\n\r\n").startsWith("HTTP/1.1 101 "));
            assertEquals(ByteBuffer.wrap(RawPeer.bytes("8105 48656c6c6f")), Client.read(peer, 7));
            assertEquals(1, server.connectionCount());
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    /** A connection whose peer has left during a decision is noticed, whether or not a body has been read before. */
    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void departureMustBeNoticedAfterABody(TransportKind transport) throws Exception {
        Semaphore runs = new Semaphore(0);
        try (WebSocketServer server = Handlers.echoServer().transport(transport).listen(address())
                .messageTimeout(Duration.ofSeconds(1)).http("/length", request -> {
                    runs.release();
                    return HttpResponse.text(200, request.body().readAllBytes().length + "!");
                }).policy(request -> {
                    runs.release();
                    new CountDownLatch(1).await();
                    return HandshakeDecision.accept();
                }).start(); SocketChannel peer = SocketChannel.open(address())) {
            Client.write(peer, "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n".getBytes(ISO_8859_1));
            assertTrue(runs.tryAcquire(20, TimeUnit.SECONDS), "the handler runs");
            Client.write(peer, new byte[2]);
            readUntil(peer, "!");
            Client.write(peer, RawPeer.request().getBytes(ISO_8859_1));
            assertTrue(runs.tryAcquire(20, TimeUnit.SECONDS), "the policy runs");
            // A handshake needs both directions.
            peer.shutdownOutput();
            Await.until("the departure is noticed", () -> server.connectionCount() == 0);
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    private static boolean hasCurl() throws Exception {
        try {
            return new ProcessBuilder("curl", "--version").redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
                    .waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void curlIsServedByTlsToo(TransportKind transport) throws Exception {
        assumeTrue(hasCurl(), "there is no curl");
        try (WebSocketServer server = Handlers.echoServer().transport(transport).tls(TestKeys.context())
                .listen(address()).start();
                TestProcess curl = TestProcess.start(new ProcessBuilder("curl", "--silent", "--insecure", "--max-time",
                        "20", "--output", "/dev/null", "--write-out", "%{http_code}\\n", "--unix-socket",
                        address().toString(), "https://localhost/"), LIMIT)) {
            assertEquals("426", curl.process().inputReader().readLine());
            assertEquals(1, server.refusals().get(RefusalReason.NOT_AN_UPGRADE));
        }
    }

    // Addresses

    @Test
    void addressesAreThoseOfTheSocket() throws Exception {
        LinkedBlockingQueue<List<SocketAddress>> seen = new LinkedBlockingQueue<>();
        LinkedBlockingQueue<String> names = new LinkedBlockingQueue<>();
        HandshakePolicy policy = request -> {
            seen.add(List.of(request.localAddress(), request.remoteAddress()));
            return HandshakePolicy.sameOrigin().decide(request);
        };
        try (WebSocketServer server = WebSocketServer.builder().policy(policy).listen(address()).handler(ws -> {
            seen.add(List.of(ws.localAddress(), ws.remoteAddress()));
            names.add(ws.toString());
            throw new IllegalStateException("of the handler");
        }).start()) {
            try (SocketChannel peer = SocketChannel.open(address())) {
                Client.write(peer, RawPeer.request().getBytes(ISO_8859_1));
                List<SocketAddress> expected = List.of(address(), UnixDomainSocketAddress.of(""));
                assertEquals(expected, seen.poll(20, TimeUnit.SECONDS));
                assertEquals(expected, seen.poll(20, TimeUnit.SECONDS));
            }
            String name = names.poll(20, TimeUnit.SECONDS);
            assertTrue(name.endsWith(" /chat unix:]"), name);
            Await.until("the failure is logged", () -> log.lines(Level.WARNING).stream()
                    .anyMatch(line -> line.contains("unix:, /chat")));
            String message = assertThrows(IllegalStateException.class, server::port).getMessage();
            assertEquals("the server has no port: it listens on unix:" + address(), message);
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("weft-acceptor-weft.sock")));
        }
    }

    @Test
    void tcpAndUnixAreServedByOneServer() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().listen(address()).listen("127.0.0.1", 0).start()) {
            assertEquals(server.addresses().get(1), server.address());
            try (RawPeer peer = RawPeer.open(server)) {
                assertEquals("8105 48656c6c6f", peer.bytes(textFrame("Hello")).readFrame());
            }
            assertServes(server, 5);
        }
    }

    // The file

    @Test
    void fileMustBePrivateAndRemovedWithTheServer() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().listen(address()).start()) {
            assertEquals(List.of(address()), server.addresses());
            assertEquals("rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(address().getPath())));
        }
        assertFalse(Files.exists(address().getPath()));
    }

    @Test
    void permissionsAreASetting() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().listen(address())
                .socketPermissions(PosixFilePermissions.fromString("rw-rw-r--")).start()) {
            assertEquals(List.of(address()), server.addresses());
            assertEquals("rw-rw-r--",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(address().getPath())));
        }
    }

    /** Leaves its socket file in place, like a process that is killed. */
    private void leaveStaleSocket() throws IOException {
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(address());
        }
        assertThrows(ConnectException.class, () -> SocketChannel.open(address()));
    }

    @Test
    void staleSocketIsReplaced() throws Exception {
        leaveStaleSocket();
        try (WebSocketServer server = Handlers.echoServer().listen(address()).start()) {
            assertServes(server, 5);
        }
    }

    private String refusal() {
        return assertThrows(BindException.class, () -> Handlers.echoServer().listen(address()).start()).getMessage();
    }

    @Test
    void socketInUseIsKept() throws Exception {
        try (WebSocketServer server = Handlers.echoServer().listen(address()).start()) {
            assertEquals("cannot listen on unix:" + address() + ": Address already in use", refusal());
            assertServes(server, 5);
        }
    }

    @Test
    void fileThatIsNoSocketIsKept() throws IOException {
        Path file = Files.writeString(address().getPath(), "precious");
        assertEquals("cannot listen on unix:" + address() + ": the file exists and is not a socket", refusal());
        assertEquals("precious", Files.readString(file));
        Files.delete(file);
        Files.createSymbolicLink(file, Files.writeString(folder.resolve("other"), "precious"));
        assertEquals("cannot listen on unix:" + address() + ": the file exists and is not a socket", refusal());
        assertTrue(Files.isSymbolicLink(file));
    }

    @Test
    void fileOfAnotherServerIsKept() throws Exception {
        WebSocketServer first = Handlers.echoServer().listen(address()).start();
        Files.delete(address().getPath());
        try (WebSocketServer second = Handlers.echoServer().listen(address()).start()) {
            first.close();
            assertServes(second, 5);
        }
        assertFalse(Files.exists(address().getPath()));
    }

    @Test
    void noFileIsLeftIfAnotherAddressFails() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThrows(BindException.class, () -> Handlers.echoServer().listen(address())
                    .listen("127.0.0.1", other.getLocalPort()).start());
            assertFalse(Files.exists(address().getPath()));
        }
    }

    @Test
    void pathThatIsTooLongIsNamed() {
        Path path = folder.resolve("x".repeat(200));
        String message = assertThrows(IOException.class,
                () -> Handlers.echoServer().listen(UnixDomainSocketAddress.of(path)).start()).getMessage();
        assertTrue(message.startsWith("cannot listen on unix:" + folder), message);
    }

    @Test
    void deadlinesHold() throws Exception {
        for (TransportKind transport : Arrays.asList(TransportKind.PARKING, TransportKind.BLOCKING)) {
            Duration little = Duration.ofMillis(50);
            try (WebSocketServer server = Handlers.echoServer().transport(transport).listen(address())
                    .pingInterval(little).pongTimeout(little).start();
                    SocketChannel peer = SocketChannel.open(address())) {
                Client.write(peer, RawPeer.request().getBytes(ISO_8859_1));
                assertEquals("HTTP/1.1 101", ISO_8859_1.decode(Client.read(peer, 12)).toString());
                // It never answers a ping.
                Await.until("the silent peer is given up", () -> server.connectionCount() == 0);
            }
        }
    }
}
