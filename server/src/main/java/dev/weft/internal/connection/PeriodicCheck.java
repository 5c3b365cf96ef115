package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.internal.time.Deadlines;
import dev.weft.parser.CloseCode;
import java.io.IOException;
import java.time.Duration;

/** One check of a connection by the sweeper, with the actions that are due. Actions that may wait run on their own threads. */
final class PeriodicCheck {
    private PeriodicCheck() {}

    /** Performs the actions that are due at this time. Does not wait. */
    static void sweep(Connection connection, int now) {
        Deadlines deadlines = connection.sender.deadlines();
        if (connection.isOpen()) {
            endLifetime(connection);
        } else {
            connection.transport.liftRates();
        }
        connection.transport.tick();
        Deadlines.Due due = deadlines.due(now, connection.transport.writeProgress());
        switch (isOurDelay(due, connection) ? Deadlines.Due.NOTHING : due) {
            case NOTHING -> {
            }
            case PING -> startPing(connection);
            case MESSAGE_TIMEOUT -> {
                if (connection.transport.delayedPeer()) {
                    deadlines.postponeMessage(now);
                } else if (!connection.receiver.hasGivenUp()) {
                    connection.services.timer().startThread(() -> closeForLateness(connection));
                }
            }
            case PONG_TIMEOUT, WRITE_TIMEOUT, CLOSE_TIMEOUT -> connection.breakOff(deadlines.exception(due));
        }
        if (deadlines.isRetryDue(now)) {
            connection.transport.retryWrite();
        }
        Duration streamTimeout = connection.services.timeouts().streamTimeout();
        if (connection.sender.isStreamOverdue(now, streamTimeout) && connection.isOpen()) {
            connection.services.timer().startThread(() -> failOverdueStream(connection));
        }
    }

    private static void endLifetime(Connection connection) {
        Lifetime lifetime = connection.handshake.lifetime();
        CloseReason end = lifetime == null ? null : lifetime.end();
        if (end != null) {
            connection.services.timer().startThread(() -> connection.claimAndClose(end));
        }
    }

    /** Whether bytes may have arrived in time, but no processor was free for the thread that reads. */
    private static boolean isOurDelay(Deadlines.Due due, Connection connection) {
        return (due == Deadlines.Due.MESSAGE_TIMEOUT || due == Deadlines.Due.PONG_TIMEOUT)
                && (connection.transport.hasUnread() || connection.receiver.isFull());
    }

    /** If there is no memory for a thread, the ping is due again at the next check. */
    private static void startPing(Connection connection) {
        boolean started = false;
        try {
            connection.services.timer().startThread(() -> PingSender.keepAlive(connection),
                    failure -> connection.sender.deadlines().pingFailed());
            started = true;
        } finally {
            if (!started) {
                connection.sender.deadlines().pingFailed();
            }
        }
    }

    /**
     * The connection's own thread stays in its read, where it drops what arrives: ending the read from this thread would reset
     * a peer that is still sending, and lose the Close frame.
     */
    private static void closeForLateness(Connection connection) {
        if (!connection.receiver.giveUpWaiting()) {
            return;
        }
        try {
            connection.failed(connection.receiver.lateness());
            connection.sender.drainAndWait();
        } catch (IOException e) {
            // Already recorded as the reason for the connection's end.
        } catch (Error e) {
            // For example, memory is exhausted. This is not tried again, and the connection has no other deadline.
            connection.breakOff("a connection whose peer was late could not be closed", e);
        }
        ConnectionTeardown.shutDownOutput(connection);
    }

    private static void failOverdueStream(Connection connection) {
        String why = "nothing was written to a streamed message for over "
                + connection.services.timeouts().streamTimeout().toMillis()
                + " ms (streamTimeout)";
        connection.fail(new CloseReason(CloseCode.INTERNAL_ERROR, "message abandoned"), new IOException(why));
    }
}
