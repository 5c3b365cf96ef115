package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.http.RequestInput;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * A connection while a policy or an HTTP handler, user code on the session's thread, decides. No buffer is held meanwhile:
 * what the peer has sent after its request head is kept in an array of just that size, counted among the buffered bytes. The
 * sweeper has the transport looked at, since nothing else reads: bytes that come are kept too, up to a limit, and a peer
 * that has gone ends the decision, by an interrupt. One that has only ended its own output counts as gone from a handshake,
 * since a WebSocket connection needs both directions; a plain request is answered.
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
        /** Another thread reads what is there, without waiting; the session's thread waits for it. */
        LOOKING,
        /** The peer has gone; the transport is closed. */
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
    private final BufferBudget budget;
    private final int most;

    private final boolean needsBothDirections;
    private volatile State state = State.DECIDING;
    private volatile boolean peerGone;
    /** What followed the head; belongs to the thread that the state names. */
    private byte[] early = NOTHING;

    /**
     * One that begins.
     *
     * @param thread the session's
     * @param most   bytes that are kept
     * @param needsBothDirections whether a peer that has ended its output counts as gone
     */
    PendingDecision(Transport transport, Thread thread, BufferBudget budget, int most,
            boolean needsBothDirections) {
        this.transport = transport;
        this.thread = thread;
        this.budget = budget;
        this.most = most;
        this.needsBothDirections = needsBothDirections;
    }

    /**
     * Takes what follows the head out of the input, whose buffer is given back. False if the budget has no room for it: then it
     * is left in the input.
     */
    boolean takeFrom(RequestInput input) {
        byte[] rest = input.takeRest();
        // Others may hold more than there is; who needs nothing is not refused for it.
        if (rest.length > 0 && !budget.take(rest.length)) {
            input.restore(rest);
            return false;
        }
        early = rest;
        return true;
    }

    /** For the session's thread, which has decided: waits for a look that is under way. False if the peer has gone. */
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

    /** Puts what followed the head back into the input, and gives back what was counted for it. */
    void giveTo(RequestInput input) {
        input.restore(early);
        release();
    }

    /** Drops what followed the head. */
    void release() {
        budget.giveBack(early.length);
        early = NOTHING;
    }

    /** For any thread: true before the session's is interrupted for that reason. */
    boolean isPeerGone() {
        return peerGone;
    }

    /** Reads what is there; on its own thread, since TLS may have to answer something. */
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
                // Before the state says so: later the thread may be in something else.
                thread.interrupt();
            }
            state = next;
            LockSupport.unpark(thread);
        }
    }

    private boolean readWhatIsThere() throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(Math.min(PIECE, most - early.length));
        while (piece.hasRemaining()) {
            int count = transport.poll(piece);
            if (count <= 0) {
                return count == 0 || !needsBothDirections;
            }
            if (!budget.take(count)) {
                throw new IOException("the peer sent too much before its handshake was answered");
            }
            int length = early.length;
            early = Arrays.copyOf(early, length + count);
            piece.flip().get(early, length, count);
            piece.clear().limit(Math.min(PIECE, most - early.length));
        }
        // Beyond the limit nothing is read, and so no departure noticed: the deadline holds.
        return true;
    }
}
