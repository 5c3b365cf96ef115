package dev.weft.server;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The time in which a drain or a shutdown waits. For any thread. */
interface ShutdownClock {
    /** The time of the system. */
    ShutdownClock SYSTEM = new ShutdownClock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public boolean await(CountDownLatch latch, long until) throws InterruptedException {
            return latch.await(until - System.nanoTime(), TimeUnit.NANOSECONDS);
        }
    };

    /** As {@link System#nanoTime()}. */
    long nanoTime();

    /**
     * Waits until the latch is zero, but no longer than until this time.
     *
     * @return whether the latch is zero
     */
    boolean await(CountDownLatch latch, long until) throws InterruptedException;
}
