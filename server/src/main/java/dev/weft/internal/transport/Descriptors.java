package dev.weft.internal.transport;

import java.nio.channels.Channel;
import java.util.Optional;

/**
 * The numbers of the descriptors of the JDK's channels, for calls of the system's functions. This is the class for Java 21,
 * where there are no such calls; in Weft's jar, Java 22 and later find another class of this name.
 */
final class Descriptors {
    private Descriptors() {}

    /** The reason why the system's functions cannot be called in this JVM, for an operator; empty if they can. */
    static Optional<String> obstacle() {
        return Optional.of("Java 22 or later is needed, and Weft's jar");
    }

    /** The obstacle, if it is that the JVM was started without options; for an operator. */
    static Optional<String> missingOptions() {
        return Optional.empty();
    }

    /** The number of the channel's descriptor, until the channel is closed; -1 if there is an obstacle, or it is not known. */
    static int of(Channel channel) {
        return -1;
    }
}
