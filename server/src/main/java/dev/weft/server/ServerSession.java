package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.internal.AddressText;
import dev.weft.internal.Escape;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionHolder;
import dev.weft.internal.connection.OwnEnd;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.CloseCode;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The life of one accepted connection, on its virtual thread: a {@link ServerHandshake}, then the open connection with its handler,
 * then the end.
 */
final class ServerSession implements Runnable, ConnectionHolder {
    /** How much of it is left: all, no connection but perhaps its handler, nothing. */
    enum Stage {
        LIVE, OVER, ENDED
    }

    private static final CloseReason NORMAL = new CloseReason(CloseCode.NORMAL_CLOSURE, "");
    private static final CloseReason FAILED = new CloseReason(CloseCode.INTERNAL_ERROR, "");

    private static final AtomicReferenceFieldUpdater<ServerSession, Stage> STAGE = AtomicReferenceFieldUpdater
            .newUpdater(ServerSession.class, Stage.class, "stage");

    private final WebSocketServer server;
    private final Transport transport;
    private final boolean full;
    private final Thread thread;

    private volatile boolean aborted;
    private volatile Stage stage = Stage.LIVE;
    /** Until there is a connection, and not for long after that; then {@code null}. */
    private volatile @Nullable ServerHandshake handshake;
    private volatile @Nullable Connection connection;

    /**
     * A session that is not yet started.
     *
     * @param full     whether the server has as many connections as it may, so that this one is refused
     * @param adoption whose connection this was, or {@code null} if this server has accepted it
     */
    ServerSession(WebSocketServer server, Transport transport, boolean full, @Nullable Adoption adoption) {
        this.server = server;
        this.transport = transport;
        this.full = full;
        this.handshake = new ServerHandshake(this, server, transport, adoption);
        this.thread = server.configuration().threads().isPresent()
                ? server.configuration().threads().get().newThread(this)
                : transport.threadBuilder().inheritInheritableThreadLocals(false).unstarted(this);
    }

    void start() {
        thread.start();
    }

    Thread thread() {
        return thread;
    }

    /** The open connection, or {@code null} while there is none. */
    @Nullable
    Connection connection() {
        return connection;
    }

    /** Nothing is left of it; returns what was. */
    Stage end() {
        return STAGE.getAndSet(this, Stage.ENDED);
    }

    /** Whether the connection no longer counts as one. */
    boolean isOver() {
        return stage != Stage.LIVE;
    }

    /** The connection no longer counts, whatever its handler still does. */
    @Override
    public void connectionOver() {
        if (STAGE.compareAndSet(this, Stage.LIVE, Stage.OVER) && !full) {
            server.admission().connectionOver();
        }
    }

    boolean isFull() {
        return full;
    }

    /** Whether the session's thread was freed by {@link #abort}. */
    boolean isAborted() {
        return aborted;
    }

    @Override
    public void run() {
        InboundBuffer input = new InboundBuffer(transport, server.services().pool());
        try {
            Connection open = handshake.run(input);
            if (open != null) {
                WebSocketHandler handler = handshake.handler();
                connection = open;
                handshake = null;
                open.start(this);
                serve(open, handler);
            }
        } catch (Throwable e) {
            server.logger().log(Level.WARNING, "a connection failed because of an internal error", e);
        } finally {
            try {
                input.end();
                transport.close();
            } finally {
                server.admission().ended(this);
            }
        }
    }

    private void serve(Connection open, WebSocketHandler handler) {
        CloseReason reason = NORMAL;
        try {
            if (server.isStopping()) {
                goAway();
            }
            handler.handle(open);
        } catch (Throwable e) {
            reason = FAILED;
            if (aborted && e instanceof Exception) {
                log(Level.DEBUG, "a handler was ended by the shutdown: " + Escape.text(e.toString()));
            } else if (!OwnEnd.is(e, open)) {
                server.failures().handler(transport.remoteAddress(), open.request().target(), e);
            }
        }
        // What interrupted a handler is not to cut off the closing handshake.
        Thread.interrupted();
        open.finish(reason);
        log(Level.DEBUG, "connection ended: " + open.known());
    }

    /** For a shutdown: closes with its code and reason, or ends a handshake. Does not wait. */
    void goAway() {
        // In this order: where there is no handshake, there is a connection.
        ServerHandshake early = handshake;
        Connection open = connection;
        if (open == null) {
            early.goAway();
            return;
        }
        CloseReason reason = server.shutdown().reason();
        open.close(reason.code(), reason.reason());
    }

    /** For a server that drains: closes a connection that waits for a further plain request. Does not wait. */
    void closeIdle() {
        ServerHandshake early = handshake;
        if (early != null) {
            early.closeIdle();
        }
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
        if (isOver()) {
            return;
        }
        ServerHandshake early = handshake;
        if (early == null) {
            connection.sweep(now);
        } else {
            early.sweep(now);
        }
    }

    /** The text has what came from the peer escaped. */
    void log(Level level, String text) {
        if (server.logger().isLoggable(level)) {
            server.logger().log(level, AddressText.of(transport.remoteAddress()) + ": " + text);
        }
    }
}
