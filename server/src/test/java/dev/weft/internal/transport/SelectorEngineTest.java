package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.time.Failures;
import dev.weft.internal.stress.LittleStack;
import dev.weft.server.Await;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SelectorEngineTest {
    private final SelectorEngine engine;

    SelectorEngineTest() throws IOException {
        engine = new SelectorEngine(Failures.toHandler("engine"));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void wakeUpMustBeTriedAgainAfterOneThatFoundNoStack() throws Exception {
        Callable<Void> wakeUp = () -> {
            engine.wakeUp();
            return null;
        };
        endWait(wakeUp);
        for (int i = 0; i < 20; i++) {
            endWait(() -> {
                LittleStack.run(wakeUp);
                return null;
            });
        }
    }

    private void endWait(Callable<Void> wakeUp) throws Exception {
        FutureTask<Boolean> waiting = new FutureTask<>(() -> engine.await(() -> true));
        Thread.ofPlatform().daemon().start(waiting);
        Await.until("the engine waits", engine::isWaiting);
        wakeUp.call();
        assertTrue(waiting.get(10, TimeUnit.SECONDS));
    }
}
