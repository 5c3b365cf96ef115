package dev.weft.client;

import java.io.IOException;

/** A {@link ReconnectingClient} had no open connection, or did not get one in time. Nothing was sent. */
public final class NotConnectedException extends IOException {
    private static final long serialVersionUID = 1;

    NotConnectedException(String message) {
        super(message);
    }
}
