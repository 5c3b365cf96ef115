package dev.weft.bench.client;

import java.net.URI;

/** A client that is compared. Each connection sends the same message repeatedly: a new one for each that is returned. */
@FunctionalInterface
interface ComparedClient {
    /** Notified of each returned message, before the next one is sent. For any thread. */
    interface Count {
        /** A message of this number of bytes was returned. */
        void received(int length);
    }

    /**
     * Opens connections, which exchange messages from then on until the process ends.
     *
     * @param window the number of messages that each has in flight
     */
    void start(URI uri, int connections, int window, byte[] message, Count count) throws Exception;
}
