package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.close.LocalEndException;
import dev.weft.internal.event.ConnectionEvents;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.LingeringClose;
import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.LockSupport;

/**
 * The last steps of a connection (RFC 6455 §7.1): the connection's own thread takes them after its handler has returned.
 * While the handler is busy, the thread that found the end while reading ahead takes them. A deadline bounds them.
 * <pre>
 *   both Close frames passed ─────────────────────────────┐
 *   violation, limit: Close frame, nothing more is read ──┼──▶ output shut down, peer's bytes dropped ──▶ transport closed
 *   dead wire, deadline, abort ───────────────────────────┴───────────────────────────────────────────▶ transport closed
 * </pre>
 */
final class ConnectionTeardown {
    private static final long LOOK_NANOS = 4_000_000;
    private static final int LOOKS = 125;

    private ConnectionTeardown() {}

    /**
     * Fails the connection with a Close frame because the peer broke a rule or exceeded a limit, and returns the exception for
     * the caller.
     */
    static ConnectionClosedException failed(Connection connection, ProtocolViolationException violation) {
        if (connection.isOpen()) {
            record(connection, violation);
        }
        String reason = violation.getMessage();
        connection.fail(new CloseReason(violation.closeCode(),
                reason.substring(0, Math.min(reason.length(), CloseReason.MAX_REASON_LENGTH))), violation);
        return connection.closing.exception();
    }

    private static void record(Connection connection, ProtocolViolationException violation) {
        if (violation.limit().isPresent()) {
            ConnectionEvents.get().limitHit("CONNECTION", violation.getMessage(), connection.remoteAddress());
        } else {
            ConnectionEvents.get().violation(connection.services.role(), connection, violation);
        }
    }

    /**
     * §7.1.1: the status is final when our Close frame has been written, or cannot be written. Waits until then, or until
     * the limit has passed.
     */
    static void completeClose(Connection connection, TimeLimit limit) throws InterruptedIOException {
        try {
            if (limit == TimeLimit.NONE) {
                connection.sender.drainAndWait();
            } else {
                connection.closing.awaitFinal(limit);
            }
        } catch (InterruptedIOException e) {
            if (connection.closing.finalStatus().isEmpty()) {
                throw e;
            }
        } catch (IOException e) {
            // The peer did not wait for the answer. That is recorded, and the peer's Close frame is still reported.
        }
        if (!leavesTheEndToTheServer(connection)) {
            shutDownOutput(connection);
        }
    }

    /** §7.1.1: after the closing handshake, a client waits for the server to end the TCP connection. */
    private static boolean leavesTheEndToTheServer(Connection connection) {
        return connection.services.role() == Role.CLIENT && connection.closing.state() == ClosingHandshake.State.CLOSED;
    }

    /**
     * The exception for the caller. A wait that ends by an interrupt or a limit changes nothing, and does not lose a pending
     * Close frame. A connection that had already ended throws its status. Every other exception means that the network
     * connection is broken.
     */
    static IOException translated(Connection connection, IOException e) {
        ClosingHandshake closing = connection.closing;
        if (e instanceof ConnectionClosedException) {
            return e;
        }
        if (e instanceof InterruptedIOException) {
            return closing.state() != ClosingHandshake.State.BROKEN || closing.isCause(e) ? e : closing.exception();
        }
        if (e instanceof EOFException) {
            // At its end the peer may only have shut down its output, and still read.
            if (closing.isPending()) {
                drainQuietly(connection);
            } else {
                awaitSending(connection);
            }
            endTls(connection);
        }
        return connection.breakOff(e) || closing.isCause(e) ? e : closing.exception();
    }

    /** Cuts the connection off. Does not wait or throw, and needs no memory. */
    static void abort(Connection connection) {
        Exception reason = null;
        try {
            reason = LocalEndException.aborted();
        } catch (OutOfMemoryError e) {
            // Then the connection ends without this reason.
        }
        connection.breakOff(reason);
    }

    /** Ends the connection because of an error. Does not wait or throw, and needs no memory. */
    static void breakOff(Connection connection, String why, Error cause) {
        Exception reason = null;
        try {
            reason = new IOException(why, cause);
        } catch (OutOfMemoryError e) {
            // Then the connection ends without this reason.
        }
        connection.breakOff(reason);
    }

    static void shutDownOutput(Connection connection) {
        try {
            connection.transport.shutdownOutput();
        } catch (IOException e) {
            // The output is already shut down.
        }
    }

    /** Waits for what other threads are sending, half a second at most. */
    private static void awaitSending(Connection connection) {
        for (int looks = 0; looks < LOOKS && connection.sender.isSending(); looks++) {
            LockSupport.parkNanos(connection, LOOK_NANOS);
        }
    }

    /** Answers a peer that has ended TLS by its close_notify (RFC 8446 §6.1), unless it does not read: then this would wait. */
    private static void endTls(Connection connection) {
        if (connection.transport.tlsSession().isPresent() && !connection.sender.isSending()) {
            connection.sender.deadlines().closing();
            shutDownOutput(connection);
        }
    }

    private static void drainQuietly(Connection connection) {
        try {
            connection.sender.drainAndWait();
        } catch (IOException e) {
            // Already recorded as the reason for the connection's end.
        }
    }

    /**
     * Ends the connection after its handler has returned. Waits until the close deadline at most. Whatever fails on the way, for
     * example because memory is exhausted: afterwards the status is final, the transport is closed, and everything is released.
     */
    static void finish(Connection connection, CloseReason reason) {
        boolean announced = false;
        try {
            // This precedes the wait for another thread that receives, since that thread may itself wait for the peer's
            // answer.
            announceEnd(connection, reason);
            announced = true;
        } finally {
            if (!announced) {
                // Another thread that receives must not wait for the peer any longer.
                connection.transport.close();
            }
            connection.receiver.cutOff();
            try {
                completeHandshake(connection, reason);
            } finally {
                release(connection);
            }
        }
    }

    private static void announceEnd(Connection connection, CloseReason reason) {
        if (connection.sender.isStreaming()) {
            // A message of this end is incomplete: the connection fails (§7.1.7), even if the handler returned normally.
            connection.fail(new CloseReason(CloseCode.INTERNAL_ERROR, "message abandoned"),
                    new IOException("the handler ended before it completed a streamed message"));
        } else {
            connection.claimAndClose(reason);
        }
    }

    private static void completeHandshake(Connection connection, CloseReason reason) {
        try {
            awaitOtherThread(connection);
            connection.sender.drainAndWait();
            connection.receiver.awaitPeersClose();
            connection.sender.drainAndWait();
        } catch (ProtocolViolationException e) {
            connection.closing.fail(reason, e);
        } catch (IOException e) {
            connection.breakOff(e);
        }
    }

    /** Each step is taken although one before it has failed. */
    private static void release(Connection connection) {
        try {
            connection.receiver.release();
        } finally {
            try {
                linger(connection);
            } finally {
                try {
                    connection.receiver.end();
                } finally {
                    connection.sender.end();
                }
            }
        }
    }

    /**
     * Ends the connection while the handler is busy: the end has been found and recorded. Waits until the close deadline at
     * most.
     */
    static void endAhead(Connection connection) {
        try {
            drainQuietly(connection);
        } finally {
            linger(connection);
        }
    }

    /** Closes the transport, because nothing can be sent or received any more. */
    private static void linger(Connection connection) {
        try {
            connection.sender.deadlines().closing();
            if (leavesTheEndToTheServer(connection)) {
                LingeringClose.closeAfterPeer(connection.transport);
            } else {
                LingeringClose.close(connection.transport);
            }
        } finally {
            if (connection.closing.finalStatus().isPresent()) {
                connection.breakOff(null);
            } else {
                breakOff(connection, "the closing handshake was not completed", null);
            }
        }
    }

    /** Waits for a thread that is already ending the connection, which does not take long. */
    private static void awaitOtherThread(Connection connection) {
        Thread other = connection.finisher;
        boolean interrupted = false;
        while (other != null && other.isAlive()) {
            try {
                other.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        Interrupts.restoreInterrupt(interrupted);
    }
}
