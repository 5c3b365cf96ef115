package dev.weft.internal.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.loop.SteppedThreads;
import dev.weft.internal.time.TurnQuota;
import java.io.InterruptedIOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class SendLockTest {
    private static final int MESSAGES = TurnQuota.BYTES / TurnQuota.FRAME;

    private final SteppedThreads stepped = new SteppedThreads();
    private final SendLock lock = new SendLock();

    private void send(int messages) {
        for (int i = 0; i < messages; i++) {
            try {
                lock.acquire();
                lock.unlock();
            } catch (InterruptedIOException e) {
                throw new AssertionError(e);
            }
        }
    }

    private int turns(Runnable body) {
        return stepped.runToTheEnd(stepped.builder().start(body));
    }

    @Test
    void threadThatSendsWithoutPauseMustYield() {
        assertEquals(4, turns(() -> send(3 * MESSAGES)));
    }

    @Test
    void threadThatWaitsForItsPeerMustNotYieldBetween() {
        assertEquals(1, turns(() -> {
            for (int i = 0; i < 100; i++) {
                send(MESSAGES / 2);
                lock.callerHasWaited();
            }
        }));
    }

    @Test
    void waitsOfAnotherThreadMustNotSpareTheSenderItsYields() throws InterruptedException {
        AtomicBoolean over = new AtomicBoolean();
        Thread other = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                lock.callerHasWaited();
            }
        });
        try {
            assertTrue(turns(() -> send(300 * MESSAGES)) > 300);
        } finally {
            over.set(true);
            other.join();
        }
    }
}
