package dev.weft.internal.send;

import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TurnQuota;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lock of a sender: fair, so that a thread that sends without pause does not keep other senders waiting. It counts the work
 * of its holders with {@link TurnQuota}: without this count, a thread whose peer takes everything at once would never wait and
 * so never yield to other threads.
 */
final class SendLock extends ReentrantLock {
    private static final long serialVersionUID = 1;

    /** Not guarded by the lock: some bytes may go uncounted. */
    private int spent;
    /** The thread that counted last, by the low bits of its number. */
    private int spender;

    SendLock() {
        super(true);
    }

    /** Takes the lock. An interrupted thread gets it too if it does not have to wait. */
    void acquire() throws InterruptedIOException {
        spender = callerNumber();
        spent = TurnQuota.spend(spent, TurnQuota.FRAME);
        if (hasQueuedThreads() || !tryLock()) {
            try {
                lockInterruptibly();
            } catch (InterruptedException e) {
                throw Interrupts.interrupted("while another thread was sending");
            }
        }
    }

    /**
     * Counts bytes that the holder has processed. A holder that may wait yields after enough of them, but not while another
     * thread waits for this lock.
     */
    void spend(int bytes, boolean wait) {
        if (wait && !hasQueuedThreads()) {
            spent = TurnQuota.spend(spent, bytes);
        }
    }

    /** The holder has waited for the network, so other threads could run. */
    void turnIsOver() {
        spent = 0;
    }

    /**
     * The calling thread has waited for bytes of the peer, so other threads could run. If it is the one that sends, others need
     * no further turn: without this, an echo would yield after a thousand messages, in the middle of a batch. Other threads that
     * send go on counting.
     */
    void callerHasWaited() {
        if (spender == callerNumber()) {
            spent = 0;
        }
    }

    private static int callerNumber() {
        return (int) Thread.currentThread().threadId();
    }
}
