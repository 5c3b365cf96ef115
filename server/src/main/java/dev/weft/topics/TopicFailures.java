package dev.weft.topics;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Logs failures that others must not suffer from, most of them in functions of the application. Never throws. For any thread. */
final class TopicFailures {
    private static final Logger LOGGER = System.getLogger("dev.weft.topics");

    private TopicFailures() {}

    /** Logs that something has failed, for example "the format of topic" of this name. */
    static void failed(String what, String name, Throwable failure) {
        try {
            LOGGER.log(Level.WARNING, what + " " + name + " has failed", failure);
        } catch (Throwable e) {
            // Memory is exhausted, or the log fails.
        }
    }
}
