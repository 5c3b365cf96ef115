package dev.weft.server;

import dev.weft.WebSocketHandler;
import dev.weft.internal.Escape;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionServices;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.http.RequestInput;
import dev.weft.internal.rate.EndpointRates;
import dev.weft.internal.rate.LimitedTransport;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.transport.LingeringClose;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.OpeningHandshake;
import dev.weft.parser.http.OpeningHandshake.NotUpgrade;
import dev.weft.parser.http.OpeningHandshake.Upgrade;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.proxy.ProxyHeaderException;
import dev.weft.server.ClientLimits.Refusal;
import dev.weft.server.HandshakeResponder.Acceptance;
import dev.weft.server.HandshakeResponder.Answer;
import dev.weft.server.HandshakeResponder.Plain;
import dev.weft.server.HandshakeResponder.Response;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A session until its connection is open: the header of the PROXY protocol, the TLS handshake, plain requests if there
 * are any, the head of the opening handshake, the decision, the answer. {@link RequestDeadlines} shows the phases. {@link
 * #run} is for the session's thread; the other methods are for any thread.
 */
final class ServerHandshake {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final ServerSession session;
    private final WebSocketServer server;
    private final Transport transport;
    private final RequestDeadlines deadlines;
    private final @Nullable Adoption adoption;
    /** Set when the connection is refused because of a limit. */
    private @Nullable Refusal overLimit;
    private final ClientAddress client;
    private final boolean readsProxyHeader;
    private final boolean hasPreface;
    private final HandshakeResponder responder;
    private final RequestObserver observer;
    private final PlainRequests plainRequests;
    /** Serves the connection when it is open. Used only by the session's thread. */
    private @Nullable WebSocketHandler handler;

    /**
     * Creates a handshake that has not begun yet.
     *
     * @param adoption the connection that is taken over, or {@code null} if this server has accepted the connection
     */
    ServerHandshake(ServerSession session, WebSocketServer server, Transport transport,
            @Nullable Adoption adoption) {
        this.overLimit = session.isRefusedAtOnce() ? session.refusal() : null;
        this.session = session;
        this.server = server;
        this.transport = transport;
        this.client = new ClientAddress(server.configuration().proxySettings(), transport);
        // Another server has read what precedes the request.
        this.readsProxyHeader = adoption == null && server.configuration().proxySettings().proxyProtocol();
        this.hasPreface = readsProxyHeader || server.tlsHandshakes().isPresent();
        RequestPhase first = hasPreface ? RequestPhase.PREFACE : RequestPhase.HEAD;
        this.observer = new RequestObserver(server, transport);
        this.deadlines = new RequestDeadlines(session, server, transport, observer,
                session.isRefusedAtOnce() || adoption != null && adoption.isAnswered()
                        ? RequestPhase.ANSWERING
                        : first);
        this.responder = new HandshakeResponder(server, transport, client, deadlines::hasEndedDeciding);
        this.plainRequests = new PlainRequests(session, server, transport, client, deadlines, observer);
        this.adoption = adoption;
    }

    /**
     * Takes all steps. Waits.
     *
     * @return the open connection, whose first frames may already be in the input; {@code null} if it was refused or has
     *         ended
     */
    @Nullable
    Connection run(InboundBuffer buffer) {
        Connection open = openedBy(buffer);
        if (open == null) {
            observer.left();
        }
        return open;
    }

    private @Nullable Connection openedBy(InboundBuffer buffer) {
        if (adoption != null) {
            buffer.restore(adoption.alreadyRead());
        }
        RequestInput input = new RequestInput(buffer);
        try {
            if (adoption != null && adoption.isAnswered()) {
                observer.received(new RequestHead("GET", adoption.result().target(), Headers.EMPTY), false);
                return opened(adoption.endpoint(), adoption.endpoint().rates(), adoption.result(), 0, buffer);
            }
            if (readsProxyHeader && !meetProxy() || !secure() || !begin()) {
                return null;
            }
            if (overLimit != null) {
                refuse(refusal(overLimit.reason(), overLimit.response(), Optional.empty()));
                return null;
            }
            while (true) {
                switch (nextAnswer(input)) {
                    case null -> {
                        return null;
                    }
                    case Acceptance acceptance -> {
                        return accept(acceptance, buffer);
                    }
                    case Response response -> {
                        input.release();
                        refuse(response);
                        return null;
                    }
                    case Plain plain -> {
                        if (!plainRequests.serve(plain, input) || !awaitNext(input)) {
                            return null;
                        }
                    }
                }
            }
        } catch (IOException e) {
            if (deadlines.phase() != RequestPhase.GIVEN_UP) {
                session.log(Level.DEBUG, () -> "handshake failed: " + Escape.text(e.toString()));
            }
            return null;
        }
    }

    /** Reads the header of the PROXY protocol. Returns false if the connection has ended. */
    private boolean meetProxy() throws IOException {
        String why;
        if (client.isTrusted()) {
            try {
                return client.readHeader() && isWorthAnswer();
            } catch (ProxyHeaderException e) {
                why = e.getMessage();
            }
        } else {
            why = "the peer is not a trusted proxy";
        }
        server.logs().refusals().closed(RefusalReason.PROXY_HEADER, transport.remoteAddress(), why);
        return false;
    }

    /**
     * The client is known, as far as the header of the PROXY protocol tells. Returns false if it is over a limit, and an
     * answer would need a TLS handshake.
     */
    private boolean isWorthAnswer() {
        if (overLimit == null) {
            overLimit = meet();
        }
        if (overLimit != null && server.tlsHandshakes().isPresent()) {
            server.logs().refusals().count(overLimit.reason(), transport.remoteAddress());
            return false;
        }
        return true;
    }

    /** Counts the connection for its client. Returns the reason to refuse it, or {@code null}. */
    private @Nullable Refusal meet() {
        ClientLimits limits = server.clientLimits();
        return limits != null && transport instanceof LimitedTransport limited ? limits.meet(limited) : null;
    }

    /** Ends the preface, if there is one. Returns false if it has been given up. */
    private boolean begin() {
        return session.isRefusedAtOnce() || !hasPreface || deadlines.advance(RequestPhase.PREFACE, RequestPhase.HEAD);
    }

    /**
     * Performs the TLS handshake, if TLS is used, as soon as it may begin. Returns false if the connection has ended.
     */
    private boolean secure() throws IOException {
        if (server.tlsHandshakes().isEmpty()) {
            return true;
        }
        try {
            if (!server.tlsHandshakes().get().run(transport, server.configuration().timeouts().handshakeTimeout())) {
                server.logs().refusals().closed(RefusalReason.TLS_HANDSHAKES_FULL, transport.remoteAddress(),
                        "too many TLS handshakes are under way, or maxBufferedSize is used up");
                return false;
            }
            return true;
        } catch (InterruptedException e) {
            // The deadline passed, or the server is shutting down: the transport is closed.
        } catch (SSLException e) {
            server.logs().refusals().closed(RefusalReason.TLS_FAILED, transport.remoteAddress(),
                    Escape.text(e.toString()));
            if (deadlines.advance(RequestPhase.PREFACE, RequestPhase.ANSWERING) || session.isRefusedAtOnce()) {
                transport.closeAfterFailedHandshake();
            }
        }
        return false;
    }

    /**
     * Waits for the first byte of another request. Returns false if the connection has ended. Holds no buffer
     * meanwhile.
     */
    private boolean awaitNext(RequestInput input) throws IOException {
        boolean received = input.hasBytes() || input.fill();
        boolean begins = received && deadlines.advance(RequestPhase.IDLE, RequestPhase.HEAD);
        if (!received && deadlines.advance(RequestPhase.IDLE, RequestPhase.ANSWERING)) {
            deadlines.endAfterPeer();
        }
        observer.begins(input.to() - input.from());
        if (received && !begins) {
            // The server has ended the wait. The request is not served, and must not destroy the response before it.
            input.release();
            LingeringClose.close(transport);
        }
        return begins;
    }

    /** Reads a head, and determines its answer; {@code null} if the connection has ended. */
    private @Nullable Answer nextAnswer(RequestInput input) throws IOException {
        RequestHeadReader reader = new RequestHeadReader(server.configuration().httpLimits(),
                server.services().pool().budget());
        deadlines.reads(reader);
        Response refusal = null;
        RequestHeadReader.Result result = RequestHeadReader.Result.INCOMPLETE;
        try {
            result = reader.read(input, () -> deadlines.phase() == RequestPhase.HEAD);
            switch (result) {
                case BUDGET_IS_SPENT -> refusal = outOfBudget(reader);
                case COMPLETE -> {
                    client.examine(reader.head());
                    Refusal over = meet();
                    if (over != null) {
                        refusal = refusal(over.reason(), over.response(), reader.headSoFar());
                    }
                }
                case INCOMPLETE -> {
                    // The peer has left, or the wait has been given up.
                }
            }
        } catch (HttpHeadException e) {
            refusal = refusal(RefusalReason.of(e), HttpResponse.text(e.status(), e.getMessage() + "\n"),
                    reader.headSoFar());
        } catch (IllegalArgumentException e) {
            refusal = refusal(RefusalReason.BAD_HEADERS, HttpResponse.text(400, e.getMessage() + "\n"),
                    reader.headSoFar());
        }
        if (!deadlines.advance(RequestPhase.HEAD, RequestPhase.DECIDING)) {
            input.release();
            deadlines.lingerAfterAnswer();
            return null;
        }
        Answer answer = refusal;
        if (refusal == null && result == RequestHeadReader.Result.INCOMPLETE) {
            session.log(Level.DEBUG, () -> "the peer left before its request was complete");
            deadlines.endAfterPeer();
            return null;
        }
        if (refusal == null) {
            answer = decide(reader, input);
        }
        if (answer == null || answer instanceof Plain) {
            return answer;
        }
        if (!deadlines.advance(RequestPhase.DECIDING, RequestPhase.ANSWERING)) {
            deadlines.lingerAfterAnswer();
            return null;
        }
        deadlines.hasDecided();
        return answer;
    }

    /** As {@link #nextAnswer}, for a valid head: only a handshake is decided here. */
    private @Nullable Answer decide(RequestHeadReader reader, RequestInput input) {
        RequestHead head = reader.head();
        OpeningHandshake.Checked request = OpeningHandshake.check(head);
        Refusal refusal = refusalOf(head, !(request instanceof NotUpgrade));
        if (refusal != null) {
            return refusal(refusal.reason(), refusal.response(), reader.headSoFar());
        }
        observer.received(head, !(request instanceof NotUpgrade));
        if (!(request instanceof Upgrade upgrade)) {
            return responder.answerOther(head);
        }
        PendingDecision deciding = new PendingDecision(transport, session.thread(), observer.pool(),
                server.configuration().readBufferSize(), true);
        if (!deciding.takeFrom(input)) {
            return outOfBudget(reader);
        }
        try {
            deadlines.decides(deciding, responder::policyTimeout, RefusalReason.POLICY_TOO_SLOW);
            Answer answer = responder.answer(upgrade, head);
            if (!deciding.end()) {
                session.log(Level.DEBUG, () -> "the peer left while its handshake was decided");
                return null;
            }
            if (answer instanceof Acceptance) {
                deciding.giveTo(input);
            }
            return answer;
        } finally {
            deciding.release();
        }
    }

    /**
     * Why a valid request is refused; {@code null} if it is not. Probes and metrics are served even on a connection that is
     * refused: a server that is full or is being drained is alive.
     */
    private @Nullable Refusal refusalOf(RequestHead head, boolean isHandshake) {
        Refusal refusal = session.refusal();
        if (refusal != null) {
            boolean isProbe = !isHandshake && server.configuration().ownPaths().contains(head.path());
            return isProbe ? null : refusal;
        }
        return isHandshake && server.shutdown().refusesNew()
                ? new Refusal(RefusalReason.SHUTTING_DOWN, server.shutdown().refusal())
                : null;
    }

    private Response outOfBudget(RequestHeadReader reader) {
        return refusal(RefusalReason.BUDGET_SPENT, unavailable("the server's maxBufferedSize is used up"),
                reader.headSoFar());
    }

    private Response refusal(RefusalReason reason, HttpResponse response, Optional<RequestHead> head) {
        return new Response(server.logs().refusals().refuse(reason, response, transport.remoteAddress(), head),
                response.status());
    }

    private Connection accept(Acceptance acceptance, InboundBuffer input) throws IOException {
        // §4.2.2: the bytes after the head are not processed before this has been written.
        transport.write(ByteBuffer.wrap(acceptance.reply()));
        return opened(acceptance.endpoint(), acceptance.rates(), acceptance.result(), acceptance.reply().length, input);
    }

    /** The connection, whose handshake has been answered with this number of bytes. */
    private Connection opened(ServedEndpoint endpoint, @Nullable EndpointRates rates, HandshakeResult result,
            int answered, InboundBuffer input) throws IOException {
        observer.accepted(endpoint, Optional.ofNullable(result.subprotocol()), answered);
        endpoint.endpoint().sockets().apply(transport);
        handler = endpoint.handler();
        join(rates);
        return new Connection(transport, input, 0, result, services(endpoint));
    }

    private void join(@Nullable EndpointRates rates) {
        if (rates != null) {
            ((LimitedTransport) transport).rates().join(rates);
        }
    }

    private ConnectionServices services(ServedEndpoint endpoint) {
        BufferPool pool = observer.pool();
        return pool == server.services().pool() ? endpoint.services() : endpoint.services().with(pool);
    }

    /** What is known about the connection's requests. */
    RequestObserver observer() {
        return observer;
    }

    /** What the connection is doing. For any thread. */
    ConnectionState state() {
        return switch (deadlines.phase()) {
            case BODY, WRITING, PRODUCING, IDLE -> ConnectionState.HTTP;
            case PREFACE, HEAD, DECIDING, ANSWERING, GIVEN_UP -> ConnectionState.HANDSHAKE;
        };
    }

    /** The handler of the connection that {@link #run} has returned. */
    @Nullable
    WebSocketHandler handler() {
        return handler;
    }

    static HttpResponse unavailable(String why) {
        return unavailable(why, RETRY_AFTER);
    }

    static HttpResponse unavailable(String why, Duration retryAfter) {
        return HttpResponse.text(503, why + "\n").withHeader("Retry-After",
                Long.toString(retryAfter.plusNanos(999_999_999).toSeconds()));
    }

    /** Answers, then closes: any further bytes from the peer are not processed. */
    private void refuse(Response answer) throws IOException {
        deadlines.enter(RequestPhase.ANSWERING);
        transport.write(ByteBuffer.wrap(answer.reply()));
        observer.refused(answer.status(), answer.reply().length, responder.endpoint());
        LingeringClose.close(transport);
    }

    /** Ends the wait for a head. Does not wait. For a shutdown. */
    void goAway() {
        deadlines.goAway();
    }

    /** Ends the wait for a further plain request. Does not wait. For a server that is draining. */
    void closeIdle() {
        deadlines.closeIdle();
    }

    /** Called by the sweeper; does not block. */
    void sweep(int now) {
        deadlines.sweep(now);
    }
}
