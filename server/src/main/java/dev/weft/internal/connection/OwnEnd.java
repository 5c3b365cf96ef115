package dev.weft.internal.connection;

import dev.weft.ConnectionClosedException;
import java.io.IOException;

/** Tells a handler's own failure from the end of its connection that it passes on. */
public final class OwnEnd {
    /** Of causes that are looked at: a chain may be a circle. */
    private static final int LONGEST_CHAIN = 16;

    private OwnEnd() {}

    /** Whether a handler threw, wrapped or not, what its own connection threw at it, and not that of another one. */
    public static boolean is(Throwable thrown, Connection connection) {
        Exception cause = connection.known().cause().orElse(null);
        Throwable link = thrown;
        for (int depth = 0; link != null && depth < LONGEST_CHAIN; depth++) {
            if (link instanceof ConnectionClosedException
                    ? !connection.isOpen()
                    : link instanceof IOException && link == cause) {
                return true;
            }
            link = link.getCause();
        }
        return false;
    }
}
