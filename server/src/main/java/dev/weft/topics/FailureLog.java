package dev.weft.topics;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Logs failures of the application's functions and listeners. Never throws. For any thread. */
final class FailureLog {
    private static final Logger LOGGER = System.getLogger("dev.weft.topics");

    private FailureLog() {}

    /** Logs that something of a topic has failed. */
    static void failed(String what, String topic, Throwable failure) {
        try {
            LOGGER.log(Level.WARNING, what + " of topic " + topic + " has failed", failure);
        } catch (Throwable e) {
            // Memory is exhausted, or the log fails.
        }
    }
}
