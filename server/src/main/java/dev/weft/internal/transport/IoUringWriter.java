package dev.weft.internal.transport;

import static dev.weft.internal.time.Interrupts.interrupted;
import static dev.weft.internal.time.Interrupts.restoreInterrupt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * The writing side of an {@link IoUringTransport}. While the loop is awake, a write copies its bytes to a {@link SendBuffer} and
 * returns; the loop submits the sends of all connections together. If the loop waits, or the bytes are many, or no buffer is
 * left, a thread writes to the socket directly, which is cheaper than waking the loop.
 * <pre>
 *            writer: has a buffer           writer: has copied               engine: submits
 *   FREE ──────────────────────▶ FILLING ─────────────────────▶ QUEUED ─────────────────────▶ SENDING ──▶ FREE
 *     │ ▲                           ▲      writer: has more        │           engine: all bytes are sent
 *     │ │                           └──────────────────────────────┘
 *     ▼ │ engine: writable, or sweeper: try again, or writer: interrupted
 *   FULL   (a writer that has written directly waits)
 *
 *   any but FILLING ── close, from any thread ──▶ CLOSED, final
 *   FILLING ── close ──▶ CLOSED_FILLING ── writer: gives the buffer back ──▶ CLOSED
 * </pre>
 * One thread at a time writes. Bytes keep their order: a direct write happens only in FREE, in which no buffer is in use. What
 * was queued before the connection was closed is still sent, if the system takes it at once.
 */
final class IoUringWriter {
    private static final int FREE = 0;
    private static final int FILLING = 1;
    private static final int QUEUED = 2;
    private static final int SENDING = 3;
    private static final int FULL = 4;
    private static final int CLOSED_FILLING = 5;
    private static final int CLOSED = 6;

    private static final AtomicIntegerFieldUpdater<IoUringWriter> STATE = AtomicIntegerFieldUpdater
            .newUpdater(IoUringWriter.class, "state");

    private final IoUringTransport transport;
    private volatile int state = FREE;
    /** In FILLING the writer's, otherwise the engine's. */
    private SendBuffer buffer;
    /** The thread that waits, if one does. */
    private volatile Thread waiter;
    /** In FREE and FULL changed by the writer, otherwise by the engine. */
    private volatile byte progress;
    /** The error of the last send, which is negative; or 0. */
    private volatile int failure;
    /** Whether the output is to be shut down when everything is sent. */
    private volatile boolean ends;

    /** For the engine: the number of sent bytes of the buffer, and whether a send, or the watch for room, is in progress. */
    private int sent;
    private boolean inProgress;
    private boolean watching;
    /** Whether the send completes only if not all is sent. */
    private boolean atOnce;
    /** The number of the last request to send at once. */
    private int request;

    IoUringWriter(IoUringTransport transport) {
        this.transport = transport;
    }

    // The threads of the connection.

    /** As {@link Transport#write(ByteBuffer, ByteBuffer)}; the second may be {@code null}. */
    void write(ByteBuffer first, ByteBuffer second) throws IOException {
        writeSome(first, second);
        while (remaining(first, second) > 0) {
            await();
            if (writeSome(first, second) > 0 && state == FREE) {
                progress = (byte) (progress + 1);
            }
        }
    }

    /**
     * As {@link Transport#writeNow(ByteBuffer, ByteBuffer)}; the second may be {@code null}.
     *
     * @return the number of bytes
     */
    int writeSome(ByteBuffer first, ByteBuffer second) throws IOException {
        if (failure != 0) {
            throw SocketErrors.failure(failure);
        }
        int total = remaining(first, second);
        if (total == 0) {
            // The system would say of a send of nothing that it has sent nothing.
            return 0;
        }
        switch (state) {
            case FREE -> {
                if (total > SendBuffers.SIZE || !transport.engine().isAwake() || !fill(FREE, first, second)) {
                    transport.writeSocket(first, second);
                }
            }
            case QUEUED -> fill(QUEUED, first, second);
            case CLOSED, CLOSED_FILLING -> throw new AsynchronousCloseException();
            default -> {
                // What was written before is not sent yet.
            }
        }
        return total - remaining(first, second);
    }

    private static int remaining(ByteBuffer first, ByteBuffer second) {
        return first.remaining() + (second == null ? 0 : second.remaining());
    }

    /**
     * Copies bytes to the buffer, and has it sent. Returns false if there is no buffer, or the engine was quicker. If so little
     * stack is left that this cannot leave FILLING, the connection ends and its buffer is lost; when none is left, all bytes are
     * written directly.
     */
    private boolean fill(int from, ByteBuffer first, ByteBuffer second) throws IOException {
        if (!STATE.compareAndSet(this, from, FILLING)) {
            return false;
        }
        int next = from;
        try {
            if (buffer == null) {
                buffer = transport.engine().sendBuffers().take();
            }
            if (buffer != null) {
                copy(first);
                if (second != null && !first.hasRemaining()) {
                    copy(second);
                }
                next = QUEUED;
            }
        } finally {
            // Also after an error, such as that of a stack that is used up: otherwise nothing ends this state.
            leaveFilling(next);
        }
        return next == QUEUED;
    }

    private void leaveFilling(int next) throws AsynchronousCloseException {
        if (next == FREE) {
            release();
        }
        if (!STATE.compareAndSet(this, FILLING, next)) {
            release();
            state = CLOSED;
            throw new AsynchronousCloseException();
        }
        if (next == QUEUED) {
            transport.request(IoUringTransport.SEND);
        }
    }

    private void copy(ByteBuffer source) {
        ByteBuffer bytes = buffer.bytes;
        int count = Math.min(source.remaining(), bytes.remaining());
        bytes.put(bytes.position(), source, source.position(), count).position(bytes.position() + count);
        source.position(source.position() + count);
    }

    private void release() {
        SendBuffer used = buffer;
        if (used != null) {
            buffer = null;
            used.owner.giveBack(used);
        }
    }

    /** Waits until the system has taken what was written before, or, if nothing was, until it takes bytes. */
    private void await() throws IOException {
        waiter = Thread.currentThread();
        boolean interrupted = false;
        try {
            if (STATE.compareAndSet(this, FREE, FULL)) {
                transport.request(IoUringTransport.WATCH_ROOM);
            }
            while (mustWait(state)) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
                if (interrupted && (STATE.compareAndSet(this, FULL, FREE) || mustWait(state))) {
                    throw interrupted("while the peer did not read");
                }
            }
        } finally {
            waiter = null;
        }
        restoreInterrupt(interrupted);
    }

    private static boolean mustWait(int state) {
        return state == FULL || state == QUEUED || state == SENDING;
    }

    /** As {@link Transport#writeProgress}. */
    byte progress() {
        return progress;
    }

    /** As {@link Transport#retryWrite}. */
    void retry() {
        if (STATE.compareAndSet(this, FULL, FREE)) {
            unparkWaiter();
        } else if (waiter != null && state == SENDING) {
            transport.request(IoUringTransport.RETRY);
        }
    }

    private void unparkWaiter() {
        Thread waiting = waiter;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
    }

    /** As {@link Transport#shutdownOutput}, after everything that was written. Does not wait. */
    void end() throws IOException {
        ends = true;
        // The engine changes the state before it looks whether the output ends.
        if (state == FREE || state == FULL) {
            transport.shutdownSocket();
        }
    }

    /** Ends the waits. From any thread. */
    void close() {
        int before;
        do {
            before = state;
            if (before == CLOSED || before == CLOSED_FILLING) {
                return;
            }
        } while (!STATE.compareAndSet(this, before, before == FILLING ? CLOSED_FILLING : CLOSED));
        unparkWaiter();
    }

    // The engine's thread.

    /** Serves a request to send, unless the writer adds something: then it makes another request. */
    void send(Ring ring) throws IOException {
        if (STATE.compareAndSet(this, QUEUED, SENDING)) {
            sendAtOnce(ring);
        }
    }

    /** Sends what the system takes when the request is submitted: usually everything, and then it need not complete. */
    private void sendAtOnce(Ring ring) throws IOException {
        SendsAtOnce sends = transport.engine().sends();
        sends.reserve();
        request = ring.sendAtOnce(transport.descriptor(), buffer.address + sent, buffer.bytes.position() - sent,
                transport.key(IoUringTransport.SEND));
        sends.add(transport, request);
        atOnce = true;
        inProgress = true;
        transport.began();
    }

    private void sendRest(Ring ring) throws IOException {
        ring.send(transport.descriptor(), buffer.address + sent, buffer.bytes.position() - sent,
                transport.key(IoUringTransport.SEND));
        inProgress = true;
        transport.began();
    }

    /** Whether the send at once with this number is in progress: it has not completed. */
    boolean isSending(int number) {
        return atOnce && request == number;
    }

    /** All bytes of the send at once are sent. */
    void sentAll(Ring ring) throws IOException {
        sent(ring, buffer.bytes.position() - sent);
    }

    /** The system has taken bytes, or the connection is broken, or the send was cancelled. */
    void sent(Ring ring, int result) throws IOException {
        inProgress = false;
        atOnce = false;
        if (result > 0) {
            sent += result;
        } else if (!Ring.hadNoEffect(result)) {
            failure = result < 0 ? result : SocketErrors.EPIPE;
        }
        if (state == CLOSED) {
            endSending();
        } else if (failure == 0 && sent < buffer.bytes.position()) {
            if (result > 0) {
                progress = (byte) (progress + 1);
            }
            sendRest(ring);
        } else {
            progress = (byte) (progress + 1);
            endSending();
            STATE.compareAndSet(this, SENDING, FREE);
            unparkWaiter();
            // The writer may have queued more since, and then ended the output: that is ended when this is sent, too.
            if (ends && state == FREE) {
                endAfterAll();
            }
        }
    }

    /** Nothing more of the buffer is sent. */
    private void endSending() {
        sent = 0;
        release();
    }

    private void endAfterAll() {
        try {
            transport.shutdownSocket();
        } catch (IOException e) {
            // The connection is broken, which the reader finds too.
        }
    }

    /** Serves a request to tell when the system takes bytes. */
    void watchRoom(Ring ring) throws IOException {
        if (state == FULL && !watching) {
            ring.pollWritable(transport.descriptor(), transport.key(IoUringTransport.WATCH_ROOM));
            watching = true;
            transport.began();
        }
    }

    /** The system takes bytes, or the connection is broken; or the watch was cancelled. */
    void room(Ring ring, int result) throws IOException {
        watching = false;
        if (Ring.hadNoEffect(result)) {
            watchRoom(ring);
        } else if (STATE.compareAndSet(this, FULL, FREE)) {
            unparkWaiter();
        }
    }

    /** Makes the system try to take bytes again: a send that is cancelled is submitted once more. */
    void sendAgain(Ring ring) throws IOException {
        if (inProgress && !atOnce) {
            ring.cancel(transport.key(IoUringTransport.SEND));
        }
    }

    /** Sends what is queued, if the system takes it now, and cancels what is in progress. After {@link #close}. */
    void finish(Ring ring) throws IOException {
        if (!inProgress && state == CLOSED && buffer != null) {
            sendAtOnce(ring);
        } else {
            sendAgain(ring);
        }
        if (watching) {
            ring.cancel(transport.key(IoUringTransport.WATCH_ROOM));
        }
    }

    /** Whether nothing is in progress, is being sent or waits to be, so that the connection may be moved. */
    boolean isIdle() {
        return state == FREE && !inProgress && !watching;
    }
}
