package dev.weft.server;

import dev.weft.internal.rate.LimitedTransport;
import dev.weft.internal.transport.Transport;
import dev.weft.internal.transport.TransportFactory;
import dev.weft.server.ClientLimits.Refusal;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Creates sessions for accepted connections, no more at a time than the server may have, and tracks each of them until
 * it ends. May be used by any thread.
 */
final class Admission {
    /**
     * The maximum number of connections above a limit that are refused with a response at a time; further ones are closed
     * without an answer.
     */
    private static final int REFUSALS = 256;

    private static final Refusal FULL = new Refusal(RefusalReason.SERVER_FULL,
            ServerHandshake.unavailable("too many connections"));

    private final WebSocketServer server;
    private final TransportFactory transports;
    private final Sessions sessions;
    /** {@code null} if there are no rates and no limits of addresses. */
    private final @Nullable ClientLimits limits;

    private final AtomicInteger open = new AtomicInteger();
    /** The open sessions whose connection has not ended; a handler may continue after its connection has ended. */
    private final AtomicInteger live = new AtomicInteger();
    private final AtomicInteger refusals = new AtomicInteger();
    /** Set before a shutdown aborts the remaining sessions: a session that is admitted later aborts itself. */
    private volatile boolean aborting;
    /** Reaches zero when no connection can be admitted and the last one has ended. */
    private final CountDownLatch drained = new CountDownLatch(1);

    /** Creates an admission without sessions. */
    Admission(WebSocketServer server, TransportFactory transports, Sessions sessions) {
        this.server = server;
        this.transports = transports;
        this.sessions = sessions;
        this.limits = server.clientLimits();
    }

    /** The number of connections that have not ended, except those that are refused because of a limit. */
    int connectionCount() {
        return live.get();
    }

    /** Takes a connection from the acceptor. Does not block. */
    void admit(SocketChannel channel) {
        if (server.isStopping()) {
            closeQuietly(channel);
            return;
        }
        Transport transport;
        try {
            server.counters().accepted();
            if (limits != null && limits.refusesOutright(channel.getRemoteAddress())) {
                closeQuietly(channel);
                return;
            }
            server.configuration().sockets().configure(channel);
            transport = transports.over(channel);
        } catch (IOException | RuntimeException e) {
            // The peer had disconnected before the connection was set up.
            server.logger().log(Level.DEBUG, "an accepted connection failed: {0}", e);
            closeQuietly(channel);
            return;
        } catch (Error e) {
            closeQuietly(channel);
            throw e;
        }
        admit(transport);
    }

    /**
     * Takes a connection whose handshake has not begun; it is refused if the server is full, or if its client is over a
     * limit. Does not block.
     */
    void admit(Transport accepted) {
        Transport transport = accepted;
        Refusal refusal = null;
        if (open.incrementAndGet() > server.configuration().maxConnections()) {
            refusal = FULL;
        } else if (limits != null) {
            try {
                LimitedTransport limited = limits.over(accepted);
                transport = limited;
                refusal = limits.meet(limited);
            } catch (Throwable e) {
                // Memory may be exhausted.
                open.decrementAndGet();
                transport.close();
                throw e;
            }
        }
        if (refusal != null) {
            open.decrementAndGet();
            if (refusals.incrementAndGet() > REFUSALS) {
                refusals.decrementAndGet();
                closeWithoutAnswer(transport, refusal.reason());
                return;
            }
        }
        admit(transport, refusal, null);
    }

    private void closeWithoutAnswer(Transport transport, RefusalReason reason) {
        if (reason == RefusalReason.SERVER_FULL) {
            server.refusalLog().closed(reason, transport.remoteAddress(), "closed without an answer");
        } else {
            server.refusalLog().count(reason, transport.remoteAddress());
        }
        transport.close();
    }

    /**
     * Takes a connection from another server. Does not block.
     *
     * @return false if the server is full or shutting down, or the client is over a limit; the connection is then closed
     */
    boolean adopt(Transport adopted, Adoption adoption) {
        if (server.isStopping()) {
            adopted.close();
            return false;
        }
        LimitedTransport limited = limits == null ? null : limits.over(adopted);
        Transport transport = limited == null ? adopted : limited;
        boolean full = open.incrementAndGet() > server.configuration().maxConnections();
        Refusal refusal = full || limited == null ? null : limits.meet(limited);
        if (full || refusal != null) {
            open.decrementAndGet();
            if (refusal != null) {
                server.refusalLog().count(refusal.reason(), transport.remoteAddress());
            }
            transport.close();
            return false;
        }
        admit(transport, null, adoption);
        return true;
    }

    /** Admits a connection. If anything fails before the session's thread runs, the session's slot is given back. */
    private void admit(Transport transport, @Nullable Refusal refusal, @Nullable Adoption adoption) {
        boolean full = refusal != null;
        ServerSession session;
        try {
            session = new ServerSession(server, transport, refusal, adoption);
        } catch (Throwable e) {
            giveBackSlot(full);
            transport.close();
            throw e;
        }
        if (!full) {
            live.incrementAndGet();
        }
        try {
            sessions.add(session);
            transports.start(() -> start(session, transport));
        } catch (Throwable e) {
            end(session, transport);
            throw e;
        }
        // Either this thread sees the shutdown's flags, or the shutdown sees this session: a shutdown sets its flags
        // before it goes through the sessions.
        if (aborting) {
            session.abort();
        } else if (server.isStopping()) {
            server.startThread(session::goAway);
        }
    }

    private void start(ServerSession session, Transport transport) {
        try {
            session.start();
        } catch (Throwable e) {
            end(session, transport);
            throw e;
        }
    }

    private void end(ServerSession session, Transport transport) {
        try {
            transport.close();
        } finally {
            ended(session);
        }
    }

    private static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The connection is no longer used in any case.
        }
    }

    /** Notes that a session has ended. Any further call for the same session does nothing. */
    void ended(ServerSession session) {
        ServerSession.Stage before = session.end();
        if (before == ServerSession.Stage.ENDED) {
            return;
        }
        // The order matters: when a shutdown sees that no session is left, it has completed, and then no connection may
        // count.
        giveBackSlot(session.isFull());
        if (before == ServerSession.Stage.LIVE && !session.isFull()) {
            live.decrementAndGet();
        }
        sessions.remove(session);
        endIfDrained();
    }

    /**
     * Notes that a connection has ended. Its handler may still run and then keeps the slot. Must be called once for
     * each connection.
     */
    void connectionOver() {
        live.decrementAndGet();
        endIfDrained();
    }

    private void giveBackSlot(boolean full) {
        (full ? refusals : open).decrementAndGet();
    }

    /** Ends the wait for the last connection, if there is none and can be none any more. */
    void endIfDrained() {
        if (server.shutdown().admitsNone() && live.get() <= 0 && refusals.get() <= 0) {
            drained.countDown();
        }
    }

    /**
     * Waits until the existing connections have ended. For a server that is draining or closed.
     *
     * @return whether no connection is left
     */
    boolean awaitEnd(Duration longest) throws InterruptedException {
        endIfDrained();
        return drained.await(longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    /**
     * Aborts all remaining sessions, and those that are admitted later. For the end of a shutdown.
     *
     * @return the number of sessions, except those that are refused because of a limit
     */
    long abort() {
        aborting = true;
        long aborted = sessions.stream().filter(session -> !session.isFull() && !session.isOver()).count();
        sessions.forEach(ServerSession::abort);
        return aborted;
    }
}
