package dev.weft;

import java.io.IOException;
import java.util.Objects;

/** The connection is over or on its way there, so that what was asked of it can no longer be done. */
public final class ConnectionClosedException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient ConnectionEnd end;

    /** An exception that tells how the connection ended. */
    public ConnectionClosedException(ConnectionEnd end) {
        super("connection is closed: " + Objects.requireNonNull(end), end.cause().orElse(null));
        this.end = end;
    }

    /** Both codes, both reasons, and who closed first. */
    public ConnectionEnd end() {
        return end;
    }
}
