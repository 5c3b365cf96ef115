package dev.weft.internal.transport;

import static dev.weft.internal.time.Interrupts.interrupted;
import static dev.weft.internal.time.Interrupts.restoreInterrupt;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * A non-blocking socket channel that parks the thread that would block, until its {@link SelectorEngine} sees the socket ready.
 * <p>
 * The reading side's states:
 * <pre>
 *                                                  engine: readable
 *              reader: has done its work           reader: interrupted, or out of time
 *   RUNNING ──────────────────────────────▶ WAITING ───────────────────────────▶ RUNNING
 *      │                                       ▲
 *      │ engine: readable, PATIENCE times      │ engine: watches the socket again
 *      │ in a row, and stops watching it       │
 *      ▼           reader: has done its work   │
 *   DISARMED ──────────────────────────────▶ REARMING
 *      │                                       ▲
 *      │ reader: asks for another report       │ reader: has done its work
 *      ▼                                       │
 *    ASKED ────────────────────────────────────┘
 *      └──── engine: watches the socket again ────▶ RUNNING
 *
 *   any ── close, from any thread ──▶ CLOSED, final
 * </pre>
 * The writing side's states; the engine watches the socket for writing on request, and only while a writer waits:
 * <pre>
 *              writer: the socket is full                   engine: writable, or sweeper: try again
 *   RUNNING ──────────────────────────────▶ WAITING ───────────────────────────▶ RUNNING
 *
 *   any ── close, from any thread ──▶ CLOSED, final
 * </pre>
 * A transition is one compare-and-set, and the close of a side is one get-and-set. If two race, one finds that the state has
 * changed and checks again. No transition leads out of CLOSED. This implies, for every order of events:
 * <ul>
 * <li>No readiness is missed. In RUNNING and WAITING the socket is watched, and readiness is level-triggered: what the engine
 * sees while the reader runs, it sees again on its next look. It stops watching only with the step out of RUNNING, so never
 * while a reader is in WAITING. From DISARMED the reader cannot get to WAITING by itself: the engine takes it there after it
 * has begun to watch. The same holds for ASKED, unless the engine has already changed it to RUNNING.
 * <li>The {@link UnreadListener} is called for everything that no thread waits for. The engine sees the readiness until it
 * takes the step to DISARMED, and only then looks for a listener; a thread that sets a listener first stores it and then looks
 * at the state. In DISARMED the listener has been called, perhaps for bytes that have been read since: a reader that wants
 * another call requests it, and in ASKED the socket is watched again.
 * <li>A writer whose socket is full is in WAITING before it makes its request, so the engine, whose thread alone changes what
 * is watched, finds it there when it serves the request. If the engine serves an older request meanwhile, it only does the same
 * work twice.
 * <li>No wake-up is lost. A thread that ends a wait first changes the state and then unparks; a thread that waits first reads
 * the state and then parks. An unpark between these two makes the park return at once.
 * <li>The right thread is woken: it is stored before the step to WAITING, and read after a step that found that state. For the
 * same reason, a step to CLOSED also reads the state that it replaces.
 * <li>No wait ends twice: only one of engine and closer makes the step out of WAITING. A leftover permit of an unnecessary
 * unpark ends no later wait, because each wait checks the state.
 * <li>A wait may end once without bytes, because the engine's select may be older than the reader's last read, but not twice in
 * a row: the next select is newer than that read.
 * <li>The engine may see the socket ready before this transport knows its key; the engine then uses the key that it has.
 * </ul>
 * An interrupt ends a wait with an exception, and a reader's time limit ends it without one; neither changes anything else: the
 * thread takes the step from WAITING to RUNNING itself, unless the engine was quicker. From REARMING there is no such step; the
 * engine, which has the request, soon changes to WAITING. Readiness that the engine sees while the limit passes is not lost
 * either: the engine found the reader in WAITING, and then the reader checks the socket next, or the engine sees the socket
 * ready again.
 */
final class ParkingTransport extends NonBlockingTransport implements WatchedSocket {
    private static final int RUNNING = 0;
    private static final int WAITING = 1;
    private static final int DISARMED = 2;
    private static final int REARMING = 3;
    private static final int ASKED = 4;
    private static final int CLOSED = 5;

    /**
     * The number of times that a busy connection's socket is found ready before the engine stops watching it, which costs a
     * system call.
     */
    private static final int PATIENCE = 8;

    private static final long OVERDUE_PARK_NANOS = 1_000_000;

    private static final AtomicIntegerFieldUpdater<ParkingTransport> READING = AtomicIntegerFieldUpdater
            .newUpdater(ParkingTransport.class, "reading");
    private static final AtomicIntegerFieldUpdater<ParkingTransport> WRITING = AtomicIntegerFieldUpdater
            .newUpdater(ParkingTransport.class, "writing");

    private volatile SelectorEngine engine;
    /** Schedules the connection's threads; {@code null} if the JDK does. */
    private final ConnectionScheduler scheduler;
    /** Set before the transport is used, but perhaps after the engine has seen the socket ready. */
    private volatile SelectionKey key;

    private volatile UnreadListener listener;
    private volatile int reading = RUNNING;
    private volatile int writing = RUNNING;
    /** The waiting threads; written before the state changes to WAITING. */
    private Thread reader;
    private Thread writer;

    /** For the engine: whether the socket is watched for reading, and how often it was ready while no reader waited. */
    private boolean armed = true;
    private byte inVain;

    /** Changed by the writer alone. */
    private volatile byte progress;

    ParkingTransport(SocketChannel channel, SelectorEngine engine, ConnectionScheduler scheduler) throws IOException {
        super(channel, scheduler != null);
        this.engine = engine;
        this.scheduler = scheduler;
    }

    @Override
    public Thread.Builder.OfVirtual threadBuilder() {
        return scheduler == null ? Thread.ofVirtual() : scheduler.threadBuilder();
    }

    @Override
    public int place() {
        return engine.place();
    }

    void registered(SelectionKey registration) {
        key = registration;
    }

    // The threads of the connection.

    @Override
    public boolean awaitReadable(TimeLimit limit) throws IOException {
        if (limit.hasPassed()) {
            return true;
        }
        reader = Thread.currentThread();
        if (!READING.compareAndSet(this, RUNNING, WAITING)) {
            beginToWait();
        }
        boolean interrupted = false;
        while (isWaiting(reading)) {
            boolean over = interrupted || limit.hasPassed();
            if (over && READING.compareAndSet(this, WAITING, RUNNING)) {
                if (interrupted) {
                    throw interrupted("while waiting for bytes");
                }
                return true;
            }
            try {
                interrupted |= park(over, limit);
            } catch (Throwable e) {
                // No stack or memory was left. The next wait must be possible, and ask for a watch if there is none.
                if (!READING.compareAndSet(this, REARMING, DISARMED)) {
                    READING.compareAndSet(this, WAITING, RUNNING);
                }
                throw e;
            }
        }
        restoreInterrupt(interrupted);
        requireNotClosed(reading);
        return true;
    }

    /** Starts a wait, from any state: the engine may meanwhile have changed ASKED to RUNNING, and then to DISARMED. */
    private void beginToWait() throws AsynchronousCloseException {
        while (!READING.compareAndSet(this, RUNNING, WAITING)) {
            if (READING.compareAndSet(this, DISARMED, REARMING) || READING.compareAndSet(this, ASKED, REARMING)) {
                requestWatch(REARMING);
                return;
            }
            if (reading == CLOSED) {
                throw new AsynchronousCloseException();
            }
        }
    }

    /** Requests that the socket is watched again; if that fails, such as without memory, the next wait or report requests it. */
    private void requestWatch(int state) {
        boolean requested = false;
        try {
            engine.request(this);
            requested = true;
        } finally {
            // The engine may have served an older request, of the writer, after the step to REARMING.
            if (!requested && !READING.compareAndSet(this, state, DISARMED)) {
                READING.compareAndSet(this, WAITING, RUNNING);
            }
        }
    }

    /** For a state that was read only once: between two reads the engine may change it from REARMING to WAITING. */
    private static boolean isWaiting(int state) {
        return state == WAITING || state == REARMING;
    }

    private void awaitWritable() throws IOException {
        writer = Thread.currentThread();
        if (!WRITING.compareAndSet(this, RUNNING, WAITING)) {
            throw new AsynchronousCloseException();
        }
        engine.request(this);
        boolean interrupted = false;
        while (writing == WAITING) {
            interrupted |= park(interrupted, TimeLimit.NONE);
            if (interrupted && WRITING.compareAndSet(this, WAITING, RUNNING)) {
                throw interrupted("while the peer did not read");
            }
        }
        restoreInterrupt(interrupted);
        requireNotClosed(writing);
    }

    /**
     * Parks, no longer than the limit. Parks only for a moment if an interrupt or the limit has already ended the wait, and the
     * thread only waits for the step out of REARMING, which unparks no thread.
     *
     * @return whether the thread was interrupted; the flag is cleared, because a thread does not park while it is set
     */
    private boolean park(boolean over, TimeLimit limit) {
        if (over) {
            LockSupport.parkNanos(this, OVERDUE_PARK_NANOS);
        } else {
            limit.park(this);
        }
        return Thread.interrupted();
    }

    private static void requireNotClosed(int state) throws IOException {
        if (state == CLOSED) {
            throw new AsynchronousCloseException();
        }
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        int count;
        while ((count = receive(target)) == 0 && !limit.hasPassed()) {
            awaitReadable(limit);
        }
        return count;
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        return receive(target);
    }

    @Override
    public void onUnread(UnreadListener other) {
        listener = other;
        if (reading == DISARMED) {
            other.unread();
        }
    }

    @Override
    public boolean willReportUnread() {
        // In DISARMED the listener has been called once. A read that did not wait keeps this state, and may leave bytes.
        return reading != DISARMED;
    }

    @Override
    public void reportUnread() {
        if (READING.compareAndSet(this, DISARMED, ASKED)) {
            requestWatch(ASKED);
        }
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        send(source);
        while (source.hasRemaining()) {
            awaitWritable();
            noteProgress(send(source));
        }
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        send(first, second);
        while (first.hasRemaining() || second.hasRemaining()) {
            awaitWritable();
            noteProgress(send(first, second));
        }
    }

    private void noteProgress(long count) {
        if (count > 0) {
            progress++;
        }
    }

    @Override
    public boolean writesWithoutWaiting() {
        return true;
    }

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        send(source);
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        send(first, second);
    }

    @Override
    public byte writeProgress() {
        return progress;
    }

    @Override
    public void retryWrite() {
        if (WRITING.compareAndSet(this, WAITING, RUNNING)) {
            LockSupport.unpark(writer);
        }
    }

    @Override
    public void close() {
        if (READING.getAndSet(this, CLOSED) == CLOSED) {
            return;
        }
        WRITING.getAndSet(this, CLOSED);
        try {
            closeChannel();
        } finally {
            LockSupport.unpark(reader);
            LockSupport.unpark(writer);
        }
    }

    @Override
    void channelClosed() {
        // The selector releases the descriptor on its next select.
        engine.wakeUp();
    }

    // The engine's thread.

    @Override
    public void ready(SelectionKey ready, int operations) {
        if (reading == CLOSED) {
            // The channel was not closed to the end, perhaps for lack of stack: otherwise the key would be cancelled.
            ready.cancel();
            closeChannel();
            return;
        }
        if ((operations & SelectionKey.OP_READ) != 0) {
            readable(ready);
        }
        if ((operations & SelectionKey.OP_WRITE) != 0) {
            writable(ready);
        }
    }

    /** The socket has bytes, or their end. */
    void readable(SelectionKey ready) {
        if (READING.compareAndSet(this, WAITING, RUNNING)) {
            inVain = 0;
            LockSupport.unpark(reader);
        } else if (++inVain >= PATIENCE && READING.compareAndSet(this, RUNNING, DISARMED)) {
            armed = false;
            updateInterest(ready);
            UnreadListener current = listener;
            if (current != null) {
                current.unread();
            }
        }
    }

    /** The socket takes bytes again. */
    private void writable(SelectionKey ready) {
        if (WRITING.compareAndSet(this, WAITING, RUNNING)) {
            LockSupport.unpark(writer);
        }
        updateInterest(ready);
    }

    /** Serves a reader's request while the socket is not watched: the reader waits, or wants a call of the listener. */
    void serveRequest() {
        if (READING.compareAndSet(this, REARMING, WAITING) || READING.compareAndSet(this, ASKED, RUNNING)) {
            armed = true;
            inVain = 0;
        }
        updateInterest(key);
    }

    private void updateInterest(SelectionKey registration) {
        try {
            registration.interestOps(interest());
        } catch (CancelledKeyException e) {
            // Closed meanwhile, which released the waiting threads.
        }
    }

    private int interest() {
        return (armed ? SelectionKey.OP_READ : 0) | (writing == WAITING ? SelectionKey.OP_WRITE : 0);
    }

    /** The engine that watches the socket; an engine that still has requests for this transport passes them on to it. */
    SelectorEngine engine() {
        return engine;
    }

    /**
     * Moves the socket to another engine, and the connection's threads to its loop. Until the new key is known, requests go to
     * the present engine, on whose thread this runs. The other engine uses its own key before that.
     */
    void moveTo(SelectorEngine other, ConnectionScheduler example) throws IOException {
        SelectionKey before = key;
        if (before == null) {
            // It is being registered.
            return;
        }
        // Fails if the other engine's selector still has a cancelled key of this socket: then the present key must stay.
        key = other.register(channel, interest(), this);
        before.cancel();
        engine = other;
        scheduler.joinLoopOf(example);
        other.wakeUp();
    }
}
