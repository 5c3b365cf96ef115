package dev.weft.server;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A clock that stands still until it is moved by hand, for the test kit. One thread waits for it: that of the drain, once there
 * is one.
 */
final class SteppedClock implements ShutdownClock {
    private static final long PAUSE_NANOS = 1_000_000;
    /** The maximum wait for a thread of the server. */
    private static final long LONGEST_NANOS = 500_000_000;

    private volatile long now;
    /** Until when the drain's thread waits. While this is not later than {@link #now}, the thread has something to do. */
    private volatile long waitsUntil = Long.MAX_VALUE;
    private volatile boolean released;

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public boolean await(CountDownLatch latch, long until) throws InterruptedException {
        waitsUntil = until;
        boolean zero = latch.await(0, TimeUnit.NANOSECONDS);
        while (!zero && now < until && !released) {
            zero = latch.await(PAUSE_NANOS, TimeUnit.NANOSECONDS);
        }
        return released ? latch.await(until - now, TimeUnit.NANOSECONDS) : zero;
    }

    /** Notes that a drain begins, and that its thread has something to do. */
    void drainBegins() {
        waitsUntil = now;
    }

    /** Moves the clock. */
    void advance(long nanos) {
        now += nanos;
    }

    /** Waits, for half a second at most, until the drain's thread, if there is one, has done what is due. */
    void settle() {
        awaitBriefly(() -> waitsUntil > now);
    }

    /** Waits, for half a second at most, until another thread has done something. In real time. */
    static void awaitBriefly(BooleanSupplier done) {
        long begin = System.nanoTime();
        while (!done.getAsBoolean() && System.nanoTime() - begin < LONGEST_NANOS) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** From now on, waits take real time. */
    void release() {
        released = true;
    }
}
