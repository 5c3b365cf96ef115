package dev.weft;

import java.io.IOException;

/** Thrown when a ping was not answered in time. The connection stays open; a later ping may be answered. */
public final class PingTimeoutException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates an exception whose message says how long the ping's sender waited. */
    public PingTimeoutException(String message) {
        super(message);
    }
}
