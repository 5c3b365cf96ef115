package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.TestProcess;
import dev.weft.server.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that a ring accepts. The test drives the ring itself. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SAME_THREAD) // Linux cancels the requests of a thread that ends
class AcceptedChannelTest {
    private static final long ACCEPT = 1;
    private static final long RESET = 2;

    private Ring ring;
    private ServerSocketChannel listener;
    private SocketChannel client;
    private SocketChannel accepted;

    @BeforeEach
    void open() throws IOException {
        assumeTrue(Rings.obstacle().isEmpty());
        ring = Rings.open(8, 16, 2, 64);
        listen("127.0.0.1", "127.0.0.1");
    }

    private void listen(String address, String connectTo) throws IOException {
        close(listener, client, accepted);
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(address, 0));
        listener.configureBlocking(false);
        InetSocketAddress bound = (InetSocketAddress) listener.getLocalAddress();
        ring.accept(Descriptors.of(listener), ACCEPT);
        ring.enter(0);
        client = SocketChannel.open(new InetSocketAddress(connectTo, bound.getPort()));
        accepted = ring.channel(next(), bound);
        assertFalse(ring.isLast());
    }

    private int next() throws IOException {
        while (!ring.next()) {
            ring.enter(1);
        }
        assertEquals(ACCEPT, ring.userData());
        assertTrue(ring.result() >= 0, () -> "error " + ring.result());
        return ring.result();
    }

    @AfterEach
    void end() throws IOException {
        close(client, accepted, listener);
        if (ring != null) {
            ring.cancel(ACCEPT);
            ring.enter(0);
            ring.abandon();
        }
    }

    private static void close(AutoCloseable... all) throws IOException {
        for (AutoCloseable each : all) {
            if (each != null) {
                try {
                    each.close();
                } catch (Exception e) {
                    throw new IOException(e);
                }
            }
        }
    }

    private void clientSends(String text) throws IOException {
        client.write(ByteBuffer.wrap(text.getBytes()));
        until("it has arrived", () -> ((OwnChannel) accepted).haveArrived());
    }

    private static void until(String what, Callable<Boolean> condition) {
        Await.until(what, () -> {
            try {
                return condition.call();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    private static String text(ByteBuffer buffer) {
        return new String(buffer.array(), 0, buffer.position());
    }

    @Test
    void requestMustAcceptOneConnectionAfterTheOther() throws IOException {
        InetSocketAddress address = (InetSocketAddress) listener.getLocalAddress();
        for (int i = 0; i < 20; i++) {
            try (SocketChannel other = SocketChannel.open(address);
                    SocketChannel channel = ring.channel(next(), address)) {
                assertEquals(other.getLocalAddress(), channel.getRemoteAddress());
                assertFalse(ring.isLast());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "0.0.0.0", "::", "::1"})
    void addressesMustBeThoseOfBothEnds(String address) throws IOException {
        assumeTrue(!address.startsWith("::") || hasIpv6());
        listen(address, address.equals("::1") ? "::1" : "127.0.0.1");
        assertEquals(client.getLocalAddress(), accepted.getRemoteAddress());
        assertEquals(client.getRemoteAddress(), accepted.getLocalAddress());
        accepted.close();
        assertEquals(client.getLocalAddress(), accepted.getRemoteAddress(), "also after the end");
    }

    /** Otherwise the JDK's sockets are of IPv6, also for addresses of IPv4. */
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "0.0.0.0"})
    void addressesMustBeThoseOfBothEndsWithoutIpv6(String address) throws Exception {
        List<String> options = new ArrayList<>(TestProcess.loopOptions());
        options.addAll(List.of("-Ddev.weft.engine=io_uring", "-Djava.net.preferIPv4Stack=true"));
        ProcessBuilder builder = new ProcessBuilder(TestProcess.java(options, Inet4Addresses.class, address))
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        try (TestProcess started = TestProcess.start(builder, Duration.ofSeconds(25))) {
            List<String> lines = started.process().inputReader().lines().toList();
            assertEquals(2, lines.size());
            assertTrue(lines.getFirst().startsWith("[/127.0.0.1:"), lines::toString);
            assertEquals(lines.getLast(), lines.getFirst());
        }
    }

    private static boolean hasIpv6() {
        try (ServerSocketChannel probe = ServerSocketChannel.open()) {
            probe.bind(new InetSocketAddress(InetAddress.getByName("::1"), 0));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void bytesMustPassInBothDirections() throws IOException {
        ByteBuffer target = ByteBuffer.allocate(8);
        assertEquals(0, accepted.read(target), "nothing has arrived");
        assertFalse(((OwnChannel) accepted).haveArrived());
        clientSends("abcdefghij");
        assertEquals(0, accepted.read(ByteBuffer.allocate(0)));
        target.position(2);
        assertEquals(6, accepted.read(target));
        assertEquals("\0\0abcdef", text(target));
        ByteBuffer direct = ByteBuffer.allocateDirect(3);
        ByteBuffer last = ByteBuffer.allocate(10);
        assertEquals(4, accepted.read(new ByteBuffer[]{direct, last}));
        assertEquals("j", text(last));
        assertEquals('i', direct.get(2));

        ByteBuffer first = ByteBuffer.wrap("-one".getBytes()).position(1);
        assertEquals(6, accepted.write(new ByteBuffer[]{first, ByteBuffer.wrap("two".getBytes())}));
        assertFalse(first.hasRemaining());
        ByteBuffer received = ByteBuffer.allocate(6);
        while (received.hasRemaining()) {
            client.read(received);
        }
        assertEquals("onetwo", text(received));
    }

    /** A call has a limit, and takes what the system takes. */
    @Test
    void largeBuffersMustPassInPieces() throws Exception {
        byte[] bytes = new byte[3 << 20];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31 >> 3);
        }
        CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> {
            ByteBuffer all = ByteBuffer.allocate(bytes.length);
            try {
                while (all.hasRemaining() && client.read(all) >= 0) {
                    // Reads on.
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            return all.array();
        });
        ByteBuffer source = ByteBuffer.wrap(bytes);
        while (source.hasRemaining()) {
            accepted.write(source);
        }
        assertArrayEquals(bytes, received.get());
    }

    @Test
    void endOfTheBytesMustBeReported() throws IOException {
        clientSends("a");
        client.shutdownOutput();
        ByteBuffer target = ByteBuffer.allocate(8);
        assertEquals(1, accepted.read(target));
        until("the end has arrived", () -> accepted.read(target) == -1);
        assertFalse(((OwnChannel) accepted).haveArrived());
        accepted.shutdownOutput();
        assertEquals(-1, client.read(ByteBuffer.allocate(1)));
    }

    @Test
    void optionsMustApply() throws IOException {
        assertTrue(accepted.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY));
        accepted.setOption(StandardSocketOptions.TCP_NODELAY, true).setOption(StandardSocketOptions.SO_KEEPALIVE, true)
                .setOption(StandardSocketOptions.SO_SNDBUF, 10_000).setOption(StandardSocketOptions.SO_RCVBUF, 10_000)
                .setOption(StandardSocketOptions.SO_LINGER, -1);
        assertTrue(accepted.getOption(StandardSocketOptions.TCP_NODELAY));
        assertTrue(accepted.getOption(StandardSocketOptions.SO_KEEPALIVE));
        assertFalse(accepted.setOption(StandardSocketOptions.SO_KEEPALIVE, false)
                .getOption(StandardSocketOptions.SO_KEEPALIVE));
        assertEquals(20_000, accepted.getOption(StandardSocketOptions.SO_SNDBUF), "Linux doubles it");
        assertEquals(-1, accepted.getOption(StandardSocketOptions.SO_LINGER));
        assertEquals(7, accepted.setOption(StandardSocketOptions.SO_LINGER, 7)
                .getOption(StandardSocketOptions.SO_LINGER));
        assertThrows(UnsupportedOperationException.class,
                () -> accepted.getOption(StandardSocketOptions.SO_REUSEADDR));
        assertThrows(UnsupportedOperationException.class,
                () -> accepted.setOption(StandardSocketOptions.SO_REUSEADDR, true));
        accepted.setOption(StandardSocketOptions.SO_LINGER, 0).close();
        assertThrows(SocketException.class, () -> client.read(ByteBuffer.allocate(1)), "it is reset");
    }

    @Test
    void resetMustBeReported() throws IOException {
        client.setOption(StandardSocketOptions.SO_LINGER, 0).close();
        until("the reset has arrived", () -> {
            try {
                return accepted.read(ByteBuffer.allocate(1)) != 0;
            } catch (SocketException e) {
                assertEquals("Connection reset", e.getMessage());
                return true;
            }
        });
        assertThrows(SocketException.class, accepted::shutdownOutput);
    }

    /** The number of the descriptor soon belongs to another connection. */
    @Test
    void nothingMustBeDoneAfterTheClose() throws IOException {
        accepted.close();
        accepted.close();
        assertFalse(accepted.isOpen());
        assertEquals(-1, client.read(ByteBuffer.allocate(1)));
        assertThrows(ClosedChannelException.class, () -> accepted.read(ByteBuffer.allocate(1)));
        assertThrows(ClosedChannelException.class, () -> accepted.write(ByteBuffer.allocate(1)));
        assertThrows(ClosedChannelException.class, accepted::shutdownOutput);
        assertThrows(ClosedChannelException.class, ((OwnChannel) accepted)::haveArrived);
        assertThrows(ClosedChannelException.class, () -> accepted.setOption(StandardSocketOptions.TCP_NODELAY, true));
    }

    @Test
    void connectionThatWasResetMustBeRefused() throws IOException {
        InetSocketAddress address = (InetSocketAddress) listener.getLocalAddress();
        SocketChannel other = SocketChannel.open(address);
        int descriptor = next();
        other.setOption(StandardSocketOptions.SO_LINGER, 0).close();
        assertThrows(SocketException.class, () -> ring.channel(descriptor, address));
    }

    /** The system tells of a reset only once. */
    @Test
    void lookForBytesMustNotHideAReset() throws IOException {
        client.setOption(StandardSocketOptions.SO_LINGER, 0);
        client.close();
        ring.pollReadable(Descriptors.of(accepted), RESET);
        do {
            ring.enter(1);
        } while (!ring.next());
        assertEquals(RESET, ring.userData());
        assertFalse(((OwnChannel) accepted).haveArrived());
        assertThrows(SocketException.class, () -> accepted.read(ByteBuffer.allocate(10)));
    }
}
