package dev.weft.server;

import dev.weft.internal.PathPattern;
import dev.weft.internal.http.FileChangedException;
import dev.weft.internal.http.RequestBody;
import dev.weft.internal.http.RequestBodyException;
import dev.weft.internal.http.RequestInput;
import dev.weft.internal.http.ResponseWriter;
import dev.weft.internal.time.TurnQuota;
import dev.weft.internal.transport.LingeringClose;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.BodyFraming;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.HandshakeResponder.Plain;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Serves the plain requests of one connection, one after the other, until it ends or is upgraded. For the session's
 * thread; handlers are user code and may block.
 */
final class PlainRequests {
    /**
     * The maximum number of bytes after a head that are copied so that the buffer can be given back and the client can
     * be watched.
     */
    private static final int COPIED = 1024;
    /** The maximum number of bytes of a body that are discarded to keep the connection for another request. */
    private static final long DROPPED = 1 << 16;
    /**
     * The share of a turn that one request uses: other connections must be served while one client sends many requests
     * at once.
     */
    private static final int TURN = 1 << 13;
    /**
     * Values of SO_LINGER. While a response is written whose end is that of the connection, any close resets the
     * connection: otherwise the client would take a part for the whole (RFC 9112 §8).
     */
    private static final int RESET = 0;
    private static final int NO_RESET = -1;

    private final ServerSession session;
    private final WebSocketServer server;
    private final Transport transport;
    private final ClientAddress client;
    private final RequestDeadlines deadlines;
    private final RequestObserver observer;
    private final HttpSettings settings;
    private int served;
    private int spent;

    PlainRequests(ServerSession session, WebSocketServer server, Transport transport, ClientAddress client,
            RequestDeadlines deadlines, RequestObserver observer) {
        this.session = session;
        this.server = server;
        this.transport = transport;
        this.client = client;
        this.deadlines = deadlines;
        this.observer = observer;
        this.settings = server.configuration().httpSettings();
    }

    /**
     * Serves a request in phase DECIDING. Waits for the handler and for the client.
     *
     * @return whether the connection is kept for another request; if not, it is closed
     */
    boolean serve(Plain plain, RequestInput input) throws IOException {
        Exchange exchange = new Exchange(plain, input);
        try {
            HttpResponse response = exchange.ask();
            if (!exchange.endWatch() || exchange.body.clientHasGone()) {
                logLeft();
                return false;
            }
            if (!deadlines.advance(RequestPhase.DECIDING, RequestPhase.WRITING)) {
                input.release();
                deadlines.lingerAfterAnswer();
                return false;
            }
            if (response == null) {
                // The server has cut the connection off.
                return false;
            }
            deadlines.hasDecided();
            served++;
            return exchange.respond(response) && exchange.keep();
        } finally {
            exchange.body.release();
            exchange.release();
        }
    }

    private void logLeft() {
        session.log(Level.DEBUG, () -> "the peer left while its request was answered");
    }

    /** One request and its response. */
    private final class Exchange implements RequestBody.Gate, ResponseWriter.Pace {
        private final Plain plain;
        private final RequestHead head;
        private final RequestInput input;
        private final RequestBody body;
        private final HttpSettings limits;
        private final boolean headOnly;
        /** Set while the client is watched, otherwise {@code null}. */
        private PendingDecision watch;
        /** {@code null} until the handler has returned its response. */
        private ResponseWriter writer;
        private boolean keeps;
        /** The phase before and after a wait for the body. */
        private RequestPhase around = RequestPhase.DECIDING;

        private Exchange(Plain plain, RequestInput input) {
            this.plain = plain;
            this.head = plain.head();
            this.input = input;
            this.limits = plain.served().settings();
            this.headOnly = head.method().equals("HEAD");
            this.body = new RequestBody(input, plain.framing(), this, server.services().pool().budget(),
                    limits.maxBodySize(), server.configuration().httpLimits(), limits.bodyTimeout(),
                    head.minorVersion() > 0 && head.headers().contains("Expect"));
        }

        /**
         * Returns the handler's response, or the response for its failure; {@code null} if the end of the connection, or
         * of the wait for the handler, made it fail.
         */
        private @Nullable HttpResponse ask() {
            beginWatch();
            try {
                return Objects.requireNonNull(plain.served().endpoint().handler(head.method()).handle(request()),
                        "response");
            } catch (Throwable e) {
                return failed(e);
            }
        }

        private HttpRequest request() {
            PathPattern pattern = plain.pattern();
            HttpRequest.Builder request = HttpRequest.builder(head).pathParameters(pattern.parametersOf(head.path()))
                    .pathRest(pattern.restOf(head.path())).localAddress(transport.localAddress())
                    .remoteAddress(transport.remoteAddress()).body(body);
            transport.tlsSession().ifPresent(request::tlsSession);
            client.header().ifPresent(request::proxyHeader);
            return request.build();
        }

        private void beginWatch() {
            if (input.to() - input.from() <= COPIED) {
                PendingDecision pending = new PendingDecision(transport, session.thread(),
                        observer.pool(), server.configuration().readBufferSize(), false);
                if (pending.takeFrom(input)) {
                    watch = pending;
                }
            }
            deadlines.decides(watch, limits::handlerTimeout, RefusalReason.HTTP_HANDLER_TOO_SLOW);
        }

        /** Returns false if the client has disconnected. */
        private boolean endWatch() {
            PendingDecision pending = watch;
            if (pending == null) {
                return true;
            }
            deadlines.watchesNoMore();
            if (!pending.end()) {
                return false;
            }
            watch = null;
            pending.giveTo(input);
            return true;
        }

        private void release() {
            if (watch != null) {
                watch.release();
            }
        }

        private @Nullable HttpResponse failed(Throwable thrown) {
            RequestBodyException failure = thrown instanceof RequestBodyException form ? form : body.failure();
            if (failure != null) {
                RefusalReason reason = RefusalReason.ofBody(failure.status());
                HttpResponse response = HttpResponse.text(failure.status(), failure.getMessage() + "\n");
                server.logs().refusals().note(reason, response, transport.remoteAddress(), Optional.of(head));
                return response;
            }
            if (body.clientHasGone() || deadlines.hasEndedDeciding()) {
                return null;
            }
            server.logs().failures().httpHandler(transport.remoteAddress(), head.path(), thrown);
            HttpResponse response = HttpResponse.text(500, "the request could not be answered\n");
            server.logs().refusals().note(RefusalReason.HTTP_HANDLER_FAILED, response, transport.remoteAddress(),
                    Optional.of(head));
            return response;
        }

        /** Whether the connection can be kept, as far as this is known before the response. */
        private boolean mayKeep(HttpResponse response) {
            boolean wanted = head.minorVersion() == 0
                    ? head.headers().containsToken("Connection", "keep-alive")
                            && !head.headers().containsToken("Connection", "close") && response.length().isPresent()
                    : !head.headers().containsToken("Connection", "close");
            return wanted && served < settings.maxRequestsPerConnection()
                    && session.isServed() && !server.shutdown().isDraining()
                    && body.failure() == null && !body.isLost() && !body.isAmbiguous()
                    && (body.isComplete() || !(plain.framing() instanceof BodyFraming.Fixed) || body.left() <= DROPPED);
        }

        /** Returns false if the connection has ended. */
        private boolean respond(HttpResponse response) throws IOException {
            // An interrupt of the handler must not cut off the response.
            Thread.interrupted();
            keeps = mayKeep(response);
            writer = new ResponseWriter(transport, server.services().pool(), this);
            int status = response.status();
            long more = 0;
            boolean answers = true;
            boolean endsByEnd = head.minorVersion() == 0 && response.length().isEmpty() && !headOnly;
            try {
                byte[] bytes = server.encoder().dated(response).encodeHead(head.minorVersion(), keeps);
                if (endsByEnd) {
                    transport.setOption(StandardSocketOptions.SO_LINGER, RESET);
                }
                writer.write(response, bytes, headOnly, head.minorVersion() > 0);
                if (endsByEnd) {
                    transport.setOption(StandardSocketOptions.SO_LINGER, NO_RESET);
                }
            } catch (ResponseWriter.BodyFailedException e) {
                if (e.isBegun()) {
                    logCutOff(e.getCause());
                    return false;
                }
                keeps = false;
                HttpResponse instead = insteadOf(e.getCause());
                if (instead == null) {
                    if (body.clientHasGone()) {
                        logLeft();
                    }
                    answers = false;
                    return false;
                }
                if (endsByEnd) {
                    transport.setOption(StandardSocketOptions.SO_LINGER, NO_RESET);
                }
                status = instead.status();
                byte[] reply = server.encoder().encode(instead, head.method());
                transport.write(ByteBuffer.wrap(reply));
                more = reply.length;
            } finally {
                if (answers) {
                    observer.answered(status, writer.written() + more, plain.pattern().toString(), early());
                }
            }
            return true;
        }

        /** The number of bytes received that belong to the next request, as far as this is known. */
        private int early() {
            return (int) Math.max(0, input.to() - input.from() - body.left());
        }

        /** The response when that of the handler could not begin; {@code null} as for {@link #failed}. */
        private @Nullable HttpResponse insteadOf(Throwable thrown) {
            if (!(thrown instanceof FileChangedException)) {
                return failed(thrown);
            }
            // A file has been replaced: that is nobody's fault, and the next request gets the new one.
            HttpResponse response = ServerHandshake.unavailable("what was asked for has just been replaced");
            server.logs().refusals().note(RefusalReason.HTTP_HANDLER_FAILED, response, transport.remoteAddress(),
                    Optional.of(head));
            return response;
        }

        /** Logs why a response is cut off, unless the client or its end is the reason. */
        private void logCutOff(Throwable thrown) {
            if (!session.isAborted() && !body.clientHasGone() && body.failure() == null
                    && !(thrown instanceof RequestBodyException)) {
                server.logs().failures().httpHandler(transport.remoteAddress(), head.path(), thrown);
            }
        }

        /** Makes the connection ready for the next request, or closes it and returns false. */
        private boolean keep() {
            body.release();
            deadlines.enter(RequestPhase.WRITING);
            boolean ends = !keeps || !isDrained();
            // Then the client has sent a request that is not served: to close at once could reset the connection.
            ends |= input.hasBytes() && server.shutdown().isDraining();
            if (ends) {
                input.release();
                deadlines.enter(RequestPhase.ANSWERING);
                LingeringClose.close(transport);
                return false;
            }
            if (!input.hasBytes()) {
                input.release();
            }
            spent = TurnQuota.spend(spent, TURN);
            deadlines.enter(RequestPhase.IDLE);
            if (server.shutdown().isDraining()) {
                deadlines.closeIdle();
            }
            return true;
        }

        private boolean isDrained() {
            try {
                return body.drain(DROPPED);
            } catch (IOException e) {
                return false;
            }
        }

        // Called by the body.

        @Override
        public void open() throws IOException {
            if (!endWatch()) {
                throw new InterruptedIOException("the client has gone");
            }
        }

        @Override
        public void writeInterim(byte[] bytes) throws IOException {
            // RFC 9110 §15.2: it precedes the final response.
            if (writer == null || writer.written() == 0) {
                transport.write(ByteBuffer.wrap(bytes));
            }
        }

        @Override
        public void waits() throws IOException {
            RequestPhase now = deadlines.phase();
            around = now == RequestPhase.WRITING || now == RequestPhase.PRODUCING ? now : RequestPhase.DECIDING;
            if (!deadlines.advance(around, RequestPhase.BODY)) {
                throw new InterruptedIOException("the request has been given up");
            }
        }

        @Override
        public void bodyContinues() {
            deadlines.advance(RequestPhase.BODY, around);
        }

        @Override
        public boolean delayedClient() {
            // The sweeper asks only when the connection is open.
            return transport.delayedPeer();
        }

        // Called by the response writer.

        @Override
        public void writes() {
            deadlines.enter(RequestPhase.WRITING);
        }

        @Override
        public void produces() {
            deadlines.produces(limits.handlerTimeout());
        }
    }
}
