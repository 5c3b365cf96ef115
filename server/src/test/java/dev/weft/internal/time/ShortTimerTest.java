package dev.weft.internal.time;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.stress.LittleStack;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ShortTimerTest {
    private static final class Counted extends ShortTimer.Entry {
        final Semaphore looks = new Semaphore(0);

        @Override
        protected void look(ShortTimer timer) {
            unwatch();
            looks.release();
        }
    }

    private final ShortTimer timer = new ShortTimer(Runnable::run, Failures.toHandler("timer"));
    private final Counted entry = new Counted();

    @BeforeEach
    void start() {
        timer.start();
    }

    @AfterEach
    void stop() {
        timer.stop();
    }

    @Test
    void entryMustBeCheckedAfterAnAdditionThatFoundNoStack() throws Exception {
        Callable<Void> watch = () -> {
            entry.watch(timer);
            return null;
        };
        Callable<Void> watchLater = () -> {
            entry.watchLater(timer);
            return null;
        };
        for (Callable<Void> each : List.of(watch, watchLater)) {
            each.call();
            awaitLook();
            for (int i = 0; i < 20; i++) {
                LittleStack.run(each);
                awaitLook();
            }
        }
    }

    private void awaitLook() throws Exception {
        assertTrue(entry.looks.tryAcquire(10, TimeUnit.SECONDS), "it was not checked");
        entry.looks.drainPermits();
    }
}
