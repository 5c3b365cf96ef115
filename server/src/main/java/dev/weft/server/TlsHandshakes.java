package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bounds the TLS handshakes that are under way at the same time, and counts what they hold among the buffered bytes. Further
 * ones wait, holding no more than an idle connection. For any thread.
 */
final class TlsHandshakes {
    /** What the JDK's engine holds between a peer's hello and its Finished, rounded up. */
    static final int SIZE = 1 << 16;

    private final int most;
    private final Semaphore permits;
    private final BufferBudget budget;

    /** At most so many. */
    TlsHandshakes(int most, BufferBudget budget) {
        this.most = most;
        this.permits = new Semaphore(most, true);
        this.budget = budget;
    }

    /**
     * Waits until one more handshake may begin.
     *
     * @return false if it may not: the time has passed, or the budget is spent
     */
    boolean begin(Duration longest) throws InterruptedException {
        if (!permits.tryAcquire(longest.toNanos(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        if (!budget.take(SIZE)) {
            permits.release();
            return false;
        }
        return true;
    }

    /** One that began is over, whether it succeeded or not. */
    void end() {
        budget.giveBack(SIZE);
        permits.release();
    }

    /** The number of handshakes that are under way. */
    int count() {
        return most - permits.availablePermits();
    }

    /** The number of connections that wait for their handshake. */
    int waiting() {
        return permits.getQueueLength();
    }
}
