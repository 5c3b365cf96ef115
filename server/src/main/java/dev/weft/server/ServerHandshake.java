package dev.weft.server;

import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Escape;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.transport.LingeringClose;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.Role;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.HandshakeResponder.Acceptance;
import dev.weft.server.HandshakeResponder.Answer;
import dev.weft.server.HandshakeResponder.Response;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLException;

/**
 * A session up to its open connection: the TLS handshake, the request head, the decision, the answer. {@link #run} belongs
 * to the session's thread; the rest is for any.
 * <pre>
 *   TLS ── done, or none ──▶ HEAD (too slow, failed, server goes down: closed)
 *
 *   HEAD ── whole and good ──▶ DECIDING ── decided ──▶ ANSWERING ── 101 written ──▶ open
 *     │                           │  │                   ▲  ▲  │
 *     │                           │  └── peer gone ──▶ over │  └── refusal written, peer's end read ──▶ over
 *     ├── malformed ──────────────│──────────────────────┘  │
 *     │                           └── too slow ──▶┐         │
 *     └── too slow, server goes down ──▶ GIVEN_UP ── answer written by another thread
 * </pre>
 */
final class ServerHandshake {
    private static final String RETRY_AFTER_SECONDS = "1";

    private static final AtomicReferenceFieldUpdater<ServerHandshake, HandshakePhase> PHASE = AtomicReferenceFieldUpdater
            .newUpdater(ServerHandshake.class, HandshakePhase.class, "phase");

    private final ServerSession session;
    private final WebSocketServer server;
    private final Transport transport;

    private volatile HandshakePhase phase;
    /** When the present phase's deadline began to run. */
    private volatile int since;
    /** The sweeper's: its last look, and how long bytes of the peer's have waited for the session's thread at its looks. */
    private int sweptAt;
    private int ours;
    /** While the head is read or decided on, else {@code null}. */
    private volatile RequestHeadReader headReader;
    /** While user code decides, else {@code null}. */
    private volatile PendingDecision pendingDecision;
    private final HandshakeResponder responder;
    /** The session's thread's own: what serves the connection, when it is open. */
    private WebSocketHandler handler;

    /** One that has not begun. */
    ServerHandshake(ServerSession session, WebSocketServer server, Transport transport) {
        this.session = session;
        this.server = server;
        this.transport = transport;
        this.responder = new HandshakeResponder(server, transport, this::hasEndedDeciding);
        HandshakePhase first = server.tlsHandshakes().isPresent() ? HandshakePhase.TLS : HandshakePhase.HEAD;
        this.phase = session.isFull() ? HandshakePhase.ANSWERING : first;
        this.since = server.services().clock().now();
        this.sweptAt = since;
    }

    /**
     * Takes all steps. Waits.
     *
     * @return the open connection, which may find its first frames in the input; {@code null} if it was refused or is over
     */
    Connection run(InboundBuffer input) {
        try {
            return switch (answer(input)) {
                case null -> null;
                case Acceptance acceptance -> accept(acceptance, input);
                case Response response -> {
                    input.release();
                    refuse(response);
                    yield null;
                }
            };
        } catch (IOException e) {
            if (phase != HandshakePhase.GIVEN_UP) {
                session.log(Level.DEBUG, "handshake failed: " + Escape.text(e.toString()));
            }
            return null;
        }
    }

    /** What is to be written, or {@code null} if nothing is. */
    private Answer answer(InboundBuffer input) throws IOException {
        if (!secure()) {
            return null;
        }
        return session.isFull()
                ? refusal(RefusalReason.SERVER_FULL, unavailable("too many connections"), Optional.empty())
                : readAndDecide(input);
    }

    /** Does the TLS handshake, if there is to be one, as soon as it may begin; false if the connection is over. */
    private boolean secure() throws IOException {
        if (server.tlsHandshakes().isEmpty()) {
            return true;
        }
        boolean failed = false;
        try {
            if (!server.tlsHandshakes().get().run(transport, server.configuration().timeouts().handshakeTimeout())) {
                server.refusalLog().closed(RefusalReason.TLS_HANDSHAKES_FULL, transport.remoteAddress(),
                        "too many TLS handshakes are under way, or maxBufferedSize is used up");
                return false;
            }
        } catch (InterruptedException e) {
            // The deadline passed, or the server goes down: the transport is closed.
            return false;
        } catch (SSLException e) {
            failed = true;
            server.refusalLog().closed(RefusalReason.TLS_FAILED, transport.remoteAddress(), Escape.text(e.toString()));
        }
        if (failed) {
            since = server.services().clock().now();
            if (PHASE.compareAndSet(this, HandshakePhase.TLS, HandshakePhase.ANSWERING) || session.isFull()) {
                transport.closeAfterFailedHandshake();
            }
            return false;
        }
        return session.isFull() || PHASE.compareAndSet(this, HandshakePhase.TLS, HandshakePhase.HEAD);
    }

    /** As {@link #answer}. */
    private Answer readAndDecide(InboundBuffer input) throws IOException {
        RequestHeadReader reader = new RequestHeadReader(server.configuration().httpLimits(),
                server.services().pool().budget());
        headReader = reader;
        int offset = RequestHeadReader.INCOMPLETE;
        HttpResponse refusal = null;
        RefusalReason reason = RefusalReason.BUDGET_SPENT;
        try {
            offset = reader.read(input, () -> phase == HandshakePhase.HEAD);
            if (offset == RequestHeadReader.BUDGET_IS_SPENT) {
                refusal = unavailable("the server's maxBufferedSize is used up");
            }
        } catch (HttpHeadException e) {
            reason = RefusalReason.of(e);
            refusal = HttpResponse.of(e.status(), e.getMessage() + "\n");
        }
        PendingDecision deciding = new PendingDecision(transport, session.thread(), server.services().pool().budget(),
                server.configuration().readBufferSize());
        if (offset >= 0 && !deciding.takeFrom(input, offset)) {
            refusal = unavailable("the server's maxBufferedSize is used up");
        }
        try {
            Response answer = refusal == null ? null : refusal(reason, refusal, reader.headSoFar());
            return decide(answer, offset >= 0 ? reader.head() : null, deciding, input);
        } finally {
            pendingDecision = null;
            headReader = null;
            deciding.release();
        }
    }

    /** As {@link #answer}; there is either a refusal, or a head, or neither if the peer left. */
    private Answer decide(Response refusal, RequestHead head, PendingDecision deciding, InboundBuffer input)
            throws IOException {
        since = server.services().clock().now();
        if (refusal == null && head != null) {
            pendingDecision = deciding;
        }
        if (!PHASE.compareAndSet(this, HandshakePhase.HEAD, HandshakePhase.DECIDING)) {
            input.release();
            lingerAfterAnswer();
            return null;
        }
        if (refusal == null && head == null) {
            session.log(Level.DEBUG, "the peer left before its request was complete");
            return null;
        }
        Answer answer = refusal != null
                ? refusal
                : responder.answer(head);
        if (!deciding.end()) {
            session.log(Level.DEBUG, "the peer left while its handshake was decided");
            return null;
        }
        since = server.services().clock().now();
        if (!PHASE.compareAndSet(this, HandshakePhase.DECIDING, HandshakePhase.ANSWERING)) {
            lingerAfterAnswer();
            return null;
        }
        if (answer instanceof Acceptance) {
            deciding.giveTo(input);
        }
        return answer;
    }

    private Response refusal(RefusalReason reason, HttpResponse response, Optional<RequestHead> head) {
        return new Response(server.refusalLog().refuse(reason, response, transport.remoteAddress(), head));
    }

    /** Whether the server itself has ended the decision, which may make user code fail. */
    private boolean hasEndedDeciding() {
        PendingDecision deciding = pendingDecision;
        return session.isAborted() || phase != HandshakePhase.DECIDING || deciding != null && deciding.isPeerGone();
    }

    private Connection accept(Acceptance acceptance, InboundBuffer input) throws IOException {
        // §4.2.2: what followed the head is not acted on before this is written.
        transport.write(ByteBuffer.wrap(acceptance.reply()));
        handler = acceptance.endpoint().handler();
        return new Connection(Role.SERVER, transport, input, 0, acceptance.result(),
                acceptance.endpoint().services());
    }

    /** What serves the connection that {@link #run} has returned. */
    WebSocketHandler handler() {
        return handler;
    }

    private static HttpResponse unavailable(String why) {
        return HttpResponse.of(503, why + "\n").withHeader("Retry-After", RETRY_AFTER_SECONDS);
    }

    /** Answers, then closes: what else the peer sent is never looked at. */
    private void refuse(Response answer) throws IOException {
        since = server.services().clock().now();
        transport.write(ByteBuffer.wrap(answer.reply()));
        LingeringClose.close(transport);
    }

    // What ends a wait for the head or for the decision early.

    /** For a shutdown: ends the wait for the head. Does not wait. */
    void goAway() {
        giveUp(RefusalReason.SHUTTING_DOWN, unavailable("the server goes down"));
    }

    /**
     * Ends the wait for the head with this answer, if there still is one. The session's thread is left in its read: ending
     * that from here would be to reset a peer that goes on sending, and to lose the answer. Before TLS there is none.
     */
    private void giveUp(RefusalReason reason, HttpResponse answer) {
        if (PHASE.compareAndSet(this, HandshakePhase.TLS, HandshakePhase.GIVEN_UP)) {
            server.refusalLog().closed(reason, transport.remoteAddress(), "closed within the TLS handshake");
            transport.close();
            // It may still wait for its turn.
            session.thread().interrupt();
            return;
        }
        since = server.services().clock().now();
        if (PHASE.compareAndSet(this, HandshakePhase.HEAD, HandshakePhase.GIVEN_UP)) {
            startToAnswer(reason, answer, false);
        }
    }

    /** Ends a decision that took too long: user code is interrupted, and its answer, if there is one, not sent. */
    private void giveUpDeciding() {
        since = server.services().clock().now();
        if (PHASE.compareAndSet(this, HandshakePhase.DECIDING, HandshakePhase.GIVEN_UP)) {
            startToAnswer(RefusalReason.POLICY_TOO_SLOW, unavailable("the request could not be decided in time"), true);
        }
    }

    private void startToAnswer(RefusalReason reason, HttpResponse answer, boolean interrupts) {
        try {
            transport.threadBuilder().start(() -> answerInstead(reason, answer, interrupts));
        } catch (Throwable e) {
            phase = HandshakePhase.ANSWERING;
            session.abort();
            throw e;
        }
    }

    private void answerInstead(RefusalReason reason, HttpResponse answer, boolean interrupts) {
        Thread thread = session.thread();
        try {
            if (interrupts) {
                // While the phase keeps the session's thread from the transport, which an interrupt would close.
                thread.interrupt();
            }
            transport.write(ByteBuffer.wrap(refusal(reason, answer, Optional.empty()).reply()));
            transport.shutdownOutput();
            RequestHeadReader reader = headReader;
            if (reader == null || !reader.hasBegun()) {
                // Such as a browser's connection in reserve: nothing is under way that a reset could destroy.
                transport.close();
            }
        } catch (IOException e) {
            session.log(Level.DEBUG, "handshake failed: " + e);
        } finally {
            phase = HandshakePhase.ANSWERING;
            LockSupport.unpark(thread);
        }
    }

    /** Waits until the other thread has answered, then closes as after an answer of one's own. */
    private void lingerAfterAnswer() {
        while (phase == HandshakePhase.GIVEN_UP) {
            LockSupport.park(this);
            Thread.interrupted();
        }
        // What interrupted a decision is not to cut off the answer.
        Thread.interrupted();
        LingeringClose.close(transport);
    }

    /** For the sweeper; does not block. */
    void sweep(int now) {
        ConnectionTimeouts timeouts = server.configuration().timeouts();
        switch (phase) {
            case TLS, HEAD -> {
                // Time in which the peer waits for us, such as for the answer to its TLS hello, is not the peer's.
                if (transport.hasUnread()) {
                    ours += now - sweptAt;
                } else if (passed(now - ours, timeouts.handshakeTimeout())) {
                    giveUp(RefusalReason.HEAD_TOO_SLOW, HttpResponse.of(408, "the request head took too long\n"));
                }
            }
            case ANSWERING, GIVEN_UP -> {
                if (passed(now, timeouts.writeTimeout().plus(timeouts.closeTimeout()))) {
                    transport.close();
                }
            }
            case DECIDING -> sweepDeciding(now);
        }
        sweptAt = now;
    }

    private void sweepDeciding(int now) {
        PendingDecision deciding = pendingDecision;
        if (deciding == null) {
            return;
        }
        if (passed(now, responder.policyTimeout())) {
            giveUpDeciding();
        } else {
            server.startThread(deciding::look);
        }
    }

    private boolean passed(int now, Duration allowed) {
        return now - since >= allowed.toMillis();
    }
}
