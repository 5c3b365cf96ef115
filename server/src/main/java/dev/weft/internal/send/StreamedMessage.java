package dev.weft.internal.send;

import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.Interrupts;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/** A message that is being sent in fragments: other messages wait for its end. */
final class StreamedMessage {
    private static final long CHECK_MILLIS = 100;

    private final FrameSender sender;
    private final ClosingHandshake closing;
    private final Condition ended;
    private final CoarseClock clock;
    private final Thread owner = Thread.currentThread();
    private volatile int lastWrite;
    /** Changed under the sender's lock. */
    private volatile int waiters;
    /** Used only by the sweeper. */
    private int awaitedSince;
    /** Used only by the thread that writes the message. */
    private Opcode taken;

    StreamedMessage(FrameSender sender, ClosingHandshake closing, Condition ended, CoarseClock clock) {
        this.sender = sender;
        this.closing = closing;
        this.ended = ended;
        this.clock = clock;
        this.lastWrite = clock.now();
    }

    /** Whether the extension transforms streamed messages. */
    boolean isTransformed() {
        return sender.buffer().transforms(-1);
    }

    /**
     * Sends a piece of the message: as one fragment, or, if the extension transforms it, as any number of fragments. Waits.
     *
     * @return the opcode of the next fragment
     */
    Opcode fragment(boolean fin, boolean transformed, Opcode opcode, byte[] payload, int from, int to)
            throws IOException {
        taken = null;
        sender.acquire();
        try {
            closing.requireOpen();
            taken = sender.buffer().fragment(fin, transformed, opcode, payload, from, to, true);
            if (fin) {
                sender.endStream();
                ended.signalAll();
            }
            sender.flushAndWait();
            return taken;
        } finally {
            lastWrite = clock.now();
            sender.release();
        }
    }

    /**
     * The opcode of the next fragment, if the last piece was taken, even if {@link #fragment} was interrupted later: then
     * another thread sends it. {@code null} if it was not taken.
     */
    Opcode taken() {
        return taken;
    }

    /**
     * Waits for the end of the message, but only for a moment: an abort takes no lock and so cannot signal. Call with the lock
     * held.
     */
    void awaitEnd() throws IOException {
        if (owner == Thread.currentThread()) {
            throw new IllegalStateException("this thread has a streamed message open");
        }
        waiters++;
        try {
            ended.await(CHECK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw Interrupts.interrupted("while another thread's message was streamed");
        } finally {
            waiters--;
        }
    }

    /**
     * Whether another message has waited too long while this one made no progress. For the sweeper.
     *
     * @param now     the clock's time
     * @param waiting whether accepted messages wait
     * @param writing whether a write waits for the network: then the peer is slow, not the stream
     */
    boolean isOverdue(int now, Duration longest, boolean waiting, boolean writing) {
        if (waiters == 0 && !waiting || writing) {
            awaitedSince = 0;
            return false;
        }
        if (awaitedSince == 0) {
            awaitedSince = now;
        }
        int since = lastWrite - awaitedSince > 0 ? lastWrite : awaitedSince;
        return now - since >= longest.toMillis();
    }
}
