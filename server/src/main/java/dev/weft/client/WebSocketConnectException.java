package dev.weft.client;

import java.io.IOException;
import java.util.Objects;
import java.util.Optional;

/** A connection could not be opened. Says which step failed. Text from the peer is escaped in the message. */
public final class WebSocketConnectException extends IOException {
    private static final long serialVersionUID = 1;

    /** The steps to an open connection, in order. */
    public enum Step {
        /** Looking up the addresses of the host's name. */
        RESOLVE,
        /** Connecting to one of the addresses, or to the proxy. */
        CONNECT,
        /** The request to the proxy to connect to the server. */
        PROXY,
        /** The TLS handshake, including the check of the server's certificate and name. */
        TLS,
        /** The opening handshake of RFC 6455 §4.1. */
        HANDSHAKE
    }

    private final Step step;
    private final transient FailedResponse response;

    WebSocketConnectException(Step step, String message, Throwable cause) {
        this(step, message, cause, null);
    }

    WebSocketConnectException(Step step, String message, Throwable cause, FailedResponse responseOrNull) {
        super(step + ": " + message, cause);
        this.step = Objects.requireNonNull(step, "step");
        this.response = responseOrNull;
    }

    /** The step that failed. */
    public Step step() {
        return step;
    }

    /** The server's or proxy's response, if there was one and its status was not 101. Not serialized. */
    public Optional<FailedResponse> response() {
        return Optional.ofNullable(response);
    }
}
