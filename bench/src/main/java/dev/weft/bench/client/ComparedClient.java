package dev.weft.bench.client;

import java.net.URI;

/** A client that is compared. Each connection sends messages of the same bytes, and one more for each that comes back. */
@FunctionalInterface
interface ComparedClient {
    /** Notified of each message that came back, before the next one is sent. For any thread. */
    interface Count {
        /** One message of this number of bytes has come back. */
        void received(int length);
    }

    /**
     * Opens connections, which exchange messages from then on until the process ends.
     *
     * @param window the number of messages that each has in flight
     */
    void start(URI uri, int connections, int window, byte[] message, Count count) throws Exception;
}
