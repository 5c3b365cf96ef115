package dev.weft.nats;

import dev.weft.topics.BackplaneException;

/** Has the client of NATS send something. */
final class Sending {
    private Sending() {}

    /**
     * Sends, also on a thread that is interrupted: the client would send nothing then, and return normally. Waits, at most about
     * the timeout, until the client has room.
     */
    static void send(Runnable sending) {
        boolean interrupted = Thread.interrupted();
        try {
            sending.run();
            if (Thread.currentThread().isInterrupted()) {
                throw BackplaneException.uncertain("interrupted while waiting for NATS");
            }
        } catch (IllegalStateException e) {
            throw BackplaneException.notDone("NATS is not sent anything: " + e.getMessage(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
