package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.internal.stress.LittleStack;
import dev.weft.server.Await;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A loop whose thread waits in its engine for something that one of its virtual threads has to do. */
@Timeout(60)
class StuckEngineTest {
    private static final class StuckEngine implements Engine {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch released = new CountDownLatch(1);
        volatile boolean waiting;

        @Override
        public void poll(BooleanSupplier mayWait) {
            begun.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void wakeUp() {}

        @Override
        public boolean isWaiting() {
            return waiting;
        }

        @Override
        public void close() {}
    }

    private final StuckEngine engine = new StuckEngine();
    private Loops loops;

    @BeforeEach
    void begin() throws Exception {
        assumeTrue(Loops.obstacle().isEmpty());
        loops = new Loops("stuck-loop", List.of(engine), (what, count, latest) -> {});
        engine.begun.await();
    }

    @AfterEach
    void end() {
        engine.released.countDown();
        if (loops != null) {
            loops.stop();
        }
    }

    private void assertReleasedBy(Thread thread) throws Exception {
        assertTrue(engine.released.await(10, TimeUnit.SECONDS), "a virtual thread gets no turn");
        thread.join();
    }

    @Test
    void virtualThreadsMustGoOn() throws Exception {
        assertReleasedBy(loops.scheduler(0).threadBuilder().start(engine.released::countDown));
    }

    /** Its thread waits for a monitor that another thread keeps so long that the watchdog begins to sleep. */
    @Test
    void virtualThreadsMustGoOnAfterALongWait() throws Exception {
        engine.waiting = true;
        Await.until("the watchdog sleeps", loops::areIdle);
        assertReleasedBy(loops.scheduler(0).threadBuilder().start(engine.released::countDown));
    }

    @Test
    void virtualThreadsMustGoOnAfterAnAdditionThatFoundNoStack() throws Exception {
        ConnectionScheduler scheduler = loops.scheduler(0);
        engine.waiting = true;
        for (int i = 0; i < 20; i++) {
            Await.until("the watchdog sleeps", loops::areIdle);
            CountDownLatch ran = new CountDownLatch(1);
            int further = i;
            LittleStack.run(() -> {
                execute(scheduler, ran::countDown, further);
                return null;
            });
            assertTrue(ran.await(10, TimeUnit.SECONDS), "it gets no turn");
        }
    }

    /** On a stack that is so many calls deeper. */
    private static void execute(ConnectionScheduler scheduler, Runnable turn, int calls) {
        if (calls > 0) {
            execute(scheduler, turn, calls - 1);
        } else {
            scheduler.execute(turn);
        }
    }

    /** A helper must not keep what it has taken while a turn is long. */
    @Test
    void virtualThreadsMustNotWaitForATurnThatWaitsForTheirs() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Thread first = loops.scheduler(0).threadBuilder().start(() -> {
            while (!done.get()) {
                Thread.onSpinWait();
            }
            engine.released.countDown();
        });
        loops.scheduler(0).threadBuilder().start(() -> done.set(true));
        assertReleasedBy(first);
    }
}
