package dev.weft.internal.time;

/**
 * Bounds how long one connection works before others have a turn. No scheduler of virtual threads takes a loop or a carrier
 * away from a thread that goes on working. So code that works through a peer's bytes, or makes bytes for one, counts them with
 * {@link #spend}, and gives way after enough of them: a peer whose next bytes have always arrived, or whose 62 kB stand for 60
 * MiB, does not make the others wait for the end of it.
 * <p>
 * The count is a plain int of the caller's. A count that several threads change may lose some bytes, which is harmless.
 * <p>
 * A thread gives way by a yield. On a loop the yield goes to the back of the queue of all. On the JDK's scheduler it goes to
 * the back of one of several queues, and a carrier stays with a queue until it is empty: what others have woken or started,
 * such as a new connection, waits in another one, and threads that only yield keep theirs from ever being empty. So every
 * eighth time the thread leaves the queues for a moment: the {@link Rescheduler} brings it back.
 */
public final class TurnQuota {
    /**
     * The bytes of a turn. To inflate them takes about half a millisecond, so that 60 peers whose messages are inflated on one
     * processor delay another by some 30 ms; a yield takes about a microsecond, which is nothing beside it.
     */
    public static final int BYTES = 1 << 18;
    /** What a frame counts for beside its payload: a turn is at most a thousand small frames, or a millisecond or two. */
    public static final int FRAME = 256;
    /** What a byte counts for that is deflated, which takes several times as long as to inflate or copy it. */
    public static final int DEFLATED = 8;
    /** The most bytes to work on between two calls of {@link #spend}, where that can be chosen. */
    public static final int PIECE = 1 << 16;

    /** Times that a thread gives way until it leaves the queues; a power of two. */
    private static final int YIELDS = 8;

    private TurnQuota() {}

    /**
     * Counts bytes that were worked on, and gives way if they end the turn. The caller holds no lock that a thread which is
     * to run meanwhile waits for. Waits for the turns of others, and for nothing else.
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
        // Also then: the rescheduler may have been quicker than this thread, which did not park.
        Thread.yield();
        return leaves ? 0 : now;
    }
}
