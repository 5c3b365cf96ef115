package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.internal.stress.NoisyCopy.Edit;
import dev.weft.server.Await;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A strand schedules a thread whatever happens: the JDK would not try a second time. */
@Timeout(60)
class StrandTest {
    private final AtomicInteger ran = new AtomicInteger();
    private volatile boolean released;

    @AfterEach
    void endShortage() {
        Shortage.end();
        released = true;
    }

    private void compute() {
        while (!released) {
            Thread.onSpinWait();
        }
    }

    /** While the loop is kept, the first of a strand's threads has its place in the queue, and further ones need new places. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void placeInTheQueueMustBeAwaitedWithoutMemory(boolean onTheLoop) throws Exception {
        Edit scarce = new Edit("""
                                Strand strand = new Strand(loop);
                                strand.task = turn;
                """, """
                                Shortage.allocate();
                                Strand strand = new Strand(loop);
                                strand.task = turn;
                """);
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        LoopStress.Subject loops = LoopVariant.copy(scarce).maker().make(1, 0, false,
                (what, count, latest) -> failures.add(latest));
        try {
            Thread.Builder strand = loops.strand(0);
            Runnable starts = () -> {
                for (int i = 0; i < 3; i++) {
                    strand.start(ran::incrementAndGet);
                }
            };
            Thread holder;
            Thread starting;
            if (onTheLoop) {
                Shortage.begin();
                holder = loops.strand(0).start(() -> {
                    starts.run();
                    compute();
                });
                starting = holder;
            } else {
                holder = loops.strand(0).start(this::compute);
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

    /** A strand that is moved has what was scheduled before run on its old loop, and the rest on the new one. */
    @Test
    void movedStrandMustLoseNothing() throws Exception {
        try (TestLoops loops = TestLoops.of(2)) {
            Strand strand = loops.loops().strand(0);
            Strand[] both = {loops.loops().strand(0), loops.loops().strand(1)};
            Thread[] threads = new Thread[10];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = strand.threadBuilder().start(() -> {
                    for (int round = 0; round < 500; round++) {
                        strand.joinLoopOf(both[round % 2]);
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
