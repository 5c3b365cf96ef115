package dev.weft.internal.connection;

import dev.weft.SendResult;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TurnQuota;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * Slows down calls that fail at once, as all calls do on a connection that has ended. A handler that keeps calling in a loop
 * and swallows the exceptions would occupy its loop or carrier, and a processor, forever. So after many failed calls since the
 * clock last moved, each further one takes longer: up to 50 ms on the connection's own thread, so that such a handler makes
 * about a hundred calls in a second. Another thread, such as one that sends the same message to many connections, only yields:
 * one connection that has ended must not delay messages to the others.
 * <p>
 * A yield alone would not be enough for the handler, which would still keep a processor busy.
 */
final class FailedCallThrottle {
    /**
     * The number of failed calls after each move of the clock that are not slowed down. Code that handles the exceptions
     * makes fewer.
     */
    static final int FREE = 64;
    /** The additional time that each call takes compared to the previous one. */
    private static final long STEP_NANOS = 1_000_000;
    private static final int MOST_STEPS = 50;

    /** Not guarded: a call may go uncounted. */
    private int time;
    private int count;
    private int spent;

    private FailedCallThrottle() {}

    /**
     * Counts a call that fails. Waits if there were many; an interrupt does not end the wait, and the interrupt flag is
     * kept. The caller must not hold a lock of the connection.
     *
     * @return the failure
     */
    static <E extends IOException> E count(Connection connection, E failure) {
        of(connection).count(connection);
        return failure;
    }

    /**
     * Counts an attempt to send a message on the connection's own thread. The thread waits as above if the connection has
     * ended, and otherwise yields after many attempts. Other threads are not delayed: they may be sending to many
     * connections.
     */
    static SendResult count(Connection connection, SendResult result) {
        if (connection.receiver.isOwnThread()) {
            if (result == SendResult.CLOSED) {
                of(connection).count(connection);
            } else {
                connection.receiver.spend(TurnQuota.FRAME);
            }
        }
        return result;
    }

    private static FailedCallThrottle of(Connection connection) {
        FailedCallThrottle calls = connection.failedCallThrottle;
        if (calls == null) {
            calls = new FailedCallThrottle();
            connection.failedCallThrottle = calls;
        }
        return calls;
    }

    private void count(Connection connection) {
        int now = connection.services.clock().now();
        if (now != time) {
            time = now;
            count = 0;
        }
        int beyond = ++count - FREE;
        if (beyond <= 0) {
            return;
        }
        if (connection.receiver.isOwnThread()) {
            pause(Math.min(beyond, MOST_STEPS) * STEP_NANOS);
        } else {
            spent = TurnQuota.spend(spent, TurnQuota.BYTES);
        }
    }

    private void pause(long nanos) {
        boolean interrupted = Thread.interrupted();
        LockSupport.parkNanos(this, nanos);
        Interrupts.restoreInterrupt(interrupted);
    }
}
