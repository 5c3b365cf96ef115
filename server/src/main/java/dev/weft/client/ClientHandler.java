package dev.weft.client;

import dev.weft.WebSocketConnection;

/** What a client does with a connection. */
@FunctionalInterface
public interface ClientHandler {
    /**
     * Uses one connection, on a virtual thread of its own, which may block as it likes. Returning closes the connection with
     * 1000; throwing closes it with 1011, and what was thrown is logged, unless it is the connection's own end.
     *
     * @param connection open; over when this method has returned
     */
    void handle(WebSocketConnection connection) throws Exception;
}
