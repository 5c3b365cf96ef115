package dev.weft.tools.connect;

import java.io.IOException;

/** A source of messages to the peer. */
@FunctionalInterface
interface Input {
    /**
     * Sends all messages. Called on a separate thread; returns when there is nothing more to send.
     *
     * @throws UnsendableException  if something cannot be sent
     * @throws IOException          if the connection has ended
     * @throws InterruptedException if this thread was interrupted
     */
    void sendTo(Conversation conversation) throws IOException, UnsendableException, InterruptedException;

    /** Input that cannot be sent. */
    final class UnsendableException extends Exception {
        private static final long serialVersionUID = 1;

        UnsendableException(String message) {
            super(message);
        }
    }
}
