package dev.weft.internal.time;

import java.time.Duration;

/** Moves a clock by hand, as the sweeper does it by itself. */
public final class ClockHand {
    private ClockHand() {}

    /** Moves the clock and says what it shows then. */
    public static int move(CoarseClock clock, Duration step) {
        clock.set(Duration.ofMillis(clock.now()).plus(step).toNanos());
        return clock.now();
    }
}
