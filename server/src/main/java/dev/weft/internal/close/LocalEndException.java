package dev.weft.internal.close;

import java.io.IOException;

/** This end cut the connection off, and neither the peer nor the network is the reason. */
public final class LocalEndException extends IOException {
    private static final long serialVersionUID = 1;

    private final boolean eviction;

    private LocalEndException(String message, boolean eviction) {
        super(message);
        this.eviction = eviction;
    }

    /** The application, or the server, aborted the connection. */
    public static LocalEndException aborted() {
        return new LocalEndException("aborted by this end", false);
    }

    /** Other connections need the memory that this one holds. */
    public static LocalEndException evicted() {
        return new LocalEndException(
                "evicted: the memory that it holds (maxBufferedSize) is needed for other connections", true);
    }

    /** Whether the connection was cut off because of the memory that it held. */
    public boolean isEviction() {
        return eviction;
    }
}
