package dev.weft.internal.receive;

import dev.weft.internal.stress.Lives;
import java.time.Duration;

/** Lives many {@link StressedReceiver}s. */
final class ReadAheadStress {
    private static final int LANES = 16;

    private ReadAheadStress() {}

    /**
     * Stresses the receiving side, as {@link Lives#live} does; nobody pauses longer than 20 ms.
     *
     * @return the number of messages that were received
     */
    static long run(long seed, Duration length, Duration patience) {
        return Lives.live(StressedReceiver::new, LANES, seed, length, patience);
    }
}
