package dev.weft;

import java.io.IOException;

/** Writes the whole of a streamed message. */
@FunctionalInterface
public interface StreamBody {
    /**
     * Writes the message. When it returns, the message is complete; when it throws, the message is abandoned, and with it
     * the connection ({@link OutgoingMessage#close()}). Called once, on the thread that sends the message; may wait.
     *
     * @param message open; need not be completed or closed here
     * @throws IOException if the message cannot be written
     */
    void writeTo(OutgoingMessage message) throws IOException;
}
