package dev.weft.internal.send;

import dev.weft.internal.stress.Lives;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import java.time.Duration;

/** Lives many {@link StressedSender}s. */
final class SenderStress {
    private static final int LANES = 4;

    private SenderStress() {}

    /**
     * Stresses the sender, as {@link Lives#live} does; nobody pauses longer than a millisecond.
     *
     * @return the number of frames that arrived
     */
    static long run(long seed, Duration length, Duration patience) {
        ShortTimer timer = new ShortTimer(Runnable::run, Failures.toHandler("timer under stress"));
        timer.start();
        try {
            return Lives.live(each -> new StressedSender(each, timer), LANES, seed, length, patience);
        } finally {
            timer.stop();
        }
    }
}
