package dev.weft.server;

/** What a connection is doing, for {@link ServerStatistics#connectionsByState()}. */
public enum ConnectionState {
    /** A request, or what precedes it (the PROXY header, the TLS handshake), is being read, decided on, or refused. */
    HANDSHAKE,
    /** A plain request is being answered, or the connection waits for another request. */
    HTTP,
    /** The WebSocket connection is open. */
    OPEN,
    /** The closing handshake is in progress, or the connection has failed and is being closed. */
    CLOSING
}
