package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A loop whose thread waits in its engine for something that one of its virtual threads has to do. */
@Timeout(60)
class StuckEngineTest {
    private static final class StuckEngine implements Engine {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch released = new CountDownLatch(1);

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
            return false;
        }

        @Override
        public void close() {}
    }

    @Test
    void virtualThreadsMustGoOn() throws Exception {
        assumeTrue(Loops.obstacle().isEmpty());
        StuckEngine engine = new StuckEngine();
        Loops loops = new Loops("stuck-loop", List.of(engine), (what, count, latest) -> {});
        try {
            engine.begun.await();
            Thread releasing = loops.scheduler(0).threadBuilder().start(engine.released::countDown);
            assertTrue(releasing.join(Duration.ofSeconds(10)), "the virtual thread gets no turn");
            assertTrue(engine.released.await(0, TimeUnit.SECONDS));
        } finally {
            engine.released.countDown();
            loops.stop();
        }
    }
}
