package dev.weft.client;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.WebSocketHandler;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionHolder;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.connection.RethrownEnd;
import dev.weft.internal.connection.UnattendedEnd;
import dev.weft.internal.event.ConnectionEvents;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.CloseCode;
import dev.weft.parser.Role;
import dev.weft.parser.http.Headers;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * The life of one connection of a client, from looking up the server's name to the end.
 * <pre>
 *   OPENING ── 101 received ──▶ LIVE ── transport closed ──▶ OVER ── last steps taken, or nothing left to take ──▶ ENDED
 *      └── failed, too slow, client closed ─────────────────────────────────────────────────────────────────────────▲
 * </pre>
 */
final class ClientSession implements ConnectionHolder {
    private enum Stage {
        OPENING, LIVE, OVER, ENDED
    }

    private static final CloseReason NORMAL = new CloseReason(CloseCode.NORMAL_CLOSURE, "");
    private static final CloseReason UNWANTED = new CloseReason(CloseCode.GOING_AWAY, "");
    private static final CloseReason FAILED = new CloseReason(CloseCode.INTERNAL_ERROR, "");
    private static final int MOST_LOOKS = 100;
    private static final long BETWEEN_LOOKS_NANOS = 1_000_000;

    private static final AtomicReferenceFieldUpdater<ClientSession, Stage> STAGE = AtomicReferenceFieldUpdater
            .newUpdater(ClientSession.class, Stage.class, "stage");
    private static final AtomicIntegerFieldUpdater<ClientSession> FINISHING = AtomicIntegerFieldUpdater
            .newUpdater(ClientSession.class, "finishing");

    private final WebSocketClient client;
    private volatile Stage stage = Stage.OPENING;

    /** {@code null} once there is a connection. */
    private volatile ClientOpening opening;
    private volatile Connection connection;
    /** That of the connection. */
    private volatile Transport transport;
    /** The thread of the handler; {@code null} if there is no handler. */
    private volatile Thread handlerThread;
    /** 1 once a thread is taking the last steps. */
    private volatile int finishing;
    /** Used by the sweeper; {@code null} until the connection has ended with unreceived data. */
    private Retention retention;

    ClientSession(WebSocketClient client) {
        this.client = client;
        this.opening = new ClientOpening(client);
    }

    /** The open connection, or {@code null} if there is none. */
    Connection connection() {
        return connection;
    }

    /** Whether the connection is counted by the client. */
    boolean isLive() {
        return stage == Stage.LIVE;
    }

    // Opening.

    /** Opens a connection that any thread may use. Waits until it is open. */
    Connection open(Destination destination, Headers headers) throws IOException {
        ClientOpening steps = opening;
        HandshakeResult result = handshake(steps, destination, headers);
        try {
            Connection open = connect(steps, result);
            open.onClose(status -> finishSoon());
            return open;
        } catch (Throwable e) {
            fail(steps);
            throw e;
        }
    }

    /** Opens a connection and starts the thread of its handler. Waits until both are done. */
    Connection run(Destination destination, Headers headers, WebSocketHandler handler) throws IOException {
        ClientOpening steps = opening;
        HandshakeResult result = handshake(steps, destination, headers);
        CompletableFuture<Connection> open = new CompletableFuture<>();
        finishing = 1;
        try {
            Thread thread = steps.transport().threadBuilder().inheritInheritableThreadLocals(false)
                    .unstarted(() -> serve(steps, result, handler, open));
            handlerThread = thread;
            client.transports().start(() -> start(thread, steps, open));
        } catch (Throwable e) {
            fail(steps);
            throw e;
        }
        return await(open);
    }

    /** Waits for the handler's thread. After an interrupt, either the handler runs, or this method throws. */
    private static Connection await(CompletableFuture<Connection> open) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return open.get();
                } catch (InterruptedException e) {
                    if (open.cancel(false)) {
                        throw Interrupts.interrupted("while the thread of a handler was started");
                    }
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw new IOException("the thread of a handler cannot be started", e.getCause());
        } finally {
            Interrupts.restoreInterrupt(interrupted);
        }
    }

    private HandshakeResult handshake(ClientOpening steps, Destination destination, Headers headers)
            throws IOException {
        boolean done = false;
        try {
            HandshakeResult result = steps.run(destination, headers);
            done = true;
            return result;
        } finally {
            if (!done) {
                fail(steps);
            }
        }
    }

    private void start(Thread thread, ClientOpening steps, CompletableFuture<Connection> open) {
        try {
            thread.start();
        } catch (Throwable e) {
            failToStart(steps, open, e);
        }
    }

    private void failToStart(ClientOpening steps, CompletableFuture<Connection> open, Throwable failure) {
        try {
            fail(steps);
        } finally {
            open.completeExceptionally(failure);
        }
    }

    private void serve(ClientOpening steps, HandshakeResult result, WebSocketHandler handler,
            CompletableFuture<Connection> open) {
        CloseReason reason = FAILED;
        Connection served;
        boolean wanted;
        try {
            served = connect(steps, result);
            wanted = open.complete(served);
        } catch (Throwable e) {
            failToStart(steps, open, e);
            return;
        }
        if (!wanted) {
            finish(UNWANTED);
            return;
        }
        try {
            handler.handle(served);
            reason = NORMAL;
        } catch (Throwable e) {
            report(served, e);
        } finally {
            // An interrupt of the handler must not cut off the closing handshake.
            Thread.interrupted();
            finish(reason);
        }
    }

    /** Logs what a handler has thrown. Does not throw: the connection must end also if that needs memory which there is not. */
    private void report(Connection served, Throwable thrown) {
        try {
            if (!RethrownEnd.is(thrown, served)) {
                client.logger().log(Level.WARNING, "a client's handler failed: " + served.remoteAddress(), thrown);
            }
        } catch (Throwable e) {
            // Then it is not reported.
        }
    }

    /** Makes the open connection. If the client has been closed meanwhile, the connection ends soon. */
    private Connection connect(ClientOpening steps, HandshakeResult result) {
        transport = steps.transport();
        Connection open = new Connection(transport, steps.input(), 0, result, client.services());
        connection = open;
        opening = null;
        client.sessionIsLive();
        boolean live = STAGE.compareAndSet(this, Stage.OPENING, Stage.LIVE);
        open.start(this);
        if (!live) {
            open.abort();
            over();
        } else if (client.isClosing()) {
            goAway();
        }
        return open;
    }

    private void fail(ClientOpening steps) {
        if (steps.input() != null) {
            steps.input().end();
        }
        Transport failed = steps.transport();
        if (failed != null && steps.lingers()) {
            // Lets the alert that gives the reason reach the server.
            client.services().timer().startThread(() -> {
                failed.closeAfterFailedHandshake();
                end();
            }, noThread -> {
                failed.close();
                end();
            });
            return;
        }
        if (failed != null) {
            failed.close();
        }
        end();
    }

    // The end.

    /** The connection is no longer counted. Data received before the end can still be read. */
    @Override
    public void connectionOver() {
        if (STAGE.compareAndSet(this, Stage.LIVE, Stage.OVER)) {
            over();
        }
    }

    private void over() {
        try {
            CloseStatus status = connection.known();
            ConnectionEvents.get().closed(Role.CLIENT, connection, status);
        } catch (Throwable e) {
            // Then this one is not recorded: the end of a connection needs no memory.
        }
        client.sessionIsOver();
    }

    private void end() {
        Stage before = STAGE.getAndSet(this, Stage.ENDED);
        if (before != Stage.ENDED) {
            if (before == Stage.LIVE) {
                over();
            }
            client.remove(this);
        }
    }

    /** The closing handshake has ended: takes the last steps as soon as no thread is receiving. */
    private void finishSoon() {
        for (int i = 0; i < MOST_LOOKS && finishing == 0; i++) {
            if (UnattendedEnd.of(connection, stage != Stage.LIVE) == UnattendedEnd.Due.FINISH) {
                if (FINISHING.compareAndSet(this, 0, 1)) {
                    finish(NORMAL);
                }
                return;
            }
            // After the last look, the sweeper takes over.
            LockSupport.parkNanos(this, BETWEEN_LOOKS_NANOS);
        }
    }

    private void finish(CloseReason reason) {
        try {
            connection.finish(reason);
        } catch (Throwable e) {
            client.logger().log(Level.WARNING, "a connection of a client could not be ended as it should be", e);
        } finally {
            transport.close();
            end();
        }
    }

    private void startToFinish() {
        if (FINISHING.compareAndSet(this, 0, 1)) {
            client.services().timer().startThread(() -> finish(NORMAL), failure -> finishing = 0);
        }
    }

    /** Called when the client is closed: closes the connection with 1001, or cancels the opening. Does not wait. */
    void goAway() {
        ClientOpening steps = opening;
        if (steps != null && stage == Stage.OPENING) {
            steps.cutOff("the client was closed");
        }
        Connection open = connection;
        if (open != null) {
            open.close(CloseCode.GOING_AWAY, "");
        }
    }

    /** Called when the client is closed: frees all threads. */
    void abort() {
        Connection open = connection;
        if (open != null) {
            open.abort();
        }
        Thread handler = handlerThread;
        if (handler != null) {
            handler.interrupt();
        }
    }

    // The sweeper.

    /** Does not block. */
    void sweep(int now) {
        ClientOpening steps = opening;
        if (steps != null) {
            steps.sweep(now);
            return;
        }
        Connection open = connection;
        boolean over = stage != Stage.LIVE;
        if (!over) {
            open.sweep(now);
        }
        if (finishing == 0 && !open.isOpen()) {
            sweepEnd(open, over, now);
        }
    }

    private void sweepEnd(Connection open, boolean over, int now) {
        switch (UnattendedEnd.of(open, over)) {
            case FINISH -> startToFinish();
            case FORGET -> end();
            case KEEP -> {
                if (retention == null) {
                    retention = new Retention(open, client.configuration().timeouts(), now);
                } else if (retention.isOver(now)) {
                    startToFinish();
                }
            }
            case NOTHING -> {}
        }
    }
}
