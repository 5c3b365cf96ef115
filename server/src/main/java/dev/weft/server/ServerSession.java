package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Escape;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.transport.Lingering;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.CloseCode;
import dev.weft.parser.Role;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.OpeningHandshake;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.Answerer.Acceptance;
import dev.weft.server.Answerer.Response;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLException;

/**
 * The life of one accepted connection, on its virtual thread: opening handshake, handler, end.
 * <pre>
 *   TLS ── done, or none ──▶ HEAD (too slow, failed, server goes down: closed)
 *
 *   HEAD ── whole and good ──▶ DECIDING ── decided ──▶ ANSWERING ── 101 written ──▶ OPEN ──▶ over
 *     │                           │  │                   ▲  ▲  │
 *     │                           │  └── peer gone ──▶ over │  └── refusal written, peer's end read ──▶ over
 *     ├── malformed ──────────────│──────────────────────┘  │
 *     │                           └── too slow ──▶┐         │
 *     └── too slow, server goes down ──▶ GIVEN_UP ── answer written by another thread
 * </pre>
 */
final class ServerSession implements Runnable {
    private static final CloseReason NORMAL = new CloseReason(CloseCode.NORMAL_CLOSURE, "");
    private static final CloseReason FAILED = new CloseReason(CloseCode.INTERNAL_ERROR, "");
    private static final String RETRY_AFTER_SECONDS = "1";

    private static final VarHandle PHASE;
    private static final VarHandle ENDED;

    static {
        try {
            PHASE = MethodHandles.lookup().findVarHandle(ServerSession.class, "phase", Phase.class);
            ENDED = MethodHandles.lookup().findVarHandle(ServerSession.class, "ended", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final WebSocketServer server;
    private final Transport transport;
    private final boolean full;
    private final Thread thread;
    private volatile Phase phase;

    private volatile int since;
    /** While the head is read or decided on, else {@code null}. */
    private volatile RequestHeadReader headReader;
    private volatile boolean aborted;
    private volatile boolean ended;
    /** While user code decides, else {@code null}. */
    private volatile Deliberation deliberation;
    private volatile Connection connection;

    /**
     * A session that is not yet started.
     *
     * @param full whether the server has as many connections as it may, so that this one is refused
     */
    ServerSession(WebSocketServer server, Transport transport, boolean full) {
        this.server = server;
        this.transport = transport;
        this.full = full;
        Phase first = server.tlsHandshakes().isPresent() ? Phase.TLS : Phase.HEAD;
        this.phase = full ? Phase.ANSWERING : first;
        this.since = server.services().clock().now();
        this.thread = Thread.ofVirtual().inheritInheritableThreadLocals(false).unstarted(this);
    }

    void start() {
        thread.start();
    }

    Thread thread() {
        return thread;
    }

    /** The open connection, or {@code null} while there is none. */
    Connection connection() {
        return connection;
    }

    /** True for the first call: the session's slot is to be given back. */
    boolean end() {
        return ENDED.compareAndSet(this, false, true);
    }

    boolean isFull() {
        return full;
    }

    @Override
    public void run() {
        InboundBuffer input = new InboundBuffer(transport, server.services().pool());
        try {
            byte[] refusal = null;
            if (secure()) {
                refusal = full
                        ? refusal(RefusalReason.SERVER_FULL, unavailable("too many connections"), Optional.empty())
                        : open(input);
            }
            if (connection != null) {
                serve();
            } else if (refusal != null) {
                input.release();
                refuse(refusal);
            }
        } catch (IOException e) {
            if (phase != Phase.GIVEN_UP) {
                log(Level.DEBUG, "handshake failed: " + Escape.text(e.toString()));
            }
        } catch (Throwable e) {
            server.logger().log(Level.WARNING, "a connection failed for no fault of its peer's or its handler's", e);
        } finally {
            try {
                input.release();
                transport.close();
            } finally {
                server.ended(this);
            }
        }
    }

    /** Does the TLS handshake, if there is to be one, as soon as it may begin; false if the connection is over. */
    private boolean secure() throws IOException {
        if (server.tlsHandshakes().isEmpty()) {
            return true;
        }
        boolean failed = false;
        try {
            if (!server.tlsHandshakes().get().run(transport, server.configuration().timeouts().handshake())) {
                server.refusalLog().closed(RefusalReason.TLS_HANDSHAKES_FULL, transport.remoteAddress(),
                        "too many TLS handshakes are under way, or bufferedOctets are used up");
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
            if (PHASE.compareAndSet(this, Phase.TLS, Phase.ANSWERING) || full) {
                transport.closeAfterFailedHandshake();
            }
            return false;
        }
        return full || PHASE.compareAndSet(this, Phase.TLS, Phase.HEAD);
    }

    /**
     * Takes the opening handshake as far as an open connection, which may find its first frames in the input.
     *
     * @return the refusal that is to be written, if the connection is not open; {@code null} if nothing is
     */
    private byte[] open(InboundBuffer input) throws IOException {
        RequestHeadReader reader = new RequestHeadReader(server.configuration().httpLimits(),
                server.services().pool().budget());
        headReader = reader;
        int offset = RequestHeadReader.INCOMPLETE;
        HttpResponse refusal = null;
        RefusalReason reason = RefusalReason.BUDGET_SPENT;
        try {
            offset = reader.read(input, () -> phase == Phase.HEAD);
            if (offset == RequestHeadReader.BUDGET_IS_SPENT) {
                refusal = unavailable("the server's bufferedOctets are used up");
            }
        } catch (HttpHeadException e) {
            reason = RefusalReason.of(e);
            refusal = HttpResponse.of(e.status(), e.getMessage() + "\n");
        }
        Deliberation deciding = new Deliberation(transport, thread, server.services().pool().budget(),
                server.configuration().readBufferSize());
        if (offset >= 0 && !deciding.takeFrom(input, offset)) {
            refusal = unavailable("the server's bufferedOctets are used up");
        }
        try {
            byte[] answer = refusal == null ? null : refusal(reason, refusal, reader.headSoFar());
            return decide(answer, offset >= 0 ? reader.head() : null, deciding, input);
        } finally {
            deliberation = null;
            headReader = null;
            deciding.release();
        }
    }

    /** As {@link #open}; there is either a refusal, or a head, or neither if the peer left. */
    private byte[] decide(byte[] refusal, RequestHead head, Deliberation deciding, InboundBuffer input)
            throws IOException {
        since = server.services().clock().now();
        if (refusal == null && head != null) {
            deliberation = deciding;
        }
        if (!PHASE.compareAndSet(this, Phase.HEAD, Phase.DECIDING)) {
            input.release();
            lingerBehindAnswer();
            return null;
        }
        if (refusal == null && head == null) {
            log(Level.DEBUG, "the peer left before its request was complete");
            return null;
        }
        Answerer.Answer answer = refusal != null
                ? new Response(refusal)
                : new Answerer(server, transport, () -> hasEndedDeciding(deciding)).answer(head);
        if (!deciding.end()) {
            log(Level.DEBUG, "the peer left while its handshake was decided");
            return null;
        }
        since = server.services().clock().now();
        if (!PHASE.compareAndSet(this, Phase.DECIDING, Phase.ANSWERING)) {
            lingerBehindAnswer();
            return null;
        }
        return switch (answer) {
            case Acceptance acceptance -> {
                deciding.giveTo(input);
                accept(acceptance, input);
                yield null;
            }
            case Response response -> response.reply();
        };
    }

    private byte[] refusal(RefusalReason reason, HttpResponse response, Optional<RequestHead> head) {
        return server.refusalLog().refuse(reason, response, transport.remoteAddress(), head);
    }

    /** Whether the server itself has ended the decision, which may make user code fail. */
    private boolean hasEndedDeciding(Deliberation deciding) {
        return aborted || phase != Phase.DECIDING || deciding.isPeerGone();
    }

    private void accept(Acceptance acceptance, InboundBuffer input) throws IOException {
        // §4.2.2: what came behind the head is not acted on before this is written.
        transport.write(ByteBuffer.wrap(acceptance.reply()));
        connection = new Connection(Role.SERVER, transport, input, 0, acceptance.agreement(), server.services());
        phase = Phase.OPEN;
    }

    private static HttpResponse unavailable(String why) {
        return HttpResponse.of(503, why + "\n").withHeader("Retry-After", RETRY_AFTER_SECONDS);
    }

    /** Answers, and closes behind the answer: what else the peer sent is never looked at. */
    private void refuse(byte[] answer) throws IOException {
        since = server.services().clock().now();
        transport.write(ByteBuffer.wrap(answer));
        Lingering.close(transport);
    }

    /**
     * Ends the wait for the head with this answer, if there still is one. The session's thread is left in its read: ending
     * that from here would be to reset a peer that goes on sending, and to lose the answer. Before TLS there is none.
     */
    private void giveUp(RefusalReason reason, HttpResponse answer) {
        if (PHASE.compareAndSet(this, Phase.TLS, Phase.GIVEN_UP)) {
            server.refusalLog().closed(reason, transport.remoteAddress(), "closed within the TLS handshake");
            transport.close();
            // It may still wait for its turn.
            thread.interrupt();
            return;
        }
        since = server.services().clock().now();
        if (PHASE.compareAndSet(this, Phase.HEAD, Phase.GIVEN_UP)) {
            startToAnswer(reason, answer, false);
        }
    }

    /** Ends a decision that took too long: user code is interrupted, and its answer, if there is one, not sent. */
    private void giveUpDeciding() {
        since = server.services().clock().now();
        if (PHASE.compareAndSet(this, Phase.DECIDING, Phase.GIVEN_UP)) {
            startToAnswer(RefusalReason.POLICY_TOO_SLOW, unavailable("the request could not be decided in time"), true);
        }
    }

    private void startToAnswer(RefusalReason reason, HttpResponse answer, boolean interrupts) {
        try {
            Thread.startVirtualThread(() -> answerInstead(reason, answer, interrupts));
        } catch (Throwable e) {
            phase = Phase.ANSWERING;
            abort();
            throw e;
        }
    }

    private void answerInstead(RefusalReason reason, HttpResponse answer, boolean interrupts) {
        try {
            if (interrupts) {
                // While the phase keeps the session's thread from the transport, which an interrupt would close.
                thread.interrupt();
            }
            transport.write(ByteBuffer.wrap(refusal(reason, answer, Optional.empty())));
            transport.shutdownOutput();
            RequestHeadReader reader = headReader;
            if (reader == null || !reader.hasBegun()) {
                // Such as a browser's connection in reserve: nothing is under way that a reset could destroy.
                transport.close();
            }
        } catch (IOException e) {
            log(Level.DEBUG, "handshake failed: " + e);
        } finally {
            phase = Phase.ANSWERING;
            LockSupport.unpark(thread);
        }
    }

    private void lingerBehindAnswer() {
        while (phase == Phase.GIVEN_UP) {
            LockSupport.park(this);
            Thread.interrupted();
        }
        // What interrupted a decision is not to cut off the answer.
        Thread.interrupted();
        Lingering.close(transport);
    }

    private void serve() {
        Connection open = connection;
        CloseReason reason = NORMAL;
        try {
            if (server.isStopping()) {
                goAway();
            }
            server.configuration().handler().handle(open);
        } catch (Throwable e) {
            reason = FAILED;
            if (aborted && e instanceof Exception) {
                log(Level.DEBUG, "a handler was ended by the shutdown: " + Escape.text(e.toString()));
            } else if (!OwnEnd.is(e, open)) {
                server.failures().handler(transport.remoteAddress(), open.target(), e);
            }
        }
        // What interrupted a handler is not to cut off the closing handshake.
        Thread.interrupted();
        open.finish(reason);
        log(Level.DEBUG, "connection ended: " + open.known());
    }

    /** For a shutdown: closes with 1001, or ends a handshake. Does not wait. */
    void goAway() {
        Connection open = connection;
        if (open == null) {
            giveUp(RefusalReason.SHUTTING_DOWN, unavailable("the server goes down"));
            return;
        }
        open.close(CloseCode.GOING_AWAY, "");
    }

    /** For the end of a shutdown: frees the connection's thread, wherever it waits. */
    void abort() {
        aborted = true;
        Connection open = connection;
        if (open != null) {
            open.abort();
        }
        transport.close();
        thread.interrupt();
    }

    /** Unparks the connection's thread, which finds that it has to wait and parks anew. Does not block. */
    void nudge() {
        LockSupport.unpark(thread);
    }

    /** For the sweeper; does not block. */
    void sweep(int now) {
        ConnectionTimeouts timeouts = server.configuration().timeouts();
        switch (phase) {
            case TLS, HEAD -> {
                if (passed(now, timeouts.handshake())) {
                    giveUp(RefusalReason.HEAD_TOO_SLOW, HttpResponse.of(408, "the request head took too long\n"));
                }
            }
            case ANSWERING, GIVEN_UP -> {
                if (passed(now, timeouts.write().plus(timeouts.close()))) {
                    transport.close();
                }
            }
            case DECIDING -> sweepDeciding(now);
            case OPEN -> connection.sweep(now);
        }
    }

    private void sweepDeciding(int now) {
        Deliberation deciding = deliberation;
        if (deciding == null) {
            return;
        }
        if (passed(now, server.configuration().policyTimeout())) {
            giveUpDeciding();
        } else {
            server.startThread(deciding::look);
        }
    }

    private boolean passed(int now, Duration allowed) {
        return now - since >= allowed.toMillis();
    }

    /** The text has what came from the peer escaped. */
    private void log(Level level, String text) {
        if (server.logger().isLoggable(level)) {
            server.logger().log(level, transport.remoteAddress() + ": " + text);
        }
    }
}
