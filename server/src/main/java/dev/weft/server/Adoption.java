package dev.weft.server;

import dev.weft.internal.connection.HandshakeResult;
import org.jspecify.annotations.Nullable;

/**
 * A connection of another HTTP server that this one takes over.
 *
 * @param alreadyRead what the other server has read and not used
 * @param endpoint    serves the connection; {@code null} if this server is to answer the handshake, which what was read begins
 *                    with
 * @param result      of the handshake, there if the endpoint is
 */
record Adoption(byte[] alreadyRead, @Nullable ServedEndpoint endpoint, @Nullable HandshakeResult result) {
    /** Whether the other server has answered the handshake. */
    boolean isAnswered() {
        return endpoint != null;
    }
}
