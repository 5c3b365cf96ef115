package dev.weft.internal.time;

/**
 * Bounds how long one connection works before others get a turn. No scheduler of virtual threads preempts a thread that keeps
 * its loop or carrier busy. So code that processes a peer's bytes, or produces bytes for one, counts them with {@link #spend},
 * and yields after enough of them: so no thread has to wait for a peer whose next bytes always arrive in time, or whose 62 kB
 * inflate to 60 MiB.
 * <p>
 * The caller keeps the count in a plain int. If several threads change it, some bytes may not be counted, which is harmless.
 * <p>
 * On a loop, a yield moves the thread to the end of the queue of all threads. On the JDK's scheduler, a yield moves the thread
 * to the end of one of several queues, and a carrier serves one queue until it is empty. Threads that others have woken or
 * started, such as the thread of a new connection, wait in another queue, and threads that only yield keep their queue from
 * becoming empty. So at every eighth yield the thread leaves the queues for a moment, until the {@link Rescheduler} brings it
 * back.
 */
public final class TurnQuota {
    /**
     * The bytes of a turn. To inflate them takes about half a millisecond, so that 60 peers whose messages are inflated on one
     * processor delay another by some 30 ms; a yield takes about a microsecond, which is negligible.
     */
    public static final int BYTES = 1 << 18;
    /**
     * The number of bytes that a frame counts in addition to its payload: a turn is at most a thousand small frames, or one or
     * two milliseconds.
     */
    public static final int FRAME = 256;
    /** The number of bytes that each deflated byte counts as: deflating takes several times as long as inflating or copying. */
    public static final int DEFLATED = 8;
    /** The maximum number of bytes to process between two calls of {@link #spend}, where that can be chosen. */
    public static final int PIECE = 1 << 16;

    /** The number of yields until a thread leaves the queues; a power of two. */
    private static final int YIELDS = 8;

    private TurnQuota() {}

    /**
     * Counts bytes that were processed, and yields if they end the turn. The caller must not hold a lock that another thread
     * may need. Waits only for the turns of other threads.
     *
     * @param spent what the last call returned; 0 at first, and after the thread has waited
     * @return the new count
     */
    public static int spend(int spent, int bytes) {
        int now = spent + bytes;
        return ((spent ^ now) & -BYTES) == 0 ? now : end(now);
    }

    private static int end(int now) {
        boolean leaves = (now & -(YIELDS * BYTES)) != 0;
        if (leaves && Thread.currentThread().isVirtual()) {
            Rescheduler.leaveQueues();
        }
        // Needed after leaving the queues too: the rescheduler may have been so quick that this thread did not park.
        Thread.yield();
        return leaves ? 0 : now;
    }
}
