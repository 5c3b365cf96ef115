package dev.weft.server;

import dev.weft.ConnectionTimeouts;
import dev.weft.internal.transport.LingeringClose;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * The phase of a session before its connection is open, and the end of a phase that takes too long. The session's
 * thread advances it; the sweeper and a shutdown end it early.
 * <pre>
 *   PREFACE ── done, or none ──▶ HEAD (too slow, failed, server goes down: closed)
 *
 *   HEAD ── whole and good ──▶ DECIDING ── decided ──▶ ANSWERING ── 101 written ──▶ open
 *     │                           │  │                   ▲  ▲  │
 *     │                           │  └── peer gone ──▶ over │  └── refusal written, peer's end read ──▶ over
 *     ├── malformed ──────────────│──────────────────────┘  │
 *     │                           └── too slow ──▶┐         │
 *     └── too slow, server goes down ──▶ GIVEN_UP ── answer written by another thread
 *
 *   A plain request:  DECIDING ◀──▶ BODY (the handler, or what writes the response, reads)
 *                        └── response ──▶ WRITING ◀──▶ PRODUCING ◀──▶ BODY
 *                                            ├── kept ──▶ IDLE ── first byte of the next request ──▶ HEAD
 *                                            └── not kept ──▶ ANSWERING   └── too long, server goes down ──▶ ANSWERING
 * </pre>
 */
final class RequestDeadlines {
    /** While others wait for their TLS handshake, a peer may take only this part of the handshake's deadline. */
    private static final int HURRIED = 4;

    private static final AtomicReferenceFieldUpdater<RequestDeadlines, RequestPhase> PHASE = AtomicReferenceFieldUpdater
            .newUpdater(RequestDeadlines.class, RequestPhase.class, "phase");

    private final ServerSession session;
    private final WebSocketServer server;
    private final Transport transport;
    private final RequestObserver observer;

    private volatile RequestPhase phase;
    /** The time at which the current phase's deadline began to run. */
    private volatile int since;
    /**
     * Used by the sweeper: the time of its last sweep, and for how long, according to its sweeps, bytes from the peer
     * have waited for the session's thread.
     */
    private int sweptAt;
    private int sweptSince;
    private int ours;
    private byte writeProgress;
    /** Set while the head is read or decided on, otherwise {@code null}. */
    private volatile RequestHeadReader headReader;
    /** Set while user code decides and the peer is watched, otherwise {@code null}. */
    private volatile PendingDecision pendingDecision;
    /** How long user code may take; {@code null} while no user code decides. */
    private volatile Supplier<Duration> allowed;
    private volatile RefusalReason tooSlow;
    /** Set before the phase becomes PRODUCING. */
    private volatile Duration longestPause = Duration.ZERO;

    /** Creates the deadlines of a session that begins with this phase. */
    RequestDeadlines(ServerSession session, WebSocketServer server, Transport transport, RequestObserver observer,
            RequestPhase first) {
        this.session = session;
        this.server = server;
        this.transport = transport;
        this.observer = observer;
        this.phase = first;
        this.since = server.services().clock().now();
        this.sweptAt = since;
        this.sweptSince = since;
    }

    // For the session's thread.

    RequestPhase phase() {
        return phase;
    }

    /**
     * Changes from one phase to the next, whose deadline begins to run. Returns false if another thread has ended the
     * first phase.
     */
    boolean advance(RequestPhase from, RequestPhase to) {
        if (from != RequestPhase.PREFACE || to != RequestPhase.HEAD) {
            since = server.services().clock().now();
        }
        return PHASE.compareAndSet(this, from, to);
    }

    /** Changes to a phase that no other thread replaces with another one; its deadline begins to run. */
    void enter(RequestPhase next) {
        since = server.services().clock().now();
        phase = next;
    }

    /** Lets user code produce more of a streamed response, for no longer than this. */
    void produces(Duration longest) {
        longestPause = longest;
        enter(RequestPhase.PRODUCING);
    }

    /** Begins to read the head. */
    void reads(RequestHeadReader reader) {
        headReader = reader;
    }

    /**
     * Begins a decision by user code.
     *
     * @param pending watches the peer meanwhile, or {@code null} if the peer is not watched
     * @param timeout how long the decision may take; called at each sweep
     * @param reason  the reason for the refusal if the decision takes longer
     */
    void decides(PendingDecision pending, Supplier<Duration> timeout, RefusalReason reason) {
        pendingDecision = pending;
        tooSlow = reason;
        allowed = timeout;
    }

    /** Stops watching the peer; the deadline still holds. */
    void watchesNoMore() {
        pendingDecision = null;
    }

    /** Ends the decision by user code; the head is no longer needed. */
    void hasDecided() {
        pendingDecision = null;
        allowed = null;
        headReader = null;
    }

    /** Whether the server itself has ended the decision, which can make user code fail. */
    boolean hasEndedDeciding() {
        PendingDecision deciding = pendingDecision;
        return session.isAborted() || phase == RequestPhase.GIVEN_UP || phase == RequestPhase.ANSWERING
                || deciding != null && deciding.isPeerGone();
    }

    /** Waits until the other thread has answered, then closes as after an answer by this thread. */
    void lingerAfterAnswer() {
        while (phase == RequestPhase.GIVEN_UP) {
            LockSupport.park(this);
            Thread.interrupted();
        }
        // An interrupt of a decision must not cut off the answer.
        Thread.interrupted();
        LingeringClose.close(transport);
    }

    // Methods that end a wait early.

    /** Ends the wait for a head. Does not wait. For a shutdown. */
    void goAway() {
        if (!closeIdle()) {
            giveUp(RefusalReason.SHUTTING_DOWN, server.shutdown().refusal());
        }
    }

    /**
     * Closes a connection that waits for a further request: there is no request in progress that this could break. Does
     * not wait. For any thread.
     */
    boolean closeIdle() {
        if (!PHASE.compareAndSet(this, RequestPhase.IDLE, RequestPhase.ANSWERING)) {
            return false;
        }
        since = server.services().clock().now();
        if (transport.hasUnread()) {
            // The session's thread reads it, and closes: closing here would reset the connection, and the end of the last
            // response, which may not have arrived yet, would be lost.
            return true;
        }
        if (transport.announceClose()) {
            transport.close();
        } else {
            // The deadline of the phase ends its wait.
            server.startThread(() -> {
                shutDownOutput();
                transport.close();
            });
        }
        return true;
    }

    /**
     * RFC 8446 §6.1: also answers the close_notify of a peer that has ended its output while no request was in progress.
     * The caller then closes the connection. Waits only where a transport must, until the deadline of the phase at most.
     */
    void endAfterPeer() {
        enter(RequestPhase.ANSWERING);
        if (!transport.announceClose()) {
            shutDownOutput();
        }
    }

    private void shutDownOutput() {
        try {
            transport.shutdownOutput();
        } catch (IOException e) {
            session.log(Level.DEBUG, () -> "the end could not be announced: " + e);
        }
    }

    /**
     * Ends the wait for the head with this answer, if the wait has not ended yet. The session's thread stays in its
     * read: to end the read from here would reset the connection of a peer that continues to send, and the answer would
     * be lost. Before the end of the preface no answer is sent.
     */
    private void giveUp(RefusalReason reason, HttpResponse answer) {
        if (PHASE.compareAndSet(this, RequestPhase.PREFACE, RequestPhase.GIVEN_UP)) {
            server.logs().refusals().closed(reason, transport.remoteAddress(), "closed before the request head");
            transport.close();
            // It may still be waiting for its turn.
            session.thread().interrupt();
            return;
        }
        since = server.services().clock().now();
        if (PHASE.compareAndSet(this, RequestPhase.HEAD, RequestPhase.GIVEN_UP)) {
            startToAnswer(reason, answer, false);
        }
    }

    /** Ends a decision that took too long: user code is interrupted, and its answer, if there is one, is not sent. */
    private void giveUpDeciding() {
        since = server.services().clock().now();
        if (PHASE.compareAndSet(this, RequestPhase.DECIDING, RequestPhase.GIVEN_UP)) {
            startToAnswer(tooSlow, ServerHandshake.unavailable("the request could not be decided in time"),
                    true);
        }
    }

    private void startToAnswer(RefusalReason reason, HttpResponse answer, boolean interrupts) {
        try {
            transport.threadBuilder().start(() -> answerInstead(reason, answer, interrupts));
        } catch (Throwable e) {
            phase = RequestPhase.ANSWERING;
            session.abort();
            throw e;
        }
    }

    private void answerInstead(RefusalReason reason, HttpResponse answer, boolean interrupts) {
        Thread thread = session.thread();
        try {
            if (interrupts) {
                // Must happen while the phase keeps the session's thread away from the transport, which an interrupt
                // would close.
                thread.interrupt();
            }
            RequestHeadReader reader = headReader;
            // While user code decides, the head is complete, and no thread parses it. The method matters: a response to
            // HEAD must have no body.
            Optional<RequestHead> head = interrupts && reader != null ? reader.headSoFar() : Optional.empty();
            byte[] reply = server.logs().refusals().refuse(reason, answer, transport.remoteAddress(), head);
            transport.write(ByteBuffer.wrap(reply));
            observer.refused(answer.status(), reply.length, null);
            transport.shutdownOutput();
            if ((reader == null || !reader.hasBegun()) && !transport.hasUnread()) {
                // For example a spare connection of a browser: there is no request in progress that a reset could
                // break.
                transport.close();
            }
        } catch (IOException e) {
            session.log(Level.DEBUG, () -> "handshake failed: " + e);
        } finally {
            phase = RequestPhase.ANSWERING;
            LockSupport.unpark(thread);
        }
    }

    // Called by the sweeper.

    /** Ends a phase that has taken too long; does not block. */
    void sweep(int now) {
        transport.tick();
        ConnectionTimeouts timeouts = server.configuration().timeouts();
        if (sweptSince != since) {
            sweptSince = since;
            ours = 0;
        }
        switch (phase) {
            case PREFACE, HEAD -> {
                // Time in which the peer waits for the server, for example for the answer to its ClientHello, does not
                // count against the peer.
                if (transport.hasUnread()) {
                    ours += now - sweptAt;
                } else if (passed(now - ours, handshakeTimeout())) {
                    giveUp(RefusalReason.HEAD_TOO_SLOW, HttpResponse.text(408, "the request head took too long\n"));
                }
            }
            case DECIDING -> sweepDeciding(now);
            case BODY -> {
                // The wait has its own deadline.
            }
            case WRITING -> sweepWriting(now, timeouts.writeTimeout());
            case PRODUCING -> {
                if (passed(now, longestPause)) {
                    session.abort();
                }
            }
            case IDLE -> {
                if (passed(now, server.configuration().httpSettings().keepAliveTimeout()) && !transport.hasUnread()) {
                    closeIdle();
                }
            }
            case ANSWERING, GIVEN_UP -> {
                if (passed(now, timeouts.writeTimeout().plus(timeouts.closeTimeout()))) {
                    transport.close();
                }
            }
        }
        sweptAt = now;
    }

    private Duration handshakeTimeout() {
        Duration whole = server.configuration().timeouts().handshakeTimeout();
        boolean othersWait = phase == RequestPhase.PREFACE
                && server.tlsHandshakes().map(handshakes -> handshakes.waiting() > 0).orElse(false);
        return othersWait ? whole.dividedBy(HURRIED) : whole;
    }

    private void sweepDeciding(int now) {
        Supplier<Duration> timeout = allowed;
        PendingDecision deciding = pendingDecision;
        if (timeout != null && passed(now, timeout.get())) {
            giveUpDeciding();
        } else if (deciding != null) {
            server.startThread(deciding::look);
        }
    }

    private void sweepWriting(int now, Duration timeout) {
        if (writeProgress != transport.writeProgress()) {
            writeProgress = transport.writeProgress();
            since = now;
        } else if (passed(now, timeout)) {
            transport.close();
        }
    }

    private boolean passed(int now, Duration allowed) {
        return now - since >= allowed.toMillis();
    }
}
