package dev.weft.client;

import dev.weft.WebSocketConnection;

/** What a client does with a connection. */
@FunctionalInterface
public interface ClientHandler {
    /**
     * Uses one connection, on a virtual thread that it has to itself, so it may block. If it returns, the connection is closed
     * with 1000. If it throws, the connection is closed with 1011 and the exception is logged, unless it only reports the end
     * of this connection.
     *
     * @param connection open; it ends when this method has returned
     */
    void handle(WebSocketConnection connection) throws Exception;
}
