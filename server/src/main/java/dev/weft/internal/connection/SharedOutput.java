package dev.weft.internal.connection;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lock under which frames are built and written, and the frames that wait neither for it nor for the peer: pongs, since
 * receiving goes on while another thread's frame is on its way, and messages that are posted. Each kind has a list, and
 * whoever lets the lock go sends what is there, as far as the network takes it at once. If it does not take all, a thread of
 * its own waits for it, and sends what comes meanwhile together.
 * <p>
 * A frame may be held back, to leave with the next ones in one write; {@link FlushGuard} bounds how long.
 */
abstract class SharedOutput extends FrameOutput {
    /** So many answers to pings wait for the lock; of more, only the newest. */
    private static final int MOST_UNSENT_PONGS = 16;
    private static final int PONGS_ROOM = MOST_UNSENT_PONGS
            * (FrameHeader.MAX_LENGTH + FrameHeader.MAX_CONTROL_PAYLOAD);

    private static final VarHandle UNSENT_PONGS;
    private static final VarHandle POSTED;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            UNSENT_PONGS = lookup.findVarHandle(SharedOutput.class, "unsentPongs", UnsentPong.class);
            POSTED = lookup.findVarHandle(SharedOutput.class, "posted", Posted.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Fair, so that no stream of messages keeps a Close frame or a ping waiting. */
    final ReentrantLock lock = new ReentrantLock(true);
    /** The answers to the newest pings, the newest first, if they came while another thread had the lock. */
    volatile UnsentPong unsentPongs;
    /** The messages that were posted and are not built yet. */
    private volatile Posted posted;
    /** Whether a thread of its own is about to wait for the network, or does, and sends both. */
    volatile boolean flushing;
    /** The next in the guard's list, and what the guard compares. */
    SharedOutput nextHeld;
    private boolean watched;
    private short writesWhenWatched;

    /** A pong, those before it, and how many they are. */
    private record UnsentPong(byte[] payload, UnsentPong before, int count) {}

    SharedOutput(Transport transport, FrameWriter writer, boolean masked, ConnectionServices services, Closing closing,
            Deadlines deadlines, Extension extension) {
        super(transport, writer, masked, services, closing, deadlines, extension);
    }

    /** Whether a message is being sent in fragments, for whose end all others wait. */
    abstract boolean isStreaming();

    /**
     * Has a message sent as one frame, in its turn, and does not wait for that.
     *
     * @param more whether it may be held back, to leave with what is posted next
     * @return false, and nothing is sent, if too much waits already, or the server's budget is used up, or this end may not
     *         send
     */
    final boolean post(Opcode opcode, byte[] payload, int from, int to, boolean more) {
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

    /**
     * Receiving goes on while another thread's frame is on its way. Most are gone at once, so no ping is left without its
     * answer; if one is stuck, the newest ping suffices (§5.5.3).
     */
    final void leaveUnsent(byte[] payload) {
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
    final void unlock() {
        lock.unlock();
        sendUnsent();
    }

    final void sendUnsent() {
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
    final boolean isUnsent() {
        return unsentPongs != null || posted != null && (!isStreaming() || !closing.isOpen());
    }

    /** As far as it can be done without blocking; for the rest starts a thread. */
    final void sendUnsentNow() throws IOException {
        // Of one look: a pong that comes meanwhile finds no room that was seen to, and is sent by the next.
        boolean pongs = unsentPongs != null;
        Posted messages = isStreaming() ? null : posted;
        long octets = (pongs ? PONGS_ROOM : 0) + (messages == null ? 0 : mostBuilt(messages.octets()));
        if (!closing.isOpen()) {
            drop();
        } else if (octets <= COPIED && hasRoom((int) octets)) {
            if (pongs) {
                putPongs();
            }
            if (messages != null && POSTED.compareAndSet(this, messages, null)) {
                put(messages);
            }
            if (!pongs && messages != null && messages.more()) {
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
        if (!isStreaming()) {
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
    final void putPosted() throws IOException {
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

    /** Sends what is held back; does not wait behind another thread's frame when nothing is, or when a thread waits for it. */
    final void flush() throws IOException {
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

    /** The guard's flush: whoever uses the connection next meets the dead wire himself. */
    final void flushQuietly() {
        try {
            flush();
        } catch (IOException e) {
            // It is noted as the connection's end.
        }
    }

    /** Asked by the guard, which took this off its list: whether the frames that were held back then still are. */
    final boolean isOverdue() {
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
    final void leave(boolean hold) throws IOException {
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
}
