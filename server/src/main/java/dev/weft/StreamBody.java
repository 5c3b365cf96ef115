package dev.weft;

import java.io.IOException;

/** Writes the content of a streamed message. */
@FunctionalInterface
public interface StreamBody {
    /**
     * Writes the message. When this method returns, the message is complete. When it throws, the message is abandoned,
     * which fails the connection ({@link OutgoingMessage#close()}). Called once, on the thread that sends the message;
     * may wait.
     *
     * @param message is open; this method need not complete or close it
     * @throws IOException if the message cannot be written
     */
    void writeTo(OutgoingMessage message) throws IOException;
}
