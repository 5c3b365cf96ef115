package dev.weft.internal.connection;

import dev.weft.PingTimeoutException;
import dev.weft.internal.Bounds;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.Pings;
import dev.weft.internal.time.Pings.Ping;
import dev.weft.internal.time.TimeLimit;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;

/** Sends pings (RFC 6455 §5.5.2), and waits for the pong (§5.5.3). For any thread. */
final class PingSender {
    private static final Duration SHORTEST = Duration.ofMillis(1);

    private PingSender() {}

    /** Sends the frame of a ping with the payload that it gets under the sender's lock; waits as any send does. */
    @FunctionalInterface
    private interface Sending {
        void send(Supplier<byte[]> payload) throws IOException;
    }

    /** Sends a ping as soon as a frame can be sent. Then waits for its pong, no longer than the timeout. */
    static Duration ping(Connection connection, Duration timeout) throws IOException {
        return ping(connection, timeout, payload -> connection.sender.control(Opcode.PING, payload));
    }

    /** Sends a ping after all messages that were accepted before, otherwise like the other method. */
    static Duration barrier(Connection connection, Duration timeout) throws IOException {
        return ping(connection, timeout, payload -> connection.sender.queued().ping(payload));
    }

    private static Duration ping(Connection connection, Duration timeout, Sending sending) throws IOException {
        Bounds.check("timeout", timeout, SHORTEST, TimeLimit.LONGEST);
        Pings pings = connection.sender.deadlines().pings();
        Ping ping = new Ping();
        try {
            send(connection, sending, () -> begin(connection, pings, ping));
            await(connection, pings, ping, timeout);
            return ping.answer().orElseThrow(connection::closed);
        } finally {
            pings.giveUp(ping);
        }
    }

    /** Builds the payload of the ping that is sent now. */
    private static byte[] begin(Connection connection, Pings pings, Ping ping) {
        byte[] payload = pings.next(ping);
        if (ping.isFirst()) {
            connection.closing.onFinal(pings::wakeAll);
        }
        return payload;
    }

    /** Waits until the ping is answered, or can no longer be answered: the peer's Close frame is its last frame (§5.5.1). */
    private static void await(Connection connection, Pings pings, Ping ping, Duration timeout) throws IOException {
        TimeLimit limit = TimeLimit.in(timeout);
        while (ping.answer().isEmpty() && isHeard(connection)) {
            if (limit.hasPassed()) {
                throw new PingTimeoutException("no pong within " + timeout.toMillis() + " ms");
            }
            if (Thread.interrupted()) {
                throw Interrupts.interrupted("while waiting for a pong");
            }
            limit.park(pings);
        }
    }

    /** Whether frames from the peer may still arrive. */
    private static boolean isHeard(Connection connection) {
        return connection.closing.state() != ClosingHandshake.State.BROKEN && !connection.closing.isReceived();
    }

    /** Processes a pong. For the thread that reads. */
    static void pong(Connection connection, byte[] array, int from, int to) {
        long nanos = connection.sender.deadlines().pong(array, from, to);
        if (nanos >= 0) {
            connection.services.pool().traffic().latency().record(nanos);
        }
    }

    /** Sends the sweeper's ping, whose pong has a deadline. Waits as any send does. */
    static void keepAlive(Connection connection) {
        Deadlines deadlines = connection.sender.deadlines();
        boolean sent = false;
        try {
            connection.sender.control(Opcode.PING, () -> {
                byte[] payload = deadlines.pings().next(null);
                deadlines.pinging();
                return payload;
            });
            sent = true;
        } catch (IOException e) {
            // The connection's own thread will find the same failure.
            connection.translated(e);
        } finally {
            if (!sent) {
                // For example, memory is exhausted: the peer has no ping to answer.
                deadlines.pingFailed();
            }
        }
    }

    private static void send(Connection connection, Sending sending, Supplier<byte[]> payload) throws IOException {
        try {
            sending.send(payload);
        } catch (IOException e) {
            throw connection.translated(e);
        }
    }
}
