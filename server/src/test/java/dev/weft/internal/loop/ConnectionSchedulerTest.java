package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.internal.stress.Noise;
import dev.weft.internal.stress.NoisyCopy.Edit;
import dev.weft.server.Await;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A scheduler schedules a thread whatever happens: the JDK would not try a second time. */
@Timeout(60)
class ConnectionSchedulerTest {
    private final AtomicInteger ran = new AtomicInteger();
    private volatile boolean released;

    /** Noise yields, which a thread can do inside a scheduler on JDK 21 and 22: then another would have its turn. */
    @BeforeEach
    void silence() {
        Noise.silence(true);
    }

    @AfterEach
    void endShortage() {
        Noise.silence(false);
        Shortage.end();
        released = true;
    }

    private void compute() {
        while (!released) {
            Thread.onSpinWait();
        }
    }

    /** While the loop is kept, the first of a scheduler's threads has its place in the queue, and further ones need new places. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void placeInTheQueueMustBeAwaitedWithoutMemory(boolean onTheLoop) throws Exception {
        Edit scarce = new Edit("""
                                ConnectionScheduler scheduler = new ConnectionScheduler(loop);
                                scheduler.task = turn;
                """, """
                                Shortage.allocate();
                                ConnectionScheduler scheduler = new ConnectionScheduler(loop);
                                scheduler.task = turn;
                """);
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        LoopStress.Subject loops = LoopVariant.copy(scarce).maker().make(1, 0, false,
                (what, count, latest) -> failures.add(latest));
        try {
            Thread.Builder scheduler = loops.scheduler(0);
            Runnable starts = () -> {
                for (int i = 0; i < 3; i++) {
                    scheduler.start(ran::incrementAndGet);
                }
            };
            Thread holder;
            Thread starting;
            if (onTheLoop) {
                Shortage.begin();
                holder = loops.scheduler(0).start(() -> {
                    starts.run();
                    compute();
                });
                starting = holder;
            } else {
                holder = loops.scheduler(0).start(this::compute);
                Await.until("the loop is kept", () -> holder.getState() == Thread.State.RUNNABLE && loops.isInTurn(0));
                Shortage.begin();
                starting = Thread.ofPlatform().start(starts);
            }
            Await.until("memory was refused", () -> Shortage.refusals() > 2);
            assertEquals(0, ran.get());
            Shortage.end();
            released = true;
            TestLoops.join(starting, holder);
            Await.until("all have run", () -> ran.get() == 3);
        } finally {
            loops.stop();
        }
        assertEquals(0, failures.size());
    }

    /** A scheduler that is moved has what was scheduled before run on its old loop, and the rest on the new one. */
    @Test
    void movedStrandMustLoseNothing() throws Exception {
        try (TestLoops loops = TestLoops.of(2)) {
            ConnectionScheduler scheduler = loops.loops().scheduler(0);
            ConnectionScheduler[] both = {loops.loops().scheduler(0), loops.loops().scheduler(1)};
            Thread[] threads = new Thread[10];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = scheduler.threadBuilder().start(() -> {
                    for (int round = 0; round < 500; round++) {
                        scheduler.joinLoopOf(both[round % 2]);
                        Thread.yield();
                    }
                    ran.incrementAndGet();
                });
            }
            TestLoops.join(threads);
            assertEquals(threads.length, ran.get());
        }
    }
}
