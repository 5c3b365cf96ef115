package dev.weft;

/** The reason why a connection ended, as statistics, logs and events name it. */
public enum CloseCause {
    /** One of the ends closed the connection, and the other one answered. */
    CLOSED,
    /**
     * The connection was closed with 1011: because the handler failed or abandoned a message, or by the application
     * itself.
     */
    INTERNAL_ERROR,
    /** The peer violated the protocol. */
    VIOLATION,
    /** The peer exceeded a limit: a size, a number, or the time for a message. */
    LIMIT,
    /** The peer did not answer a ping within {@code pongTimeout}. */
    PONG_TIMEOUT,
    /** The peer read nothing for {@code writeTimeout}. */
    WRITE_TIMEOUT,
    /** The closing handshake took longer than {@code closeTimeout}. */
    CLOSE_TIMEOUT,
    /** The memory that the connection held was needed for other connections ({@code maxBufferedSize}). */
    EVICTED,
    /** The connection was aborted by the application, or at the end of a shutdown. */
    ABORTED,
    /** The network connection ended or failed before the closing handshake was complete. */
    DISCONNECTED
}
