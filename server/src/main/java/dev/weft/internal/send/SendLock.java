package dev.weft.internal.send;

import java.io.InterruptedIOException;
import java.util.concurrent.locks.ReentrantLock;

/** The lock of a sender: fair, so that no stream of messages keeps another sender waiting. */
final class SendLock extends ReentrantLock {
    private static final long serialVersionUID = 1;

    SendLock() {
        super(true);
    }

    /** Takes the lock. A thread that is interrupted gets it too if it need not wait. */
    void acquire() throws InterruptedIOException {
        if (hasQueuedThreads() || !tryLock()) {
            try {
                lockInterruptibly();
            } catch (InterruptedException e) {
                throw interrupted("while another thread was sending");
            }
        }
    }

    /** What a caller gets whose wait was interrupted; its flag is set again. */
    static InterruptedIOException interrupted(String when) {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted " + when);
    }
}
