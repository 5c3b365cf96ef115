package dev.weft.internal.connection;

import dev.weft.SendResult;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TurnQuota;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * Calls on a connection that fail at once, as all do when it has ended. A handler that goes on calling in a loop, and swallows
 * the exceptions, would keep its loop or carrier for good, and a processor with it. So after many calls that failed since the
 * clock last moved, each further one takes longer: on the connection's own thread up to 50 ms, so that such a handler makes
 * some hundred calls in a second. Another thread, such as one that sends the same message to many connections, only gives
 * way to others: one connection that has ended must not delay what the others get.
 * <p>
 * A yield alone would not do for the handler: it would go on using up its processor.
 */
final class FailedCallThrottle {
    /** Since the clock last moved; no code that makes use of the exceptions makes as many. */
    static final int FREE = 64;
    /** Each call takes so much longer than the one before. */
    private static final long STEP_NANOS = 1_000_000;
    private static final int MOST_STEPS = 50;

    /** Not guarded: a call may be missed. */
    private int time;
    private int count;
    private int spent;

    private FailedCallThrottle() {}

    /**
     * Counts a call that fails. Waits if there were many; an interrupt does not end that, and is kept. The caller holds no
     * lock of the connection's.
     *
     * @return the failure
     */
    static <E extends IOException> E count(Connection connection, E failure) {
        of(connection).count(connection);
        return failure;
    }

    /**
     * Counts a message that was tried on the connection's own thread, which waits as above if the connection has ended, and
     * otherwise gives way to others after many. Other threads are not held up: they may be about to try with many connections.
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
