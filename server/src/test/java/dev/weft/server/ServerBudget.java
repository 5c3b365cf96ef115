package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;

/** Shows tests of other packages the budget of a server's buffers, which is nobody else's business. */
public final class ServerBudget {
    private ServerBudget() {}

    /** What counts the bytes that this server holds for all its connections. */
    public static BufferBudget of(WebSocketServer server) {
        return server.services().pool().budget();
    }
}
