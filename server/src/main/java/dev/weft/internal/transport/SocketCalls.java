package dev.weft.internal.transport;

import java.io.IOException;

/**
 * Receives into arrays and sends from arrays, by calling the functions of the system directly: the JDK's channels copy all bytes
 * to memory outside of the heap first, and take locks. This is the class for Java 21, where there are no such calls; in Weft's
 * jar, Java 22 and later find another class of this name.
 */
final class SocketCalls {
    /** Returned instead of a number of bytes: the present thread cannot make these calls, because it runs no loops. */
    static final int NOT_HERE = Integer.MIN_VALUE;

    private SocketCalls() {}

    /**
     * Links what the calls need, so that this is not done on a loop. Only if there is no {@linkplain Descriptors#obstacle
     * obstacle}.
     *
     * @throws IOException if the calls do not work
     */
    static void prepare() throws IOException {}

    /** Whether the present thread can make these calls. */
    static boolean arePossibleHere() {
        return false;
    }

    /**
     * Receives what has arrived. Does not wait.
     *
     * @return the number of bytes, 0 at their end, a negative error, or {@link #NOT_HERE}
     */
    static int receive(int descriptor, byte[] target, int from, int length) {
        return NOT_HERE;
    }

    /**
     * Sends what the system takes at once. Does not wait.
     *
     * @param more whether more is sent at once
     * @return the number of bytes, a negative error, or {@link #NOT_HERE}
     */
    static int send(int descriptor, byte[] source, int from, int length, boolean more) {
        return NOT_HERE;
    }
}
