package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sockets and threads that share a loop. */
@Timeout(60)
class LoopSharingTest {
    private static final int ROUND_TRIPS = 200;
    /** For each of which the loop is taken over. */
    private static final int SLOW_ROUND_TRIPS = 40;

    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean over;

    /** A connection that echoes this often, over loops where other threads do this again and again. */
    private void echoWhile(int roundTrips, int loopCount, Runnable behaviour) throws Exception {
        Failures.Reporter reporter = (what, count, latest) -> failures.add(latest);
        try (LoopTransportFactory looping = SharedLoops.open("loop-sharing-test", loopCount, false, reporter);
                ServerSocketChannel listener = ServerSocketChannel.open()
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel peer = SocketChannel.open(listener.getLocalAddress())) {
            Transport transport = looping.over(listener.accept());
            for (int i = 0; i < 10; i++) {
                threads.add(looping.threadBuilder().start(() -> {
                    while (!over) {
                        behaviour.run();
                    }
                }));
            }
            threads.add(transport.threadBuilder().start(() -> echo(transport)));
            for (int i = 0; i < roundTrips; i++) {
                assertEquals(i, roundTrip(peer, i));
            }
            over = true;
            transport.close();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertEquals(List.of(), List.copyOf(failures));
    }

    private void echo(Transport transport) {
        ByteBuffer buffer = ByteBuffer.allocate(100);
        try {
            while (transport.read(buffer.clear()) >= 0) {
                transport.write(buffer.flip());
            }
        } catch (IOException e) {
            if (!over) {
                failures.add(e);
            }
        }
    }

    private static int roundTrip(SocketChannel peer, int value) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(4).putInt(value).flip();
        peer.write(buffer);
        buffer.clear();
        while (buffer.hasRemaining()) {
            peer.read(buffer);
        }
        return buffer.flip().getInt();
    }

    /** They are ready all the time, so the loop never waits. */
    @Test
    void yieldingThreadsMustNotStarveSockets() throws Exception {
        echoWhile(ROUND_TRIPS, 1, Thread::yield);
    }

    @Test
    void timedWaitsMustNotDisturbSockets() throws Exception {
        echoWhile(ROUND_TRIPS, 2, () -> LockSupport.parkNanos(10_000));
    }

    /** The loop is taken over, with its selector, again and again. */
    @Test
    void computingThreadsMustNotStarveSockets() throws Exception {
        echoWhile(SLOW_ROUND_TRIPS, 2, () -> {
            for (long end = System.nanoTime() + 20_000_000; System.nanoTime() - end < 0;) {
                Thread.onSpinWait();
            }
            LockSupport.parkNanos(10_000_000);
        });
    }
}
