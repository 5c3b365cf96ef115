package dev.weft.internal.send;

import dev.weft.CloseReason;
import dev.weft.internal.close.ClosePayload;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.deflate.SharedMessage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Supplier;

/**
 * Sends frames from any thread, one whole frame at a time, in the order in which messages were accepted; the Close frame is the
 * last (RFC 6455 §5.5.1).
 * <p>
 * <b>The lock</b> covers {@link FrameBuffer}, the consumer's side of {@link Outbox}, and the changes of the state and of the
 * stream. A thread that waits in {@code send} waits for the lock, for the end of a streamed message, and, holding the lock, for
 * the network. Everything that must not wait (pongs, messages of {@code trySend}, the Close frame) is put in the outbox.
 * {@link #drain} sends it; it is called by the thread that put it there if the lock is free, otherwise by the thread that
 * releases the lock. If the network does not take everything, a separate thread waits for it.
 * <p>
 * {@link SendState} has the states, drawn. While a message is streamed, other messages wait and control frames do not.
 */
public final class FrameSender extends DelayedFlush {
    private static final AtomicReferenceFieldUpdater<FrameSender, Outbox> OUTBOX = AtomicReferenceFieldUpdater
            .newUpdater(FrameSender.class, Outbox.class, "outbox");

    private final SendLock lock = new SendLock();
    private final FrameBuffer buffer;
    private volatile Outbox outbox = Outbox.NONE;
    private final ClosingHandshake closing;
    private final SendServices services;

    private volatile SendState state = SendState.IDLE;
    /** Whether held frames are overdue: then the thread that holds the lock flushes them. */
    private volatile boolean flushDue;
    /** The message that is sent in fragments; other messages wait for its end. */
    private volatile StreamedMessage streaming;

    /** A sender for a connection that is open. */
    public FrameSender(Transport transport, FrameWriter writer, Extension extension, ClosingHandshake closing,
            Deadlines deadlines, SendServices services) {
        this.closing = closing;
        this.services = services;
        this.buffer = new FrameBuffer(transport, writer, extension, services.pool(), closing, deadlines, lock);
    }

    /** The outbox, created when something first has to wait; most connections never need one. */
    Outbox ownOutbox() {
        if (outbox == Outbox.NONE) {
            OUTBOX.compareAndSet(this, Outbox.NONE, new Outbox(services));
        }
        return outbox;
    }

    /** The outbox as it is, to be asked: perhaps the one that is always empty. */
    Outbox outbox() {
        return outbox;
    }

    /** The connection's deadlines. */
    public Deadlines deadlines() {
        return buffer.deadlines();
    }

    /** The buffer that builds and writes frames. Use it with the lock held. */
    FrameBuffer buffer() {
        return buffer;
    }

    // Threads that wait.

    /**
     * Sends a message as one frame. Waits.
     *
     * @param shared whose bytes these are, or {@code null} if they are of this connection alone
     * @param hold   whether it may be held back and written with the next ones
     */
    public void send(Opcode opcode, byte[] payload, int from, int to, SharedMessage shared, boolean hold)
            throws IOException {
        acquire();
        try {
            awaitTurn();
            buffer.message(opcode, payload, from, to, shared, hold, true);
            holdOrFlush(hold);
        } finally {
            release();
        }
    }

    /** Sends a ping or pong, even within a streamed message; gets the payload from the supplier under the lock. Waits. */
    public void control(Opcode opcode, Supplier<byte[]> payload) throws IOException {
        acquire();
        try {
            closing.requireOpen();
            byte[] bytes = payload.get();
            buffer.frame(true, 0, opcode, bytes, 0, bytes.length, true);
            flushAndWait();
        } finally {
            release();
        }
    }

    /** Begins a message in fragments. Waits. */
    StreamedMessage beginStream() throws IOException {
        acquire();
        try {
            awaitTurn();
            hold();
            streaming = new StreamedMessage(this, closing, lock.newCondition(), services.clock());
            return streaming;
        } finally {
            release();
        }
    }

    /** Lets other messages be sent after the last fragment. Under the lock. */
    void endStream() {
        streaming = null;
    }

    /** Sends the frames that are held back, before the thread waits for the peer. */
    public void flush() throws IOException {
        if (state == SendState.HELD) {
            acquire();
            try {
                flushAndWait();
            } finally {
                release();
            }
        }
    }

    /** The calling thread has waited for the peer. */
    public void callerHasWaited() {
        lock.callerHasWaited();
    }

    /** Sends everything that waits, the Close frame included. Waits. */
    public void drainAndWait() throws IOException {
        acquire();
        try {
            // The claiming thread may not have added it yet, and after this the caller may shut down the output.
            addClose();
            drain(true);
            flushAndWait();
        } finally {
            release();
        }
    }

    /** Takes the lock; waits for it. */
    void acquire() throws InterruptedIOException {
        try {
            lock.acquire();
        } catch (InterruptedIOException e) {
            // The thread that released the lock may have left queued entries to this thread.
            sendWhatWaits();
            throw e;
        }
    }

    /** Waits for the message's turn: after the end of a streamed message, and after the messages that were accepted before. */
    void awaitTurn() throws IOException {
        for (StreamedMessage stream = streaming; stream != null; stream = streaming) {
            closing.requireOpen();
            if (outbox.hasPongs() && state != SendState.DRAINING) {
                sendWithoutWaiting();
            }
            stream.awaitEnd();
        }
        if (outbox.hasEntries() && !drain(true)) {
            requireNotBehind();
        }
        // Checked last: our Close frame may have been among the entries just sent.
        closing.requireOpen();
    }

    private void holdOrFlush(boolean hold) throws IOException {
        if (hold) {
            hold();
        } else {
            flushAndWait();
        }
    }

    void flushAndWait() throws IOException {
        flush(true);
        requireNotBehind();
    }

    /** If bytes are left although this thread may wait, it was interrupted, and another thread sends the rest. */
    private void requireNotBehind() throws IOException {
        if (drainIfBehind()) {
            throw Interrupts.interrupted("while the peer did not read");
        }
    }

    // Threads that do not wait.

    /** Makes an attempt to send a message without waiting. */
    public SendAttempt attempt() {
        return new SendAttempt(this, buffer, lock, closing, services);
    }

    /** See {@link dev.weft.internal.Prefetch}: what {@link #attempt} uses. */
    public int prefetch() {
        return (lock.isLocked() ? 1 : 0) + (streaming == null ? 1 : 0) + buffer.prefetch();
    }

    /** What the application may do with the messages that wait. */
    public QueuedMessages queued() {
        return new QueuedMessages(this, buffer);
    }

    /** Whether a message could be sent at once. */
    boolean isClear() {
        return buffer.transport().writesWithoutWaiting() && state != SendState.DRAINING && streaming == null
                && !outbox.isWaiting(false);
    }

    /**
     * Answers a ping, unless our Close frame was claimed; {@code hold} if the pong may be written together with the answer to
     * the next frame. Receiving continues while another thread's frame is being written: the answer is sent after it. For the
     * thread that receives.
     */
    public void pong(byte[] payload, int from, int to, boolean hold) throws IOException {
        if (!closing.isOpen()) {
            return;
        }
        if (state != SendState.DRAINING && !outbox.hasPongs() && lock.tryLock()) {
            try {
                if (closing.isOpen()) {
                    buffer.frame(true, 0, Opcode.PONG, payload, from, to, true);
                    holdOrFlush(hold);
                }
            } finally {
                release();
            }
        } else {
            ownOutbox().pong(Arrays.copyOfRange(payload, from, to));
            sendWhatWaits();
        }
    }

    /** Sends our Close frame, which the caller has claimed, after the messages that were accepted before. */
    public void close() {
        buffer.deadlines().closing();
        addClose();
        sendWhatWaits();
    }

    /** Adds our Close frame to the outbox if it was claimed and has not been added yet. */
    private void addClose() {
        CloseReason reason = closing.pending();
        if (reason != null) {
            ownOutbox().close(ClosePayload.encode(reason));
        }
    }

    /** Drops the messages that wait, for example because memory is exhausted; a Close frame among them is still sent. */
    public void dropWaiting() {
        outbox.dropMessages(false);
    }

    /** Releases the lock, and sends what other threads left to the lock's holder. */
    void release() {
        lock.unlock();
        sendWhatWaits();
    }

    /** Sends what waits if the lock is free; otherwise the thread that holds it, or waits for it, does so on release. */
    void sendWhatWaits() {
        while ((flushDue || outbox.isWaiting(streaming != null)) && state != SendState.DRAINING
                && !lock.hasQueuedThreads() && lock.tryLock()) {
            try {
                if (state != SendState.DRAINING) {
                    sendWithoutWaiting();
                }
            } catch (IOException e) {
                // Already recorded as the reason for the connection's end.
            } finally {
                lock.unlock();
            }
        }
    }

    private void sendWithoutWaiting() throws IOException {
        flushDue = false;
        if (!buffer.transport().writesWithoutWaiting()) {
            startDraining();
            return;
        }
        drain(false);
        flushNow();
    }

    void flushNow() throws IOException {
        flush(false);
        drainIfBehind();
    }

    /** If the network has not taken everything, starts another thread that waits for it, and returns true. */
    private boolean drainIfBehind() {
        boolean behind = buffer.isBehind();
        if (behind) {
            startDraining();
        }
        return behind;
    }

    // Under the lock.

    boolean drain(boolean wait) throws IOException {
        return new Drain(this, buffer, outbox, closing, wait).run();
    }

    /** Writes the frames that are built, as far as the network takes them at once. */
    void flush(boolean wait) throws IOException {
        if (state == SendState.HELD) {
            state = SendState.IDLE;
        }
        buffer.flush(wait);
    }

    /** Leaves the frames that are built for the next write, or for the timer. */
    void hold() throws IOException {
        if (buffer.isBehind()) {
            flushNow();
        } else if (!buffer.isEmpty() && state == SendState.IDLE) {
            state = SendState.HELD;
            watch(services.timer());
        }
    }

    private void startDraining() {
        if (state != SendState.DRAINING) {
            boolean started = false;
            state = SendState.DRAINING;
            try {
                new DrainThread(this, buffer, lock).start(services.timer());
                started = true;
            } finally {
                if (!started) {
                    // Without memory for the thread, nothing would ever be sent.
                    state = SendState.IDLE;
                    buffer.breakOff("no thread could be started for what waits to be sent", null);
                }
            }
        }
    }

    /** Whether the draining thread has more to do; if not, it ends. */
    boolean continuesDraining() {
        boolean more = outbox.isWaiting(isStreaming()) || buffer.isBehind();
        if (!more) {
            state = SendState.IDLE;
        }
        return more;
    }

    // The timer.

    @Override
    short writes() {
        return buffer.writes();
    }

    @Override
    short additions() {
        return buffer.additions();
    }

    @Override
    boolean isHeld() {
        return state == SendState.HELD;
    }

    @Override
    void flushOverdue() {
        flushDue = true;
        sendWhatWaits();
    }

    /** Bytes that wait for the peer, counted in the budget. */
    public long waitingBytes() {
        return outbox.waitingBytes() + buffer.waitingBytes();
    }

    /** Whether bytes have waited for this long without the network taking any of them. */
    public boolean isStuck(Duration atLeast) {
        return buffer.isStuck(atLeast);
    }

    /** Whether a thread is sending, or something waits to be sent. For any thread that is not sending itself. */
    public boolean isSending() {
        return lock.isLocked() || state != SendState.IDLE || outbox.hasEntries();
    }

    /** Whether a streamed message is open. */
    public boolean isStreaming() {
        return streaming != null;
    }

    /** Whether another message has waited too long while the streamed one made no progress. For the sweeper, with its time. */
    public boolean isStreamOverdue(int now, Duration longest) {
        StreamedMessage stream = streaming;
        return stream != null && stream.isOverdue(now, longest, outbox.hasEntries(), buffer.deadlines().isWriting());
    }

    /** Releases everything. Called when the connection has ended and its transport is closed. */
    public void end() {
        lock.lock();
        try {
            buffer.end();
        } finally {
            try {
                ownOutbox().end();
            } finally {
                lock.unlock();
            }
        }
    }
}
