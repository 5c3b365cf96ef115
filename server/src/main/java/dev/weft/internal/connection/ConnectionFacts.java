package dev.weft.internal.connection;

import dev.weft.internal.PathPattern;
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
}
