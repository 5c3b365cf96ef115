package dev.weft.internal.testing;

import dev.weft.internal.transport.Transport;
import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;
import java.time.Duration;

/** A server that listens nowhere: what the test kit needs of it. For any thread. */
public interface MemoryServer extends AutoCloseable {
    /** Serves a connection from its handshake on. Does not wait. Returns false if the server is closed. */
    boolean accept(Transport transport);

    /** Moves the clock, as {@link ManualTime#advance} does. */
    void advance(ManualTime time, Duration duration);

    /** The number of connections that are not over. */
    int connectionCount();

    /** Shuts the server down with a grace period of half a second. */
    @Override
    void close();

    /** How the kit gets such a server, which another package makes; that says so itself, when it is first used. */
    final class Access {
        /** Opens a server. */
        @FunctionalInterface
        public interface Opener {
            /** With this configuration, over these transports, which it closes. */
            MemoryServer open(Object configuration, TransportFactory transports) throws IOException;
        }

        private static volatile Opener opener;

        private Access() {}

        /** Sets what {@link #open} uses. */
        public static void set(Opener value) {
            opener = value;
        }

        /** A server that runs. */
        public static MemoryServer open(Object configuration, TransportFactory transports) throws IOException {
            return opener.open(configuration, transports);
        }
    }
}
