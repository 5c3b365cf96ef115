package dev.weft.internal.close;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.CloseStatus.Side;
import dev.weft.ConnectionClosedException;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.time.TimeLimitExceededException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * The closing handshake's state (RFC 6455 §7.1): which Close frames were sent and received, which of them was first, and
 * what broke the connection, if anything. Lock-free, for any thread.
 * <pre>
 *            our Close is claimed             peer's Close arrives
 *   OPEN ───────────────────────▶ CLOSE_SENT ─────────────────────────▶ CLOSED
 *     │                                                                   ▲
 *     │      peer's Close arrives           our Close is claimed          │
 *     └─────────────────────────▶ CLOSE_RECEIVED ─────────────────────────┘
 *
 *   any but CLOSED ── dead wire, deadline, abort, violation ──▶ BROKEN ◀── our Close was not sent ── any
 * </pre>
 * One caller claims our Close frame; from then on nothing else is accepted for sending. The frame is <i>pending</i> until
 * it has been written, or cannot be written. A violation by the peer leads to BROKEN with a pending Close frame. The
 * status is final in CLOSED and BROKEN when no Close frame is pending; after that it never changes.
 */
public final class ClosingHandshake {
    /** The states of the closing handshake. */
    public enum State {
        /** Data may be sent and received. */
        OPEN,
        /** §5.5.1: nothing more may be sent; we wait for the peer's Close frame. */
        CLOSE_SENT,
        /** §5.5.1: further incoming data is ignored; we still have to send our Close frame. */
        CLOSE_RECEIVED,
        /** §7.1.4: the closing handshake is complete, as soon as our Close frame is no longer pending. */
        CLOSED,
        /** The closing handshake will not be completed. */
        BROKEN
    }

    /** Immutable, so that a change is one compare-and-set; all open connections share one. */
    private record Status(State state, boolean pending, CloseReason received, CloseReason sent, Side first,
            Exception failure) {
        static final Status OPEN = new Status(State.OPEN, false, null, null, null, null);
        /** Created in advance, for an end without memory: what was sent and received is not known then. */
        static final Status LOST = new Status(State.BROKEN, false, null, null, null, EndWithoutMemory.REASON);

        boolean isFinal() {
            return !pending && (state == State.CLOSED || state == State.BROKEN);
        }

        /** The status after this one when a pending Close frame can no longer be written. */
        Status broken(Exception why) {
            Side lasting = pending && received == null ? null : pending ? Side.REMOTE : first;
            try {
                return new Status(State.BROKEN, false, received, pending ? null : sent, lasting,
                        failure == null ? why : failure);
            } catch (OutOfMemoryError e) {
                return LOST;
            }
        }
    }

    /** The reason for an end when there is no memory for another one. Created in advance; never thrown. */
    private static final class EndWithoutMemory extends Exception {
        private static final long serialVersionUID = 1;

        static final EndWithoutMemory REASON = new EndWithoutMemory();

        private EndWithoutMemory() {
            super("memory was exhausted when the connection ended", null, false, false);
        }
    }

    /** An action that waits for the final status, linked to those registered before it. */
    private record Action(Runnable body, Action next) {
        static final Action DONE = new Action(null, null);
    }

    private static final long PAUSE_NANOS = 1_000_000;

    private static final AtomicReferenceFieldUpdater<ClosingHandshake, Status> STATUS = AtomicReferenceFieldUpdater
            .newUpdater(ClosingHandshake.class, Status.class, "status");
    private static final AtomicReferenceFieldUpdater<ClosingHandshake, Action> ACTIONS = AtomicReferenceFieldUpdater
            .newUpdater(ClosingHandshake.class, Action.class, "actions");

    private volatile Status status = Status.OPEN;
    private volatile Action actions;

    /** The state of the closing handshake. */
    public State state() {
        return status.state;
    }

    /** Whether messages may be sent: no Close frame was claimed or received, and nothing broke. */
    public boolean isOpen() {
        return status.state == State.OPEN;
    }

    /** Throws if messages can no longer be sent. */
    public void requireOpen() throws ConnectionClosedException {
        if (!isOpen()) {
            throw exception();
        }
    }

    /** Whether the peer's Close frame was received. */
    public boolean isReceived() {
        return status.received != null;
    }

    /** Whether our Close frame has been claimed and not yet written. */
    public boolean isPending() {
        return status.pending;
    }

    /** The content of our Close frame if it has been claimed and not yet written; otherwise {@code null}. */
    public CloseReason pending() {
        Status now = status;
        return now.pending ? now.sent : null;
    }

    /** Claims our Close frame, which is sent only once; returns true for the caller that has to send it. */
    public boolean claim(CloseReason reason) {
        while (true) {
            Status now = status;
            State next = switch (now.state) {
                case OPEN -> State.CLOSE_SENT;
                case CLOSE_RECEIVED -> State.CLOSED;
                case CLOSE_SENT, CLOSED, BROKEN -> null;
            };
            if (next == null) {
                return false;
            }
            Side first = now.first == null ? Side.LOCAL : now.first;
            if (change(now, new Status(next, true, now.received, reason, first, now.failure))) {
                return true;
            }
        }
    }

    /**
     * Fails the connection (§7.1.7), unless it has ended; returns true for the caller that has to send our Close frame, if
     * none was claimed before.
     */
    public boolean fail(CloseReason reason, Exception failure) {
        while (true) {
            Status now = status;
            boolean claims = now.state == State.OPEN;
            if (now.state == State.BROKEN || now.state == State.CLOSED || now.state == State.CLOSE_RECEIVED) {
                return false;
            }
            Status next = claims
                    ? new Status(State.BROKEN, true, null, reason, Side.LOCAL, failure)
                    : new Status(State.BROKEN, now.pending, now.received, now.sent, now.first, failure);
            if (change(now, next)) {
                return claims;
            }
        }
    }

    /** Records that our Close frame has been written. */
    public void written() {
        while (true) {
            Status now = status;
            if (!now.pending
                    || change(now, new Status(now.state, false, now.received, now.sent, now.first, now.failure))) {
                return;
            }
        }
    }

    /** Records the peer's Close frame. */
    public void receive(CloseReason reason) {
        while (true) {
            Status now = status;
            State next = switch (now.state) {
                case OPEN -> State.CLOSE_RECEIVED;
                case CLOSE_SENT -> State.CLOSED;
                case CLOSE_RECEIVED, CLOSED, BROKEN -> null;
            };
            if (next == null) {
                return;
            }
            Side first = now.first == null ? Side.REMOTE : now.first;
            if (change(now, new Status(next, now.pending, reason, now.sent, first, now.failure))) {
                return;
            }
        }
    }

    /**
     * Records that the network connection is broken: gives up a Close frame that is still pending, and the closing handshake
     * unless it is complete. Needs no memory.
     *
     * @param reason why; {@code null} if there was no memory for an exception
     * @return true if this call broke the connection
     */
    public boolean breakOff(Exception reason) {
        Exception failure = reason == null ? EndWithoutMemory.REASON : reason;
        while (true) {
            Status now = status;
            if (now.isFinal()) {
                return false;
            }
            boolean first = now.state != State.BROKEN;
            if (change(now, now.broken(failure))) {
                return first;
            }
        }
    }

    private boolean change(Status now, Status next) {
        if (!STATUS.compareAndSet(this, now, next)) {
            return false;
        }
        if (next.isFinal()) {
            runActions();
        }
        return true;
    }

    /** Runs an action once, when the status is final; at once if it already is. The action must not wait or throw. */
    public void onFinal(Runnable body) {
        Action before;
        do {
            before = actions;
            if (before == Action.DONE) {
                body.run();
                return;
            }
        } while (!ACTIONS.compareAndSet(this, before, new Action(body, before)));
        if (status.isFinal()) {
            runActions();
        }
    }

    private void runActions() {
        for (Action each = ACTIONS.getAndSet(this, Action.DONE); each != null && each != Action.DONE;) {
            try {
                each.body.run();
            } catch (Throwable e) {
                // For example, the stack is used up: neither the other actions nor the connection's end may depend on this one.
            }
            each = each.next;
        }
    }

    /** Whether this exception broke the connection. */
    public boolean isCause(Exception exception) {
        return status.failure == exception;
    }

    /** The status, if it is final. */
    public Optional<CloseStatus> finalStatus() {
        Status now = status;
        return now.isFinal() ? Optional.of(closeStatus(now)) : Optional.empty();
    }

    /**
     * Waits until the status is final, no longer than the limit. For a thread that must not help to write the waiting frames.
     *
     * @throws TimeLimitExceededException if the status is not final in time
     * @throws InterruptedIOException     if the thread was interrupted
     */
    public void awaitFinal(TimeLimit limit) throws InterruptedIOException {
        // This wait is rare and short, because our Close frame is about to be written. A list of the waiting threads would
        // not help.
        while (!status.isFinal()) {
            if (limit.hasPassed()) {
                throw new TimeLimitExceededException();
            }
            LockSupport.parkNanos(this, Math.min(limit.left(), PAUSE_NANOS));
            if (Thread.interrupted()) {
                throw Interrupts.interrupted("while our Close frame was being written");
            }
        }
    }

    /** The status as far as it is known now. */
    public CloseStatus known() {
        return closeStatus(status);
    }

    private static CloseStatus closeStatus(Status now) {
        CloseReason sent = now.pending ? null : now.sent;
        return new CloseStatus(Optional.ofNullable(now.received), Optional.ofNullable(sent),
                Optional.ofNullable(now.first), CloseCauses.of(sent, now.first, now.failure),
                Optional.ofNullable(now.failure));
    }

    /** The exception for a call that is no longer possible. */
    public ConnectionClosedException exception() {
        return new ConnectionClosedException(known());
    }
}
