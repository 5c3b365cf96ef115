package dev.weft.internal.connection;

import dev.weft.ConnectionClosedException;
import java.io.IOException;

/** Distinguishes a failure of the handler itself from the end of its connection that the handler only rethrows. */
public final class RethrownEnd {
    /** The maximum number of causes that are checked, since a chain of causes may be circular. */
    private static final int LONGEST_CHAIN = 16;

    private RethrownEnd() {}

    /**
     * Whether a handler threw an exception, wrapped or not, that its own connection had thrown, and not one from another
     * connection.
     */
    public static boolean is(Throwable thrown, Connection connection) {
        Exception failure = connection.known().failure().orElse(null);
        Throwable link = thrown;
        for (int depth = 0; link != null && depth < LONGEST_CHAIN; depth++) {
            if (link instanceof ConnectionClosedException
                    ? !connection.isOpen()
                    : link instanceof IOException && link == failure) {
                return true;
            }
            link = link.getCause();
        }
        return false;
    }
}
