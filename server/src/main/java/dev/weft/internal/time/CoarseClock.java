package dev.weft.internal.time;

/** A clock that is read for the price of a field and moves with the sweeper's steps. For any thread. */
public final class CoarseClock {
    private volatile long now = System.nanoTime();

    /** The time of the sweeper's last step, in nanoseconds from an arbitrary origin; never 0, which stands for "not". */
    public long now() {
        return now;
    }

    /** Moves the clock. */
    void set(long nanos) {
        now = nanos | 1;
    }
}
