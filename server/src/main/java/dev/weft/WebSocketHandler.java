package dev.weft;

/**
 * Uses the connections of a server or a client. The code for each connection is ordinary blocking code on its own
 * thread.
 */
@FunctionalInterface
public interface WebSocketHandler {
    /**
     * Uses one connection, on its own thread. That thread is virtual unless the server has other {@code threads}, and
     * may block. When this method returns, the connection is closed with 1000. When it throws, the connection is closed
     * with 1011, and the exception is logged, unless it only reports that this connection has ended.
     *
     * @param connection open; it has ended when this method has returned
     */
    void handle(WebSocketConnection connection) throws Exception;
}
