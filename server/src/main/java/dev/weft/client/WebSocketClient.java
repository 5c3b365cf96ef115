package dev.weft.client;

import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionServices;
import dev.weft.internal.connection.StuckConnectionRelief;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.GuardedSweep;
import dev.weft.internal.time.Interrupts;
import dev.weft.internal.time.LoggedFailures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.Sweeper;
import dev.weft.internal.transport.Transport;
import dev.weft.internal.transport.TransportFactory;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.http.ClientOpeningHandshake;
import dev.weft.parser.http.Headers;
import java.io.IOException;
import java.lang.System.Logger;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * A WebSocket client (RFC 6455). It opens any number of connections, which share its threads and its memory.
 * {@snippet class = "dev.weft.client.Snippets" region = "connect"}
 * A connection is used like one of a server. Any thread may use it, virtual or not, but only one thread at a time may receive.
 * Alternatively, it has a handler, which runs on its own virtual thread: {@link #run(URI, WebSocketHandler)}.
 * <p>
 * Close each connection, for example by try-with-resources. {@link WebSocketConnection#close()} does not wait; the
 * closing handshake continues in the background. Data that arrived before the end can be received after it, if no pause
 * between two receives is longer than the {@code messageTimeout}. If this end closed first, no pause may be longer than
 * the {@code closeTimeout}, and data that does not fit in the {@code readAheadSize} is dropped.
 * <p>
 * A client, its connections and its handlers do not keep the JVM alive. A thread of the application that receives does,
 * unless it is virtual or a daemon. All methods may be called from any thread.
 */
public final class WebSocketClient implements AutoCloseable {
    private static final AtomicInteger LAST_NUMBER = new AtomicInteger();
    private static final ReentrantLock SHARED_LOCK = new ReentrantLock();
    private static volatile WebSocketClient shared;

    private final ClientConfiguration configuration;
    private final Logger logger = System.getLogger("dev.weft.client");
    private final TransportFactory transports;
    private final ConnectionServices services;
    private final ShortTimer timer;
    private final Sweeper sweeper;
    private final DeflateCodecs codecs;
    private final ClientSockets sockets;
    private final ClientTls tls;
    private final Failures sweepFailures;
    private final GuardedSweep<ClientSession> guarded;

    private final Set<ClientSession> sessions = ConcurrentHashMap.newKeySet();
    /** Those that use this client and have not stopped. */
    private final Set<ReconnectingClient> reconnecting = ConcurrentHashMap.newKeySet();
    private final AtomicInteger live = new AtomicInteger();
    /** 1 once {@code close} has been called. */
    private final AtomicInteger closing = new AtomicInteger();
    private final CountDownLatch drained = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    private WebSocketClient(ClientConfiguration configuration) throws IOException {
        this.configuration = configuration;
        String number = "-" + LAST_NUMBER.incrementAndGet();
        CoarseClock clock = new CoarseClock();
        BufferBudget budget = new BufferBudget(configuration.maxBufferedSize());
        budget.relief(new StuckConnectionRelief(clock,
                () -> sessions.stream().map(ClientSession::connection).filter(Objects::nonNull).iterator()));
        Failures pollerFailures = failures("weft-client-poller" + number);
        this.transports = configuration.settings().loops
                ? TransportFactory.loopingOrParking(pollerFailures)
                : TransportFactory.parking(pollerFailures, "");
        this.timer = new ShortTimer(transports::start, transports::threadBuilder,
                failures("weft-client-flush-timer" + number));
        this.services = new ConnectionServices(Role.CLIENT, configuration.timeouts(),
                new SendServices(configuration.limits(), clock,
                        new BufferPool(configuration.readBufferSize(), budget, transports.places()), timer,
                        thread -> false));
        this.sweepFailures = failures("to look after a client's connection");
        this.guarded = new GuardedSweep<>(ClientSession::sweep, WebSocketClient::abort, sweepFailures);
        this.sweeper = new Sweeper(clock, configuration.timeouts().shortest(), this::sweep,
                failures("weft-client-sweeper" + number));
        this.codecs = new DeflateCodecs(configuration.deflate().orElse(DeflateSettings.DEFAULT));
        this.sockets = new ClientSockets(configuration, timer::startThread);
        this.tls = new ClientTls(configuration.tls(), configuration.settings().tlsCustomizer, budget);
    }

    private Failures failures(String what) {
        return new Failures(what, new LoggedFailures(logger));
    }

    static WebSocketClient start(ClientConfiguration configuration) throws IOException {
        WebSocketClient client = new WebSocketClient(configuration);
        try {
            client.timer.start();
            client.sweeper.start();
            return client;
        } catch (Throwable e) {
            // The system has no further thread for this client.
            client.release();
            throw e;
        }
    }

    /** Returns a builder for a client. */
    public static WebSocketClientBuilder builder() {
        return new WebSocketClientBuilder();
    }

    /**
     * Opens a connection with the default settings, using a client that all callers in this process share and that is never
     * closed; otherwise like {@link #open(URI)}.
     */
    public static WebSocketConnection connect(URI uri) throws IOException {
        return shared().open(uri);
    }

    private static WebSocketClient shared() throws IOException {
        WebSocketClient client = shared;
        if (client == null) {
            SHARED_LOCK.lock();
            try {
                client = shared;
                if (client == null) {
                    client = builder().build();
                    shared = client;
                }
            } finally {
                SHARED_LOCK.unlock();
            }
        }
        return client;
    }

    /**
     * Opens a connection. Waits at most for the {@code connectTimeout} until a socket is connected, and then at most for the
     * {@code handshakeTimeout}; again for each redirect, up to {@code maxRedirects}. A cookie handler and a proxy selector take
     * their own time. An interrupt ends the wait.
     *
     * @param uri {@code ws://host:port/path?query}, or {@code wss://…} for TLS; {@code http} means the same as
     *            {@code ws}, and {@code https} as {@code wss}
     * @return the connection, open
     * @throws WebSocketConnectException      if the connection could not be opened; it says which step failed, and what
     *                                        the server answered
     * @throws java.io.InterruptedIOException if this thread was interrupted
     * @throws IOException                    if the system lacks what a connection needs, such as a socket
     * @throws IllegalArgumentException       if the URI has another scheme, no host, a fragment, or user information
     * @throws IllegalStateException          if the client is closed
     */
    public WebSocketConnection open(URI uri) throws IOException {
        return open(uri, Headers.EMPTY);
    }

    /**
     * Opens a connection like {@link #open(URI)}, and adds these headers to those of the client.
     *
     * @throws IllegalArgumentException also if a header is one that the handshake sets itself
     */
    public WebSocketConnection open(URI uri, Headers headers) throws IOException {
        return open(uri, headers, ClientSession::open);
    }

    /**
     * Opens a connection like {@link #open(URI)}, and starts its handler on its own virtual thread. Waits only until the
     * connection is open. When the handler returns, the connection is closed. No other thread may receive.
     *
     * @return the connection, to send on, or to wait for its end
     */
    public WebSocketConnection run(URI uri, WebSocketHandler handler) throws IOException {
        return run(uri, Headers.EMPTY, handler);
    }

    /** Like {@link #run(URI, WebSocketHandler)}, and adds these headers to those of the client. */
    public WebSocketConnection run(URI uri, Headers headers, WebSocketHandler handler) throws IOException {
        Objects.requireNonNull(handler, "handler");
        return open(uri, headers, (session, destination, all) -> session.run(destination, all, handler));
    }

    /** How a session is opened. */
    @FunctionalInterface
    private interface Opening {
        Connection open(ClientSession session, Destination destination, Headers headers) throws IOException;
    }

    private Connection open(URI uri, Headers headers, Opening opening) throws IOException {
        Destination destination = Destination.of(uri);
        Headers all = allHeaders(headers);
        int most = configuration.maxRedirects();
        for (int redirects = 0;; redirects++) {
            try {
                return opening.open(begin(), destination, all);
            } catch (WebSocketConnectException e) {
                Redirect redirect = most == 0 ? null : Redirect.of(e, destination, all).orElse(null);
                if (redirect == null) {
                    throw e;
                }
                if (redirects == most) {
                    throw Redirect.refused("more than " + most + " redirects (maxRedirects)", e);
                }
                destination = redirect.destination();
                all = redirect.headers();
            }
        }
    }

    private Headers allHeaders(Headers headers) {
        headers.forEach((name, value) -> ClientOpeningHandshake.requireExtra(name));
        return Headers.builder().addAll(configuration.headers()).addAll(headers).build();
    }

    /** At least one side sees the other: close() sees this session, or this method sees that the client is being closed. */
    private ClientSession begin() {
        ClientSession session = new ClientSession(this);
        sessions.add(session);
        if (isClosing()) {
            sessions.remove(session);
            throw new IllegalStateException("the client is closed");
        }
        return session;
    }

    /** The number of connections that are open or closing. Does not wait. */
    public int connectionCount() {
        return live.get();
    }

    /** The settings that the client was built with. */
    public ClientConfiguration configuration() {
        return configuration;
    }

    /**
     * Closes every connection with 1001 and waits for all of them to end on their own, at most for the grace period.
     * Then it aborts the rest and interrupts the handlers that {@code run} was called with. Openings in progress fail,
     * and each {@link ReconnectingClient} of this client is closed. A second call waits for the first. If a handler
     * calls this method, the call waits for the whole grace period, unless the handler's connection ends sooner. An
     * interrupt ends the grace period.
     */
    @Override
    public void close() {
        boolean first = closing.compareAndSet(0, 1);
        if (first) {
            reconnecting.forEach(ReconnectingClient::close);
        }
        // An interrupt shortens the wait. One before this call must not keep the peers from getting a Close frame.
        boolean interrupted = first && Thread.interrupted();
        try {
            if (first) {
                sessions.forEach(ClientSession::goAway);
                countDownIfDrained();
                drained.await(configuration.closeGrace().toNanos(), TimeUnit.NANOSECONDS);
            } else {
                closed.await();
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (first) {
            sessions.forEach(ClientSession::abort);
            release();
            closed.countDown();
        }
        Interrupts.restoreInterrupt(interrupted);
    }

    private void release() {
        sweeper.stop();
        timer.stop();
        transports.close();
        codecs.close();
    }

    private void countDownIfDrained() {
        if (live.get() <= 0) {
            drained.countDown();
        }
    }

    // For the reconnecting clients.

    /** Closes it when this client is closed. If that has already begun, its next attempt to connect fails. */
    void add(ReconnectingClient added) {
        reconnecting.add(added);
    }

    void remove(ReconnectingClient stopped) {
        reconnecting.remove(stopped);
    }

    // For the sessions.

    void sessionIsLive() {
        live.incrementAndGet();
    }

    void sessionIsOver() {
        live.decrementAndGet();
        if (isClosing()) {
            countDownIfDrained();
        }
    }

    void remove(ClientSession session) {
        sessions.remove(session);
    }

    boolean isClosing() {
        return closing.get() == 1;
    }

    /** The number of sessions that have not been removed, for tests. */
    int sessionCount() {
        return sessions.size();
    }

    ConnectionServices services() {
        return services;
    }

    TransportFactory transports() {
        return transports;
    }

    DeflateCodecs codecs() {
        return codecs;
    }

    ClientSockets sockets() {
        return sockets;
    }

    ClientTls tls() {
        return tls;
    }

    Logger logger() {
        return logger;
    }

    /** A transport over this connected channel, which it owns. */
    Transport over(SocketChannel channel) throws IOException {
        try {
            return transports.over(channel);
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    /** The transport, or one that shows its bytes to a listener. */
    Transport observed(Transport transport, Destination destination) {
        Function<URI, WireListener> listeners = configuration.settings().wireListeners;
        return listeners == null
                ? transport
                : new ObservedTransport(transport, listeners.apply(destination.uri()), logger);
    }

    private void sweep(int now) {
        try {
            sessions.forEach(session -> guarded.sweep(session, now));
        } finally {
            sweepFailures.report();
            transports.tend();
            // Wakes a poller whose thread the JDK lost when memory was exhausted.
            transports.beat();
        }
    }

    private static void abort(ClientSession session) {
        Connection failed = session.connection();
        if (failed != null) {
            failed.abort();
        }
    }
}
