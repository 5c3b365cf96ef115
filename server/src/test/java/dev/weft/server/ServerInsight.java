package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.connection.Connection;
import java.util.concurrent.atomic.AtomicLong;

/** Gives tests in other packages access to internals of a server. */
public final class ServerInsight {
    /** The number of bytes that a TLS handshake counts in the budget. */
    public static final int TLS_HANDSHAKE_SIZE = TlsHandshakes.SIZE;

    private ServerInsight() {}

    /** The budget that counts the bytes that this server holds for all its connections. */
    public static BufferBudget budget(WebSocketServer server) {
        return server.services().pool().budget();
    }

    /**
     * The bytes that the budget counts, and no connection holds. A connection whose thread the JDK has lost holds its bytes for
     * good. For a server whose connections are idle.
     */
    public static long bytesOfNone(WebSocketServer server) {
        AtomicLong bytes = new AtomicLong(budget(server).taken());
        server.sessions.forEach(session -> {
            Connection open = session.connection();
            if (open != null) {
                bytes.addAndGet(-open.heldBytes());
            }
        });
        return bytes.get();
    }

    /** The number of TLS handshakes under way. */
    public static int tlsHandshakes(WebSocketServer server) {
        return server.tlsHandshakes().orElseThrow().count();
    }

    /** The number of connections that wait for their TLS handshake to begin. */
    public static int waitingForTls(WebSocketServer server) {
        return server.tlsHandshakes().orElseThrow().waiting();
    }
}
