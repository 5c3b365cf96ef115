package dev.weft.internal.time;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A platform thread that wakes virtual threads which have left the queues of the JDK's scheduler so that others get their turn.
 * One for the process, made when it is first needed, and never ended.
 * <p>
 * Threads that give way push a place on a list, and park; the rescheduler takes the whole list and unparks them. No wake-up is
 * lost: a place is on the list before the rescheduler is unparked, which looks at the list before it parks.
 */
public final class Rescheduler {
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final AtomicReferenceFieldUpdater<Rescheduler, Place> NEWEST = AtomicReferenceFieldUpdater
            .newUpdater(Rescheduler.class, Place.class, "newest");

    /** A thread that waits. */
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

    /** Starts the one rescheduler, unless it runs. For servers whose connections' threads the JDK schedules. */
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
     * Has the calling thread leave the queues until the rescheduler brings it back, which takes some microseconds. An interrupt
     * does not end that, and is kept. Does nothing without a rescheduler, or memory.
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
            // Others need it more.
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
