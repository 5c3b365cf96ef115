package dev.weft.internal.transport;

import java.io.IOException;
import java.util.Optional;

/**
 * Opens rings of Linux's io_uring. This is the class for Java 21, where there are none; in Weft's jar, Java 22 and later find
 * another class of this name.
 */
final class Rings {
    private Rings() {}

    /** The reason why there cannot be rings in this JVM, for an operator; empty if there can. */
    static Optional<String> obstacle() {
        return Descriptors.obstacle();
    }

    /**
     * Opens a ring.
     *
     * @param requests    the maximum number of requests that are submitted at once; a power of 2
     * @param completions the number of completions for which there is memory at once; a power of 2
     * @param buffers     the number of the ring's buffers; a power of 2, at most 32,768
     * @param bufferSize  the size of each of them, in bytes
     */
    static Ring open(int requests, int completions, int buffers, int bufferSize) throws IOException {
        throw new IOException(obstacle().orElseThrow());
    }
}
