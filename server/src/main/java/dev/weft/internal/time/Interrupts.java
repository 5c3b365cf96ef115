package dev.weft.internal.time;

import java.io.InterruptedIOException;

/**
 * How waits handle interrupts: they clear the interrupt flag, because a thread does not park while it is set, and set it again
 * when they end.
 */
public final class Interrupts {
    private Interrupts() {}

    /** The exception for a wait that an interrupt has ended; sets the flag again. */
    public static InterruptedIOException interrupted(String when) {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted " + when);
    }

    /** Sets the flag again if the thread was interrupted in a wait that continued. */
    public static void restoreInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
