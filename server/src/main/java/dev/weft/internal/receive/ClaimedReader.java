package dev.weft.internal.receive;

import static dev.weft.internal.time.Interrupts.restoreInterrupt;

import dev.weft.parser.FrameParser;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * A reader for one thread at a time, which claims it by a compare-and-set: one that receives, for the time of a call, or in
 * between that of the {@link ReadAhead}, for a turn.
 */
abstract class ClaimedReader extends ControlReader {
    private static final long RETRY_NANOS = 1_000_000;

    private static final AtomicReferenceFieldUpdater<ClaimedReader, Object> RECEIVER = AtomicReferenceFieldUpdater
            .newUpdater(ClaimedReader.class, Object.class, "receiver");

    /** Who uses this: the thread that receives, or the reader ahead; {@code null} if nobody does. */
    private volatile Object receiver;
    /** The thread that received last; and the number of receives, which wraps around, and which the timer may see late. */
    private Thread lastReceiver;
    private boolean nextWasHere;
    private int claims;
    /** Nobody but the thread that ends the connection uses this any more. */
    private volatile boolean over;

    ClaimedReader(FrameParser parser, ReceiverOwner owner) {
        super(parser, owner);
    }

    /**
     * Makes this thread the one that receives, until it {@linkplain #endClaim ends that}. Waits for the end of a turn of the reader ahead.
     *
     * @throws IllegalStateException                  if another thread receives
     * @throws dev.weft.ConnectionClosedException if nobody can receive any more
     */
    void claim() throws IOException {
        Thread current = Thread.currentThread();
        if (!tryClaim(current)) {
            awaitClaim(current);
        }
        lastReceiver = current;
        claims++;
    }

    /** Whether this thread has received last, and the next frame had arrived whole then. For any thread. */
    boolean hasNextFrame() {
        return nextWasHere && lastReceiver == Thread.currentThread();
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
     * Makes this thread the last one that receives. Waits for the end of a receive by another thread: a message or the peer's
     * Close frame comes, a deadline passes, or the transport is closed.
     *
     * @param whenInterrupted what to do if this thread is interrupted, whose wait goes on
     */
    void claimForGood(Runnable whenInterrupted) {
        over = true;
        Thread current = Thread.currentThread();
        boolean interrupted = false;
        while (!tryClaim(current)) {
            LockSupport.parkNanos(this, RETRY_NANOS);
            if (Thread.interrupted()) {
                interrupted = true;
                whenInterrupted.run();
            }
        }
        restoreInterrupt(interrupted);
    }

    /** Makes a thread, or the reader ahead, the one who uses this, if nobody does. Does not wait. */
    boolean tryClaim(Object user) {
        return RECEIVER.compareAndSet(this, null, user);
    }

    /**
     * This thread no longer receives.
     *
     * @param nextIsHere whether the next frame has arrived whole
     */
    final void endClaim(boolean nextIsHere) {
        nextWasHere = nextIsHere;
        RECEIVER.lazySet(this, null);
    }

    /** The turn of the reader ahead is over. */
    void endTurn() {
        receiver = null;
    }

    /** Whether this reader ahead takes its turn. For any thread. */
    boolean isTurnOf(ReadAhead ahead) {
        return receiver == ahead;
    }

    /** Whether nobody will receive any more. For any thread. */
    boolean isOver() {
        return over;
    }

    /** Whether anybody uses this. For any thread. */
    boolean isClaimed() {
        return receiver != null;
    }

    /** The number of receives so far, which wraps around and may be late. For any thread. */
    int claims() {
        return claims;
    }
}
