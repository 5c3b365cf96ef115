package dev.weft;

import java.io.IOException;
import java.util.Objects;

/** The connection is closed or closing, so the requested operation is no longer possible. Its methods do not wait. */
public final class ConnectionClosedException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient CloseStatus status;

    /** Creates an exception with the status of the connection. */
    public ConnectionClosedException(CloseStatus status) {
        super("connection is closed: " + Objects.requireNonNull(status), status.cause().orElse(null));
        this.status = status;
    }

    /** Both codes, both reasons, and which end closed first, as far as known when this was thrown. */
    public CloseStatus status() {
        return status;
    }
}
