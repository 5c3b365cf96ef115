package dev.weft.server;

import dev.weft.internal.connection.HandshakeResult;
import org.jspecify.annotations.Nullable;

/**
 * A connection that this server takes over from another HTTP server.
 *
 * @param alreadyRead the bytes that the other server has read but not used
 * @param endpoint    serves the connection; {@code null} if this server answers the handshake, which begins with the bytes
 *                    already read
 * @param result      the result of the handshake, present if the endpoint is
 */
record Adoption(byte[] alreadyRead, @Nullable ServedEndpoint endpoint, @Nullable HandshakeResult result) {
    /** Whether the other server has answered the handshake. */
    boolean isAnswered() {
        return endpoint != null;
    }
}
