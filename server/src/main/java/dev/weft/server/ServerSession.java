package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.internal.connection.Agreement;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.Input;
import dev.weft.internal.transport.Lingering;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.OpeningHandshake;
import dev.weft.parser.http.OpeningHandshake.NotUpgrade;
import dev.weft.parser.http.OpeningHandshake.Refused;
import dev.weft.parser.http.OpeningHandshake.Upgrade;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.http.RequestHeadParser;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * The life of one accepted connection, on its virtual thread: opening handshake, handler, end.
 * <pre>
 *   HEAD ── whole and good ──▶ DECIDING ── accepted, 101 written ──▶ OPEN ──▶ over
 *     │                           │
 *     └── malformed, too slow ────┴── rejected ──▶ REFUSING ── written, peer's end read ──▶ over
 * </pre>
 */
final class ServerSession implements Runnable {
    private enum Phase {
        /** The request head is read: the handshake deadline holds. */
        HEAD,
        /** The policy or the fallback, user code, decides: no deadline. */
        DECIDING,
        /** The answer is written and the connection is closed behind it: the write and the close deadline hold. */
        REFUSING,
        /** The connection has its own deadlines. */
        OPEN
    }

    private static final String RETRY_AFTER_SECONDS = "1";

    private final WebSocketServer server;
    private final Transport transport;
    private final boolean full;
    private final Thread thread;

    private volatile Phase phase = Phase.HEAD;
    private volatile long since;
    private volatile boolean tooSlow;
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
        this.since = server.services().clock().now();
        this.thread = Thread.ofVirtual().inheritInheritableThreadLocals(false).unstarted(this);
    }

    void start() {
        thread.start();
    }

    boolean isFull() {
        return full;
    }

    @Override
    public void run() {
        try {
            if (full) {
                refuse(unavailable("too many connections"), false);
                return;
            }
            Input input = new Input(transport, server.services().pool());
            try {
                open(input);
            } finally {
                input.release();
            }
            if (connection != null) {
                serve();
            }
        } catch (IOException e) {
            log(Level.DEBUG, "handshake failed: " + e);
        } catch (Throwable e) {
            server.logger().log(Level.WARNING, "unexpected error before a connection was open", e);
        } finally {
            transport.close();
            server.ended(this);
        }
    }

    /** Takes the opening handshake as far as an open connection or a refusal. */
    private void open(Input input) throws IOException {
        RequestHeadParser parser = new RequestHeadParser(server.configuration().httpLimits());
        int offset = -1;
        try {
            while (offset < 0) {
                if (!input.fill()) {
                    endOfInput();
                    return;
                }
                offset = parser.parse(input.array(), 0, input.length());
            }
        } catch (HttpHeadException e) {
            log(Level.DEBUG, "refused a request head: " + e.getMessage());
            refuse(HttpResponse.of(e.status(), e.getMessage() + "\n"), false);
            return;
        } catch (ProtocolViolationException e) {
            refuse(unavailable(e.getMessage()), false);
            return;
        }
        phase = Phase.DECIDING;
        RequestHead head = parser.head();
        switch (OpeningHandshake.check(head)) {
            case Upgrade upgrade -> decide(upgrade, head, input, offset);
            case NotUpgrade none -> fallBack(head);
            case Refused refused -> refuse(refused.response(), false);
        }
    }

    private void endOfInput() throws IOException {
        if (tooSlow) {
            refuse(HttpResponse.of(408, "the request head took too long\n"), false);
        } else if (server.isStopping()) {
            refuse(unavailable("the server goes down"), false);
        } else {
            log(Level.DEBUG, "the peer left before its request was complete");
        }
    }

    private void decide(Upgrade upgrade, RequestHead head, Input input, int offset) throws IOException {
        HandshakeRequest request = new HandshakeRequest(head, upgrade.subprotocols(), transport.localAddress(),
                transport.remoteAddress());
        String subprotocol;
        Object attachment;
        byte[] reply;
        try {
            switch (server.configuration().policy().decide(request)) {
                case HandshakeDecision.Accept accept -> {
                    subprotocol = accept.subprotocol().or(() -> upgrade.subprotocols().stream()
                            .filter(server.configuration().subprotocols()::contains).findFirst()).orElse(null);
                    attachment = accept.attachment();
                    reply = upgrade.accept(subprotocol, null, accept.headers());
                }
                case HandshakeDecision.Reject reject -> {
                    log(Level.DEBUG, "rejected a handshake with " + reject.response().status());
                    refuse(reject.response(), false);
                    return;
                }
            }
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            server.logger().log(Level.WARNING, "the handshake policy failed", e);
            refuse(HttpResponse.of(500, "the handshake could not be decided\n"), false);
            return;
        }
        // §4.2.2: what came behind the head is not acted on before this is written.
        transport.write(ByteBuffer.wrap(reply));
        connection = new Connection(Role.SERVER, transport, input, offset,
                new Agreement(head.target(), subprotocol, attachment, null), server.services());
        phase = Phase.OPEN;
    }

    private void fallBack(RequestHead head) throws IOException {
        boolean headOnly = head.method().equals("HEAD");
        HttpResponse response;
        if (!headOnly && !head.method().equals("GET")) {
            response = HttpResponse.of(405, "only GET is answered here\n").withHeader("Allow", "GET");
        } else if (server.configuration().fallback().isEmpty()) {
            response = OpeningHandshake.notUpgraded();
        } else {
            try {
                response = server.configuration().fallback().get().respond(head);
            } catch (Exception e) {
                server.logger().log(Level.WARNING, "the HTTP fallback failed", e);
                response = HttpResponse.of(500, "the request could not be answered\n");
            }
        }
        refuse(response, headOnly);
    }

    private static HttpResponse unavailable(String why) {
        return HttpResponse.of(503, why + "\n").withHeader("Retry-After", RETRY_AFTER_SECONDS);
    }

    /** Answers, and closes behind the answer: what else the peer sent is never looked at. */
    private void refuse(HttpResponse response, boolean headOnly) throws IOException {
        since = server.services().clock().now();
        phase = Phase.REFUSING;
        transport.write(ByteBuffer.wrap(headOnly ? response.encodeHead() : response.encode()));
        Lingering.close(transport);
    }

    private void serve() {
        Connection open = connection;
        CloseReason reason = new CloseReason(CloseCode.NORMAL_CLOSURE, "");
        try {
            if (server.isStopping()) {
                goAway();
            }
            server.configuration().handler().handle(open);
        } catch (ConnectionClosedException e) {
            log(Level.DEBUG, e.getMessage());
        } catch (Throwable e) {
            reason = new CloseReason(CloseCode.INTERNAL_ERROR, "");
            if (e instanceof IOException && e == open.end().cause().orElse(null)) {
                log(Level.DEBUG, "connection failed: " + e);
            } else {
                server.logger().log(Level.WARNING, "a handler failed", e);
            }
        }
        open.finish(reason);
        log(Level.DEBUG, "connection ended: " + open.end());
    }

    /** For a shutdown: closes with 1001, or ends a handshake. May block as sending does. */
    void goAway() {
        try {
            Connection open = connection;
            if (open != null) {
                open.close(CloseCode.GOING_AWAY, "");
            } else if (phase == Phase.HEAD) {
                transport.shutdownInput();
            }
        } catch (IOException e) {
            log(Level.DEBUG, "connection failed while the server went down: " + e);
        }
    }

    /** For the end of a shutdown: frees the connection's thread, wherever it waits. */
    void abort() {
        Connection open = connection;
        if (open != null) {
            open.abort();
        }
        transport.close();
        thread.interrupt();
    }

    /** For the sweeper; does not block. */
    void sweep(long now) {
        switch (phase) {
            case HEAD -> {
                if (passed(now, server.configuration().timeouts().handshake()) && !tooSlow) {
                    // The session's own thread finds the end of its input, and answers 408.
                    tooSlow = true;
                    shutdownInput();
                }
            }
            case REFUSING -> {
                if (passed(now, server.configuration().timeouts().write()
                        .plus(server.configuration().timeouts().close()))) {
                    transport.close();
                }
            }
            case DECIDING -> {
            }
            case OPEN -> connection.sweep(now);
        }
    }

    private void shutdownInput() {
        try {
            transport.shutdownInput();
        } catch (IOException e) {
            transport.close();
        }
    }

    private boolean passed(long now, Duration allowed) {
        return now - since >= allowed.toNanos();
    }

    /** The text has what came from the peer escaped. */
    private void log(Level level, String text) {
        if (server.logger().isLoggable(level)) {
            server.logger().log(level, transport.remoteAddress() + ": " + text);
        }
    }
}
