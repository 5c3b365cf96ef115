package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.weft.internal.stress.Noise;
import dev.weft.internal.stress.NoisyCopy.Edit;
import dev.weft.internal.time.Failures;
import dev.weft.server.Await;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Loops that are stopped let the threads on them run to their end. */
@Timeout(60)
class LoopStopTest {
    private final AtomicInteger busy = new AtomicInteger();
    private volatile boolean released;

    private void compute() {
        busy.incrementAndGet();
        while (!released) {
            Thread.onSpinWait();
        }
    }

    @Test
    void threadsThatWaitMustGoOnAfterTheStop() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        try (TestLoops loops = TestLoops.of(2)) {
            for (int i = 0; i < 50; i++) {
                threads.add(loops.start(() -> {
                    busy.incrementAndGet();
                    TestLoops.await(end);
                    LockSupport.parkNanos(1_000_000);
                    Thread child = Thread.startVirtualThread(Thread::yield);
                    try {
                        child.join();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }));
            }
            Await.until("all wait", () -> busy.get() == threads.size());
        }
        end.countDown();
        TestLoops.join(threads.toArray(Thread[]::new));
    }

    /** The turn of one keeps the others in the queue. */
    @Test
    void threadsInTheQueueMustTakeTheirTurns() throws Exception {
        List<Thread> threads = new ArrayList<>();
        AtomicInteger turns = new AtomicInteger();
        try (TestLoops loops = TestLoops.bounded(1, 0)) {
            threads.add(loops.start(this::compute));
            Await.until("it computes", () -> busy.get() == 1);
            for (int i = 0; i < 50; i++) {
                threads.add(loops.start(() -> {
                    turns.incrementAndGet();
                    Thread.yield();
                    turns.incrementAndGet();
                }));
            }
            loops.loops().stop();
            assertEquals(0, turns.get());
            released = true;
            TestLoops.join(threads.toArray(Thread[]::new));
            assertEquals(100, turns.get());
        }
    }

    /** It has left its list of those that are to have their turns. */
    @Test
    void loopTakenOverAfterTheStopMustRunItsThreads() throws Exception {
        try (TestLoops loops = TestLoops.of(1)) {
            Failures failures = new Failures("loop", (what, count, latest) -> {});
            CheckedEngine engine = new CheckedEngine(new IdleEngine());
            Loop loop = new Loop(engine, new Watchdog(loops.loops(), failures), failures);
            List<Thread> threads = new ArrayList<>();
            Thread starting = new ConnectionScheduler(loop).threadBuilder().start(() -> {
                threads.add(new ConnectionScheduler(loop).threadBuilder().start(this::compute));
                threads.add(new ConnectionScheduler(loop).threadBuilder().start(Thread::yield));
            });
            Thread first = Thread.ofPlatform().start(() -> loop.run(0));
            TestLoops.join(starting);
            Await.until("one computes", () -> busy.get() == 1);
            loop.stop();
            int term = loop.takeOver(loop.held());
            assertNotEquals(Loop.TURN_IS_OVER, term);
            loop.run(term);
            TestLoops.join(threads.get(1));
            released = true;
            TestLoops.join(threads.get(0), first);
            assertNull(engine.misuse());
            assertEquals(0, failures.count());
        }
    }

    /** Started while the loops end, and after. */
    @Test
    void threadsThatAreStartedLateMustRun() throws Exception {
        AtomicInteger turns = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int round = 0; round < 50; round++) {
            try (TestLoops loops = TestLoops.of(2)) {
                Thread stopping = Thread.ofPlatform().start(loops.loops()::stop);
                for (int i = 0; i < 20; i++) {
                    threads.add(loops.start(turns::incrementAndGet));
                }
                TestLoops.join(stopping);
            }
        }
        TestLoops.join(threads.toArray(Thread[]::new));
        assertEquals(1000, turns.get());
    }

    /** For the platform thread that is to give it its turn. */
    @Test
    void threadMustGoOnAfterTheStopWhenMemoryIsBack() throws Exception {
        String start = "                Thread.ofPlatform().daemon().start(() -> take(task));\n";
        LoopStress.Subject loops = LoopVariant.copy(new Edit(start, "Shortage.allocate();\n" + start)).maker().make(1,
                0,
                false, (what, count, latest) -> {});
        Noise.silence(true);
        try {
            Thread waiting = loops.scheduler(0).start(LockSupport::park);
            Await.until("it waits", () -> waiting.getState() == Thread.State.WAITING);
            loops.stop();
            Await.until("the loop has ended", () -> loops.platformThreads().isEmpty());
            Shortage.begin();
            Thread unparking = Thread.ofPlatform().start(() -> LockSupport.unpark(waiting));
            Await.until("memory was refused", () -> Shortage.refusals() > 2);
            Shortage.end();
            TestLoops.join(unparking, waiting);
        } finally {
            Shortage.end();
            Noise.silence(false);
        }
    }

    /** Spare ones too, which the watchdog may have taken for its own by then. */
    @Test
    void stopMustEndAllPlatformThreads() throws Exception {
        try (TestLoops loops = TestLoops.of(2)) {
            for (int round = 0; round < 3; round++) {
                released = false;
                busy.set(0);
                Thread[] threads = new Thread[5];
                for (int i = 0; i < threads.length; i++) {
                    threads[i] = loops.start(this::compute);
                }
                Await.until("all compute", () -> busy.get() == threads.length);
                released = true;
                TestLoops.join(threads);
            }
            loops.loops().stop();
            Await.until("all have ended", () -> loops.platformThreads().isEmpty());
            assertEquals(0, loops.loops().threads());
            assertFalse(loops.loops().isDead());
        }
    }
}
