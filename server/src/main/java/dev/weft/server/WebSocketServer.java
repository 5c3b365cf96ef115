package dev.weft.server;

import dev.weft.internal.Bounds;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.connection.ConnectionServices;
import dev.weft.internal.connection.StuckConnectionRelief;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.transport.TransportFactory;
import dev.weft.parser.Role;
import dev.weft.topics.Topics;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket server (RFC 6455): accepts connections and runs a handler for each, on its own virtual thread.
 * {@snippet class = "dev.weft.server.Snippets" region = "server"}
 * It runs from {@link WebSocketServerBuilder#start()} to {@link #close()}, and keeps the JVM alive during that time.
 * All methods may be called from any thread.
 */
public final class WebSocketServer implements AutoCloseable {
    static {
        ServerOverMemory.register();
    }

    private final ResponseEncoder encoder = new ResponseEncoder(System::currentTimeMillis);
    private final ServerCounters counters = new ServerCounters();
    private final ServerLogs logs;
    private final Listeners listeners;
    private final ConnectionServices services;
    final ShortTimer timer;
    final TransportFactory transports;
    private final ServedPaths paths;
    private final Probes probes;
    private final Optional<TlsHandshakes> tlsHandshakes;
    final ServerUpkeep upkeep;
    final Sessions sessions;
    /** {@code null} if there are no rates and no limits of addresses. */
    private final @Nullable ClientLimits clientLimits;
    private final Admission admission;
    private final ServerShutdown shutdown;

    /** Creates a server that is not started yet. */
    WebSocketServer(ServerConfiguration configuration, Listeners listeners, ServerTransports.Opener opener,
            ShutdownClock shutdownClock) throws IOException {
        this.logs = new ServerLogs(encoder, configuration.accessLog());
        this.listeners = listeners;
        String label = listeners.label();
        CoarseClock clock = new CoarseClock();
        BufferBudget budget = new BufferBudget(configuration.maxBufferedSize());
        this.sessions = new Sessions();
        budget.relief(new StuckConnectionRelief(clock, sessions.connections()));
        this.transports = ServerTransports.open(configuration, opener, logs.ofThread("weft-poller-" + label), budget);
        this.tlsHandshakes = configuration.tlsSettings()
                .map(tls -> new TlsHandshakes(configuration.maxTlsHandshakes(), budget));
        this.timer = new ShortTimer(transports::start, transports::threadBuilder,
                logs.ofThread("weft-flush-timer-" + label));
        this.services = new ConnectionServices(Role.SERVER, configuration.timeouts(),
                new SendServices(configuration.limits(), clock,
                        new BufferPool(configuration.readBufferSize(), budget, transports.places()), timer,
                        sessions::hasNextFrame));
        this.clientLimits = ClientLimits.of(configuration, clock, logs.refusals(), logs.failures());
        this.upkeep = new ServerUpkeep(this, configuration, listeners);
        this.paths = new ServedPaths(configuration, services, upkeep.sweeper(), clientLimits);
        this.probes = new Probes(this);
        probes.addTo(paths.http());
        this.shutdown = new ServerShutdown(this, listeners, sessions, shutdownClock, this::release);
        this.admission = new Admission(this, transports, sessions);
        listeners.acceptors(transports, admission::admit, logs::ofThread);
        upkeep.watch(listeners);
    }

    /** Returns a builder for a server. */
    public static WebSocketServerBuilder builder() {
        return new WebSocketServerBuilder();
    }

    /**
     * Starts a server. When this method returns, clients can connect.
     *
     * @throws IOException if the server cannot listen on an address of the configuration
     */
    public static WebSocketServer start(ServerConfiguration configuration) throws IOException {
        Listeners listeners = Listeners.open(configuration.listening(), configuration.receiveBufferSize());
        try {
            WebSocketServer server = new WebSocketServer(configuration, listeners, configuration.transport()::open,
                    ShutdownClock.SYSTEM);
            server.begin();
            return server;
        } catch (Throwable e) {
            listeners.stop();
            throw e;
        }
    }

    private void begin() throws IOException {
        try {
            timer.start();
            upkeep.start();
            probes.start();
            listeners.start();
            shutdown.hook().add();
        } catch (Throwable e) {
            // The system may be unable to create another thread, or the JVM may be shutting down.
            release();
            throw e;
        }
        logs.logger().log(Level.INFO, "listening on {0}; connections run on {1}", listeners.description(),
                transports.description());
    }

    /**
     * All addresses on which the server listens, in the order in which they were set, with the ports that the system
     * has chosen. The address of an inherited socket is the last one. Unmodifiable.
     */
    public List<SocketAddress> addresses() {
        return listeners.addresses();
    }

    /**
     * The first TCP address.
     *
     * @throws IllegalStateException if the server listens only on Unix domain sockets
     */
    public InetSocketAddress address() {
        InetSocketAddress first = listeners.firstInternetAddress();
        if (first == null) {
            throw new IllegalStateException("the server has no port: it listens on " + listeners.description());
        }
        return first;
    }

    /**
     * The port of the first TCP address.
     *
     * @throws IllegalStateException as {@link #address()}
     */
    public int port() {
        return address().getPort();
    }

    /**
     * The number of connections that have not ended, including those in their opening or closing handshake. Does not
     * wait.
     */
    public int connectionCount() {
        return admission.connectionCount();
    }

    /**
     * The number of requests, or of connections before any request, that the server has refused since its start, for
     * each reason; all reasons are present. An unmodifiable snapshot; does not wait. A refusal that is answered is
     * also logged once at DEBUG, with its peer, target, Origin and Host.
     */
    public Map<RefusalReason, Long> refusals() {
        return logs.refusals().counts();
    }

    /** What the server has done since its start, and what it is doing now. An immutable snapshot; does not wait. */
    public ServerStatistics statistics() {
        return new ServerStatistics(this);
    }

    /**
     * Returns a handler that serves the same text as {@link WebSocketServerBuilder#metrics(String)}, for another
     * server, such as one on a port that only you can reach.
     */
    public HttpHandler metricsHandler() {
        return new MetricsHandler(this, Optional.empty());
    }

    /**
     * Returns a handler that serves the same text as {@link WebSocketServerBuilder#metrics(String, Topics)}, for
     * another server.
     */
    public HttpHandler metricsHandler(Topics topics) {
        return new MetricsHandler(this, Optional.of(topics));
    }

    /**
     * Whether the server can do its work, for a health check. Costs little and does not wait. A failure is detected
     * within about a second, by the next check of all connections; the loss of a thread that left no error, within half
     * a minute.
     */
    public ServerHealth health() {
        return upkeep.health();
    }

    /** The address of the probes' own listener; empty if there is none: {@link ProbeSettings.Builder#listen}. */
    public Optional<InetSocketAddress> probeAddress() {
        return probes.address();
    }

    /**
     * Whether a load balancer should send new clients to this server: it is healthy, is not being drained, and has
     * fewer connections than {@code maxConnections}. Costs little and does not wait.
     */
    public boolean isReady() {
        return Readiness.of(this).isReady();
    }

    /**
     * Adds an endpoint, as {@link WebSocketServerBuilder#endpoint(String, Endpoint)} does. It applies to all handshakes
     * that are decided from now on. Does not wait.
     *
     * @throws IllegalArgumentException if the path is malformed, or matches the same paths as that of another endpoint; or if
     *                                  the endpoint has rates although the server was started without any, or a share that
     *                                  the server does not have
     */
    public void addEndpoint(String path, Endpoint endpoint) {
        paths.endpoints().add(path, endpoint);
        paths.changed();
    }

    /**
     * Replaces the endpoint whose path matches the same paths; the names of the parameters may differ. Every handshake
     * finds either the old endpoint or the new one. Existing connections of the old endpoint are not affected. Does not
     * wait.
     *
     * @throws IllegalArgumentException if the path is malformed, or no endpoint's path matches the same paths; or because of
     *                                  the endpoint's rates, as {@link #addEndpoint}
     */
    public void replaceEndpoint(String path, Endpoint endpoint) {
        paths.endpoints().replace(path, endpoint);
        paths.changed();
    }

    /**
     * Removes the endpoint whose path matches the same paths. From now on, handshakes for these paths get 404, or are
     * served by the handler of all other paths. Open connections continue. Does not wait.
     *
     * @return whether there was such an endpoint
     * @throws IllegalArgumentException if the path is malformed
     */
    public boolean removeEndpoint(String path) {
        boolean removed = paths.endpoints().remove(path);
        paths.changed();
        return removed;
    }

    /** The current endpoints by path. An unmodifiable snapshot; does not wait. */
    public Map<String, Endpoint> endpoints() {
        return paths.endpoints().byPath();
    }

    /** Adds an HTTP endpoint, as {@link WebSocketServerBuilder#http(String, HttpEndpoint)}; otherwise as {@link #addEndpoint}. */
    public void addHttp(String path, HttpEndpoint endpoint) {
        paths.http().add(path, endpoint);
        paths.changed();
    }

    /** Replaces the HTTP endpoint whose path matches the same paths, otherwise as {@link #replaceEndpoint}. */
    public void replaceHttp(String path, HttpEndpoint endpoint) {
        paths.http().replace(path, endpoint);
        paths.changed();
    }

    /** Removes the HTTP endpoint whose path matches the same paths, otherwise as {@link #removeEndpoint}. */
    public boolean removeHttp(String path) {
        boolean removed = paths.http().remove(path);
        paths.changed();
        return removed;
    }

    /**
     * The current HTTP endpoints by path, including files, but not probes and metrics. An unmodifiable snapshot; does
     * not wait.
     */
    public Map<String, HttpEndpoint> httpEndpoints() {
        return paths.http().byPath();
    }

    /** The settings with which the server was started, with the current endpoints. Does not wait. */
    public ServerConfiguration configuration() {
        return paths.configuration();
    }

    /** Waits until the server has been closed. */
    public void awaitTermination() throws InterruptedException {
        shutdown.terminated().await();
    }

    /**
     * Waits until the server has been closed, but no longer than the timeout.
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

    /** Drains the server with the {@linkplain WebSocketServerBuilder#drainSettings settings} of its configuration. */
    public void drain() {
        drain(configuration().drainSettings());
    }

    /**
     * Takes the server out of service. At once, {@link #isReady} returns false, and each plain HTTP connection ends
     * after its next response. After the notice, new connections are not accepted or are refused, idle HTTP connections
     * are closed, and, if the settings say so, WebSockets are closed. Without a notice, waits at most a second, until no
     * new connection is served. The server continues to run, and keeps the JVM alive, until {@link #close()}, which can
     * be called at any time and takes over the remaining connections with its own options. {@link #awaitDrained} waits
     * for the end of the connections. Does nothing if the server is draining or closed.
     */
    public void drain(DrainSettings settings) {
        shutdown.drain(Objects.requireNonNull(settings, "settings"));
    }

    /**
     * Waits, after {@link #drain()}, until the server has no connections left, apart from those that only get 503, but
     * no longer than the timeout.
     *
     * @param timeout 0 to 365 days
     * @return whether no connection is left, and no new one is served
     * @throws IllegalArgumentException if the timeout is not within its bounds
     * @throws IllegalStateException    if the server is not draining
     * @throws InterruptedException     if this thread was interrupted while it waited
     */
    public boolean awaitDrained(Duration timeout) throws InterruptedException {
        Bounds.check("timeout", timeout, Duration.ZERO, Duration.ofDays(365));
        return shutdown.awaitDrained(timeout);
    }

    /**
     * Shuts the server down. The server accepts no more connections, closes every connection with 1001, and waits for
     * the connections to end by themselves, but no longer than the grace period. Then it aborts the remaining
     * connections and interrupts their handlers. A second call waits for the first. A call from a handler waits for the
     * whole grace period, since that handler's connection cannot end earlier. If the calling thread is interrupted, the
     * grace period ends, and the thread's interrupt status stays set.
     */
    @Override
    public void close() {
        close(CloseOptions.DEFAULT);
    }

    /**
     * Shuts the server down as {@link #close()} does, but with another code and reason, with another grace period, or
     * with Close frames that are spread over a period of time; the grace period then begins at the end of that period.
     * If the server is being drained, these options replace those of the drain. Waits until the shutdown is complete;
     * {@link #awaitTermination} does not return earlier. If the server is already being closed, the options are
     * ignored.
     */
    public void close(CloseOptions options) {
        shutdown.close(Objects.requireNonNull(options, "options"));
    }

    private void release() {
        probes.close();
        upkeep.stop();
        timer.stop();
        transports.close();
        paths.endpoints().close();
        logs.failures().flush();
    }

    /** Starts a virtual thread that gets its turn even if many others are busy. Does not block. */
    void startThread(Runnable body) {
        transports.start(() -> transports.threadBuilder().start(body));
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

    /** {@code null} if there are no rates and no limits of addresses. */
    @Nullable
    ClientLimits clientLimits() {
        return clientLimits;
    }

    /** Present if, and only if, the server uses TLS. */
    Optional<TlsHandshakes> tlsHandshakes() {
        return tlsHandshakes;
    }

    ServedPaths paths() {
        return paths;
    }

    ResponseEncoder encoder() {
        return encoder;
    }

    ServerCounters counters() {
        return counters;
    }

    ServerLogs logs() {
        return logs;
    }
}
