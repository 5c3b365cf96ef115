package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.internal.close.LocalEndException;
import dev.weft.internal.event.ConnectionEvents;
import dev.weft.parser.CloseCode;
import java.io.IOException;
import java.time.Duration;

/**
 * Closes a connection so that others can use the memory that it holds: fails it with 1013, and cuts it off without waiting for
 * its peer.
 * <p>
 * The Close frame is sent if the network takes it at once. If bytes already wait for the network, it is not sent, since it
 * would have to wait until the peer has read them. On a transport that cannot write without waiting, a separate thread writes
 * the frame and then cuts the connection off; nothing waits before the frame, and the close deadline bounds the write.
 */
public final class Eviction {
    private static final Duration STUCK = Duration.ofMillis(200);

    private Eviction() {}

    /** Whether the bytes it holds have been stuck for a while: its peer does not read, or does not continue its message. */
    public static boolean isStuck(Connection connection) {
        // A peer that waits for a rate is not to blame.
        return connection.sender.isStuck(STUCK) || connection.sender.deadlines().isHalfRead()
                && !(connection.transport.hasRates() && connection.transport.hasUnread());
    }

    /** Evicts the connection: its memory is released as soon as possible. Does not wait. */
    static void start(Connection connection) {
        // Checked first, because the Close frame itself waits for a moment.
        boolean hasRoom = connection.sender.waitingBytes() == 0;
        LocalEndException evicted = LocalEndException.evicted();
        ConnectionEvents.get().limitHit("EVICTED", evicted.getMessage(), connection.remoteAddress());
        connection.fail(new CloseReason(CloseCode.TRY_AGAIN_LATER, "server is full"), evicted);
        connection.sender.dropWaiting();
        if (hasRoom && connection.closeStatus().isEmpty()) {
            connection.services.timer().startThread(() -> sendAndCutOff(connection),
                    failure -> connection.transport.close());
        } else {
            connection.transport.close();
        }
    }

    private static void sendAndCutOff(Connection connection) {
        try {
            connection.sender.drainAndWait();
        } catch (IOException e) {
            // Already recorded as the reason for the connection's end.
        } finally {
            connection.transport.close();
        }
    }
}
