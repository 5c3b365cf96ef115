package dev.weft.internal;

/**
 * Loads what a send to each of several connections needs into the processor's caches, before the first of them is made. A send
 * follows some ten references from object to object of its connection, and the system's part of the send before has driven them
 * out of the caches. Without this, the processor waits for one after the other; loads for different connections overlap.
 * <pre>
 * int loaded = 0;
 * for (each of the next {@link #GROUP} connections) {
 *     loaded += Prefetch.load(each);
 * }
 * Prefetch.finish(loaded);
 * </pre>
 */
public final class Prefetch {
    /** The number of connections at a time. What their sends need fits in the second-level cache, with what the system needs. */
    public static final int GROUP = 32;

    private Prefetch() {}

    /** An object whose memory can be loaded. */
    public interface Target {
        /**
         * Reads a field of each object that the next use of this one needs. From any thread, also while others change them.
         *
         * @return a number that depends on all of them, and means nothing
         */
        int prefetch();
    }

    /** Loads the memory of an object, if that is possible. Returns the number for {@link #finish}. */
    public static int load(Object object) {
        return object instanceof Target target ? target.prefetch() : 0;
    }

    /** Takes the sum of what {@link #load} has returned: otherwise the compiler would leave out loads that nobody uses. */
    public static void finish(int loaded) {
        if (loaded == Integer.MIN_VALUE) {
            Thread.onSpinWait();
        }
    }
}
