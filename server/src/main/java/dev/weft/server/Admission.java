package dev.weft.server;

import dev.weft.internal.transport.Transport;
import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Makes sessions of accepted connections, at most as many at a time as the server may have, and sees each of them to its
 * end. For any thread.
 */
final class Admission {
    /** The number of connections above the limit that are refused with 503 at a time; further ones are just closed. */
    private static final int REFUSALS = 256;

    private final WebSocketServer server;
    private final TransportFactory transports;
    private final Sessions sessions;

    private final AtomicInteger open = new AtomicInteger();
    /** Of these, sessions whose connection is not over; a handler may go on after its connection. */
    private final AtomicInteger live = new AtomicInteger();
    private final AtomicInteger refusals = new AtomicInteger();
    /** Raised before a shutdown aborts what is left: a session that is admitted later aborts itself. */
    private volatile boolean aborting;
    /** Let through when connections are refused and the last one is over. */
    private final CountDownLatch drained = new CountDownLatch(1);

    /** One that has admitted nothing yet. */
    Admission(WebSocketServer server, TransportFactory transports, Sessions sessions) {
        this.server = server;
        this.transports = transports;
        this.sessions = sessions;
    }

    /** The number of connections that are not over, but for those that are refused because the server is full. */
    int connectionCount() {
        return live.get();
    }

    /** Takes a connection from the acceptor. Does not block. */
    void admit(SocketChannel channel) {
        if (server.shutdown().refusesConnections()) {
            closeQuietly(channel);
            return;
        }
        Transport transport;
        try {
            server.configuration().sockets().configure(channel);
            transport = transports.over(channel);
        } catch (IOException | RuntimeException e) {
            // The peer was gone before we looked.
            server.logger().log(Level.DEBUG, "an accepted connection failed: {0}", e);
            closeQuietly(channel);
            return;
        } catch (Error e) {
            closeQuietly(channel);
            throw e;
        }
        boolean full = open.incrementAndGet() > server.configuration().maxConnections();
        if (full) {
            open.decrementAndGet();
            if (refusals.incrementAndGet() > REFUSALS) {
                refusals.decrementAndGet();
                server.refusalLog().closed(RefusalReason.SERVER_FULL, transport.remoteAddress(),
                        "closed without an answer");
                transport.close();
                return;
            }
        }
        admit(transport, full, null);
    }

    /**
     * Takes a connection of another server, or one over memory. Does not block.
     *
     * @param adoption {@code null} if this server is to answer the handshake, of which nothing has been read
     * @return false if the server is full or shuts down: then the connection is closed
     */
    boolean adopt(Transport transport, @Nullable Adoption adoption) {
        if (server.isStopping()) {
            transport.close();
            return false;
        }
        if (open.incrementAndGet() > server.configuration().maxConnections()) {
            open.decrementAndGet();
            transport.close();
            return false;
        }
        admit(transport, false, adoption);
        return true;
    }

    /** Whatever fails before the session's thread runs, its slot is given back. */
    private void admit(Transport transport, boolean full, @Nullable Adoption adoption) {
        ServerSession session;
        try {
            session = new ServerSession(server, transport, full, adoption);
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
        // One of us sees the other: a shutdown goes through the sessions after it has raised its flags.
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
            // Gone either way.
        }
    }

    /** A session is over; any further call for the same one does nothing. */
    void ended(ServerSession session) {
        ServerSession.Stage before = session.end();
        if (before == ServerSession.Stage.ENDED) {
            return;
        }
        // In this order: a shutdown that sees no session left has ended, and then no connection counts.
        giveBackSlot(session.isFull());
        if (before == ServerSession.Stage.LIVE && !session.isFull()) {
            live.decrementAndGet();
        }
        sessions.remove(session);
        if (server.shutdown().refusesConnections()) {
            countDownIfDrained();
        }
    }

    /** A connection is over, though its handler may still run, which keeps its slot. To be called once for each. */
    void connectionOver() {
        live.decrementAndGet();
        if (server.shutdown().refusesConnections()) {
            countDownIfDrained();
        }
    }

    private void giveBackSlot(boolean full) {
        (full ? refusals : open).decrementAndGet();
    }

    private void countDownIfDrained() {
        if (live.get() <= 0 && refusals.get() <= 0) {
            drained.countDown();
        }
    }

    /**
     * For a server that refuses connections: waits for the end of those that it has.
     *
     * @return whether none is left
     */
    boolean awaitEnd(Duration longest) throws InterruptedException {
        countDownIfDrained();
        return drained.await(longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    /**
     * For the end of a shutdown: aborts all sessions that are left, and those that are still to come.
     *
     * @return the number of sessions, but for those that are refused because the server is full
     */
    long abort() {
        aborting = true;
        long aborted = sessions.stream().filter(session -> !session.isFull() && !session.isOver()).count();
        sessions.forEach(ServerSession::abort);
        return aborted;
    }
}
