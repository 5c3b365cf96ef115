package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Accepting fails, and goes on. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AcceptorTest {
    private final LogCapture log = new LogCapture();
    private final BlockingQueue<SocketChannel> admitted = new ArrayBlockingQueue<>(10);
    /** What accepting throws, one after another; afterwards it succeeds as often as there are permits. */
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Semaphore connections = new Semaphore(0);
    private final CountDownLatch closed = new CountDownLatch(1);
    private SocketChannel channel;
    private Acceptor acceptor;

    @BeforeEach
    void open() throws IOException {
        channel = SocketChannel.open();
    }

    @AfterEach
    void stop() throws IOException {
        acceptor.stop();
        closed.countDown();
        connections.release();
        channel.close();
        Await.until("the acceptor's thread ended",
                () -> Thread.getAllStackTraces().keySet().stream().noneMatch(t -> t.getName().equals("acceptor-test")));
        log.close();
    }

    private void start(Consumer<SocketChannel> admission) {
        acceptor = new Acceptor("acceptor-test", this::accept, admission, System.getLogger("dev.weft.server"));
        acceptor.start();
    }

    private SocketChannel accept() throws IOException {
        Throwable failure = failures.poll();
        if (failure != null) {
            AcceptorTest.<RuntimeException>sneak(failure);
        }
        connections.acquireUninterruptibly();
        if (closed.getCount() == 0) {
            throw new ClosedChannelException();
        }
        return channel;
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private void assertAdmitted() throws InterruptedException {
        connections.release();
        assertEquals(channel, admitted.poll(10, TimeUnit.SECONDS));
    }

    @Test
    void failuresAreLoggedAndWaitedOutLongerAndLonger() throws InterruptedException {
        for (int i = 0; i < 4; i++) {
            failures.add(new IOException("Too many open files"));
        }
        long start = System.nanoTime();
        start(admitted::add);
        assertAdmitted();
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(10 + 20 + 40 + 80));
        String why = " ms: java.io.IOException: Too many open files";
        String line = "cannot accept connections, trying again in ";
        assertEquals(List.of(line + 10 + why, line + 20 + why, line + 40 + why, line + 80 + why),
                log.lines(Level.WARNING));
    }

    @Test
    void successEndsTheBackingOff() throws InterruptedException {
        failures.add(new IOException("first"));
        failures.add(new IOException("second"));
        start(admitted::add);
        assertAdmitted();
        assertEquals(2, log.lines(Level.WARNING).size());
        failures.add(new IOException("third"));
        // One more is accepted by the call that waits, the failure is the next call's.
        assertAdmitted();
        assertAdmitted();
        String last = log.lines(Level.WARNING).getLast();
        assertEquals("cannot accept connections, trying again in 10 ms: java.io.IOException: third", last);
    }

    @Test
    void noFailureEndsTheAcceptor() throws InterruptedException {
        // Without descriptors the JVM cannot load classes either.
        List<Throwable> all = List.of(new IOException(), new IllegalStateException(), new OutOfMemoryError("test"),
                new NoClassDefFoundError("test"), new StackOverflowError());
        failures.addAll(all);
        start(admitted::add);
        assertAdmitted();
        assertEquals(all.size(), log.lines(Level.WARNING).size());
    }

    @Test
    void failureToTakeAConnectionDoesNotEndTheAcceptor() throws InterruptedException {
        Semaphore calls = new Semaphore(0);
        start(accepted -> {
            calls.release();
            if (calls.availablePermits() == 1) {
                throw new OutOfMemoryError("unable to create a thread");
            }
            admitted.add(accepted);
        });
        connections.release();
        assertAdmitted();
    }

    @Test
    void stopIsNoFailure() throws InterruptedException {
        start(admitted::add);
        assertAdmitted();
        acceptor.stop();
        closed.countDown();
        connections.release();
        Await.until("the acceptor's thread ended",
                () -> Thread.getAllStackTraces().keySet().stream().noneMatch(t -> t.getName().equals("acceptor-test")));
        assertEquals(List.of(), log.lines(Level.WARNING));
    }
}
