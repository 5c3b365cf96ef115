package dev.weft.client;

import dev.weft.CloseReason;
import dev.weft.WebSocketHandler;
import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.Escape;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionHolder;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.connection.RethrownEnd;
import dev.weft.internal.connection.UnattendedEnd;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.CloseCode;
import dev.weft.parser.http.Headers;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.net.Proxy;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLException;

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
    private static final CloseReason FAILED = new CloseReason(CloseCode.INTERNAL_ERROR, "");
    private static final int MOST_LOOKS = 100;
    private static final long BETWEEN_LOOKS_NANOS = 1_000_000;

    private static final AtomicReferenceFieldUpdater<ClientSession, Stage> STAGE = AtomicReferenceFieldUpdater
            .newUpdater(ClientSession.class, Stage.class, "stage");
    private static final AtomicIntegerFieldUpdater<ClientSession> FINISHING = AtomicIntegerFieldUpdater
            .newUpdater(ClientSession.class, "finishing");

    private final WebSocketClient client;
    private volatile Stage stage = Stage.OPENING;

    /** While opening: what can be cancelled, the reason for cancelling it, and when the handshake started. */
    private volatile AddressRace race;
    private volatile Transport transport;
    private volatile String cutOff;
    private volatile int since;

    private volatile Connection connection;
    /** The thread of the handler; {@code null} if there is no handler. */
    private volatile Thread handlerThread;
    /** 1 once a thread is taking the last steps. */
    private volatile int finishing;
    /** Used by the sweeper; {@code null} until the connection has ended with unreceived data. */
    private Retention retention;

    ClientSession(WebSocketClient client) {
        this.client = client;
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
        InboundBuffer[] input = new InboundBuffer[1];
        HandshakeResult result = handshake(destination, headers, input);
        try {
            Connection open = connect(result, input[0]);
            open.onClose(status -> finishSoon());
            return open;
        } catch (Throwable e) {
            fail(input[0], false);
            throw e;
        }
    }

    /** Opens a connection and starts the thread of its handler. Waits until both are done. */
    Connection run(Destination destination, Headers headers, WebSocketHandler handler) throws IOException {
        InboundBuffer[] input = new InboundBuffer[1];
        HandshakeResult result = handshake(destination, headers, input);
        CompletableFuture<Connection> open = new CompletableFuture<>();
        finishing = 1;
        try {
            Thread thread = transport.threadBuilder().inheritInheritableThreadLocals(false)
                    .unstarted(() -> serve(result, input[0], handler, open));
            handlerThread = thread;
            client.transports().start(() -> start(thread, open));
            return open.get();
        } catch (InterruptedException e) {
            abort();
            throw Interrupts.interrupted("while the thread of a handler was started");
        } catch (ExecutionException e) {
            fail(input[0], false);
            throw new IOException("the thread of a handler cannot be started", e.getCause());
        } catch (Throwable e) {
            fail(input[0], false);
            throw e;
        }
    }

    private static void start(Thread thread, CompletableFuture<Connection> open) {
        try {
            thread.start();
        } catch (Throwable e) {
            open.completeExceptionally(e);
        }
    }

    private void serve(HandshakeResult result, InboundBuffer input, WebSocketHandler handler,
            CompletableFuture<Connection> open) {
        CloseReason reason = NORMAL;
        Connection served;
        try {
            served = connect(result, input);
            open.complete(served);
        } catch (Throwable e) {
            open.completeExceptionally(e);
            return;
        }
        try {
            handler.handle(served);
        } catch (Throwable e) {
            reason = FAILED;
            if (!RethrownEnd.is(e, served)) {
                client.logger().log(Level.WARNING, "a client's handler failed: " + served.remoteAddress(), e);
            }
        }
        // An interrupt of the handler must not cut off the closing handshake.
        Thread.interrupted();
        finish(reason);
    }

    /** Makes the open connection. If the client has been closed meanwhile, the connection ends soon. */
    private Connection connect(HandshakeResult result, InboundBuffer input) {
        Connection open = new Connection(transport, input, 0, result,
                client.services());
        connection = open;
        client.sessionIsLive();
        boolean live = STAGE.compareAndSet(this, Stage.OPENING, Stage.LIVE);
        open.start(this);
        if (!live) {
            client.sessionIsOver();
            open.abort();
        } else if (client.isClosing()) {
            goAway();
        }
        return open;
    }

    /** All steps up to a successful response. */
    private HandshakeResult handshake(Destination destination, Headers headers, InboundBuffer[] input)
            throws IOException {
        Step step = Step.CONNECT;
        boolean done = false;
        boolean lingers = false;
        try {
            Proxy proxy = client.sockets().proxy(destination);
            SocketChannel channel = connectSocket(destination, proxy);
            Transport plain = client.over(channel);
            since = client.services().clock().now();
            transport = plain;
            requireNotCutOff();
            if (proxy.type() != Proxy.Type.DIRECT) {
                step = Step.PROXY;
                new ProxyTunnel(plain, destination, client.configuration().settings().proxyCredentials)
                        .open(proxy.type(), client.services().pool(), client.configuration().httpLimits());
            }
            if (destination.secure()) {
                step = Step.TLS;
                Transport secured = client.tls().over(plain, destination);
                transport = secured;
                requireNotCutOff();
                secured.handshake();
            }
            step = Step.HANDSHAKE;
            transport = client.observed(transport, destination);
            input[0] = new InboundBuffer(transport, client.services().pool());
            HandshakeResult result = new ClientHandshake(client.configuration(), client.codecs(), destination).run(
                    transport,
                    input[0], headers);
            requireNotCutOff();
            done = true;
            return result;
        } catch (SSLException e) {
            lingers = step == Step.TLS && cutOff == null;
            throw failure(step, e);
        } catch (WebSocketConnectException | InterruptedIOException e) {
            // The response says more than a timeout while reading its body.
            boolean responded = e instanceof WebSocketConnectException known && known.response().isPresent();
            throw cutOff == null || responded ? e : failure(step, e);
        } catch (IOException e) {
            throw failure(step, e);
        } finally {
            if (!done) {
                fail(input[0], lingers);
            }
        }
    }

    private SocketChannel connectSocket(Destination destination, Proxy proxy) throws IOException {
        TimeLimit limit = TimeLimit.in(client.configuration().connectTimeout());
        AddressRace connecting = client.sockets().race();
        race = connecting;
        if (cutOff != null) {
            connecting.cancel();
        }
        try {
            return connecting.run(client.sockets().addresses(destination, proxy, limit), limit);
        } catch (WebSocketConnectException e) {
            client.sockets().proxyFailed(destination, proxy, e);
            throw e;
        } finally {
            race = null;
        }
    }

    private void requireNotCutOff() throws IOException {
        if (cutOff != null) {
            throw new IOException(cutOff);
        }
    }

    private IOException failure(Step step, IOException e) {
        String why = cutOff;
        return new WebSocketConnectException(step, why != null ? why : Escape.text(String.valueOf(e.getMessage())), e);
    }

    private void fail(InboundBuffer input, boolean lingers) {
        if (input != null) {
            input.end();
        }
        Transport failed = transport;
        if (failed != null && lingers) {
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

    /** Cancels the opening, if it has not finished. Does not wait. */
    private void cutOff(String why) {
        cutOff = why;
        AddressRace connecting = race;
        if (connecting != null) {
            connecting.cancel();
        }
        Transport opening = transport;
        if (opening != null) {
            opening.close();
        }
    }

    // The end.

    /** The connection is no longer counted. Data received before the end can still be read. */
    @Override
    public void connectionOver() {
        if (STAGE.compareAndSet(this, Stage.LIVE, Stage.OVER)) {
            client.sessionIsOver();
        }
    }

    private void end() {
        Stage before = STAGE.getAndSet(this, Stage.ENDED);
        if (before != Stage.ENDED) {
            if (before == Stage.LIVE) {
                client.sessionIsOver();
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
        if (stage == Stage.OPENING) {
            cutOff("the client was closed");
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
        Connection open = connection;
        if (open == null) {
            sweepOpening(now);
            return;
        }
        boolean over = stage != Stage.LIVE;
        if (!over) {
            open.sweep(now);
        }
        if (finishing == 0 && !open.isOpen()) {
            sweepEnd(open, over, now);
        }
    }

    private void sweepOpening(int now) {
        Transport opening = transport;
        long most = client.configuration().timeouts().handshakeTimeout().toMillis();
        // As long as received bytes are waiting for a thread of this end, the server is not late.
        if (opening != null && now - since >= most && !opening.hasUnread()) {
            cutOff("the handshake took over " + most + " ms (handshakeTimeout)");
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
