package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The addresses at which a server listens, and its messages if it cannot. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ListenTest {
    private static final String HELLO = "8105 48656c6c6f";

    private static BindException failure(String host, int port) {
        return assertThrows(BindException.class, () -> Handlers.echoServer().host(host).port(port).start());
    }

    @Test
    void portInUseMustBeNamed() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            BindException thrown = failure("127.0.0.1", other.getLocalPort());
            assertEquals("cannot listen on 127.0.0.1:" + other.getLocalPort() + ": Address already in use",
                    thrown.getMessage());
            assertEquals("Address already in use", thrown.getCause().getMessage());
        }
    }

    @Test
    void addressOfAnotherMachineMustBeNamed() {
        // RFC 5737: for documentation, nobody's.
        String message = failure("192.0.2.1", 9001).getMessage();
        assertTrue(message.startsWith("cannot listen on 192.0.2.1:9001: "), message);
    }

    @Test
    void unknownHostMustBeNamed() {
        UnknownHostException thrown = assertThrows(UnknownHostException.class,
                () -> Handlers.echoServer().host("weft.invalid").port(1).start());
        assertEquals("cannot listen on weft.invalid:1: unknown host weft.invalid", thrown.getMessage());
    }

    private static void assertServes(SocketAddress address) throws IOException {
        InetSocketAddress internet = (InetSocketAddress) address;
        try (RawPeer peer = RawPeer.connect(internet).upgraded()) {
            assertEquals(HELLO, peer.bytes(textFrame("Hello")).readFrame());
        }
    }

    @Test
    void serverListensAtEveryAddress() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().listen("127.0.0.1", 0).listen("::1", 0)
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).start()) {
            assertEquals(3, server.addresses().size());
            assertEquals(server.addresses().get(0), server.address());
            assertEquals(server.address().getPort(), server.port());
            for (SocketAddress address : server.addresses()) {
                assertServes(address);
            }
            assertEquals(3, server.addresses().stream().distinct().count());
            assertEquals(ServerHealth.Status.HEALTHY, server.health().status());
        }
    }

    @Test
    void localAddressMustBeThatOfTheListener() throws Exception {
        var seen = new java.util.concurrent.LinkedBlockingQueue<SocketAddress>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> seen.add(ws.localAddress()))
                .listen("127.0.0.1", 0).listen("::1", 0).start()) {
            for (SocketAddress address : server.addresses()) {
                RawPeer.connect((InetSocketAddress) address).upgraded().close();
                assertEquals(address, seen.poll(10, TimeUnit.SECONDS));
            }
        }
    }

    @Test
    void lastOfPortAndListenMustApply() {
        WebSocketServerBuilder builder = Handlers.echoServer().port(1).listen("a", 2).listen("b", 3);
        assertEquals(List.of(InetSocketAddress.createUnresolved("a", 2), InetSocketAddress.createUnresolved("b", 3)),
                builder.build().addresses());
        assertEquals(List.of(InetSocketAddress.createUnresolved("127.0.0.1", 4)),
                builder.build().toBuilder().port(4).build().addresses());
        assertThrows(IllegalArgumentException.class, () -> builder.listen(new SocketAddress() {}));
        assertThrows(IllegalArgumentException.class, () -> builder.listen("a", 65_536));
    }

    @Test
    void nothingStaysOpenIfOneAddressFails() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            int free;
            try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
                free = probe.getLocalPort();
            }
            String message = assertThrows(BindException.class, () -> Handlers.echoServer().listen("127.0.0.1", free)
                    .listen("127.0.0.1", other.getLocalPort()).start()).getMessage();
            assertTrue(message.startsWith("cannot listen on 127.0.0.1:" + other.getLocalPort() + ": "), message);
            // It would be in use otherwise.
            new ServerSocket(free, 1, InetAddress.getByName("127.0.0.1")).close();
        }
    }

    @Test
    void closeEndsAllListeners() throws IOException {
        WebSocketServer server = Handlers.echoServer().listen("127.0.0.1", 0).listen("127.0.0.1", 0).start();
        server.close();
        for (SocketAddress address : server.addresses()) {
            assertThrows(SocketException.class, () -> RawPeer.connect((InetSocketAddress) address));
        }
    }

    // SO_REUSEPORT

    @Test
    void missingSupportForReusePortIsNamed() throws IOException {
        // Unix domain sockets never support it.
        try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            String message = assertThrows(SocketException.class, () -> Listener.reusePort(channel, "cannot: "))
                    .getMessage();
            assertEquals("cannot: reusePort is set, but this system does not support SO_REUSEPORT", message);
        }
    }

    /** Prints its port, and serves until its input ends; says to each connection which process it is. */
    static final class Sharer {
        private Sharer() {}

        public static void main(String[] arguments) throws Exception {
            TestProcess.endWithInput();
            try (WebSocketServer server = WebSocketServer.builder().port(Integer.parseInt(arguments[0])).reusePort(true)
                    .handler(ws -> {
                        ws.send(arguments[1]);
                        ws.receive();
                    }).start()) {
                System.out.println(server.port());
                server.awaitTermination();
            }
        }
    }

    private static TestProcess sharer(int port, String name) throws IOException {
        return TestProcess
                .start(new ProcessBuilder(TestProcess.java(List.of(), Sharer.class, String.valueOf(port), name))
                        .redirectError(ProcessBuilder.Redirect.INHERIT), Duration.ofSeconds(50));
    }

    private static int portOf(TestProcess process) throws IOException {
        BufferedReader reader = process.process().inputReader();
        return Integer.parseInt(reader.readLine());
    }

    @Test
    void processesShareAPort() throws IOException {
        try (TestProcess first = sharer(0, "a")) {
            int port = portOf(first);
            try (TestProcess second = sharer(port, "b")) {
                assertEquals(port, portOf(second));
                int ofFirst = 0;
                int ofSecond = 0;
                for (int i = 0; i < 100; i++) {
                    try (RawPeer peer = RawPeer.connect(port).upgraded()) {
                        switch (peer.readFrame()) {
                            case "8101 61" -> ofFirst++;
                            case "8101 62" -> ofSecond++;
                            default -> throw new AssertionError();
                        }
                    }
                }
                // The chance that one serves none of them is 2 to the power of -99.
                assertNotEquals(0, ofFirst);
                assertNotEquals(0, ofSecond);
            }
        }
    }

    @Test
    void portIsNotSharedWithoutReusePort() throws IOException {
        try (WebSocketServer server = Handlers.echoServer().reusePort(true).start()) {
            assertThrows(BindException.class, () -> Handlers.echoServer().port(server.port()).start());
        }
    }
}
