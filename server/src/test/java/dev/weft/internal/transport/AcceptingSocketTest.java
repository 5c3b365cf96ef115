package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.server.Await;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections that a loop accepts. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AcceptingSocketTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final List<SocketChannel> clients = new ArrayList<>();
    private final ConcurrentLinkedQueue<SocketChannel> admitted = new ConcurrentLinkedQueue<>();
    private final AtomicInteger helpWanted = new AtomicInteger();
    private ServerSocketChannel listener;
    private SocketAddress address;
    private LoopTransportFactory looping;
    private AcceptingSocket accepting;

    @BeforeEach
    void open() throws IOException {
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1000);
        address = listener.getLocalAddress();
        looping = SharedLoops.open("accepting-loop", 1, false, (what, count, latest) -> {});
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
        looping.close();
        for (SocketChannel client : clients) {
            client.close();
        }
        for (SocketChannel channel : admitted) {
            channel.close();
        }
    }

    private void start(Consumer<SocketChannel> admission) throws IOException {
        accepting = looping.accepting(listener, admission).orElseThrow();
        accepting.start(helpWanted::incrementAndGet);
    }

    private void connect() throws IOException {
        clients.add(SocketChannel.open(address));
    }

    @Test
    void connectionsMustBeAdmittedOnTheLoop() throws Exception {
        ConcurrentLinkedQueue<String> threads = new ConcurrentLinkedQueue<>();
        start(channel -> {
            threads.add(Thread.currentThread().getName());
            admitted.add(channel);
        });
        for (int i = 0; i < 100; i++) {
            connect();
        }
        Await.until("all are admitted", () -> admitted.size() == 100);
        assertTrue(threads.stream().allMatch(name -> name.startsWith("accepting-loop-")), threads::toString);
        assertEquals(0, helpWanted.get());
        assertFalse(accepting.help());
    }

    @Test
    void afterAFailureTheHelperMustAcceptUntilItSucceeds() throws Exception {
        IOException first = new IOException("Too many open files");
        OutOfMemoryError second = new OutOfMemoryError("test");
        List<Throwable> left = new ArrayList<>(List.of(first, second));
        start(channel -> {
            admitted.add(channel);
            if (!left.isEmpty()) {
                AcceptingSocketTest.<RuntimeException>sneakyThrow(left.remove(0));
            }
        });
        connect();
        Await.until("help is wanted", () -> helpWanted.get() == 1);
        connect();
        connect();
        assertEquals(first, nextFailure(), "what the turn threw");
        assertEquals(1, admitted.size(), "the loop does not accept meanwhile");
        assertEquals(second, nextFailure(), "what the helper's attempt threw");
        assertTrue(accepting.help());
        connect();
        Await.until("the loop accepts again", () -> admitted.size() == 4);
        assertTrue(helpWanted.get() == 1 || isRing() && helpWanted.get() == 2);
        assertFalse(accepting.help());
    }

    /** For example, there was no memory to tell the engine; but the engine was watching the socket all along. */
    @Test
    void turnThatIsDueMustDoWhatTheLastOneCouldNot() throws Exception {
        AtomicInteger failures = new AtomicInteger(1);
        SocketEngine engine = (SocketEngine) Proxy.newProxyInstance(SocketEngine.class.getClassLoader(),
                new Class<?>[]{SocketEngine.class},
                (proxy, method, arguments) -> new FailingWatch(() -> {
                    if (failures.getAndDecrement() > 0) {
                        connect();
                        assertTrue(accepting.arrived(), "a turn is due");
                        throw new OutOfMemoryError("test");
                    }
                    return null;
                }));
        accepting = new AcceptingSocket(listener, engine, looping.scheduler(0), admitted::add);
        accepting.start(helpWanted::incrementAndGet);
        connect();
        assertTrue(accepting.arrived());
        Await.until("both are admitted", () -> admitted.size() == 2);
        Await.until("the last turn is over", accepting::awaitsArrivals);
        assertEquals(0, helpWanted.get());
        assertFalse(accepting.help());
    }

    /** Accepts, and does something when it is to watch again. */
    private final class FailingWatch implements SocketEngine.ListenerWatch {
        private final Callable<Void> again;

        FailingWatch(Callable<Void> again) {
            this.again = again;
        }

        @Override
        public void start() {}

        @Override
        public SocketChannel accept() throws IOException {
            return listener.accept();
        }

        @Override
        public void watchAgain() {
            try {
                again.call();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public boolean isWatched() {
            return true;
        }

        @Override
        public void release(Runnable released) {
            released.run();
        }

        @Override
        public boolean isReleased() {
            return true;
        }
    }

    private boolean isRing() {
        return looping.description().contains("io_uring");
    }

    /** What a helper gets. A helper may find no connection if the ring is just about to report it: then a turn fails. */
    private Throwable nextFailure() {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Await.until("there is a failure", () -> {
            try {
                accepting.help();
            } catch (Exception | OutOfMemoryError e) {
                failure.set(e);
            }
            return failure.get() != null;
        });
        return failure.get();
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneakyThrow(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void whileATurnTakesLongTheSocketMustNotKeepTheLoopBusy() throws Exception {
        CountDownLatch mayGoOn = new CountDownLatch(1);
        start(channel -> {
            admitted.add(channel);
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        connect();
        Await.until("a turn is under way", () -> admitted.size() == 1);
        connect();
        // A ring goes on accepting, up to a number of connections.
        Await.until("another thread runs the loop, and has stopped watching",
                () -> isRing() || !accepting.isWatched());
        mayGoOn.countDown();
        Await.until("the second is admitted", () -> admitted.size() == 2);
        connect();
        Await.until("the third is admitted", () -> admitted.size() == 3);
        assertEquals(0, helpWanted.get());
    }

    /** A ring must not accept without end while none can be admitted. */
    @Test
    void connectionsMustWaitInTheSystemWhileATurnTakesLong() throws Exception {
        CountDownLatch mayGoOn = new CountDownLatch(1);
        start(channel -> {
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            admitted.add(channel);
        });
        connect();
        for (int i = 0; i < 900; i++) {
            connect();
        }
        Await.until("no further ones are accepted", () -> !accepting.isWatched());
        mayGoOn.countDown();
        Await.until("all are admitted", () -> admitted.size() == 901);
        Await.until("the loop accepts again", accepting::isWatched);
        connect();
        Await.until("the next one is admitted", () -> admitted.size() == 902);
        assertEquals(0, helpWanted.get());
    }

    @Test
    void aClosedSocketMustReleaseItsPort() throws Exception {
        start(admitted::add);
        connect();
        Await.until("it is admitted", () -> admitted.size() == 1);
        listener.close();
        assertTrue(accepting.awaitRelease(SOON));
        assertThrows(IOException.class, this::connect);
    }

    /** Admissions that fail or take long, by seed; the helper has to accept about one of four. */
    @Test
    void everyConnectionMustBeAdmittedOnceWhateverFails() throws Exception {
        int number = 2000;
        Random random = new Random(7);
        AtomicInteger attempts = new AtomicInteger();
        Thread helper = Thread.ofPlatform().unstarted(() -> {
            while (!Thread.interrupted()) {
                try {
                    if (!accepting.help()) {
                        LockSupport.park();
                    }
                } catch (Exception e) {
                    // As planned.
                }
            }
        });
        accepting = looping.accepting(listener, channel -> {
            admitted.add(channel);
            attempts.incrementAndGet();
            int next = random.nextInt(100);
            if (next < 25) {
                throw new IllegalStateException("planned");
            } else if (next < 27) {
                LockSupport.parkNanos(10_000_000);
            }
        }).orElseThrow();
        accepting.start(() -> LockSupport.unpark(helper));
        helper.start();
        try {
            for (int i = 0; i < number; i++) {
                connect();
            }
            Await.until("all are admitted", () -> admitted.size() == number);
            assertEquals(number, attempts.get());
        } finally {
            helper.interrupt();
            helper.join();
        }
    }
}
