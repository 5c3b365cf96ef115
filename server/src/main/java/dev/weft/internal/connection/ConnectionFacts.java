package dev.weft.internal.connection;

import dev.weft.internal.PathPattern;
import dev.weft.internal.buffer.Tally;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Facts about a connection that its server needs to know, and its handler does not. For any thread; nothing waits. */
public final class ConnectionFacts {
    private ConnectionFacts() {}

    /** The path of the connection's endpoint; {@code null} if it serves every path that no other endpoint serves. */
    public static @Nullable PathPattern endpoint(Connection connection) {
        return connection.handshake.pattern();
    }

    /** The number of bytes that wait to be sent to the peer. */
    public static long queuedBytes(Connection connection) {
        return connection.sender.waitingBytes();
    }

    /** When the connection was opened. */
    public static Instant openedAt(Connection connection) {
        return connection.sender.deadlines().openedAt();
    }

    /** The time since something last arrived from the peer. */
    public static Duration silence(Connection connection) {
        return connection.sender.deadlines().silence();
    }

    /** What the connection has received and sent; {@code null} if that is not counted. */
    public static @Nullable Tally tally(Connection connection) {
        return connection.services.pool().traffic().tally();
    }
}
