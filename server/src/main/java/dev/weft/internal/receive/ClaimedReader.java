package dev.weft.internal.receive;

import static dev.weft.internal.time.Interrupts.restoreInterrupt;

import dev.weft.parser.FrameParser;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * A reader for one thread at a time, which claims it by a compare-and-set: a thread that receives, for the duration of a call,
 * or, between receives, the thread of the {@link ReadAhead}, for one turn.
 */
abstract class ClaimedReader extends ControlReader {
    private static final long RETRY_NANOS = 1_000_000;

    private static final AtomicReferenceFieldUpdater<ClaimedReader, Object> RECEIVER = AtomicReferenceFieldUpdater
            .newUpdater(ClaimedReader.class, Object.class, "receiver");

    /** The user of this reader: the thread that receives, or the reader ahead; {@code null} if there is none. */
    private volatile Object receiver;
    /** The thread that received last, if the next frame had arrived by then, else {@code null}. */
    private Thread nextFor;
    /** The number of receives; wraps around; the timer may see an older one. */
    private int claims;
    /** Once true, only the thread that ends the connection may use this reader. */
    private volatile boolean over;

    ClaimedReader(FrameParser parser, ReceiverOwner owner) {
        super(parser, owner);
    }

    /**
     * Makes this thread the one that receives, until it {@linkplain #endClaim ends that}. Waits for the end of a turn of the
     * reader ahead.
     *
     * @throws IllegalStateException                  if another thread receives
     * @throws dev.weft.ConnectionClosedException if receiving is no longer possible
     */
    void claim() throws IOException {
        Thread current = Thread.currentThread();
        if (!tryClaim(current)) {
            awaitClaim(current);
        }
        claims++;
    }

    /** Whether this thread was the last one to receive, and the next frame had arrived completely by then. For any thread. */
    boolean hasNextFrame() {
        return nextFor == Thread.currentThread();
    }

    private void awaitClaim(Thread current) throws IOException {
        boolean interrupted = false;
        while (!tryClaim(current)) {
            Object holder = receiver;
            if (over) {
                restoreInterrupt(interrupted);
                throw owner.closed();
            } else if (holder instanceof Thread) {
                restoreInterrupt(interrupted);
                throw new IllegalStateException("another thread receives: " + holder);
            } else if (holder instanceof ReadAhead ahead) {
                ahead.awaitEndOfTurn();
                interrupted |= Thread.interrupted();
            }
        }
        restoreInterrupt(interrupted);
    }

    /**
     * Makes this thread the last one that receives. Waits until a receive by another thread ends: a message or the peer's Close
     * frame arrives, a deadline passes, or the transport is closed. If this thread is interrupted, the connection is aborted,
     * and the wait continues. Does not allocate.
     */
    void claimForGood() {
        over = true;
        Thread current = Thread.currentThread();
        boolean interrupted = false;
        while (!tryClaim(current)) {
            pause();
            if (Thread.interrupted()) {
                interrupted = true;
                owner.abort();
            }
        }
        restoreInterrupt(interrupted);
    }

    /** A virtual thread needs memory to park: without it, this thread tries again at once. */
    private void pause() {
        try {
            LockSupport.parkNanos(this, RETRY_NANOS);
        } catch (OutOfMemoryError e) {
            Thread.onSpinWait();
        }
    }

    /** Makes a thread, or the reader ahead, the user of this reader, if there is none. Does not wait. */
    boolean tryClaim(Object user) {
        return RECEIVER.compareAndSet(this, null, user);
    }

    /**
     * Ends this thread's claim: it no longer receives.
     *
     * @param nextHasArrived whether the next frame has arrived whole
     */
    final void endClaim(boolean nextHasArrived) {
        nextFor = nextHasArrived ? Thread.currentThread() : null;
        RECEIVER.lazySet(this, null);
    }

    /** Ends the turn of the reader ahead. */
    void endTurn() {
        receiver = null;
    }

    /** Whether this reader ahead is taking a turn now. For any thread. */
    boolean isTurnOf(ReadAhead ahead) {
        return receiver == ahead;
    }

    /** Whether no thread will receive any more. For any thread. */
    boolean isOver() {
        return over;
    }

    /** Whether this reader has a user. For any thread. */
    boolean isClaimed() {
        return receiver != null;
    }

    /** The number of receives so far; wraps around; may be slightly out of date. For any thread. */
    int claims() {
        return claims;
    }
}
