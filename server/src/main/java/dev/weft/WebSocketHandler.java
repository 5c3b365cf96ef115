package dev.weft;

/** Uses the connections of a server or a client: straight code on a thread of its own. */
@FunctionalInterface
public interface WebSocketHandler {
    /**
     * Uses one connection, on its own thread, virtual unless the server has other {@code threads}, which may block. When
     * this method returns, the connection is closed with 1000. When it throws, the connection is closed with 1011, and the
     * exception is logged, unless it only reports that this connection has ended.
     *
     * @param connection open; it has ended when this method has returned
     */
    void handle(WebSocketConnection connection) throws Exception;
}
