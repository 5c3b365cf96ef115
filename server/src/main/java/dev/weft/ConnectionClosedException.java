package dev.weft;

import java.io.IOException;
import java.util.Objects;

/** Thrown when an operation is not possible because the connection is closed or closing. Its methods do not wait. */
public final class ConnectionClosedException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient CloseStatus status;

    /** Creates an exception with the status of the connection. */
    public ConnectionClosedException(CloseStatus status) {
        super("connection is closed: " + Objects.requireNonNull(status), status.failure().orElse(null));
        this.status = status;
    }

    /**
     * Both codes, both reasons, and the end that closed first, as far as they were known when this exception was
     * thrown.
     */
    public CloseStatus status() {
        return status;
    }
}
