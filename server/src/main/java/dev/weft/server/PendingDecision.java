package dev.weft.server;

import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.http.RequestInput;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * A connection while a policy or an HTTP handler, which is user code on the session's thread, decides. No buffer is
 * held meanwhile: the bytes that the peer has sent after its request head are kept in an array of exactly their size,
 * counted towards the buffered bytes. Nothing else reads meanwhile, so the sweeper has the transport checked: bytes
 * that arrive are kept too, up to a limit, and if the peer has disconnected, the decision is interrupted. If a peer has
 * only ended its own output, it counts as disconnected during a handshake, since a WebSocket connection needs both
 * directions; a plain request is answered.
 * <pre>
 *   DECIDING ── sweeper ──▶ LOOKING ── nothing, or bytes ──▶ DECIDING
 *      │                       └── peer gone ──▶ GONE, session interrupted
 *      └── session: decided ──▶ DECIDED
 * </pre>
 */
final class PendingDecision {
    private enum State {
        /** The session's thread is in user code. */
        DECIDING,
        /**
         * Another thread reads the bytes that have arrived, without waiting for more; the session's thread waits for
         * it.
         */
        LOOKING,
        /** The peer has disconnected; the transport is closed. */
        GONE,
        /** The session's thread continues. */
        DECIDED
    }

    private static final int PIECE = 1024;
    private static final byte[] NOTHING = {};

    private static final AtomicReferenceFieldUpdater<PendingDecision, State> STATE = AtomicReferenceFieldUpdater
            .newUpdater(PendingDecision.class, State.class, "state");

    private final Transport transport;
    private final Thread thread;
    private final BufferPool pool;
    private final int most;

    private final boolean needsBothDirections;
    private volatile State state = State.DECIDING;
    private volatile boolean peerGone;
    /** The bytes that followed the head; owned by the thread that the state names. */
    private byte[] early = NOTHING;

    /**
     * Begins a decision.
     *
     * @param thread the session's thread
     * @param pool   counts the bytes
     * @param most   the maximum number of bytes that are kept
     * @param needsBothDirections whether a peer that has ended its output counts as disconnected
     */
    PendingDecision(Transport transport, Thread thread, BufferPool pool, int most,
            boolean needsBothDirections) {
        this.transport = transport;
        this.thread = thread;
        this.pool = pool;
        this.most = most;
        this.needsBothDirections = needsBothDirections;
    }

    /**
     * Takes the bytes that follow the head out of the input and gives its buffer back. Returns false if the budget has
     * no room for them; they then stay in the input.
     */
    boolean takeFrom(RequestInput input) {
        byte[] rest = input.takeRest();
        if (!pool.budget().take(rest.length)) {
            input.restore(rest);
            return false;
        }
        early = rest;
        return true;
    }

    /**
     * Ends the decision and waits for a check in progress. Returns false if the peer has disconnected. For the
     * session's thread.
     */
    boolean end() {
        boolean interrupted = false;
        while (!STATE.compareAndSet(this, State.DECIDING, State.DECIDED)) {
            if (state == State.GONE) {
                return false;
            }
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            thread.interrupt();
        }
        return true;
    }

    /** Puts the bytes that followed the head back into the input, and gives their share of the budget back. */
    void giveTo(RequestInput input) {
        input.restore(early);
        release();
    }

    /** Discards the bytes that followed the head. */
    void release() {
        pool.budget().giveBack(early.length);
        early = NOTHING;
    }

    /**
     * Whether the peer has disconnected. This is true before the session's thread is interrupted for that reason. For
     * any thread.
     */
    boolean isPeerGone() {
        return peerGone;
    }

    /** Reads the bytes that have arrived. Runs on its own thread, since TLS may have to send a response. */
    void look() {
        if (!STATE.compareAndSet(this, State.DECIDING, State.LOOKING)) {
            return;
        }
        State next = State.DECIDING;
        try {
            if (!readWhatIsThere()) {
                next = State.GONE;
            }
        } catch (IOException e) {
            next = State.GONE;
        } finally {
            if (next == State.GONE) {
                peerGone = true;
                transport.close();
                // Must happen before the state changes: after that, the thread may be doing something else.
                thread.interrupt();
            }
            state = next;
            LockSupport.unpark(thread);
        }
    }

    private boolean readWhatIsThere() throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(nextPiece());
        while (piece.hasRemaining()) {
            int count = transport.poll(piece);
            if (count <= 0) {
                return count == 0 || !needsBothDirections;
            }
            pool.traffic().receivedBytes(transport.place(), count);
            if (!pool.budget().take(count)) {
                throw new IOException("the peer sent too much before its handshake was answered");
            }
            int length = early.length;
            early = Arrays.copyOf(early, length + count);
            piece.flip().get(early, length, count);
            piece.clear().limit(nextPiece());
        }
        // Beyond the limit nothing is read, so a disconnect is not detected; the deadline still holds.
        return true;
    }
    /** The number of bytes that the next read may add; 0 if as much as allowed, or more, followed the head at once. */
    private int nextPiece() {
        return Math.clamp(most - early.length, 0, PIECE);
    }
}
