package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The acceptor continues after a failure to accept. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AcceptorTest {
    private final BlockingQueue<SocketChannel> admitted = new ArrayBlockingQueue<>(10);
    /** The exceptions that accepting throws, one after another; afterwards it succeeds once for each permit. */
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Semaphore connections = new Semaphore(0);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<String> reports = new CopyOnWriteArrayList<>();
    private final Failures failuresOfAcceptor = new Failures("acceptor-test",
            (what, count, latest) -> reports.add(count + " " + latest));
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
    }

    private void start(Consumer<SocketChannel> admission) throws IOException {
        acceptor = new Acceptor(this::accept, admission, failuresOfAcceptor);
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

    private void assertAdmitted() throws Exception {
        connections.release();
        assertEquals(channel, admitted.poll(10, TimeUnit.SECONDS));
    }

    @Test
    void failuresMustBeReportedAndBackedOff() throws Exception {
        for (int i = 0; i < 4; i++) {
            failures.add(new IOException("Too many open files"));
        }
        long start = System.nanoTime();
        start(admitted::add);
        assertAdmitted();
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(10 + 20 + 40 + 80));
        assertEquals(4, failuresOfAcceptor.count());
        assertEquals(List.of("1 java.io.IOException: Too many open files"), reports);
    }

    @Test
    void successEndsTheBackingOff() throws Exception {
        failures.add(new IOException("first"));
        failures.add(new IOException("second"));
        start(admitted::add);
        assertAdmitted();
        assertEquals(2, failuresOfAcceptor.count());
        // The connection is admitted just before the thread is done with it.
        Await.until("the success is noted", () -> !acceptor.thread().isFailing());
    }

    @Test
    void noFailureEndsTheAcceptor() throws Exception {
        // Without descriptors the JVM cannot load classes either.
        List<Throwable> all = List.of(new IOException(), new IllegalStateException(), new OutOfMemoryError("test"),
                new NoClassDefFoundError("test"), new StackOverflowError());
        failures.addAll(all);
        start(admitted::add);
        assertAdmitted();
        assertEquals(all.size(), failuresOfAcceptor.count());
    }

    @Test
    void failureToAcceptMustNotEndTheAcceptor() throws Exception {
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
    void stopIsNoFailure() throws Exception {
        start(admitted::add);
        assertAdmitted();
        acceptor.stop();
        closed.countDown();
        connections.release();
        Await.until("the acceptor's thread ended",
                () -> Thread.getAllStackTraces().keySet().stream().noneMatch(t -> t.getName().equals("acceptor-test")));
        assertEquals(0, failuresOfAcceptor.count());
    }
}
