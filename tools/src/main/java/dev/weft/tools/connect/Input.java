package dev.weft.tools.connect;

import java.io.IOException;

/** Where messages to the peer come from. */
@FunctionalInterface
interface Input {
    /**
     * Sends everything, on a thread of its own. Returns when there is no more to send.
     *
     * @throws UnsendableException  if something cannot be sent
     * @throws IOException  if the connection is over
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
