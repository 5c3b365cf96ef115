package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sends frames, from any thread, one whole frame after another, and says what may go when. A frame may be held back, to leave
 * with the next ones in one write; {@link FlushGuard} bounds how long.
 * <p>
 * Who sends takes the lock and waits: for the lock, for the end of a message in fragments, and for a peer that does not
 * read. Two kinds of frames do not wait: pongs, since receiving goes on while another thread's frame is on its way, and
 * messages that are posted. Each kind has a list, and whoever lets the lock go sends what is there, as far as the network
 * takes it at once. If it does not take all, a thread of its own waits for it, and sends what is posted meanwhile together.
 */
final class Output extends FrameOutput {
    private static final long STREAM_CHECK_MILLIS = 100;
    private static final byte[] NO_PAYLOAD = {};

    /** So many answers to pings wait for the lock; of more, only the newest. */
    private static final int MOST_UNSENT_PONGS = 16;
    private static final int PONGS_ROOM = MOST_UNSENT_PONGS
            * (FrameHeader.MAX_LENGTH + FrameHeader.MAX_CONTROL_PAYLOAD);

    private static final VarHandle UNSENT_PONGS;
    private static final VarHandle POSTED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            UNSENT_PONGS = lookup.findVarHandle(Output.class, "unsentPongs", UnsentPong.class);
            POSTED = lookup.findVarHandle(Output.class, "posted", Posted.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Fair, so that no stream of messages keeps a Close frame or a ping waiting. */
    private final ReentrantLock lock = new ReentrantLock(true);
    /** The answers to the newest pings, the newest first, if they came while another thread had the lock. */
    private volatile UnsentPong unsentPongs;
    /** The messages that were posted and are not built yet. */
    private volatile Posted posted;
    /** Whether a thread of its own is about to wait for the network, or does, and sends both. */
    private volatile boolean flushing;
    /** The message that is sent in fragments; other messages wait for its end. */
    private volatile Streaming streaming;

    /** The next in the guard's list, and what the guard compares. */
    Output nextHeld;
    private boolean watched;
    private short writesWhenWatched;

    /** A pong, those before it, and how many they are. */
    private record UnsentPong(byte[] payload, UnsentPong before, int count) {}

    /** Who sends a message in fragments, and what is signalled at its end. */
    private record Streaming(Thread sender, Condition ended) {}

    Output(Transport transport, FrameWriter writer, boolean masked, ConnectionServices services, Closing closing,
            Deadlines deadlines, Extension extension) {
        super(transport, writer, masked, services, closing, deadlines, extension);
    }

    /** Sends a message as one frame; waits for the end of a message that is being sent in fragments. */
    void message(Opcode opcode, byte[] payload, int from, int to, boolean hold) throws IOException {
        lock.lock();
        try {
            awaitStreamEnd();
            requireOpen();
            putPosted();
            putMessage(opcode, payload, from, to);
            leave(hold);
        } finally {
            unlock();
        }
    }

    /**
     * Has a message sent as one frame, in its turn, and does not wait for that.
     *
     * @param more whether it may be held back, to leave with what is posted next
     * @return false, and nothing is sent, if too much waits already, or the server's budget is used up, or this end may not
     *         send
     */
    boolean post(Opcode opcode, byte[] payload, int from, int to, boolean more) {
        long octets = Posted.octets(from, to);
        BufferBudget budget = services.pool().budget();
        if (!closing.isOpen() || !budget.take(octets)) {
            return false;
        }
        Posted before;
        do {
            before = posted;
            if (before != null && before.octets() + octets > services.limits().maxPostedSize()) {
                budget.giveBack(octets);
                return false;
            }
        } while (!POSTED.compareAndSet(this, before, Posted.behind(before, opcode, payload, from, to, more)));
        sendUnsent();
        return true;
    }

    /** Begins a message in fragments; the calling thread must end it. */
    void beginStream() throws IOException {
        lock.lock();
        try {
            awaitStreamEnd();
            requireOpen();
            putPosted();
            leave(true);
            streaming = new Streaming(Thread.currentThread(), lock.newCondition());
        } finally {
            unlock();
        }
    }

    /**
     * Sends what was written of the message that was begun: as one fragment, or, if the extension transforms it, as many
     * as that makes of it.
     *
     * @return the opcode of the next fragment
     */
    Opcode fragment(boolean fin, boolean transformed, Opcode opcode, byte[] payload, int from, int to)
            throws IOException {
        lock.lock();
        try {
            requireOpen();
            Opcode next = Opcode.CONTINUATION;
            if (transformed) {
                next = putTransformedPiece(fin, opcode, payload, from, to);
            } else {
                put(fin, 0, opcode, payload, from, to);
            }
            writeBuffer();
            return next;
        } finally {
            unlock();
        }
    }

    /** Lets other messages go again. */
    void endStream() {
        lock.lock();
        try {
            // None if the connection is over.
            Streaming ended = streaming;
            streaming = null;
            if (ended != null) {
                ended.ended().signalAll();
            }
        } finally {
            unlock();
        }
    }

    /** Sends a ping or pong that the user asked for, even between the fragments of a message. */
    void control(Opcode opcode, byte[] payload) throws IOException {
        lock.lock();
        try {
            requireOpen();
            put(true, 0, opcode, payload, 0, payload.length);
            writeBuffer();
        } finally {
            unlock();
        }
    }

    /** Sends the sweeper's ping. */
    void keepAlive() throws IOException {
        lock.lock();
        try {
            requireOpen();
            deadlines.pinging();
            put(true, 0, Opcode.PING, NO_PAYLOAD, 0, 0);
            writeBuffer();
        } finally {
            unlock();
        }
    }

    /** Answers a ping, unless our Close frame went. For the connection's own thread. */
    void pong(byte[] payload, int from, int to, boolean hold) throws IOException {
        if (flushing || unsentPongs != null || !lock.tryLock()) {
            leaveUnsent(Arrays.copyOfRange(payload, from, to));
            sendUnsent();
            return;
        }
        try {
            if (closing.isOpen()) {
                put(true, 0, Opcode.PONG, payload, from, to);
                leave(hold);
            }
        } finally {
            unlock();
        }
    }

    /**
     * Receiving goes on while another thread's frame is on its way. Most are gone at once, so no ping is left without its
     * answer; if one is stuck, the newest ping suffices (§5.5.3).
     */
    private void leaveUnsent(byte[] payload) {
        UnsentPong before;
        UnsentPong pong;
        do {
            before = unsentPongs;
            pong = before == null || before.count == MOST_UNSENT_PONGS
                    ? new UnsentPong(payload, null, 1)
                    : new UnsentPong(payload, before, before.count + 1);
        } while (!UNSENT_PONGS.compareAndSet(this, before, pong));
    }

    /** Whoever lets the lock go sends what did not wait for it. */
    private void unlock() {
        lock.unlock();
        sendUnsent();
    }

    private void sendUnsent() {
        while (isUnsent() && !flushing && lock.tryLock()) {
            try {
                if (!flushing) {
                    sendUnsentNow();
                }
            } catch (IOException e) {
                // It is noted as the connection's end.
            } finally {
                lock.unlock();
            }
        }
    }

    /** Whether anything waits that may go. */
    private boolean isUnsent() {
        return unsentPongs != null || posted != null && (streaming == null || !closing.isOpen());
    }

    /** As far as it can be done without blocking; for the rest starts a thread. */
    private void sendUnsentNow() throws IOException {
        Posted messages = streaming == null ? posted : null;
        long octets = (unsentPongs == null ? 0 : PONGS_ROOM) + (messages == null ? 0 : mostBuilt(messages.octets()));
        if (!closing.isOpen()) {
            drop();
        } else if (octets <= COPIED && hasRoom((int) octets)) {
            boolean hold = unsentPongs == null && messages != null && messages.more();
            putPongs();
            if (messages != null && POSTED.compareAndSet(this, messages, null)) {
                put(messages);
            }
            if (hold) {
                leave(true);
                return;
            }
            writeBufferNow();
            if (isBuilt()) {
                startFlushing();
            }
        } else {
            startFlushing();
        }
    }

    private void startFlushing() {
        flushing = true;
        boolean started = false;
        try {
            services.guard().startThread(this::flushUnsent);
            started = true;
        } finally {
            flushing = started;
        }
    }

    /** Waits for the network until nothing is left; lets those who wait for the lock go between. */
    private void flushUnsent() {
        boolean more;
        do {
            more = false;
            lock.lock();
            try {
                putUnsent();
                writeBuffer();
                more = isUnsent();
            } catch (IOException e) {
                // It is noted as the connection's end.
            } finally {
                flushing = more;
                unlock();
            }
        } while (more);
    }

    private void putUnsent() throws IOException {
        if (!closing.isOpen()) {
            drop();
            return;
        }
        putPongs();
        if (streaming == null) {
            putPosted();
        }
    }

    private void putPongs() throws IOException {
        UnsentPong newest = (UnsentPong) UNSENT_PONGS.getAndSet(this, null);
        if (newest != null) {
            put(newest);
        }
    }

    /** The oldest first. */
    private void put(UnsentPong pong) throws IOException {
        if (pong.before != null) {
            put(pong.before);
        }
        put(true, 0, Opcode.PONG, pong.payload, 0, pong.payload.length);
    }

    /** Before another message of this end, so that none overtakes what its sender posted before. */
    private void putPosted() throws IOException {
        if (posted != null) {
            put((Posted) POSTED.getAndSet(this, null));
        }
    }

    private void put(Posted messages) throws IOException {
        boolean whole = false;
        try {
            for (Posted each : messages.oldestFirst()) {
                putMessage(each.opcode(), each.array(), each.from(), each.to());
            }
            whole = true;
        } finally {
            services.pool().budget().giveBack(messages.octets());
            if (!whole) {
                // Such as for want of memory: what was promised is lost, and must not be so in silence.
                breakOff(new IOException("a posted message could not be built"));
            }
        }
    }

    /** §5.5.1: nothing may follow a Close frame. */
    private void drop() {
        unsentPongs = null;
        Posted dropped = (Posted) POSTED.getAndSet(this, null);
        if (dropped != null) {
            services.pool().budget().giveBack(dropped.octets());
        }
    }

    /** Sends our Close frame, unless it went or the connection is over: true if this call sent it. */
    boolean close(CloseReason reason) throws IOException {
        lock.lock();
        try {
            if (closing.isOpen() && streaming == null) {
                putPosted();
            }
            // Claimed under the lock: no frame may follow (§5.5.1).
            if (!closing.send(reason)) {
                return false;
            }
            deadlines.closing();
            byte[] payload = ClosePayload.encode(reason);
            put(true, 0, Opcode.CLOSE, payload, 0, payload.length);
            writeBuffer();
            return true;
        } catch (IOException e) {
            closing.sendFailed(e);
            throw e;
        } finally {
            unlock();
        }
    }

    /** Notes the peer's Close frame and answers it. */
    void answerClose(CloseReason reason) {
        closing.receive(reason);
        try {
            // §5.5.1: as soon as practical, with the code that came.
            close(new CloseReason(reason.code(), ""));
        } catch (IOException e) {
            // The peer did not stay for the answer: noted, and no reason to withhold what he said.
        }
    }

    /** Sends what is held back; does not wait behind another thread's frame when nothing is, or when a thread waits for it. */
    void flush() throws IOException {
        if (!holding || flushing) {
            return;
        }
        lock.lock();
        try {
            writeBuffer();
        } finally {
            unlock();
        }
    }

    /** The connection is over and its transport closed. */
    void end() {
        lock.lock();
        try {
            streaming = null;
            drop();
            releaseBuffer();
            if (extension != null) {
                extension.encoder().close();
            }
        } finally {
            unlock();
        }
    }

    /** The guard's flush: whoever uses the connection next meets the dead wire himself. */
    void flushQuietly() {
        try {
            flush();
        } catch (IOException e) {
            // It is noted as the connection's end.
        }
    }

    /** Asked by the guard, which took this off its list: whether the frames that were held back then still are. */
    boolean isOverdue() {
        if (!lock.tryLock()) {
            services.guard().watch(this);
            return false;
        }
        try {
            boolean overdue = holding && writes == writesWhenWatched;
            watched = false;
            if (holding && !overdue) {
                watch();
            }
            return overdue;
        } finally {
            unlock();
        }
    }

    /** Writes what was put, or holds it back until the next write or the guard's look. */
    private void leave(boolean hold) throws IOException {
        if (!hold) {
            writeBuffer();
        } else if (isBuilt()) {
            holding = true;
            if (!watched) {
                watch();
            }
        }
    }

    private void watch() {
        watched = true;
        writesWhenWatched = writes;
        services.guard().watch(this);
    }

    private void requireOpen() throws IOException {
        if (!closing.isOpen()) {
            throw closing.exception();
        }
    }

    private void awaitStreamEnd() throws IOException {
        while (streaming != null) {
            if (streaming.sender() == Thread.currentThread()) {
                throw new IllegalStateException("this thread has a streamed message open");
            }
            requireOpen();
            if (isUnsent() && !flushing) {
                sendUnsentNow();
            }
            try {
                // Not for ever: an abort takes no lock and so cannot signal.
                streaming.ended().await(STREAM_CHECK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new java.io.InterruptedIOException("interrupted while another thread's message goes out");
            }
        }
    }
}
