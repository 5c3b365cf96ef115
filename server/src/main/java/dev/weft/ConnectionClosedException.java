package dev.weft;

import java.io.IOException;
import java.util.Objects;

/** The connection is over or on its way there, so that what was asked of it can no longer be done. */
public final class ConnectionClosedException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient CloseStatus status;

    /** An exception that tells how the connection ended. */
    public ConnectionClosedException(CloseStatus status) {
        super("connection is closed: " + Objects.requireNonNull(status), status.cause().orElse(null));
        this.status = status;
    }

    /** Both codes, both reasons, and which end closed first, as far as known when this was thrown. */
    public CloseStatus status() {
        return status;
    }
}
