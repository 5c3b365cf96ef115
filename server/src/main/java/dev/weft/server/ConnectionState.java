package dev.weft.server;

/** What a connection is doing, for {@link ServerStatistics#connectionsByState()}. */
public enum ConnectionState {
    /** A request, or the PROXY header or TLS handshake before it, is being read, decided on, or refused. */
    HANDSHAKE,
    /** A plain request is being answered, or the connection waits for another request. */
    HTTP,
    /** The WebSocket connection is open. */
    OPEN,
    /** The closing handshake is in progress, or the connection has failed and is being closed. */
    CLOSING
}
