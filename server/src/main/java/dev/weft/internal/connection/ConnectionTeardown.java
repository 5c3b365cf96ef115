package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.LingeringClose;
import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * The last steps of a connection (RFC 6455 §7.1): taken by its own thread after its handler, or, while that is busy, by the
 * thread that has found the end while reading ahead.
 */
final class ConnectionTeardown {
    private ConnectionTeardown() {}

    /** The peer broke a rule or a limit: fails the connection with a Close frame, and returns the exception for the caller. */
    static ConnectionClosedException failed(Connection connection, ProtocolViolationException violation) {
        String reason = violation.getMessage();
        connection.fail(new CloseReason(violation.closeCode(),
                reason.substring(0, Math.min(reason.length(), CloseReason.MAX_REASON_LENGTH))), violation);
        return connection.closing.exception();
    }

    /**
     * §7.1.1: the status is final when our Close frame was written, or cannot be. Waits until then, or until the limit has
     * passed.
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
            // The peer did not wait for the answer: that is noted, and its Close frame is still reported.
        }
        shutDownOutput(connection);
    }

    /**
     * The exception for the caller. A wait that ended by an interrupt or a limit changes nothing, nor does it lose a pending
     * Close frame; a connection that was already over throws its status; everything else is a dead wire.
     */
    static IOException translated(Connection connection, IOException e) {
        ClosingHandshake closing = connection.closing;
        if (e instanceof ConnectionClosedException) {
            return e;
        }
        if (e instanceof InterruptedIOException) {
            return closing.state() != ClosingHandshake.State.BROKEN || closing.isCause(e) ? e : closing.exception();
        }
        if (e instanceof EOFException && closing.isPending()) {
            // The peer has only shut down its output: our Close frame can still be sent.
            drainQuietly(connection);
        }
        return connection.breakOff(e) || closing.isCause(e) ? e : closing.exception();
    }

    static void shutDownOutput(Connection connection) {
        try {
            connection.transport.shutdownOutput();
        } catch (IOException e) {
            // It is shut down then.
        }
    }

    private static void drainQuietly(Connection connection) {
        try {
            connection.sender.drainAndWait();
        } catch (IOException e) {
            // Noted as the connection's end.
        }
    }

    /** After the handler. Waits until the close deadline at most. */
    static void finish(Connection connection, CloseReason reason) {
        try {
            // Before waiting for another thread that receives, which may itself wait for the peer's answer.
            if (connection.sender.isStreaming()) {
                // A message of this end is incomplete: the connection fails (§7.1.7), even if the handler returned normally.
                connection.fail(new CloseReason(CloseCode.INTERNAL_ERROR, "message abandoned"),
                        new IOException("the handler ended within a streamed message"));
            } else {
                connection.claimAndClose(reason);
            }
            connection.receiver.cutOff(connection::abort);
            awaitOtherThread(connection);
            connection.sender.drainAndWait();
            connection.receiver.awaitPeersClose();
            connection.sender.drainAndWait();
        } catch (ProtocolViolationException e) {
            connection.closing.fail(reason, e);
        } catch (IOException e) {
            connection.breakOff(e);
        }
        connection.receiver.release();
        linger(connection);
        connection.receiver.end();
        connection.sender.end();
    }

    /** While the handler is busy: the end was found and noted. Waits until the close deadline at most. */
    static void endAhead(Connection connection) {
        drainQuietly(connection);
        linger(connection);
    }

    /** Nothing can be sent or received any more. */
    private static void linger(Connection connection) {
        connection.sender.deadlines().closing();
        LingeringClose.close(connection.transport);
        connection.breakOff(new IOException("the closing handshake was not completed"));
    }

    /** A thread that is already ending the connection does not take long. */
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
