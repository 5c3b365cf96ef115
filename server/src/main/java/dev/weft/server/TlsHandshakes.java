package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Limits the number of concurrent TLS handshakes, and counts their memory towards the buffered bytes. Further
 * connections wait, using no more memory than an idle connection, and so do those whose peer has sent nothing. No other
 * connection is evicted for a handshake. May be used by any thread.
 */
final class TlsHandshakes {
    /** The number of bytes that the JDK's engine holds between the peer's ClientHello and its Finished, rounded up. */
    static final int SIZE = 1 << 16;

    private final int most;
    private final Semaphore permits;
    private final BufferBudget budget;
    private final LongAdder completed = new LongAdder();

    /** Allows at most this number of handshakes at a time. */
    TlsHandshakes(int most, BufferBudget budget) {
        this.most = most;
        this.permits = new Semaphore(most, true);
        this.budget = budget;
    }

    /**
     * Performs a transport's handshake as soon as the peer has begun it and another one may begin. Waits; only the wait
     * for the peer has no limit of its own.
     *
     * @param longest how long it may wait for its turn
     * @return false if its turn did not come in time, or the budget is used up
     * @throws IOException as {@link Transport#handshake}
     */
    boolean run(Transport transport, Duration longest) throws InterruptedException, IOException {
        transport.awaitHandshake();
        if (!permits.tryAcquire(0, TimeUnit.NANOSECONDS)) {
            transport.keepArrived();
            if (!permits.tryAcquire(longest.toNanos(), TimeUnit.NANOSECONDS)) {
                return false;
            }
        }
        try {
            if (!budget.takeWithoutRelief(SIZE)) {
                return false;
            }
            try {
                transport.handshake();
                completed.increment();
                return true;
            } finally {
                budget.giveBack(SIZE);
            }
        } finally {
            permits.release();
        }
    }

    /** The number of handshakes that were completed. */
    long completed() {
        return completed.sum();
    }

    /** The number of handshakes in progress. */
    int count() {
        return most - permits.availablePermits();
    }

    /** The number of connections that wait for their handshake. */
    int waiting() {
        return permits.getQueueLength();
    }
}
