package dev.weft.client;

import dev.weft.CloseStatus.Side;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.UnattendedEnd;
import java.util.Optional;

/**
 * How long received data is kept after the end of a connection, for a thread that may still receive it. It is kept for longer
 * if the end was a surprise. Used by the sweeper.
 */
final class Retention {
    private final Connection connection;
    private final long mostMillis;
    /** The number of receives at the last change, and the time of that change. */
    private int receivesSeen;
    private int receivedAt;

    /** A retention that starts now. */
    Retention(Connection connection, ConnectionTimeouts timeouts, int now) {
        boolean closedHere = connection.known().closedFirst().equals(Optional.of(Side.LOCAL));
        this.connection = connection;
        this.mostMillis = (closedHere ? timeouts.closeTimeout() : timeouts.messageTimeout()).toMillis();
        this.receivesSeen = UnattendedEnd.receives(connection);
        this.receivedAt = now;
    }

    /** Whether nothing was received for so long that no thread is expected to receive any more. */
    boolean isOver(int now) {
        int receives = UnattendedEnd.receives(connection);
        if (receives != receivesSeen) {
            receivesSeen = receives;
            receivedAt = now;
        }
        return now - receivedAt >= mostMillis;
    }
}
