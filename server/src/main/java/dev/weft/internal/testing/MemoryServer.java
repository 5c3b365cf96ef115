package dev.weft.internal.testing;

import dev.weft.internal.transport.Transport;
import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;
import java.time.Duration;

/** A server without a listening socket, as the test kit uses it. For any thread. */
public interface MemoryServer extends AutoCloseable {
    /** Serves a connection from its handshake on. Does not wait. Returns false if the server is closed. */
    boolean accept(Transport transport);

    /** Waits, for half a second at most, until this number of connections has been opened. */
    void awaitOpened(long count);

    /** Moves the clock, as {@link ManualTime#advance} does. */
    void advance(ManualTime time, Duration duration);

    /**
     * Drains the server, as these settings say. Their times follow the clock. Waits until what is due at once has been
     * done.
     */
    void drain(Object settings);

    /** The number of connections that have not ended. */
    int connectionCount();

    /** Shuts the server down with a grace period of half a second. */
    @Override
    void close();

    /**
     * The test kit's access to such a server. Another package creates it, and sets the {@link Opener} when that package is
     * first used.
     */
    final class Access {
        /** Opens a server. */
        @FunctionalInterface
        public interface Opener {
            /** Opens a server with this configuration, over these transports, which the server closes. */
            MemoryServer open(Object configuration, TransportFactory transports) throws IOException;
        }

        private static volatile Opener opener;

        private Access() {}

        /** Sets the opener that {@link #open} uses. */
        public static void set(Opener value) {
            opener = value;
        }

        /** Opens a running server. */
        public static MemoryServer open(Object configuration, TransportFactory transports) throws IOException {
            return opener.open(configuration, transports);
        }
    }
}
