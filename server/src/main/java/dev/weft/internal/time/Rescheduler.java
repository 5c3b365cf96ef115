package dev.weft.internal.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A platform thread that reschedules virtual threads that have left the queues of the JDK's scheduler to let others run. Each
 * process has one. It is created when it is first needed, and never ends.
 * <p>
 * Threads that leave the queues push an entry on a list, and park; the rescheduler takes the whole list and unparks them. No
 * wake-up is lost: an entry is on the list before the rescheduler is unparked, and the rescheduler checks the list before it
 * parks.
 */
public final class Rescheduler {
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final AtomicReferenceFieldUpdater<Rescheduler, Place> NEWEST = AtomicReferenceFieldUpdater
            .newUpdater(Rescheduler.class, Place.class, "newest");

    /** A waiting thread. */
    private static final class Place {
        private final Thread thread = Thread.currentThread();
        private Place before;
        private volatile boolean over;
    }

    private static volatile Rescheduler started;

    private volatile Place newest;
    private final ServiceThread thread = new ServiceThread("weft-rescheduler", this::step,
            Failures.toHandler("weft-rescheduler"),
            LONGEST_PAUSE, true);

    private Rescheduler() {}

    /** Starts the rescheduler, unless it is running. For servers whose connections' threads the JDK schedules. */
    public static void start() {
        LOCK.lock();
        try {
            if (started == null) {
                Rescheduler rescheduler = new Rescheduler();
                rescheduler.thread.start();
                started = rescheduler;
            }
        } finally {
            LOCK.unlock();
        }
    }

    /**
     * Takes the calling thread out of the queues until the rescheduler brings it back, which takes a few microseconds. An
     * interrupt does not shorten this; the interrupt flag stays set. Does nothing if there is no rescheduler, or if memory is
     * exhausted.
     */
    static void leaveQueues() {
        Rescheduler rescheduler = started;
        if (rescheduler == null) {
            return;
        }
        Place place;
        try {
            place = new Place();
        } catch (OutOfMemoryError e) {
            // Memory is short: other threads need it more.
            return;
        }
        rescheduler.await(place);
    }

    private void await(Place place) {
        Place before;
        do {
            before = newest;
            place.before = before;
        } while (!NEWEST.compareAndSet(this, before, place));
        if (before == null) {
            thread.wake();
        }
        boolean interrupted = false;
        while (!place.over) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        Interrupts.restoreInterrupt(interrupted);
    }

    private void step() {
        Place place = NEWEST.getAndSet(this, null);
        if (place == null) {
            LockSupport.park(this);
        }
        while (place != null) {
            Place before = place.before;
            wake(place);
            place = before;
        }
    }

    private void wake(Place place) {
        place.over = true;
        try {
            LockSupport.unpark(place.thread);
        } catch (Throwable e) {
            thread.failures().note(e);
        }
    }
}
