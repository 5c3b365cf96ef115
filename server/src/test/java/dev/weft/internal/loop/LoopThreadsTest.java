package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.server.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Virtual threads on loops are as others: what a thread can do, it can do there. */
@Timeout(60)
class LoopThreadsTest {
    private static final int ROUNDS = 2000;

    /** Where a thread is that has to do with one on loop 0. */
    private enum Place {
        PLATFORM_THREAD(loops -> Thread.ofPlatform()), SAME_LOOP(
                loops -> loops.loops().scheduler(0).threadBuilder()), OTHER_LOOP(
                        loops -> loops.loops().scheduler(1).threadBuilder()), JDK(loops -> Thread.ofVirtual());

        private final Function<TestLoops, Thread.Builder> builder;

        Place(Function<TestLoops, Thread.Builder> builder) {
            this.builder = builder;
        }

        Thread thread(TestLoops loops, Runnable task) {
            return builder.apply(loops).unstarted(task);
        }
    }

    /** Two threads, each of which continues when the other has unparked it. */
    private static final class PingPong {
        private final Thread[] players = new Thread[2];
        private volatile int turn;

        void play(int player) {
            for (int i = 0; i < ROUNDS; i++) {
                while (turn != player) {
                    LockSupport.park(this);
                }
                turn = 1 - player;
                LockSupport.unpark(players[1 - player]);
            }
        }
    }

    /** With one shared scheduler, or one for each thread. No loop is taken over, which would change the order. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void threadsMustRunInSchedulingOrder(boolean inherit) throws Exception {
        int count = 100;
        Queue<Integer> turns = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        try (TestLoops loops = TestLoops.bounded(1, 0)) {
            TestLoops.join(loops.start(0, () -> {
                for (int i = 0; i < count; i++) {
                    int number = i;
                    Runnable task = () -> {
                        for (int round = 0; round < 3; round++) {
                            turns.add(number);
                            Thread.yield();
                        }
                    };
                    threads.add(inherit ? Thread.startVirtualThread(task) : loops.start(0, task));
                }
            }));
            TestLoops.join(threads.toArray(Thread[]::new));
        }
        assertEquals(IntStream.range(0, 3 * count).map(turn -> turn % count).boxed().toList(), List.copyOf(turns));
    }

    @ParameterizedTest
    @EnumSource
    void unparkMustReachAThreadFromAnywhere(Place place) throws Exception {
        try (TestLoops loops = TestLoops.of(2)) {
            PingPong game = new PingPong();
            game.players[0] = loops.loops().scheduler(0).threadBuilder().unstarted(() -> game.play(0));
            game.players[1] = place.thread(loops, () -> game.play(1));
            game.players[0].start();
            game.players[1].start();
            TestLoops.join(game.players);
        }
    }

    @Test
    void unparkMustEndTheParkAfterIt() throws Exception {
        try (TestLoops loops = TestLoops.of(1)) {
            TestLoops.join(loops.start(() -> {
                LockSupport.unpark(Thread.currentThread());
                LockSupport.park();
            }));
        }
    }

    @Test
    void timedWaitsMustEnd() throws Exception {
        try (TestLoops loops = TestLoops.of(2)) {
            List<Thread> threads = new ArrayList<>();
            Queue<Long> tooShort = new ConcurrentLinkedQueue<>();
            for (int i = 0; i < 1000; i++) {
                threads.add(loops.start(() -> {
                    long nanos = ThreadLocalRandom.current().nextLong(20_000_000);
                    long start = System.nanoTime();
                    sleep(Duration.ofNanos(nanos));
                    if (System.nanoTime() - start < nanos) {
                        tooShort.add(nanos);
                    }
                    LockSupport.parkNanos(nanos);
                }));
            }
            TestLoops.join(threads.toArray(Thread[]::new));
            assertEquals(List.of(), List.copyOf(tooShort));
        }
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Threads that all want one lock, some of which wait within for a while. */
    private static void contend(int loopCount, int threadCount, Function<int[], Runnable> task) throws Exception {
        int[] counter = new int[1];
        try (TestLoops loops = TestLoops.of(loopCount)) {
            Thread[] threads = new Thread[threadCount];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = loops.start(task.apply(counter));
            }
            TestLoops.join(threads);
        }
        assertEquals(50 * threadCount, counter[0]);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void monitorMustBeHeldByOneThreadAtATime(int loopCount) throws Exception {
        Object monitor = new Object();
        contend(loopCount, 20, counter -> () -> {
            for (int i = 0; i < 50; i++) {
                synchronized (monitor) {
                    int before = counter[0];
                    if (i % 10 == 0) {
                        LockSupport.parkNanos(10_000);
                    }
                    counter[0] = before + 1;
                }
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void lockMustBeHeldByOneThreadAtATime(int loopCount) throws Exception {
        ReentrantLock lock = new ReentrantLock();
        contend(loopCount, 20, counter -> () -> {
            for (int i = 0; i < 50; i++) {
                lock.lock();
                try {
                    int before = counter[0];
                    if (i % 10 == 0) {
                        LockSupport.parkNanos(10_000);
                    }
                    counter[0] = before + 1;
                } finally {
                    lock.unlock();
                }
            }
        });
    }

    /** Before Java 24 a thread that waits in a monitor holds its loop, which is then taken over. */
    @ParameterizedTest
    @EnumSource
    void notifyMustEndAWaitInAMonitor(Place place) throws Exception {
        Object monitor = new Object();
        AtomicInteger turn = new AtomicInteger();
        try (TestLoops loops = TestLoops.of(2)) {
            Function<Integer, Runnable> player = number -> () -> {
                for (int i = 0; i < 20; i++) {
                    synchronized (monitor) {
                        while (turn.get() != number) {
                            waitIn(monitor);
                        }
                        turn.set(1 - number);
                        monitor.notifyAll();
                    }
                }
            };
            Thread other = place.thread(loops, player.apply(1));
            other.start();
            TestLoops.join(loops.start(0, player.apply(0)), other);
        }
    }

    private static void waitIn(Object monitor) {
        try {
            monitor.wait();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void signalMustEndAWaitForACondition() throws Exception {
        ReentrantLock lock = new ReentrantLock();
        Condition condition = lock.newCondition();
        AtomicInteger arrived = new AtomicInteger();
        int count = 50;
        try (TestLoops loops = TestLoops.of(2)) {
            Thread[] threads = new Thread[count];
            for (int i = 0; i < count; i++) {
                threads[i] = loops.start(() -> {
                    lock.lock();
                    try {
                        arrived.incrementAndGet();
                        condition.signalAll();
                        while (arrived.get() < count) {
                            condition.awaitUninterruptibly();
                        }
                    } finally {
                        lock.unlock();
                    }
                });
            }
            TestLoops.join(threads);
        }
    }

    @Test
    void interruptMustEndAPark() throws Exception {
        try (TestLoops loops = TestLoops.of(1)) {
            CountDownLatch started = new CountDownLatch(2);
            AtomicReference<Boolean> flag = new AtomicReference<>();
            Thread parked = loops.start(() -> {
                started.countDown();
                while (!Thread.currentThread().isInterrupted()) {
                    LockSupport.park();
                }
                flag.set(Thread.interrupted());
            });
            Thread sleeping = loops.start(() -> {
                started.countDown();
                assertThrows(InterruptedException.class, () -> Thread.sleep(Duration.ofDays(1)));
            });
            TestLoops.await(started);
            Await.until("the one is parked", () -> parked.getState() == Thread.State.WAITING);
            Await.until("the other sleeps", () -> sleeping.getState() == Thread.State.TIMED_WAITING);
            parked.interrupt();
            sleeping.interrupt();
            TestLoops.join(parked, sleeping);
            assertEquals(true, flag.get());
        }
    }

    /** Some compute for so long that others go on upon other platform threads. */
    @Test
    void threadLocalMustStayWithItsThread() throws Exception {
        ThreadLocal<Integer> local = new ThreadLocal<>();
        AtomicInteger good = new AtomicInteger();
        try (TestLoops loops = TestLoops.of(2)) {
            Thread[] threads = new Thread[100];
            for (int i = 0; i < threads.length; i++) {
                int number = i;
                threads[i] = loops.start(() -> {
                    local.set(number);
                    boolean same = true;
                    for (int round = 0; round < 20; round++) {
                        LockSupport.parkNanos(100_000);
                        compute(number % 50 == 0 ? 12_000_000 : 0);
                        same &= local.get() == number;
                    }
                    good.addAndGet(same ? 1 : 0);
                });
            }
            TestLoops.join(threads);
            assertEquals(threads.length, good.get());
        }
    }

    private static void compute(long nanos) {
        for (long end = System.nanoTime() + nanos; System.nanoTime() - end < 0;) {
            Thread.onSpinWait();
        }
    }

    @Test
    void uncaughtErrorMustEndItsThreadAlone() throws Exception {
        AtomicReference<Throwable> uncaught = new AtomicReference<>();
        Error error = new StackOverflowError("on purpose");
        try (TestLoops loops = TestLoops.of(1)) {
            ConnectionScheduler scheduler = loops.loops().scheduler(0);
            Thread failing = scheduler.threadBuilder().unstarted(() -> {
                throw error;
            });
            failing.setUncaughtExceptionHandler((thread, e) -> uncaught.set(e));
            CountDownLatch end = new CountDownLatch(1);
            Thread other = scheduler.threadBuilder().start(() -> TestLoops.await(end));
            failing.start();
            TestLoops.join(failing);
            assertEquals(error, uncaught.get());
            end.countDown();
            TestLoops.join(other);
        }
    }

    @Test
    void threadsStartedByAThreadMustRunOnItsLoops() throws Exception {
        Queue<String> elsewhere = new ConcurrentLinkedQueue<>();
        AtomicInteger ran = new AtomicInteger();
        try (TestLoops loops = TestLoops.of(2)) {
            Runnable check = () -> {
                for (int i = 0; i < 10; i++) {
                    if (!loops.isHere()) {
                        elsewhere.add(Thread.currentThread().toString());
                    }
                    LockSupport.parkNanos(10_000);
                }
                ran.incrementAndGet();
            };
            TestLoops.join(loops.start(() -> {
                try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                    for (int i = 0; i < 20; i++) {
                        executor.submit(() -> {
                            check.run();
                            Thread grandchild = Thread.ofVirtual().start(check);
                            grandchild.join();
                            return null;
                        });
                    }
                }
            }));
            assertEquals(40, ran.get());
            assertEquals(List.of(), List.copyOf(elsewhere));
            Thread.Builder builder = Thread.ofVirtual();
            CountDownLatch asked = new CountDownLatch(1);
            AtomicReference<Boolean> here = new AtomicReference<>();
            builder.start(() -> {
                here.set(loops.isHere());
                asked.countDown();
            });
            TestLoops.await(asked);
            assertEquals(false, here.get());
        }
    }

    /** An engine that fails makes its loop slow, and stops nothing. */
    @Test
    void failingEngineMustNotEndItsLoop() throws Exception {
        try (TestLoops loops = TestLoops.of(1)) {
            loops.engine(0).failWith(new IllegalStateException("on purpose"));
            TestLoops.join(loops.start(() -> {
                for (int i = 0; i < 5; i++) {
                    LockSupport.parkNanos(10_000);
                    Thread.yield();
                }
            }));
            Await.until("it was noted", () -> !loops.failures().isEmpty());
            loops.engine(0).failWith(null);
            TestLoops.join(loops.start(Thread::yield));
            assertTrue(loops.failures().stream().allMatch(e -> e.getMessage().equals("on purpose")));
            loops.failures().clear();
        }
    }
}
