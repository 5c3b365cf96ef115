package dev.weft.internal.time;

import java.io.InterruptedIOException;

/** What a wait does about interrupts: it clears the flag, since a thread does not park with it, and puts it back at its end. */
public final class Interrupts {
    private Interrupts() {}

    /** What a wait throws that an interrupt has ended; the flag is up again. */
    public static InterruptedIOException interrupted(String when) {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted " + when);
    }

    /** Puts the flag up again if the thread was interrupted in a wait that went on. */
    public static void restoreInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
