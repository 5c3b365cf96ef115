package dev.weft.internal.send;

import dev.weft.CloseReason;
import dev.weft.SendResult;
import dev.weft.internal.close.ClosePayload;
import dev.weft.internal.close.Closing;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sends frames from any thread, one whole frame after another, in the order in which messages were accepted; the Close frame
 * is the last (RFC 6455 §5.5.1).
 * <p>
 * <b>The lock</b> covers {@link FrameBuffer}, the consumer's side of {@link Outbox}, and the changes of the state and of the
 * stream. A thread that waits in {@code send} waits for the lock, for the end of a streamed message, and, holding the lock,
 * for the network. Everything that must not wait (pongs, messages by {@code trySend}, the Close frame) is put in the outbox,
 * and {@link #drain} sends it: called by the thread that put it there if the lock is free, else by the thread that lets the
 * lock go. If the network does not take it all, a thread of its own waits for it.
 * <p>
 * The state says what becomes of the frames that are built:
 * <pre>
 *            built, and the next are expected                   network takes it all at once
 *   ┌─────▶ HELD ─────────────────────────┐        ┌────────────────────────────────────────┐
 *   │                                     ▼        │                                        ▼
 *  IDLE ◀──────────────────────────── flush ──────┴── network is behind, thread may wait ─▶ IDLE
 *   ▲                                     │
 *   │                                     └── network is behind, thread may not wait ──▶ DRAINING
 *   └──────────────────── all is written: the draining thread ends ──────────────────────────┘
 *
 *   any ── Close frame built, or wire dead ──▶ nothing more is built ({@link Closing} says so)
 * </pre>
 * HELD ends by the next frame that is not held back, by the connection's next read, or by {@link FlushTimer}. While a
 * message is streamed, other messages wait and control frames do not.
 */
public final class FrameSender {
    private enum State {
        /** Nothing is built, or the thread that has the lock writes it. */
        IDLE,
        /** Frames are held back for the next write; the timer watches. */
        HELD,
        /** A thread of its own writes what the network did not take at once. */
        DRAINING
    }

    private static final long STREAM_CHECK_MILLIS = 100;
    private static final byte[] NO_PAYLOAD = {};
    private static final VarHandle WATCHED;

    static {
        try {
            WATCHED = MethodHandles.lookup().findVarHandle(FrameSender.class, "watched", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Fair, so that no stream of messages keeps another sender waiting. */
    private final ReentrantLock lock = new ReentrantLock(true);
    private final Transport transport;
    private final FrameBuffer buffer;
    private final Outbox outbox;
    private final Closing closing;
    private final Deadlines deadlines;
    private final SendServices services;
    private final Extension extension;

    private volatile State state = State.IDLE;
    /** Frames are overdue, for the thread that has the lock. */
    private volatile boolean flushDue;
    /** Our Close frame is built; it is written when the buffer is. */
    private boolean closeBuilt;
    /** The message that is sent in fragments; other messages wait for its end. */
    private volatile Streaming streaming;

    /** The timer's list, whether this is in it, and what the timer compares. */
    FrameSender nextWatched;
    private volatile boolean watched;
    private short writesWhenWatched;

    /** A message that is sent in fragments. */
    static final class Streaming {
        private final Thread owner = Thread.currentThread();
        private final Condition ended;
        private volatile int lastWrite;
        /** Changed under the lock. */
        private volatile int waiters;
        /** The sweeper's. */
        private int awaitedSince;

        private Streaming(Condition ended, int now) {
            this.ended = ended;
            this.lastWrite = now;
        }
    }

    /** A sender for a connection that is open. */
    public FrameSender(Transport transport, FrameWriter writer, Extension extension, Closing closing,
            Deadlines deadlines, SendServices services) {
        this.transport = transport;
        this.closing = closing;
        this.deadlines = deadlines;
        this.services = services;
        this.extension = extension;
        this.outbox = new Outbox(services);
        this.buffer = new FrameBuffer(transport, writer, extension, services.pool(), closing, deadlines);
    }

    // Threads that wait.

    /**
     * Sends a message as one frame. Waits.
     *
     * @param hold whether the message may be held back to leave with the next ones
     */
    public void send(Opcode opcode, byte[] payload, int from, int to, boolean hold) throws IOException {
        acquire();
        try {
            awaitTurn();
            buffer.message(opcode, payload, from, to, true);
            if (hold) {
                hold();
            } else {
                flushAndWait();
            }
        } finally {
            release();
        }
    }

    /** Sends a ping or pong that the user asked for, even between the fragments of a message. Waits. */
    public void control(Opcode opcode, byte[] payload) throws IOException {
        acquire();
        try {
            requireOpen();
            buffer.frame(true, 0, opcode, payload, 0, payload.length, true);
            flushAndWait();
        } finally {
            release();
        }
    }

    /** Sends the sweeper's ping. Waits. */
    public void keepAlive() throws IOException {
        acquire();
        try {
            requireOpen();
            deadlines.pinging();
            buffer.frame(true, 0, Opcode.PING, NO_PAYLOAD, 0, 0, true);
            flushAndWait();
        } finally {
            release();
        }
    }

    /** Begins a message in fragments. Waits. */
    Streaming beginStream() throws IOException {
        acquire();
        try {
            awaitTurn();
            if (buffer.isBuilt()) {
                hold();
            }
            streaming = new Streaming(lock.newCondition(), services.clock().now());
            return streaming;
        } finally {
            release();
        }
    }

    /**
     * Sends a piece of the streamed message: as one fragment, or, if the extension transforms it, as many as that makes of
     * it. Waits.
     *
     * @return the opcode of the next fragment
     */
    Opcode fragment(Streaming stream, boolean fin, boolean transformed, Opcode opcode, byte[] payload, int from, int to)
            throws IOException {
        acquire();
        try {
            requireOpen();
            Opcode next = Opcode.CONTINUATION;
            if (transformed) {
                next = buffer.transformedPiece(fin, opcode, payload, from, to, true);
            } else {
                buffer.frame(fin, 0, opcode, payload, from, to, true);
            }
            if (fin) {
                end(stream);
            }
            flushAndWait();
            return next;
        } finally {
            stream.lastWrite = services.clock().now();
            release();
        }
    }

    /** Whether streamed messages are transformed. */
    boolean transformsStreams() {
        return extension != null && extension.transforms(-1);
    }

    private void end(Streaming stream) {
        streaming = null;
        stream.ended.signalAll();
    }

    /** Sends what is held back, before the thread waits for the peer. */
    public void flush() throws IOException {
        if (state == State.HELD) {
            acquire();
            try {
                flushAndWait();
            } finally {
                release();
            }
        }
    }

    /** Sends everything that waits, the Close frame included. Waits. */
    public void drainAndWait() throws IOException {
        acquire();
        try {
            drain(true);
            flushAndWait();
        } finally {
            release();
        }
    }

    private void acquire() throws InterruptedIOException {
        if (lock.hasQueuedThreads() || !lock.tryLock()) {
            try {
                lock.lockInterruptibly();
            } catch (InterruptedException e) {
                // The thread that let the lock go may have left what waits to this one.
                sendWhatWaits();
                throw interrupted("while another thread was sending");
            }
        }
    }

    /** The message's turn is after those that were accepted before, and after the end of a streamed one. */
    private void awaitTurn() throws IOException {
        awaitStreamEnd();
        requireOpen();
        if (outbox.hasEntries() && !drain(true)) {
            requireNotBehind();
        }
    }

    private void awaitStreamEnd() throws IOException {
        Streaming stream;
        while ((stream = streaming) != null) {
            if (stream.owner == Thread.currentThread()) {
                throw new IllegalStateException("this thread has a streamed message open");
            }
            requireOpen();
            if (outbox.hasPongs() && state != State.DRAINING) {
                sendWithoutWaiting();
            }
            stream.waiters++;
            try {
                // Not for ever: an abort takes no lock and so cannot signal.
                stream.ended.await(STREAM_CHECK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw interrupted("while another thread's message was streamed");
            } finally {
                stream.waiters--;
            }
        }
    }

    private void requireOpen() throws IOException {
        if (!closing.isOpen()) {
            throw closing.exception();
        }
    }

    private static InterruptedIOException interrupted(String when) {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted " + when);
    }

    private void flushAndWait() throws IOException {
        flush(true);
        requireNotBehind();
    }

    /** Behind although this thread may wait: it was interrupted, and another thread sends the rest. */
    private void requireNotBehind() throws IOException {
        if (buffer.isBehind()) {
            startDraining();
            throw interrupted("while the peer did not read");
        }
    }

    // Threads that do not wait.

    /** Sends a message if nothing is in the way, and else has it wait, or says why it does not. */
    public SendResult trySend(Opcode opcode, byte[] payload, int from, int to, boolean copied) {
        if (!closing.isOpen()) {
            return SendResult.CLOSED;
        }
        // A large message that had to wait in part would go beyond a budget that is spent.
        boolean mayWaitInPart = to - from <= FrameBuffer.COPIED || !services.pool().budget().isSpent();
        if (mayWaitInPart && isClear() && lock.tryLock()) {
            try {
                if (isClear() && closing.isOpen()) {
                    buffer.message(opcode, payload, from, to, false);
                    if (services.hasNextFrame().test(Thread.currentThread())) {
                        hold();
                    } else {
                        flushNow();
                    }
                    return SendResult.ACCEPTED;
                }
            } catch (IOException e) {
                // Noted as the connection's end.
                return SendResult.CLOSED;
            } finally {
                release();
            }
        }
        SendResult result = outbox.offer(opcode, payload, from, to, copied);
        sendWhatWaits();
        return result;
    }

    /** Whether a message could go out at once. */
    private boolean isClear() {
        return transport.writesWithoutWaiting() && state != State.DRAINING && streaming == null
                && !outbox.isWaiting(false);
    }

    /**
     * Answers a ping, unless our Close frame was claimed. Receiving goes on while another thread's frame is on its way: the
     * answer goes after that. For the thread that receives.
     *
     * @param hold whether the answer may be held back to leave with what answers the next frame
     */
    public void pong(byte[] payload, int from, int to, boolean hold) throws IOException {
        if (state != State.DRAINING && !outbox.hasPongs() && lock.tryLock()) {
            try {
                if (closing.isOpen()) {
                    buffer.frame(true, 0, Opcode.PONG, payload, from, to, true);
                    if (hold) {
                        hold();
                    } else {
                        flushAndWait();
                    }
                }
            } finally {
                release();
            }
        } else {
            outbox.pong(Arrays.copyOfRange(payload, from, to));
            sendWhatWaits();
        }
    }

    /** Sends our Close frame, which the caller has claimed, after what was accepted before. */
    public void close(CloseReason reason) {
        deadlines.closing();
        outbox.close(ClosePayload.encode(reason));
        sendWhatWaits();
    }

    /** Drops the messages that wait, such as for want of memory; a Close frame among them is still sent. */
    public void dropWaiting() {
        outbox.dropNewest();
    }

    private void release() {
        lock.unlock();
        sendWhatWaits();
    }

    /** If the lock is free; else the thread that has it, or waits for it, does this when it lets it go. */
    private void sendWhatWaits() {
        while (!lock.hasQueuedThreads() && (flushDue || outbox.isWaiting(streaming != null)) && state != State.DRAINING
                && lock.tryLock()) {
            try {
                if (state != State.DRAINING) {
                    sendWithoutWaiting();
                }
            } catch (IOException e) {
                // Noted as the connection's end.
            } finally {
                lock.unlock();
            }
        }
    }

    private void sendWithoutWaiting() throws IOException {
        flushDue = false;
        if (!transport.writesWithoutWaiting()) {
            startDraining();
            return;
        }
        drain(false);
        flushNow();
    }

    private void flushNow() throws IOException {
        flush(false);
        if (buffer.isBehind()) {
            startDraining();
        }
    }

    // Under the lock.

    /**
     * Builds what waits, the oldest first: pongs, messages unless one is streamed, and the Close frame. What is added
     * meanwhile waits for the next turn.
     *
     * @return false if it ended early, since the network is behind and this thread may not wait, or was interrupted
     */
    private boolean drain(boolean wait) throws IOException {
        boolean well = false;
        try {
            outbox.takeOver();
            boolean ready = catchUp(wait);
            while (ready) {
                Outbox.Pong pong = outbox.takePongs();
                Outbox.Entry entry = outbox.oldest();
                if (pong != null) {
                    build(pong, wait);
                } else if (entry != null && (streaming == null || entry.isClose() || !closing.isOpen())) {
                    build(entry, wait);
                    outbox.remove();
                } else {
                    break;
                }
                ready = catchUp(wait);
            }
            well = true;
            return ready;
        } finally {
            if (!well) {
                // What was accepted is lost, and must not be so in silence.
                breakOff(new IOException("an accepted message could not be sent"));
                outbox.end();
            }
        }
    }

    /** Whether the network has taken what it was given, so that more can be built. */
    private boolean catchUp(boolean wait) throws IOException {
        if (buffer.isBehind()) {
            flush(wait);
        }
        return !buffer.isBehind();
    }

    /** The oldest first. */
    private void build(Outbox.Pong pong, boolean wait) throws IOException {
        if (!closing.isOpen()) {
            return;
        }
        if (pong.before() != null) {
            build(pong.before(), wait);
        }
        buffer.frame(true, 0, Opcode.PONG, pong.payload(), 0, pong.payload().length, wait);
    }

    private void build(Outbox.Entry entry, boolean wait) throws IOException {
        if (entry.isClose()) {
            buffer.frame(true, 0, Opcode.CLOSE, entry.payload(), entry.from(), entry.to(), wait);
            closeBuilt = true;
            flush(wait);
        } else if (streaming == null && !closing.isReceived()) {
            buffer.message(entry.opcode(), entry.payload(), entry.from(), entry.to(), wait);
        }
    }

    private void flush(boolean wait) throws IOException {
        if (state == State.HELD) {
            state = State.IDLE;
        }
        buffer.flush(wait);
        if (closeBuilt && !buffer.isBuilt()) {
            closing.written();
        }
    }

    /** Leaves what is built for the next write, or for the timer. */
    private void hold() throws IOException {
        if (buffer.isBehind()) {
            flushNow();
        } else if (buffer.isBuilt() && state == State.IDLE) {
            state = State.HELD;
            watch();
        }
    }

    private void startDraining() {
        if (state != State.DRAINING) {
            state = State.DRAINING;
            services.timer().startThread(this::drainAlone, this::cannotDrain);
        }
    }

    /** Waits for the network until nothing is left; lets the threads that wait for the lock go between. */
    private void drainAlone() {
        boolean more = true;
        while (more) {
            lock.lock();
            try {
                if (buffer.isBehind()) {
                    flush(true);
                } else {
                    drain(true);
                    flush(true);
                }
            } catch (IOException e) {
                // Noted as the connection's end.
            } catch (Throwable e) {
                cannotDrain(e);
            } finally {
                more = outbox.isWaiting(streaming != null) || buffer.isBehind();
                if (!more) {
                    state = State.IDLE;
                }
                lock.unlock();
            }
        }
        sendWhatWaits();
    }

    private void cannotDrain(Throwable cause) {
        breakOff(new IOException("what waits to be sent could not be", cause));
    }

    private void breakOff(IOException cause) {
        closing.breakOff(cause);
        transport.close();
    }

    // The timer.

    private void watch() {
        if (WATCHED.compareAndSet(this, false, true)) {
            writesWhenWatched = buffer.writes();
            services.timer().watch(this);
        }
    }

    /** Called by the timer, which took this off its list. Does not wait. */
    void look() {
        boolean overdue = buffer.writes() == writesWhenWatched;
        watched = false;
        if (state == State.HELD) {
            if (overdue) {
                services.timer().startThread(this::flushOverdue, this::cannotDrain);
            } else {
                watch();
            }
        }
    }

    private void flushOverdue() {
        flushDue = true;
        sendWhatWaits();
    }

    // Questions of other threads.

    /** Bytes that wait for the peer, counted in the budget. */
    public long waitingBytes() {
        return outbox.waitingBytes() + buffer.waitingBytes();
    }

    /** Whether bytes have waited for this long, and the network has taken none of them lately. */
    public boolean isStuck(Duration atLeast) {
        int since = buffer.behindSince();
        return since != 0 && FrameBuffer.millis() - since >= atLeast.toMillis()
                && deadlines.isWithoutProgress(transport.writeProgress());
    }

    /** Whether a streamed message is open. */
    public boolean isStreaming() {
        return streaming != null;
    }

    /**
     * Whether another message has waited too long for the streamed message to go on. For the sweeper.
     *
     * @param now the clock's time
     */
    public boolean isStreamOverdue(int now, Duration longest) {
        Streaming stream = streaming;
        if (stream == null) {
            return false;
        }
        if (stream.waiters == 0 && !outbox.hasEntries() || deadlines.isWriting()) {
            stream.awaitedSince = 0;
            return false;
        }
        if (stream.awaitedSince == 0) {
            stream.awaitedSince = now;
        }
        int since = stream.lastWrite - stream.awaitedSince > 0 ? stream.lastWrite : stream.awaitedSince;
        return now - since >= longest.toMillis();
    }

    /** The connection is over and its transport closed: gives everything back. */
    public void end() {
        lock.lock();
        try {
            buffer.release();
            outbox.end();
            if (extension != null) {
                extension.encoder().close();
            }
        } finally {
            lock.unlock();
        }
    }
}
