package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fifo;
import dev.weft.internal.time.Failures;
import dev.weft.server.Await;
import dev.weft.server.PrivateField;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A long turn must not delay other threads. */
@Timeout(60)
class LoopTakeoverTest {
    private static final int LOOPS = 2;
    /** Of platform threads, when no turn takes long any more: those that run the loops, and some that are spare. */
    private static final int FEW = LOOPS + 8 + 1;

    private final AtomicInteger busy = new AtomicInteger();
    private volatile boolean released;

    private void compute() {
        busy.incrementAndGet();
        while (!released) {
            Thread.onSpinWait();
        }
    }

    /** Starts this number, which keep their loops. */
    private static Thread[] start(TestLoops loops, int count, Runnable task) {
        Thread[] threads = new Thread[count];
        for (int i = 0; i < count; i++) {
            threads[i] = loops.start(task);
        }
        return threads;
    }

    /** Has a thread on each loop take some turns. */
    private static void assertOthersGoOn(TestLoops loops) throws InterruptedException {
        Runnable turns = () -> {
            for (int i = 0; i < 10; i++) {
                Thread.yield();
                LockSupport.parkNanos(1);
            }
        };
        TestLoops.join(loops.start(0, turns), loops.start(1, turns));
    }

    private static void assertFewAreLeft(TestLoops loops) {
        Await.until("threads end", () -> loops.loops().threads() <= FEW);
        Await.until("nothing is reported", () -> loops.loops().impairment().isEmpty());
        Await.until("threads are counted", () -> loops.platformThreads().size() == loops.loops().threads() + 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2 * LOOPS, 20})
    void othersMustGoOnWhileSomeCompute(int count) throws Exception {
        try (TestLoops loops = TestLoops.of(LOOPS)) {
            Thread[] threads = start(loops, count, this::compute);
            Await.until("all compute", () -> busy.get() == count);
            assertOthersGoOn(loops);
            assertTrue(loops.loops().takeovers() >= count, () -> loops.loops().takeovers() + " takeovers");
            assertTrue(loops.loops().threads() >= count + LOOPS, () -> loops.loops().threads() + " threads");
            assertEquals(0, loops.loops().refusedTakeovers());
            assertEquals(Optional.empty(), loops.loops().impairment());
            released = true;
            TestLoops.join(threads);
            assertOthersGoOn(loops);
            assertFewAreLeft(loops);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2 * LOOPS, 20})
    void othersMustGoOnWhileSomeBlockInNativeCode(int count, @TempDir Path folder) throws Exception {
        Fifo fifo = Fifo.in(folder);
        try (TestLoops loops = TestLoops.of(LOOPS)) {
            Thread[] threads = start(loops, count, () -> block(fifo));
            Await.until("all have a thread", () -> loops.loops().takeovers() >= count);
            assertOthersGoOn(loops);
            assertEquals(0, loops.loops().refusedTakeovers());
            fifo.release();
            TestLoops.join(threads);
            assertEquals(count, busy.get());
            assertFewAreLeft(loops);
        }
    }

    @Test
    void threadsThatBlockMustBeBounded(@TempDir Path folder) throws Exception {
        Fifo fifo = Fifo.in(folder);
        try (TestLoops loops = TestLoops.of(LOOPS)) {
            Thread[] threads = start(loops, Loops.MOST_SPARES + 20, () -> block(fifo));
            Await.until("no more threads are made", () -> loops.loops().impairment().isPresent());
            assertEquals(LOOPS + Loops.MOST_SPARES, loops.loops().threads());
            assertTrue(loops.loops().refusedTakeovers() > 0);
            fifo.release();
            TestLoops.join(threads);
            assertEquals(threads.length, busy.get());
            assertFewAreLeft(loops);
        }
    }

    private void block(Fifo fifo) {
        try {
            fifo.block();
            busy.incrementAndGet();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void othersMustGoOnWhileOneParksPinned() throws Exception {
        try (TestLoops loops = TestLoops.of(LOOPS)) {
            Pinning.test = this;
            Thread[] threads = start(loops, 2 * LOOPS, () -> {
                busy.incrementAndGet();
                Pinning.initialize();
            });
            Await.until("all are pinned", () -> busy.get() == threads.length);
            assertOthersGoOn(loops);
            assertTrue(loops.loops().takeovers() >= threads.length);
            released = true;
            TestLoops.join(threads);
            assertFewAreLeft(loops);
        }
    }

    /** Its initializer parks, with frames of the JVM's on the stack, which pin the thread; others wait for it in the JVM. */
    private static final class Pinning {
        private static volatile LoopTakeoverTest test;

        private static void initialize() {
            Inner.touch();
        }

        private static final class Inner {
            static {
                while (!test.released) {
                    LockSupport.parkNanos(1_000_000);
                }
            }

            private static void touch() {}
        }
    }

    /** Before Java 24 such a thread is pinned; from there on it gives its loop back. */
    @Test
    void othersMustGoOnWhileSomeWaitForAMonitor() throws Exception {
        Object monitor = new Object();
        try (TestLoops loops = TestLoops.of(LOOPS)) {
            Thread[] threads = start(loops, 20, () -> {
                synchronized (monitor) {
                    busy.incrementAndGet();
                    while (!released) {
                        LockSupport.parkNanos(1_000_000);
                    }
                }
            });
            Await.until("one has it", () -> busy.get() == 1);
            assertOthersGoOn(loops);
            released = true;
            TestLoops.join(threads);
            assertEquals(threads.length, busy.get());
            assertFewAreLeft(loops);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void threadsMustBeBoundedAndNobodyLost(int most) throws Exception {
        int count = 3 * (LOOPS + most);
        try (TestLoops loops = TestLoops.bounded(LOOPS, most)) {
            Thread[] threads = start(loops, count, this::compute);
            Await.until("as many compute as can", () -> busy.get() == LOOPS + most);
            Thread[] others = start(loops, 10, Thread::yield);
            Await.until("the lack is seen", () -> loops.loops().impairment().isPresent());
            assertEquals(LOOPS + most, loops.loops().threads());
            assertTrue(loops.loops().refusedTakeovers() > 0);
            String words = loops.loops().impairment().orElseThrow();
            assertTrue(words.contains("of " + (LOOPS + most) + " threads"), words);
            assertEquals(LOOPS + most, busy.get());
            released = true;
            TestLoops.join(threads);
            TestLoops.join(others);
            assertEquals(count, busy.get());
            assertFewAreLeft(loops);
        }
    }

    /** All computing now and then, so that loops are taken over all the time. */
    @Test
    void nothingMustBeLostOrRunTwice() throws Exception {
        int rounds = 40;
        AtomicInteger turns = new AtomicInteger();
        try (TestLoops loops = TestLoops.of(LOOPS)) {
            Thread[] threads = start(loops, 200, () -> {
                int number = busy.incrementAndGet();
                for (int i = 0; i < rounds; i++) {
                    if (i % 10 == 0 && number % 20 == 0) {
                        computeFor(Duration.ofMillis(12));
                    }
                    turns.incrementAndGet();
                    Thread.yield();
                }
            });
            TestLoops.join(threads);
            assertEquals(threads.length * rounds, turns.get());
            assertTrue(loops.loops().takeovers() > 0);
            assertFewAreLeft(loops);
        }
    }

    private static void computeFor(Duration time) {
        for (long end = System.nanoTime() + time.toNanos(); System.nanoTime() - end < 0;) {
            Thread.onSpinWait();
        }
    }

    /** The watchdog's thread waits without a limit then; it must not miss the first turn. */
    @Test
    void firstTurnAfterALongWaitMustBeWatched() throws Exception {
        try (TestLoops loops = TestLoops.of(LOOPS)) {
            for (int i = 0; i < 5; i++) {
                Await.until("the watchdog sleeps", () -> loops.platformThreads().stream().anyMatch(
                        thread -> thread.getName().endsWith("watchdog") && thread.getState() == Thread.State.WAITING));
                released = false;
                busy.set(0);
                Thread[] threads = start(loops, LOOPS, this::compute);
                Await.until("all compute", () -> busy.get() == LOOPS);
                assertOthersGoOn(loops);
                released = true;
                TestLoops.join(threads);
            }
        }
    }

    /** Terms are numbers of which there is an end. */
    @Test
    void termMustWrapAround() throws Exception {
        try (TestLoops loops = TestLoops.of(LOOPS)) {
            Watchdog idle = new Watchdog(loops.loops(), new Failures("unused", (what, count, latest) -> {}));
            CheckedEngine engine = new CheckedEngine(new IdleEngine());
            Loop loop = new Loop(engine, idle, new Failures("loop", (what, count, latest) -> {}));
            int last = Integer.MAX_VALUE - 1;
            PrivateField.set(loop, "held", last);
            Thread holder = Thread.ofPlatform().start(() -> loop.run(last));
            Thread computing = new ConnectionScheduler(loop).threadBuilder().start(this::compute);
            Await.until("it computes", () -> Loop.isInTurn(loop.held()) && busy.get() == 1);
            assertTrue(loops.loops().takeOver(loop, loop.held()));
            TestLoops.join(new ConnectionScheduler(loop).threadBuilder().start(Thread::yield));
            released = true;
            TestLoops.join(computing, holder);
            loop.stop();
            Await.until("it has ended", engine::isClosed);
            assertEquals(null, engine.misuse());
        }
    }

    /** As without memory, of which code that handles its first failure may need some. */
    @Test
    void failureToDealWithAFailureMustNotEndTheLoop() throws Exception {
        try (TestLoops loops = TestLoops.of(1)) {
            Loop loop = loops.loops().all().getFirst();
            PrivateField.set(loop, "failures", null);
            new ConnectionScheduler(loop).execute(() -> {
                throw new IllegalStateException("a turn that fails");
            });
            TestLoops.join(new ConnectionScheduler(loop).threadBuilder().start(Thread::yield));
        }
    }
}
