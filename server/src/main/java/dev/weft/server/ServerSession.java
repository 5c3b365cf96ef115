package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.WebSocketHandler;
import dev.weft.internal.AddressText;
import dev.weft.internal.Escape;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionHolder;
import dev.weft.internal.connection.RethrownEnd;
import dev.weft.internal.event.ConnectionEvents;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.CloseCode;
import dev.weft.parser.Role;
import dev.weft.server.ClientLimits.Refusal;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection, from beginning to end, on its virtual thread: a {@link ServerHandshake}, then the open
 * connection with its handler, then the end.
 */
final class ServerSession implements Runnable, ConnectionHolder {
    /** The parts of a session that are left: everything, no connection but perhaps its handler, nothing. */
    enum Stage {
        LIVE, OVER, ENDED
    }

    private static final CloseReason NORMAL = new CloseReason(CloseCode.NORMAL_CLOSURE, "");
    /** The protocol of a session whose TLS handshake is not complete. */
    private static final String NO_TLS_YET = "NONE";
    private static final CloseReason FAILED = new CloseReason(CloseCode.INTERNAL_ERROR, "");

    private static final AtomicReferenceFieldUpdater<ServerSession, Stage> STAGE = AtomicReferenceFieldUpdater
            .newUpdater(ServerSession.class, Stage.class, "stage");

    private final WebSocketServer server;
    private final Transport transport;
    private final @Nullable Refusal refusal;
    /** Whether a connection is refused only after its request has been read, because that may be one that is served. */
    private final boolean late;
    private final Thread thread;

    private volatile boolean aborted;
    private volatile Stage stage = Stage.LIVE;
    /** Set until there is a connection, and for a short time after that; then {@code null}. */
    private volatile @Nullable ServerHandshake handshake;
    private volatile @Nullable Connection connection;

    /**
     * Creates a session that is not started yet.
     *
     * @param refusal  why the connection is refused, or {@code null} if it is served
     * @param adoption the connection that is taken over, or {@code null} if this server has accepted the connection
     */
    ServerSession(WebSocketServer server, Transport transport, @Nullable Refusal refusal,
            @Nullable Adoption adoption) {
        this.server = server;
        this.transport = transport;
        this.refusal = refusal;
        this.late = refusal != null && mayBeProbe(server, refusal);
        this.handshake = new ServerHandshake(this, server, transport, adoption);
        this.thread = server.configuration().threads().isPresent()
                ? server.configuration().threads().get().newThread(this)
                : transport.threadBuilder().inheritInheritableThreadLocals(false).unstarted(this);
    }

    private static boolean mayBeProbe(WebSocketServer server, Refusal refusal) {
        return refusal.reason() == RefusalReason.SHUTTING_DOWN || refusal.reason() == RefusalReason.SERVER_FULL
                && !server.configuration().ownPaths().isEmpty();
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

    /** The opening handshake; {@code null} once there is a connection. */
    @Nullable
    ServerHandshake handshake() {
        return handshake;
    }

    /** The other end of the connection, or the client that it serves. */
    SocketAddress client() {
        return transport.remoteAddress();
    }

    /** The version of TLS; empty if there is none, or its handshake is not complete. */
    Optional<String> tls() {
        return transport.tlsSession().map(SSLSession::getProtocol).filter(version -> !version.equals(NO_TLS_YET));
    }

    /** What the connection is doing. For any thread. */
    ConnectionState state() {
        // The order matters: if there is no handshake, there is a connection.
        ServerHandshake early = handshake;
        Connection open = connection;
        if (open == null) {
            return early.state();
        }
        return open.isOpen() ? ConnectionState.OPEN : ConnectionState.CLOSING;
    }

    /** Marks the session as ended and returns the previous stage. */
    Stage end() {
        return STAGE.getAndSet(this, Stage.ENDED);
    }

    /** Whether the connection no longer counts as one. */
    boolean isOver() {
        return stage != Stage.LIVE;
    }

    /** Marks the connection as no longer counted, whatever its handler still does. */
    @Override
    public void connectionOver() {
        if (STAGE.compareAndSet(this, Stage.LIVE, Stage.OVER) && isServed()) {
            try {
                CloseStatus status = connection.known();
                server.counters().closed(status);
                ConnectionEvents.get().closed(Role.SERVER, connection, status);
            } catch (OutOfMemoryError e) {
                // Then this one is not counted: the end of a connection needs no memory.
            } finally {
                server.admission().connectionOver();
            }
        }
    }

    /** Why the connection is refused; {@code null} if it is served. */
    @Nullable
    Refusal refusal() {
        return refusal;
    }

    /** Whether the connection is refused because of a limit. */
    boolean isFull() {
        return refusal != null && refusal.reason() != RefusalReason.SHUTTING_DOWN;
    }

    /** Whether the connection is refused before its request. */
    boolean isRefusedAtOnce() {
        return refusal != null && !late;
    }

    /** Whether the connection counts as one of the server. */
    boolean isServed() {
        return refusal == null;
    }

    /** Whether {@link #abort} has released the session's thread. */
    boolean isAborted() {
        return aborted;
    }

    @Override
    public void run() {
        InboundBuffer input = null;
        try {
            nameThread(ConnectionState.HANDSHAKE);
            AccessRecord access = handshake.observer().access();
            input = new InboundBuffer(transport, handshake.observer().pool());
            Connection open = handshake.run(input);
            if (open != null) {
                WebSocketHandler handler = handshake.handler();
                connection = open;
                handshake = null;
                serve(open, handler);
                if (access != null) {
                    access.closed(open.known());
                }
            }
        } catch (Throwable e) {
            server.logs().logger().log(Level.WARNING, "a connection failed because of an internal error", e);
        } finally {
            try {
                if (input != null) {
                    // Does nothing if the connection has done so, unless its last steps have failed.
                    input.end();
                }
                transport.close();
            } finally {
                server.admission().ended(this);
            }
        }
    }

    /** Names the thread of the connection, if the settings say so. For that thread. */
    private void nameThread(ConnectionState now) {
        if (server.configuration().connectionDetails()) {
            try {
                thread.setName(ConnectionTableText.threadName(now, connection, client()));
            } catch (Throwable e) {
                // Then it keeps the name that it has: neither a connection nor its end may fail because of a name.
            }
        }
    }

    private void serve(Connection open, WebSocketHandler handler) {
        CloseReason reason = FAILED;
        try {
            nameThread(ConnectionState.OPEN);
            server.counters().opened();
            open.start(this);
            if (server.shutdown().closesAll()) {
                goAway();
            }
            handler.handle(open);
            reason = NORMAL;
        } catch (Throwable e) {
            report(open, e);
        } finally {
            // An interrupt of a handler must not cut off the closing handshake.
            Thread.interrupted();
            nameThread(ConnectionState.CLOSING);
            open.finish(reason);
        }
        log(Level.DEBUG, () -> "connection ended: " + open.known());
    }

    /** Logs what a handler has thrown. Does not throw: the connection must end also if that needs memory which there is not. */
    private void report(Connection open, Throwable thrown) {
        try {
            if (aborted && thrown instanceof Exception) {
                log(Level.DEBUG, () -> "a handler was ended by the shutdown: " + Escape.text(thrown.toString()));
            } else if (!RethrownEnd.is(thrown, open)) {
                server.logs().failures().handler(transport.remoteAddress(), open.request().path(), thrown);
            }
        } catch (Throwable e) {
            // The exception itself may be at fault: its methods are those of the user.
        }
    }

    /**
     * Closes the connection with the shutdown's code and reason, or ends a handshake. Does not wait. For a shutdown.
     */
    void goAway() {
        // The order matters: if there is no handshake, there is a connection.
        ServerHandshake early = handshake;
        Connection open = connection;
        if (open == null) {
            early.goAway();
            return;
        }
        CloseReason reason = server.shutdown().reason();
        open.close(reason.code(), reason.reason());
    }

    /** Closes a connection that waits for a further plain request. Does not wait. For a server that is draining. */
    void closeIdle() {
        ServerHandshake early = handshake;
        if (early != null) {
            early.closeIdle();
        }
    }

    /** Releases the connection's thread, wherever it waits. For the end of a shutdown. */
    void abort() {
        aborted = true;
        Connection open = connection;
        if (open != null) {
            open.abort();
        }
        transport.close();
        thread.interrupt();
    }

    /** Unparks the connection's thread, which finds that it has to wait, and parks again. Does not block. */
    void nudge() {
        LockSupport.unpark(thread);
    }

    /** Called by the sweeper; does not block. */
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

    /** Logs a text in which everything from the peer is already escaped. */
    void log(Level level, Supplier<String> text) {
        if (server.logs().logger().isLoggable(level)) {
            server.logs().logger().log(level, AddressText.of(transport.remoteAddress()) + ": " + text.get());
        }
    }
}
