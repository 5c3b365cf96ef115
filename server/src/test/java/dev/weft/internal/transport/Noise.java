package dev.weft.internal.transport;

import java.util.concurrent.ThreadLocalRandom;

/**
 * What {@link TransportVariant} puts between the steps of the state machine, so that the moments in which two threads can
 * meet last longer than nanoseconds. Each place in turn becomes slow for a while, the others are a little slow now and
 * then. Never parks: that would use up the unpark which the code is waiting for.
 */
public final class Noise {
    private static final int SHORT_NANOS = 20_000;
    private static final int LONG_NANOS = 150_000;
    private static final int ONE_SHORT_IN = 32;
    private static final int ONE_LONG_IN = 2;
    /** A turn is 2 to this power nanoseconds, some 34 ms. */
    private static final int TURN_BITS = 25;
    private static final int TURNS = 16;

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
     * Has this thread do, behind so many of its steps, what another could do just then: so that comes between any two of
     * them, however rarely two threads meet there. It must not block. The latest call counts.
     */
    static void surprise(int steps, Runnable action) {
        SURPRISE.set(new Surprise(steps, action));
    }

    /** Lets other threads get ahead, perhaps. */
    public static void here(int place) {
        Surprise surprise = SURPRISE.get();
        if (surprise != null && surprise.steps-- == 0) {
            SURPRISE.remove();
            surprise.action.run();
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long now = System.nanoTime();
        boolean slow = ((now >>> TURN_BITS) + place) % TURNS == 0;
        if (random.nextInt(slow ? ONE_LONG_IN : ONE_SHORT_IN) > 0) {
            return;
        }
        Thread.yield();
        long end = now + random.nextInt(slow ? LONG_NANOS : SHORT_NANOS);
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }
}
