package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.internal.loop.LoopThread;
import dev.weft.internal.time.TimeLimit;
import dev.weft.server.Await;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** On a loop, where bytes are received and sent by direct calls, if this JVM can make them. */
@Timeout(60)
class NonBlockingTransportTest {
    private final List<Throwable> failures = new ArrayList<>();
    private ServerSocketChannel listener;
    private LoopTransportFactory looping;
    private final List<SocketChannel> others = new ArrayList<>();
    private SocketChannel peer;
    private SocketChannel channel;
    private Transport transport;

    @BeforeEach
    void connect() throws IOException {
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        looping = SharedLoops.open("loops-under-test", 1, false, (what, count, latest) -> failures.add(latest));
        peer = SocketChannel.open(listener.getLocalAddress());
        channel = listener.accept();
        transport = looping.over(channel);
    }

    @AfterEach
    void close() throws IOException {
        transport.close();
        peer.close();
        for (SocketChannel other : others) {
            other.close();
        }
        looping.close();
        listener.close();
        assertEquals(List.of(), failures);
    }

    /** Returns what code on a thread of the connection has returned, or throws what it has thrown. */
    private <T> T onLoop(Callable<T> code) {
        FutureTask<T> task = new FutureTask<>(code);
        transport.threadBuilder().start(task);
        try {
            return task.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw NonBlockingTransportTest.<RuntimeException>unchecked(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T unchecked(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private static void assumeDirectCalls() {
        assumeTrue(System.getProperty("os.name").equals("Linux") && Runtime.version().feature() >= 22);
        assertEquals(Optional.empty(), Descriptors.obstacle());
        assertTrue(DirectCalls.areReady());
    }

    private int receive(int from, byte[] target) {
        int descriptor = Descriptors.of(channel);
        return onLoop(() -> SocketCalls.receive(descriptor, target, from, target.length - from));
    }

    private int send(byte[] source) {
        int descriptor = Descriptors.of(channel);
        return onLoop(() -> SocketCalls.send(descriptor, source, 0, source.length, false));
    }

    private void awaitBytes() {
        Await.until("bytes", () -> transport.hasUnread());
    }

    @Test
    void directCallsMustReturnWhatTheSystemSays() throws Exception {
        assumeDirectCalls();
        byte[] target = new byte[8];
        assertEquals(SocketErrors.EAGAIN, receive(0, target));
        peer.write(ByteBuffer.wrap(new byte[]{1, 2, 3}));
        awaitBytes();
        assertEquals(3, receive(2, target));
        assertArrayEquals(new byte[]{0, 0, 1, 2, 3, 0, 0, 0}, target);
        assertEquals(2, send(new byte[]{4, 5}));
        ByteBuffer sent = ByteBuffer.allocate(2);
        while (sent.hasRemaining()) {
            peer.read(sent);
        }
        assertEquals(ByteBuffer.wrap(new byte[]{4, 5}), sent.flip());
        peer.shutdownOutput();
        Await.until("the end of the bytes", () -> receive(0, target) == 0);
    }

    @Test
    void directCallsMustReturnErrors() throws Exception {
        assumeDirectCalls();
        byte[] bytes = new byte[8];
        peer.setOption(StandardSocketOptions.SO_LINGER, 0);
        peer.close();
        Await.until("the reset", () -> receive(0, bytes) == SocketErrors.ECONNRESET);
        assertEquals(SocketErrors.EPIPE, send(bytes));
    }

    /** Otherwise, each call would have to fetch memory that no cache of the processor has. */
    @Test
    void directCallsMustNotAllocateForArraysThatTheyHaveSeen() {
        assumeDirectCalls();
        assumeTrue(ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean);
        int calls = 100_000;
        byte[][] arrays = {new byte[10], new byte[10], new byte[1 << 15]};
        int descriptor = Descriptors.of(channel);
        // Only code that is compiled to the end allocates nothing, which may take a while on a busy machine.
        Await.until("calls that allocate nothing", () -> onLoop(() -> {
            long before = allocatedByLoop();
            callOften(calls, descriptor, arrays);
            return allocatedByLoop() - before < calls;
        }));
    }

    private static void callOften(int calls, int descriptor, byte[][] arrays) {
        for (int i = 0; i < calls; i++) {
            byte[] array = arrays[i % arrays.length];
            assertEquals(SocketErrors.EAGAIN, SocketCalls.receive(descriptor, array, 0, array.length));
        }
    }

    private static long allocatedByLoop() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getThreadAllocatedBytes(LoopThread.current().threadId());
    }

    @Test
    void directCallsMustNotBeMadeOutsideOfLoops() {
        assumeDirectCalls();
        int descriptor = Descriptors.of(channel);
        assertEquals(SocketCalls.NOT_HERE, SocketCalls.receive(descriptor, new byte[1], 0, 1));
        assertEquals(SocketCalls.NOT_HERE, SocketCalls.send(descriptor, new byte[1], 0, 1, false));
    }

    @Test
    void resetMustBeReportedAgainAndAgain() throws Exception {
        peer.setOption(StandardSocketOptions.SO_LINGER, 0);
        peer.close();
        for (int i = 0; i < 3; i++) {
            assertThrows(SocketException.class, () -> onLoop(() -> transport.read(ByteBuffer.allocate(8))));
        }
    }

    @Test
    void nothingMustBeReadIntoFullBuffer() throws Exception {
        peer.write(ByteBuffer.wrap(new byte[]{1}));
        awaitBytes();
        assertEquals(0, onLoop(() -> transport.readNow(ByteBuffer.allocate(0))));
    }

    /** The buffers are parts of larger arrays, and longer than the system takes at once. */
    @Test
    void twoBuffersMustBeSentInOrder() throws Exception {
        byte[] array = new byte[8 << 20];
        new Random(1).nextBytes(array);
        FutureTask<byte[]> received = new FutureTask<>(
                () -> Channels.newInputStream(peer).readNBytes(array.length - 7));
        Thread.ofVirtual().start(received);
        onLoop(() -> {
            transport.write(ByteBuffer.wrap(array, 3, 300_000).slice(),
                    ByteBuffer.wrap(array, 300_003, array.length - 300_007));
            return null;
        });
        byte[] bytes = new byte[array.length - 7];
        byte[] expected = Arrays.copyOfRange(array, 3, array.length - 4);
        System.arraycopy(received.get(30, TimeUnit.SECONDS), 0, bytes, 0, bytes.length);
        assertArrayEquals(expected, bytes);
    }

    /** Otherwise, the head of each large message would be a packet of its own. */
    @Test
    void twoBuffersMustBeOneWriteOutsideOfLoops() throws Exception {
        transport.writeNow(ByteBuffer.allocate(8), ByteBuffer.allocate(1000));
        assertEquals(1008, peer.read(ByteBuffer.allocate(2000)));
    }

    /** The number of the descriptor soon belongs to another socket, whose bytes must not be read. */
    @Test
    void channelThatIsClosedElsewhereMustNotBeUsedByItsDescriptor() throws Exception {
        assumeFalse(looping.description().contains("io_uring"), "a ring needs the descriptor in any case");
        transport.keepToChannel();
        channel.close();
        looping.over(connection()).close(); // so that the selector releases descriptors
        for (int i = 0; i < 20; i++) {
            others.add(connection());
        }
        assertThrows(ClosedChannelException.class, () -> onLoop(() -> transport.readNow(ByteBuffer.allocate(8))));
        assertThrows(ClosedChannelException.class, () -> onLoop(() -> {
            transport.writeNow(ByteBuffer.wrap(new byte[8]));
            return null;
        }));
    }

    /** A connection over which the peer has sent something. */
    private SocketChannel connection() throws IOException {
        SocketChannel other = SocketChannel.open(listener.getLocalAddress());
        others.add(other);
        other.write(ByteBuffer.wrap(new byte[8]));
        return listener.accept();
    }

    @Test
    void closedTransportMustNotBeRead() throws Exception {
        peer.write(ByteBuffer.wrap(new byte[]{1}));
        awaitBytes();
        transport.close();
        assertThrows(IOException.class, () -> onLoop(() -> transport.read(ByteBuffer.allocate(8), TimeLimit.NONE)));
    }
}
