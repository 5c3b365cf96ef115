package dev.weft.internal.stress;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * What a {@link NoisyCopy} has between the steps of its code, so that the moments in which two threads can meet last longer
 * than nanoseconds. Each place in turn becomes slow for a while, the others are a little slow now and then. Never parks: that
 * would use up the unpark which the code is waiting for.
 */
public final class Noise {
    private static final int SHORT_NANOS = 20_000;
    private static final int LONG_NANOS = 150_000;
    private static final int ONE_SHORT_IN = 32;
    private static final int ONE_LONG_IN = 2;
    private static final int FAULT_NANOS = 3_000_000;
    private static final int ONE_FAULT_IN = 4;
    /** A turn is 2 to this power nanoseconds, some 34 ms. */
    private static final int TURN_BITS = 25;
    private static final int TURNS = 16;

    /** The names of a copy's platform threads begin so. */
    public static final String THREADS = "stressed-";

    /** The places of each copy are numbered from a multiple of this on. */
    static final int PLACES = 1 << 16;
    private static volatile int givenUp;
    private static volatile boolean silent;

    private static final ThreadLocal<Surprise> SURPRISE = new ThreadLocal<>();

    /** What another thread could do meanwhile, and how many steps are left before. */
    private static final class Surprise {
        private final Runnable action;
        private int steps;

        Surprise(int steps, Runnable action) {
            this.steps = steps;
            this.action = action;
        }
    }

    private Noise() {}

    /**
     * Has this thread do, after this number of its steps, what another could do just then: so that comes between any two of
     * them, however rarely two threads meet there. It must not block. The latest call counts.
     */
    public static void surprise(int steps, Runnable action) {
        SURPRISE.set(new Surprise(steps, action));
    }

    /**
     * Ends the copies that were made before this one, whose faults may have left threads in loops without end: their virtual
     * threads, and those with the name of {@link #THREADS}, go no further.
     */
    static void giveUpBefore(int copy) {
        givenUp = copy;
    }

    /** Whether there is no noise, but for surprises: some faults are found by much work sooner than by slow steps. */
    public static void silence(boolean value) {
        silent = value;
    }

    /** Other platform threads are the tests' or the JDK's. */
    private static boolean belongsToACopy(Thread thread) {
        return thread.isVirtual() || thread.getName().startsWith(THREADS);
    }

    /** Lets other threads get ahead, perhaps. */
    public static void here(int place) {
        Surprise surprise = SURPRISE.get();
        if (surprise != null && surprise.steps-- == 0) {
            SURPRISE.remove();
            surprise.action.run();
        }
        while (place / PLACES < givenUp && belongsToACopy(Thread.currentThread())) {
            // A flag that is set would end each wait at once.
            Thread.interrupted();
            LockSupport.park();
        }
        if (silent) {
            return;
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long now = System.nanoTime();
        boolean slow = ((now >>> TURN_BITS) + place) % TURNS == 0;
        if (random.nextInt(slow ? ONE_LONG_IN : ONE_SHORT_IN) > 0) {
            return;
        }
        pass(random.nextInt(slow ? LONG_NANOS : SHORT_NANOS));
    }

    /**
     * For a moment that only a planted fault makes, in which two threads seldom meet: it lasts so long that they do. The
     * stress is to show that it sees what follows from the fault.
     */
    public static void inFault() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        if (random.nextInt(ONE_FAULT_IN) == 0) {
            pass(random.nextInt(FAULT_NANOS));
        }
    }

    private static void pass(int nanos) {
        long end = System.nanoTime() + nanos;
        Thread.yield();
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }
}
