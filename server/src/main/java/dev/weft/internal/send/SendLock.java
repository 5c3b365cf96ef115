package dev.weft.internal.send;

import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TurnQuota;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lock of a sender: fair, so that no stream of messages keeps another sender waiting. It counts the work of its holders
 * with {@link TurnQuota}: a thread that sends to a peer which takes everything at once never waits, and would never yield to
 * others.
 */
final class SendLock extends ReentrantLock {
    private static final long serialVersionUID = 1;

    /** Not guarded: some bytes may be lost. */
    private int spent;

    SendLock() {
        super(true);
    }

    /** Takes the lock. An interrupted thread gets it too if it need not wait. */
    void acquire() throws InterruptedIOException {
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
}
