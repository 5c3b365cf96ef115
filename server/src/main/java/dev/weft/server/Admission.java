package dev.weft.server;

import dev.weft.internal.rate.LimitedTransport;
import dev.weft.internal.transport.Transport;
import dev.weft.internal.transport.TransportFactory;
import dev.weft.server.ClientLimits.Refusal;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Creates sessions for accepted connections, no more at a time than the server may have, and tracks each of them until
 * it ends. May be used by any thread.
 */
final class Admission {
    /**
     * The maximum number of connections that are refused with a response at a time, because of a limit or because the server is
     * being drained; further ones are closed without an answer.
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
    /** Reaches zero when no further connection is served and the last one has ended. */
    private final CountDownLatch served = new CountDownLatch(1);
    /** Reaches zero when no connection can be admitted and the last one has ended, those that are refused included. */
    private final CountDownLatch admitted = new CountDownLatch(1);

    /** Creates an admission without sessions. */
    Admission(WebSocketServer server, TransportFactory transports, Sessions sessions) {
        this.server = server;
        this.transports = transports;
        this.sessions = sessions;
        this.limits = server.clientLimits();
    }

    /** The number of connections that have not ended, except those that were admitted only to be refused. */
    int connectionCount() {
        return live.get();
    }

    /** Takes a connection from the acceptor. Does not block. */
    void admit(SocketChannel channel) {
        if (server.shutdown().isStopping()) {
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
            server.logs().logger().log(Level.DEBUG, () -> "an accepted connection failed: " + e);
            closeQuietly(channel);
            return;
        } catch (Error e) {
            closeQuietly(channel);
            throw e;
        }
        admit(transport);
    }

    /**
     * Takes a connection whose handshake has not begun; it is refused if the server is full or is being drained, or if its
     * client is over a limit. Does not block.
     */
    void admit(Transport accepted) {
        if (!count()) {
            refuse(FULL, accepted);
        } else if (server.shutdown().refusesNew()) {
            uncount();
            refuse(new Refusal(RefusalReason.SHUTTING_DOWN, server.shutdown().refusal()), accepted);
        } else if (limits == null) {
            admit(accepted, null, null);
        } else {
            LimitedTransport transport = limited(accepted);
            Refusal refusal = refusalOf(transport);
            if (refusal == null) {
                admit(transport, null, null);
            } else {
                uncount();
                refuse(refusal, transport);
            }
        }
    }

    /**
     * Takes a connection from another server. Does not block.
     *
     * @return false if the server is full, is being drained or shuts down, or the client is over a limit; the connection is then
     *         closed
     */
    boolean adopt(Transport adopted, Adoption adoption) {
        if (!count()) {
            adopted.close();
            return false;
        }
        Transport transport = adopted;
        boolean served = server.shutdown().servesNew();
        if (served && limits != null) {
            LimitedTransport limited = limited(adopted);
            transport = limited;
            Refusal refusal = refusalOf(limited);
            if (refusal != null) {
                server.logs().refusals().count(refusal.reason(), transport.remoteAddress());
                served = false;
            }
        }
        if (!served) {
            uncount();
            transport.close();
            return false;
        }
        admit(transport, null, adoption);
        return true;
    }

    /** The transport with the limits of its client. If memory is exhausted, the connection no longer counts, and is closed. */
    private LimitedTransport limited(Transport transport) {
        try {
            return limits.over(transport);
        } catch (Throwable e) {
            uncount();
            transport.close();
            throw e;
        }
    }

    private @Nullable Refusal refusalOf(LimitedTransport transport) {
        try {
            return limits.meet(transport);
        } catch (Throwable e) {
            uncount();
            transport.close();
            throw e;
        }
    }

    /**
     * Counts a connection that is to be served. The caller asks about a drain afterwards: then either it sees the drain, or the
     * drain sees the connection.
     *
     * @return false if the server is full
     */
    private boolean count() {
        if (open.incrementAndGet() > server.configuration().maxConnections()) {
            open.decrementAndGet();
            return false;
        }
        live.incrementAndGet();
        return true;
    }

    private void uncount() {
        open.decrementAndGet();
        live.decrementAndGet();
        endIfDrained();
    }

    private void refuse(Refusal refusal, Transport transport) {
        if (refusals.incrementAndGet() > REFUSALS) {
            refusals.decrementAndGet();
            closeWithoutAnswer(transport, refusal.reason());
        } else {
            admit(transport, refusal, null);
        }
    }

    private void closeWithoutAnswer(Transport transport, RefusalReason reason) {
        if (reason == RefusalReason.SERVER_FULL || reason == RefusalReason.SHUTTING_DOWN) {
            server.logs().refusals().closed(reason, transport.remoteAddress(), "closed without an answer");
        } else {
            server.logs().refusals().count(reason, transport.remoteAddress());
        }
        transport.close();
    }

    /**
     * Admits a connection that has been counted. If anything fails before the session's thread runs, it no longer counts.
     *
     * @param refusal why it is refused, or {@code null} if it is served
     */
    private void admit(Transport transport, @Nullable Refusal refusal, @Nullable Adoption adoption) {
        ServerSession session;
        try {
            session = new ServerSession(server, transport, refusal, adoption);
        } catch (Throwable e) {
            if (refusal == null) {
                uncount();
            } else {
                refusals.decrementAndGet();
            }
            transport.close();
            throw e;
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
        } else if (server.shutdown().closesAll() && (session.isServed() || server.shutdown().isStopping())) {
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
        (session.isServed() ? open : refusals).decrementAndGet();
        if (before == ServerSession.Stage.LIVE && session.isServed()) {
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

    /** Ends the wait for the last connection, if there is none and can be none any more. */
    void endIfDrained() {
        ServerShutdown shutdown = server.shutdown();
        boolean admitsNone = shutdown.admitsNone();
        if ((admitsNone || shutdown.refusesNew()) && live.get() <= 0) {
            served.countDown();
            if (admitsNone && refusals.get() <= 0) {
                admitted.countDown();
            }
        }
    }

    /** Zero, in a server that is draining or closed, when the connections that it serves have ended. */
    CountDownLatch served() {
        return served;
    }

    /** Zero, in a server that admits no further connection, when all of them have ended, refused ones included. */
    CountDownLatch admitted() {
        return admitted;
    }

    /**
     * Aborts all remaining sessions, and those that are admitted later. For the end of a shutdown.
     *
     * @return as {@link #abortServed()}
     */
    long abort() {
        aborting = true;
        try {
            return abortServed();
        } finally {
            // Also if there is no memory to count them.
            sessions.forEach(ServerSession::abort);
        }
    }

    /**
     * Aborts the remaining sessions that are served.
     *
     * @return the number of those whose connection had not ended
     */
    long abortServed() {
        long live = sessions.stream().filter(session -> session.isServed() && !session.isOver()).count();
        sessions.stream().filter(ServerSession::isServed).forEach(ServerSession::abort);
        return live;
    }
}
