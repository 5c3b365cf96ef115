package dev.weft.internal.rate;

import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Where a thread waits for rates: one that reads, or one that writes. */
final class RateWait {
    private static final AtomicReferenceFieldUpdater<RateWait, Thread> WAITING = AtomicReferenceFieldUpdater
            .newUpdater(RateWait.class, Thread.class, "waiting");

    private final ConnectionRates rates;
    private volatile Thread waiting;
    /** Whether there was a delay since {@link #hasDelayed} was called. */
    private volatile boolean delayed;

    RateWait(ConnectionRates rates) {
        this.rates = rates;
    }

    /**
     * Waits.
     *
     * @param due asked again after each {@link #wake}
     * @return false if the limit has passed
     * @throws IOException if the transport was closed, or the thread was interrupted
     */
    boolean until(BooleanSupplier due, TimeLimit limit) throws IOException {
        delayed = true;
        if (!WAITING.compareAndSet(this, null, Thread.currentThread())) {
            throw new IllegalStateException("another thread waits: " + waiting);
        }
        try {
            while (!due.getAsBoolean()) {
                if (rates.isOver()) {
                    throw new AsynchronousCloseException();
                }
                if (limit.hasPassed()) {
                    return false;
                }
                limit.park(this);
                if (Thread.currentThread().isInterrupted()) {
                    throw Interrupts.interrupted("while a rate was exceeded");
                }
            }
            return true;
        } finally {
            waiting = null;
        }
    }

    /** Makes the thread that waits ask again. For any thread. */
    void wake() {
        Thread thread = waiting;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /** Whether a thread waits now. For any thread. */
    boolean isBusy() {
        return waiting != null;
    }

    /** Notes a delay for which no thread waits. For any thread. */
    void delay() {
        delayed = true;
    }

    /** Whether a thread waits, or there was a delay since the last call. For the sweeper. */
    boolean hasDelayed() {
        boolean was = delayed;
        delayed = isBusy();
        return was || delayed;
    }
}
