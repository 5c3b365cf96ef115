package dev.weft.internal.transport;

import static dev.weft.internal.time.Interrupts.interrupted;
import static dev.weft.internal.time.Interrupts.restoreInterrupt;

import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport.UnreadListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * The reading side of an {@link IoUringTransport}. A thread that waits requests one receive; the system receives into one of the
 * ring's buffers, and the thread copies the bytes from there and gives the buffer back. So a connection whose handler does not
 * read holds no buffer, and TCP slows its peer down. If the bytes before were many, the system only reports that more have
 * arrived, and the thread reads them from the socket into its own buffer, without a copy.
 * <pre>
 *              reader: has done its work           engine: received, or reader: interrupted, or out of time
 *   RUNNING ──────────────────────────────▶ WAITING ───────────────────────────▶ RUNNING
 *      │ ▲                                     ▲
 *      │ │ reader: asks for another report     │
 *      ▼ │                                     │
 *     SEEN ────────────────────────────────────┘
 *      engine: bytes arrived, and no reader waits; it calls the listener
 *
 *   any ── close, from any thread ──▶ CLOSED, final
 * </pre>
 * A transition is one compare-and-set; if two race, one finds that the state has changed and checks again. This implies:
 * <ul>
 * <li>Bytes keep their order. A reader sets {@code receiving} before it requests a receive, and the engine clears it only after
 * it has stored what was received; while it is set, nothing else reads from the socket. A reader that leaves its wait early
 * leaves the receive in progress, and finds its bytes later. If such a receive ends when the reader begins its next wait, the
 * reader may request another one and only then find the bytes of the first.
 * <li>No wake-up is lost. The engine stores what was received before it looks for a waiting reader. A reader is in WAITING
 * before it makes its request, or leaves out the request because an earlier receive is in progress.
 * <li>The listener is called for everything that no thread waits for. In RUNNING, a receive is in progress, or the engine
 * watches the socket, or it will before it waits the next time: it checks each reader that it has woken.
 * <li>A buffer has one owner. It is taken from {@code arrived} by one get-and-set, by the reader or by the close.
 * </ul>
 */
final class IoUringReader {
    private static final int RUNNING = 0;
    private static final int WAITING = 1;
    private static final int SEEN = 2;
    private static final int CLOSED = 3;

    /** Instead of the number of a buffer and the number of bytes in it. */
    private static final long NOTHING = -1;
    private static final int END_OF_BYTES = 1;
    private static final long OVERDUE_PARK_NANOS = 1_000_000;

    private static final AtomicIntegerFieldUpdater<IoUringReader> STATE = AtomicIntegerFieldUpdater
            .newUpdater(IoUringReader.class, "state");
    private static final AtomicLongFieldUpdater<IoUringReader> ARRIVED = AtomicLongFieldUpdater
            .newUpdater(IoUringReader.class, "arrived");

    private final IoUringTransport transport;
    private volatile int state = RUNNING;
    private volatile UnreadListener listener;
    /** The waiting thread; written before the state changes to WAITING. */
    private Thread thread;

    /** Whether a receive is requested or in progress. */
    private volatile boolean receiving;
    /** What was received and not read: the buffer's number, and below it the number of bytes; or NOTHING. */
    private volatile long arrived = NOTHING;
    /** What was received while no reader waited; {@code null} if nothing was. */
    private volatile ByteBuffer spilled;
    /** What the reader's target had no room for; it precedes what arrived later. For the reader. */
    private ByteBuffer rest;
    /** Whether the bytes of the last read were many. Written by the reader before it requests a receive. */
    private boolean many;
    /** The error of the last receive, which is negative; or that the bytes have ended; or 0. */
    private volatile int end;

    /** For the engine: whether a receive, or the watch for bytes, is in progress, and whether there may be bytes. */
    private boolean inProgress;
    private boolean watching;
    private boolean perhapsArrived = true;

    IoUringReader(IoUringTransport transport) {
        this.transport = transport;
    }

    // The threads of the connection.

    /** As {@link Transport#awaitReadable(TimeLimit)}. */
    void await(TimeLimit limit) throws IOException {
        if (rest != null || hasArrived() || limit.hasPassed()) {
            return;
        }
        thread = Thread.currentThread();
        if (!STATE.compareAndSet(this, RUNNING, WAITING) && !STATE.compareAndSet(this, SEEN, WAITING)) {
            throw new AsynchronousCloseException();
        }
        if (!receiving) {
            receiving = true;
            transport.request(IoUringTransport.RECEIVE);
        }
        boolean interrupted = false;
        while (state == WAITING) {
            boolean over = interrupted || limit.hasPassed();
            if (over && STATE.compareAndSet(this, WAITING, RUNNING)) {
                if (interrupted) {
                    throw interrupted("while waiting for bytes");
                }
                return;
            }
            if (over) {
                LockSupport.parkNanos(this, OVERDUE_PARK_NANOS);
            } else {
                limit.park(this);
            }
            interrupted |= Thread.interrupted();
        }
        restoreInterrupt(interrupted);
        requireNotClosed();
    }

    private void requireNotClosed() throws IOException {
        if (state == CLOSED) {
            throw new AsynchronousCloseException();
        }
    }

    /** Whether there is something that a read returns at once, or the end. Also for the engine. */
    boolean hasArrived() {
        return arrived != NOTHING || spilled != null || end != 0;
    }

    /** As {@link Transport#hasUnread}, without what the system holds. From any thread. */
    boolean holdsBytes() {
        return rest != null || arrived != NOTHING || spilled != null;
    }

    /** As {@link Transport#readNow}. */
    int read(ByteBuffer target) throws IOException {
        requireNotClosed();
        if (rest != null) {
            return takeRest(target);
        }
        // Read before what was received: if it is not set, everything that was received before is visible.
        boolean pending = receiving;
        ByteBuffer earlier = spilled;
        if (earlier != null) {
            spilled = null;
            rest = earlier;
            return takeRest(target);
        }
        long held = ARRIVED.getAndSet(this, NOTHING);
        if (held != NOTHING) {
            return take(held, target, pending);
        }
        if (end != 0) {
            return takeEnd();
        }
        // A close may have taken what was received; what follows it must not be read.
        requireNotClosed();
        return pending ? 0 : readSocket(target);
    }

    private int readSocket(ByteBuffer target) throws IOException {
        int count = transport.readSocket(target);
        if (count != 0) {
            many = count >= transport.buffers().size();
        }
        return count;
    }

    private int takeRest(ByteBuffer target) {
        int count = Math.min(rest.remaining(), target.remaining());
        target.put(target.position(), rest, rest.position(), count).position(target.position() + count);
        rest.position(rest.position() + count);
        if (!rest.hasRemaining()) {
            rest = null;
        }
        return count;
    }

    private int take(long held, ByteBuffer target, boolean pending) throws IOException {
        IoUringBuffers buffers = transport.buffers();
        int buffer = (int) (held >> 32);
        int count = (int) held;
        int taken = Math.min(count, target.remaining());
        ByteBuffer kept = taken < count ? roomFor(count - taken, held) : null;
        try {
            buffers.copy(buffer, 0, target, taken);
            if (kept != null) {
                buffers.copy(buffer, taken, kept, count - taken);
                rest = kept.flip();
            }
        } finally {
            buffers.giveBack(buffer);
        }
        many = count == buffers.size();
        return taken + (many && !pending && target.hasRemaining() ? readMore(target) : 0);
    }

    /** Room for bytes that were received; if there is no memory for them, they can be read later. */
    private ByteBuffer roomFor(int count, long held) {
        ByteBuffer room = null;
        try {
            room = ByteBuffer.allocate(count);
            return room;
        } finally {
            if (room == null) {
                arrived = held;
                if (state == CLOSED) {
                    close();
                }
            }
        }
    }

    /** As {@link Transport#keepArrived}. */
    void keepArrived() {
        long held = ARRIVED.getAndSet(this, NOTHING);
        if (held != NOTHING) {
            int buffer = (int) (held >> 32);
            ByteBuffer kept = roomFor((int) held, held);
            try {
                transport.buffers().copy(buffer, 0, kept, (int) held);
                rest = kept.flip();
            } finally {
                transport.buffers().giveBack(buffer);
            }
        }
    }

    /** The buffer was full, so there is probably more. */
    private int readMore(ByteBuffer target) {
        try {
            return Math.max(0, transport.readSocket(target));
        } catch (IOException e) {
            // The next read finds the end of the connection again.
            return 0;
        }
    }

    private int takeEnd() throws IOException {
        if (end == END_OF_BYTES) {
            return -1;
        }
        throw SocketErrors.failure(end);
    }

    /** As {@link Transport#onUnread}. */
    void listener(UnreadListener other) {
        listener = other;
        if (state == SEEN || holdsBytes()) {
            other.unread();
        }
    }

    /** As {@link Transport#willReportUnread}. */
    boolean willReport() {
        return state != SEEN && !holdsBytes();
    }

    /** As {@link Transport#reportUnread}. */
    void report() {
        if (STATE.compareAndSet(this, SEEN, RUNNING)) {
            transport.request(IoUringTransport.WATCH);
        }
    }

    /** Ends the waits, and makes this drop its bytes. From any thread. */
    void close() {
        // Not just a write: only a read of the state makes the thread that waits in it visible here.
        STATE.getAndSet(this, CLOSED);
        LockSupport.unpark(thread);
        long held = ARRIVED.getAndSet(this, NOTHING);
        if (held != NOTHING) {
            transport.buffers().giveBack((int) (held >> 32));
        }
    }

    // The engine's thread.

    /** Serves a request to receive. */
    void receive(Ring ring) throws IOException {
        if (inProgress) {
            return;
        }
        if (hasArrived()) {
            receiving = false;
            wake();
        } else {
            if (many) {
                ring.pollReadable(transport.descriptor(), transport.key(IoUringTransport.RECEIVE));
            } else {
                ring.receive(transport.descriptor(), perhapsArrived, transport.key(IoUringTransport.RECEIVE));
            }
            inProgress = true;
            transport.began();
        }
    }

    /** The receive is done, or the thread can read from the socket: bytes have arrived, or their end, or an error. */
    void received(Ring ring, int result) throws IOException {
        inProgress = false;
        int buffer = ring.buffer();
        if (buffer >= 0) {
            transport.buffers().took();
        }
        if (state == CLOSED) {
            if (buffer >= 0) {
                transport.buffers().giveBack(buffer);
            }
        } else if (result > 0) {
            if (buffer >= 0) {
                perhapsArrived = ring.hasMore();
                store(buffer, result);
            }
            receiving = false;
            wake();
        } else {
            if (buffer >= 0) {
                transport.buffers().giveBack(buffer);
            }
            receivedNothing(ring, result);
        }
    }

    private void store(int buffer, int count) {
        if (state == WAITING) {
            arrived = (long) buffer << 32 | count;
            if (state == CLOSED) {
                close();
            }
            return;
        }
        try {
            ByteBuffer copy = ByteBuffer.allocate(count);
            transport.buffers().copy(buffer, 0, copy, count);
            spilled = copy.flip();
        } finally {
            transport.buffers().giveBack(buffer);
        }
    }

    private void receivedNothing(Ring ring, int result) throws IOException {
        if (result != SocketErrors.ENOBUFS && !Ring.hadNoEffect(result)) {
            end = result == 0 ? END_OF_BYTES : result;
            receiving = false;
            wake();
        } else if (!transport.isMoving()) {
            repeat(ring, result);
        }
        // A receive of a connection that is moved is repeated by the engine that the connection then has, and only by that one.
    }

    private void repeat(Ring ring, int result) throws IOException {
        if (result == SocketErrors.ENOBUFS) {
            transport.buffers().await(transport);
        } else {
            // The thread that made the request has ended.
            receive(ring);
        }
    }

    /** Wakes the reader if it waits; otherwise calls the listener. */
    private void wake() {
        if (STATE.compareAndSet(this, WAITING, RUNNING)) {
            transport.engine().watchLater(transport);
            LockSupport.unpark(thread);
        } else {
            see();
        }
    }

    private void see() {
        if (STATE.compareAndSet(this, RUNNING, SEEN)) {
            UnreadListener current = listener;
            if (current != null) {
                current.unread();
            }
        }
    }

    /** Watches for bytes, if no thread waits for them. */
    void watch(Ring ring) throws IOException {
        if (state != RUNNING || inProgress || watching) {
            return;
        }
        if (hasArrived()) {
            see();
            return;
        }
        ring.pollReadable(transport.descriptor(), transport.key(IoUringTransport.WATCH));
        watching = true;
        transport.began();
    }

    /** Bytes have arrived, or their end; or the watch was cancelled. */
    void watched(Ring ring, int result) throws IOException {
        watching = false;
        if (state == CLOSED) {
            return;
        }
        if (Ring.hadNoEffect(result) || arrived != NOTHING) {
            // A thread that reads was just woken for these bytes.
            transport.engine().watchLater(transport);
        } else {
            perhapsArrived = true;
            see();
        }
    }

    /** Cancels what is in progress. */
    void cancel(Ring ring) throws IOException {
        if (inProgress) {
            ring.cancel(transport.key(IoUringTransport.RECEIVE));
        }
        if (watching) {
            ring.cancel(transport.key(IoUringTransport.WATCH));
        }
    }

    /** Whether a thread waits, and its receive is in progress: then no buffer is held. */
    boolean mayMove() {
        return state == WAITING && inProgress;
    }

    /** Whether nothing is in progress. */
    boolean isIdle() {
        return !inProgress && !watching;
    }

    /** Whether a receive is requested, or was cancelled. */
    boolean isReceiving() {
        return receiving;
    }
}
