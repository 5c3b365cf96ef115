package dev.weft.client;

import dev.weft.CloseStatus.Side;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.UnattendedEnd;
import java.util.Optional;

/**
 * How long what arrived before the end of a connection is kept for a thread that may still receive it: longer if the end was a
 * surprise. For the sweeper.
 */
final class Retention {
    private final Connection connection;
    private final long mostMillis;
    /** How often had been received when that last changed, and when. */
    private int receivesSeen;
    private int receivedAt;

    /** One that begins now. */
    Retention(Connection connection, ConnectionTimeouts timeouts, int now) {
        boolean closedHere = connection.known().closedFirst().equals(Optional.of(Side.LOCAL));
        this.connection = connection;
        this.mostMillis = (closedHere ? timeouts.closeTimeout() : timeouts.messageTimeout()).toMillis();
        this.receivesSeen = UnattendedEnd.receives(connection);
        this.receivedAt = now;
    }

    /** Whether nothing was received for so long that nobody will. */
    boolean isOver(int now) {
        int receives = UnattendedEnd.receives(connection);
        if (receives != receivesSeen) {
            receivesSeen = receives;
            receivedAt = now;
        }
        return now - receivedAt >= mostMillis;
    }
}
