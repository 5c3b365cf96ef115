package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.TestProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** New connections next to others that keep the only carrier busy, in a JVM with one carrier. */
@Timeout(60)
class StartingTest {
    private static final int PAIRS = 8;
    private static final int STARTS = 20;
    private static final long PATIENCE_MILLIS = 5000;
    private static final Duration LIMIT = Duration.ofSeconds(50);

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void newThreadsMustGetTurnsAmongBusyOnes(boolean pinned) throws Exception {
        assumeTrue(pinned || !TransportFactory.selectPins(Runtime.version().feature()),
                "a poller that blocks in its selector holds the only carrier on this Java");
        List<String> command = TestProcess.java(List.of("-Djdk.virtualThreadScheduler.parallelism=1",
                "-Djdk.virtualThreadScheduler.maxPoolSize=1"), StartingTest.class, Boolean.toString(pinned));
        try (TestProcess started = TestProcess.start(new ProcessBuilder(command).redirectErrorStream(true), LIMIT)) {
            String output = new String(started.process().getInputStream().readAllBytes());
            assertEquals(0, started.process().waitFor(), output);
        }
    }

    /** Exits with 0 if every thread that was started ran in time, and with 1 if not. */
    public static void main(String[] args) throws Exception {
        TestProcess.endWithInput();
        Poller poller = new Poller("poller", Boolean.parseBoolean(args[0]));
        LongAdder rounds = new LongAdder();
        try (ServerSocketChannel listener = ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            for (int i = 0; i < PAIRS; i++) {
                SocketChannel one = SocketChannel.open(listener.getLocalAddress());
                converse(poller.register(one), true, rounds);
                converse(poller.register(listener.accept()), false, rounds);
            }
        }
        while (rounds.sum() < 1000) {
            Thread.onSpinWait();
        }
        List<Long> millis = new ArrayList<>();
        for (int i = 0; i < STARTS; i++) {
            CountDownLatch running = new CountDownLatch(1);
            Thread thread = Thread.ofVirtual().unstarted(running::countDown);
            long before = System.nanoTime();
            poller.start(thread::start);
            boolean inTime = running.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            millis.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - before));
            if (!inTime) {
                System.out.println(
                        "not started in time, after these numbers of ms: " + Arrays.toString(millis.toArray()));
                System.exit(1);
            }
        }
        System.exit(0);
    }

    /** Sends one byte to and fro for ever. */
    private static void converse(ParkingTransport transport, boolean begins, LongAdder rounds) {
        Thread.ofVirtual().start(() -> {
            ByteBuffer oneByte = ByteBuffer.allocate(1);
            try {
                if (begins) {
                    transport.write(oneByte);
                }
                while (transport.read(oneByte.clear()) > 0) {
                    rounds.increment();
                    transport.write(oneByte.flip());
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
