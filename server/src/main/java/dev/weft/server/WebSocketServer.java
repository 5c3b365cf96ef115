package dev.weft.server;

import dev.weft.internal.Bounds;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.connection.ConnectionServices;
import dev.weft.internal.connection.LargestStuck;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.LoggedFailures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.Sweeper;
import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A WebSocket server (RFC 6455): accepts connections and runs a handler for each, on its own virtual thread.
 * {@snippet class = "dev.weft.server.Snippets" region = "server"}
 * It runs from {@link WebSocketServerBuilder#start()} to {@link #close()}, and keeps the JVM alive meanwhile. All methods
 * may be called from any thread.
 */
public final class WebSocketServer implements AutoCloseable {
    static {
        ServerOverMemory.register();
    }

    private final ServerConfiguration configuration;
    private final Logger logger = System.getLogger("dev.weft.server");
    private final ResponseEncoder encoder = new ResponseEncoder(System::currentTimeMillis);
    private final RefusalLog refusalLog = new RefusalLog(logger, encoder);
    private final FailureLog failures = new FailureLog(logger, System::nanoTime);
    private final Listeners listeners;
    private final ConnectionServices services;
    final ShortTimer timer;
    final Sweeper sweeper;
    final TransportFactory transports;
    private final Endpoints endpoints;
    private final PathTable<HttpHandler> httpHandlers;
    private final Failures sweepFailures = new Failures("to look after a connection",
            new LoggedFailures(logger));
    private final HealthMonitor monitor;
    /** Made beforehand, for when there is no memory. */
    private final Thread shutdownAfterFailure;
    private final Optional<TlsHandshakes> tlsHandshakes;

    private final Sessions sessions;
    private final Admission admission;
    private final ServerShutdown shutdown;

    /** One that is not yet started. */
    WebSocketServer(ServerConfiguration configuration, Listeners listeners, ServerTransports.Opener opener)
            throws IOException {
        this.configuration = configuration;
        this.listeners = listeners;
        CoarseClock clock = new CoarseClock();
        BufferBudget budget = new BufferBudget(configuration.maxBufferedSize());
        this.sessions = new Sessions();
        budget.relief(new LargestStuck(clock, sessions.connections()));
        this.transports = ServerTransports.open(configuration, opener, failures("weft-poller-"), budget);
        this.tlsHandshakes = configuration.tlsSettings()
                .map(tls -> new TlsHandshakes(configuration.maxTlsHandshakes(), budget));
        this.timer = new ShortTimer(transports::start, transports::threadBuilder, failures("weft-flush-timer-"));
        this.services = new ConnectionServices(configuration.timeouts(), new SendServices(configuration.limits(), clock,
                new BufferPool(configuration.readBufferSize(), budget, transports.places()), timer,
                sessions::hasNextFrame));
        this.sweeper = new Sweeper(clock, shortestDeadline(), this::sweep, failures("weft-sweeper-"));
        this.endpoints = new Endpoints(configuration, services.sending(), sweeper);
        this.httpHandlers = PathTable.of(configuration.httpHandlers());
        this.shutdown = new ServerShutdown(this, listeners, sessions, this::release);
        this.admission = new Admission(this, transports, sessions);
        listeners.acceptors(admission::admit, this::failuresOf);
        this.monitor = new HealthMonitor(transports::beat, transports::isDead, transports::impairment,
                Stream.concat(listeners.threads().stream(), Stream.of(sweeper.thread(), timer.thread())).toList(),
                () -> sessions.forEach(ServerSession::nudge));
        this.shutdownAfterFailure = Thread.ofPlatform().name("weft-shutdown-" + listeners.label())
                .unstarted(this::close);
    }

    private Failures failures(String thread) {
        return failuresOf(thread + listeners.label());
    }

    private Failures failuresOf(String thread) {
        return new Failures(thread, new LoggedFailures(logger));
    }

    private Duration shortestDeadline() {
        Duration shortest = configuration.timeouts().shortest();
        for (Duration other : List.of(configuration.policyTimeout(), configuration.httpSettings().shortest())) {
            shortest = other.compareTo(shortest) < 0 ? other : shortest;
        }
        return shortest;
    }

    /** Collects the settings of a server that is not yet started. */
    public static WebSocketServerBuilder builder() {
        return new WebSocketServerBuilder();
    }

    /**
     * Starts a server: when this returns, clients can connect.
     *
     * @throws IOException if the server cannot listen where the configuration says
     */
    public static WebSocketServer start(ServerConfiguration configuration) throws IOException {
        Listeners listeners = Listeners.open(configuration.listening(), configuration.receiveBufferSize());
        try {
            WebSocketServer server = new WebSocketServer(configuration, listeners, configuration.transport()::open);
            server.begin();
            return server;
        } catch (Throwable e) {
            listeners.close();
            throw e;
        }
    }

    private void begin() {
        try {
            timer.start();
            sweeper.start();
            listeners.start();
            shutdown.addHook();
        } catch (Throwable e) {
            // Where the system has no further thread for us, or the JVM ends.
            release();
            throw e;
        }
        logger.log(Level.INFO, "listening on {0}; connections run on {1}", listeners.description(),
                transports.description());
    }

    /**
     * All addresses at which the server listens, in the order in which they were set, with the ports that the system has
     * chosen. Unchangeable.
     */
    public List<SocketAddress> addresses() {
        return listeners.addresses();
    }

    /**
     * The first of the addresses that is one of TCP.
     *
     * @throws IllegalStateException if the server listens at Unix domain sockets alone
     */
    public InetSocketAddress address() {
        InetSocketAddress first = listeners.firstInternetAddress();
        if (first == null) {
            throw new IllegalStateException("the server has no port: it listens on " + listeners.description());
        }
        return first;
    }

    /**
     * The port of the first of the addresses that is one of TCP.
     *
     * @throws IllegalStateException as {@link #address()}
     */
    public int port() {
        return address().getPort();
    }

    /** The number of connections that are not over, those in their handshake or closing included. Does not wait. */
    public int connectionCount() {
        return admission.connectionCount();
    }

    /**
     * How many requests, or connections before any request, the server has refused since its start, by reason; every reason
     * is in it. An unchangeable snapshot; does not wait. Each refusal is also logged once at DEBUG, with its peer, target,
     * Origin and Host.
     */
    public Map<RefusalReason, Long> refusals() {
        return refusalLog.counts();
    }

    /**
     * Whether the server can do its work: for a health check. Cheap; does not wait. A failure is found by the next look at
     * all connections, within about a second; threads that are lost without a trace, within half a minute.
     */
    public ServerHealth health() {
        return monitor.health();
    }

    /**
     * Adds an endpoint, as {@link WebSocketServerBuilder#endpoint(String, Endpoint)} does. Handshakes that are decided from
     * now on see it. Does not wait.
     *
     * @throws IllegalArgumentException if the path is malformed, or matches the same as that of another endpoint
     */
    public void addEndpoint(String path, Endpoint endpoint) {
        endpoints.add(path, endpoint);
    }

    /**
     * Puts an endpoint in the place of the one whose path matches the same; the names of the parameters may differ. Every
     * handshake finds one of the two. Connections of the earlier one go on as they are. Does not wait.
     *
     * @throws IllegalArgumentException if the path is malformed, or no endpoint's path matches the same
     */
    public void replaceEndpoint(String path, Endpoint endpoint) {
        endpoints.replace(path, endpoint);
    }

    /**
     * Removes the endpoint whose path matches the same. Handshakes from now on get 404, or the handler of all other paths;
     * connections that are open go on. Does not wait.
     *
     * @return whether there was one
     * @throws IllegalArgumentException if the path is malformed
     */
    public boolean removeEndpoint(String path) {
        return endpoints.remove(path);
    }

    /** The endpoints by their paths, as they are now. An unchangeable snapshot; does not wait. */
    public Map<String, Endpoint> endpoints() {
        return endpoints.byPath();
    }

    /** The settings that the server was started with. */
    public ServerConfiguration configuration() {
        return configuration;
    }

    /** Waits until the server has been closed. */
    public void awaitTermination() throws InterruptedException {
        shutdown.terminated().await();
    }

    /**
     * Waits until the server has been closed, but no longer than this.
     *
     * @param timeout 0 to 365 days
     * @return whether the server has been closed
     * @throws IllegalArgumentException if the timeout is not within its bounds
     * @throws InterruptedException     if this thread was interrupted while it waited
     */
    public boolean awaitTermination(Duration timeout) throws InterruptedException {
        Bounds.check("timeout", timeout, Duration.ZERO, Duration.ofDays(365));
        return shutdown.terminated().await(timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    /**
     * Stops listening, and lets the connections go on until they end by themselves. New connections are refused by the system, or
     * reach another process that listens at the same address. A connection of plain HTTP ends after its present response. Waits
     * at most a second, for connections that were just accepted. The server runs on, and keeps the JVM alive, until {@link #close()}.
     * {@link #awaitDrained} waits for the end of the connections. Does nothing if the server is draining or closed.
     */
    public void drain() {
        shutdown.drain();
    }

    /**
     * Waits, after {@link #drain()}, until no connection is left, but no longer than this.
     *
     * @param timeout 0 to 365 days
     * @return whether no connection is left
     * @throws IllegalArgumentException if the timeout is not within its bounds
     * @throws IllegalStateException    if the server is not draining
     * @throws InterruptedException     if this thread was interrupted while it waited
     */
    public boolean awaitDrained(Duration timeout) throws InterruptedException {
        Bounds.check("timeout", timeout, Duration.ZERO, Duration.ofDays(365));
        return shutdown.awaitDrained(timeout);
    }

    /**
     * Shuts the server down: accepts no more, closes every connection with 1001, waits for them to end by themselves, at
     * most for the grace period, and aborts the rest, whose handlers are interrupted. A second call waits for the first.
     * Called by a handler, it waits for the whole grace period, since that handler's connection cannot end before. An
     * interrupt of the calling thread ends the grace period, and stays set.
     */
    @Override
    public void close() {
        close(CloseOptions.DEFAULT);
    }

    /**
     * Shuts the server down as {@link #close()} does, with another code and reason, another grace period, or with Close frames
     * that are spread over a time, before which the grace period does not begin. Waits for all of it; {@link #awaitTermination}
     * does not return before. If the server is being closed already, the options are not used.
     */
    public void close(CloseOptions options) {
        shutdown.close(Objects.requireNonNull(options, "options"));
    }

    private void release() {
        sweeper.stop();
        timer.stop();
        transports.close();
        endpoints.close();
        failures.flush();
    }

    /** Starts a virtual thread that gets its turn even among many busy ones. Does not block. */
    void startThread(Runnable body) {
        transports.start(() -> transports.threadBuilder().start(body));
    }

    private void sweep(int now) {
        try {
            sessions.forEach(session -> sweep(session, now));
        } finally {
            sweepFailures.report();
            transports.tend();
            failures.tick();
            if (monitor.look(now) && shutdownAfterFailure.getState() == Thread.State.NEW) {
                shutdown.closeListeners();
                shutdownAfterFailure.start();
            }
        }
    }

    /** A failure on one session must not affect the others: their deadlines hold. */
    private void sweep(ServerSession session, int now) {
        try {
            session.sweep(now);
        } catch (OutOfMemoryError e) {
            // What is due is due again at the next look.
            sweepFailures.note(e);
        } catch (Throwable e) {
            sweepFailures.note(e);
            abort(session);
        }
    }

    private void abort(ServerSession session) {
        try {
            session.abort();
        } catch (Throwable e) {
            sweepFailures.note(e);
        }
    }

    boolean isStopping() {
        return shutdown.isStopping();
    }

    ServerShutdown shutdown() {
        return shutdown;
    }

    Admission admission() {
        return admission;
    }

    ConnectionServices services() {
        return services;
    }

    /** There if, and only if, the server speaks TLS. */
    Optional<TlsHandshakes> tlsHandshakes() {
        return tlsHandshakes;
    }

    Endpoints endpointTable() {
        return endpoints;
    }

    PathTable<HttpHandler> httpHandlers() {
        return httpHandlers;
    }

    ResponseEncoder encoder() {
        return encoder;
    }

    RefusalLog refusalLog() {
        return refusalLog;
    }

    FailureLog failures() {
        return failures;
    }

    Logger logger() {
        return logger;
    }
}
