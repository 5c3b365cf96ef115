package dev.weft.server;

import dev.weft.WebSocketConnection;

/** What a server does with a connection. */
@FunctionalInterface
public interface WebSocketHandler {
    /**
     * Serves one connection, on its own virtual thread, which may block as it likes. Returning closes the connection
     * with 1000; throwing closes it with 1011, and what was thrown is logged, unless it is the connection's own end.
     *
     * @param connection open; over when this method has returned
     */
    void handle(WebSocketConnection connection) throws Exception;
}
