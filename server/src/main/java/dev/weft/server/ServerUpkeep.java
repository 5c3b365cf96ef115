package dev.weft.server;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.GuardedSweep;
import dev.weft.internal.time.Sweeper;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks after a running server, on the thread of its sweeper: deadlines of connections, rates, lag, health, certificates. If
 * something is lost on which all connections depend, closes the server. Any thread may call the methods; none waits.
 */
final class ServerUpkeep {
    private final WebSocketServer server;
    private final Failures failures;
    private final GuardedSweep<ServerSession> guarded;
    private final Sweeper sweeper;
    private final LagProbe lag;
    private final @Nullable ClientLimits clientLimits;
    private final Optional<CertificateWatch> certificateWatch;
    /** Created by {@link #watch}. */
    private HealthMonitor monitor;
    /** Created in advance, because it may be needed when memory has run out. */
    private final Thread shutdownAfterFailure;

    /** Creates the upkeep of a server whose acceptors do not exist yet: see {@link #watch}. */
    ServerUpkeep(WebSocketServer server, ServerConfiguration configuration, Listeners listeners) {
        this.server = server;
        this.failures = server.logs().ofThread("to look after a connection");
        this.guarded = new GuardedSweep<>(ServerSession::sweep, ServerSession::abort, failures);
        this.sweeper = new Sweeper(server.services().clock(), configuration.shortestTimeout(), this::sweep,
                server.logs().ofThread("weft-sweeper-" + listeners.label()));
        this.lag = new LagProbe(server.transports);
        this.clientLimits = server.clientLimits();
        if (clientLimits != null) {
            sweeper.shorten(ClientLimits.PRECISION);
        }
        this.certificateWatch = CertificateWatch.of(configuration, "weft-tls-reload-" + listeners.label());
        this.shutdownAfterFailure = Thread.ofPlatform().name("weft-shutdown-" + listeners.label())
                .unstarted(server::close);
    }

    /** From now on, watches the threads on which all connections depend. Must be called before the first sweep. */
    void watch(Listeners listeners) {
        monitor = new HealthMonitor(server.transports::beat, server.transports::isDead, server.transports::impairment,
                Stream.concat(listeners.threads().stream(), Stream.of(sweeper.thread(), server.timer.thread()))
                        .toList(),
                () -> server.sessions.forEach(ServerSession::nudge));
    }

    void start() {
        sweeper.start();
    }

    void stop() {
        sweeper.stop();
    }

    private void sweep(int now) {
        try {
            server.sessions.forEach(session -> guarded.sweep(session, now));
        } finally {
            failures.report();
            server.transports.tend();
            lag.tick(now);
            server.logs().failures().tick();
            if (clientLimits != null) {
                clientLimits.tick();
            }
            if (monitor.look(now) && shutdownAfterFailure.getState() == Thread.State.NEW) {
                server.shutdown().stopListening();
                shutdownAfterFailure.start();
            }
            certificateWatch.ifPresent(watch -> watch.tick(now));
        }
    }

    /** The timer of all deadlines. */
    Sweeper sweeper() {
        return sweeper;
    }

    LagProbe lag() {
        return lag;
    }

    /** The result of the last check. */
    ServerHealth health() {
        return monitor.health();
    }
}
