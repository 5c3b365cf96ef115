package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
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

    /** At most this number at a time. */
    TlsHandshakes(int most, BufferBudget budget) {
        this.most = most;
        this.permits = new Semaphore(most, true);
        this.budget = budget;
    }

    /**
     * Does a transport's handshake, as soon as one more may begin. Waits.
     *
     * @param longest how long it may wait for its turn
     * @return false if its turn did not come in time, or the budget is spent
     * @throws IOException as {@link Transport#handshake}
     */
    boolean run(Transport transport, Duration longest) throws InterruptedException, IOException {
        if (!permits.tryAcquire(longest.toNanos(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        try {
            if (!budget.take(SIZE)) {
                return false;
            }
            try {
                transport.handshake();
                return true;
            } finally {
                budget.giveBack(SIZE);
            }
        } finally {
            permits.release();
        }
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
