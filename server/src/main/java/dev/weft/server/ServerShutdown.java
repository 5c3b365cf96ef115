package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.internal.time.Interrupts;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.DrainSettings.NewConnections;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The end of a server. For any thread.
 * <pre>
 *          drain              notice passed             close
 *   OPEN ─────────▶ NOTIFYING ─────────────▶ DRAINING ─────────▶ STOPPING ──▶ terminated
 *     │                 └──────────────── close ────────────────────▲
 *     └────────────────────────────────── close ────────────────────┘
 *
 *   OPEN       ready; serves new connections
 *   NOTIFYING  not ready; still serves new connections
 *   DRAINING   new connections are not accepted, or refused
 *   STOPPING   new connections are not accepted; at the end, the server's threads end
 * </pre>
 * STOPPING closes the connections, and DRAINING does so if its settings say so. The steps are the same, and a drain leaves the
 * rest of them to a {@link #close} that interrupts it:
 * <pre>
 *   one Close frame after the other ── spread passed ──▶ all are closed, handshakes end ── grace passed ──▶ the rest is aborted
 * </pre>
 */
final class ServerShutdown {
    private enum State {
        OPEN, NOTIFYING, DRAINING, STOPPING
    }

    private static final Duration A_YEAR = Duration.ofDays(365);
    /** The time to wait for the acceptors, which never block once the listeners are closed. */
    private static final Duration LAST_ADMISSION = Duration.ofSeconds(1);

    private final WebSocketServer server;
    private final Listeners listeners;
    private final Sessions sessions;
    private final ShutdownClock clock;
    private final Runnable release;
    private final ShutdownHook hook;

    /** Guards the changes from one state to the next. */
    private final ReentrantLock lock = new ReentrantLock();
    private volatile State state = State.OPEN;
    /** Runs the drain, and keeps the JVM alive; {@code null} until there is one. */
    private @Nullable Thread drainThread;
    /** Those of the drain, once there is one. */
    private volatile DrainSettings settings = DrainSettings.DEFAULT;
    /** Set when no further connection can be admitted. */
    private volatile boolean admitsNone;
    /** Set when further connections are refused. */
    private volatile boolean refuses;
    /** Set when a connection that opens is closed at once. */
    private volatile boolean closesAll;
    private volatile CloseReason reason = CloseOptions.DEFAULT.reason();
    /** Zero when the drain serves no further connection. */
    private final CountDownLatch servesNone = new CountDownLatch(1);
    /** Zero when the drain has done all that its settings say, or has left that to {@link #close}. */
    private final CountDownLatch drainOver = new CountDownLatch(1);
    private final CountDownLatch terminated = new CountDownLatch(1);

    /**
     * Creates the shutdown of a server that is not started yet.
     *
     * @param release ends the server's threads and frees its resources; called when no connection is left
     */
    ServerShutdown(WebSocketServer server, Listeners listeners, Sessions sessions, ShutdownClock clock,
            Runnable release) {
        this.server = server;
        this.listeners = listeners;
        this.sessions = sessions;
        this.clock = clock;
        this.release = release;
        this.hook = new ShutdownHook(server.configuration().shutdownHook(), "weft-shutdown-hook-" + listeners.label(),
                this::drainAndClose);
    }

    ShutdownHook hook() {
        return hook;
    }

    /** Takes all steps. For the hook. */
    private void drainAndClose() {
        drain(server.configuration().drainSettings());
        try {
            drainOver.await();
        } catch (InterruptedException e) {
            // Then the drain ends early.
        }
        server.close();
    }

    // The state.

    /** Whether the server is closing its connections and will end. */
    boolean isStopping() {
        return state == State.STOPPING;
    }

    /** Whether the server is being taken out of service: it is not ready, and keeps no connection for another request. */
    boolean isDraining() {
        return state != State.OPEN;
    }

    /** Whether a new connection is served; a connection that has been accepted before may be served anyway. */
    boolean servesNew() {
        return state == State.OPEN || state == State.NOTIFYING;
    }

    /** Whether no further connection can be admitted. */
    boolean admitsNone() {
        return admitsNone;
    }

    /** Whether further connections are admitted only to be refused. */
    boolean refusesNew() {
        return refuses;
    }

    /** Whether a connection that opens must be closed at once. */
    boolean closesAll() {
        return closesAll;
    }

    /** The code and the reason of the Close frames. */
    CloseReason reason() {
        return reason;
    }

    /** The response to a request that is not served because of this. */
    HttpResponse refusal() {
        return ServerHandshake.unavailable("the server is shutting down", settings.retryAfter());
    }

    CountDownLatch terminated() {
        return terminated;
    }

    // Draining.

    /** Does nothing if the server is not open. */
    void drain(DrainSettings how) {
        // Until now the acceptors have kept the JVM alive; from now on this thread does.
        Thread thread = Thread.ofPlatform().name("weft-drain-" + listeners.label()).daemon(listeners.isEmpty())
                .unstarted(() -> runDrain(how));
        lock.lock();
        try {
            if (state != State.OPEN) {
                return;
            }
            thread.start();
            drainThread = thread;
            settings = how;
            state = State.NOTIFYING;
        } finally {
            lock.unlock();
        }
        if (how.notice().isZero()) {
            try {
                servesNone.await();
            } catch (InterruptedException e) {
                Interrupts.restoreInterrupt(true);
            }
        }
    }

    private void runDrain(DrainSettings how) {
        try {
            clock.await(terminated, clock.nanoTime() + how.notice().toNanos());
            if (serveNone(how.newConnections())) {
                if (how.closing().isPresent()) {
                    int open = server.connectionCount();
                    closeAll(how.closing().get(), server.admission().served());
                    server.logs().logger().log(Level.INFO, "drained: of {0} connections {1} were aborted", open,
                            server.admission().abortServed());
                }
            }
        } catch (InterruptedException e) {
            // close() takes the rest of the steps.
        } finally {
            servesNone.countDown();
            drainOver.countDown();
            awaitTermination();
        }
    }

    /** Returns false if the server is being closed. */
    private boolean serveNone(NewConnections what) throws InterruptedException {
        lock.lock();
        try {
            if (state != State.NOTIFYING) {
                return false;
            }
            refuses = what == NewConnections.REFUSED;
            state = State.DRAINING;
        } finally {
            lock.unlock();
        }
        if (!refuses) {
            stopListening();
            listeners.awaitEnd(LAST_ADMISSION);
            admitsNone = true;
        }
        server.admission().endIfDrained();
        sessions.stream().filter(session -> session.connection() == null)
                .forEach(session -> server.startThread(session::closeIdle));
        server.logs().logger().log(Level.INFO, "{0} on {1}; {2} connections are open",
                refuses ? "refuses connections" : "stopped listening", listeners.description(),
                server.connectionCount());
        servesNone.countDown();
        return true;
    }

    private void awaitTermination() {
        boolean ended = false;
        while (!ended) {
            try {
                ended = clock.await(terminated, clock.nanoTime() + A_YEAR.toNanos());
            } catch (InterruptedException e) {
                // Interrupted by close(): this thread has nothing else to do.
            }
        }
    }

    boolean awaitDrained(Duration timeout) throws InterruptedException {
        if (!isDraining()) {
            throw new IllegalStateException("the server still accepts connections: call drain() first");
        }
        return ShutdownClock.SYSTEM.await(server.admission().served(), System.nanoTime() + timeout.toNanos());
    }

    // Closing.

    /** Only the options of the first call are used; later calls wait for its end. */
    void close(CloseOptions options) {
        boolean interrupted = false;
        // Must be read before another thread can see that the server is stopping and close one of them.
        int open = server.connectionCount();
        if (beginToStop()) {
            interrupted = shutDown(open, options);
        } else {
            try {
                terminated.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        Interrupts.restoreInterrupt(interrupted);
    }

    /** Ends the drain, if there is one. Returns false if the server is already being closed. */
    private boolean beginToStop() {
        lock.lock();
        try {
            if (state == State.STOPPING) {
                return false;
            }
            state = State.STOPPING;
            if (drainThread == null) {
                drainOver.countDown();
            } else {
                drainThread.interrupt();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the steps of a shutdown.
     *
     * @param open the number of connections before the shutdown
     * @return whether the thread was interrupted, which ends the spread and the grace period
     */
    private boolean shutDown(int open, CloseOptions options) {
        boolean interrupted = false;
        int atFirst = open;
        Admission admission = server.admission();
        try {
            stopListening();
            // An interrupt shortens the wait; an earlier interrupt must not prevent the peers from being notified.
            interrupted = Thread.interrupted();
            listeners.awaitEnd(LAST_ADMISSION);
            admitsNone = true;
            atFirst = Math.max(open, admission.connectionCount());
            if (server.health().status() == ServerHealth.Status.FAILED) {
                closeRest(options);
            } else {
                closeAll(options, admission.admitted());
            }
        } catch (InterruptedException e) {
            interrupted = true;
            closeRest(options);
        } finally {
            end(atFirst);
        }
        return interrupted;
    }

    /**
     * Aborts what is left, and ends the server, even if an earlier step has failed, for example because memory is exhausted:
     * other threads wait for the end.
     *
     * @param open the number of connections before the shutdown, for the log
     */
    private void end(int open) {
        Admission admission = server.admission();
        long aborted = 0;
        try {
            admitsNone = true;
            admission.endIfDrained();
            aborted = admission.abort();
        } finally {
            try {
                release.run();
                hook.remove();
                server.logs().logger().log(Level.INFO, "stopped listening on {0}; of {1} connections {2} were aborted",
                        listeners.description(), open, aborted);
                closeInherited();
            } finally {
                terminated.countDown();
            }
        }
    }

    /** Stops accepting. An inherited socket stays open. */
    void stopListening() {
        try {
            listeners.stop();
        } catch (IOException e) {
            cannotStop(e);
        }
    }

    private void cannotStop(IOException failure) {
        server.logs().logger().log(Level.WARNING, "cannot stop listening", failure);
    }

    /** Must be the last step: with an inherited socket, the JDK also closes the streams that a log may be written to. */
    private void closeInherited() {
        try {
            listeners.close();
        } catch (IOException e) {
            cannotStop(e);
        }
    }

    /**
     * Closes every connection, and waits for the grace period at most.
     *
     * @param ended zero when no connection is left
     */
    private void closeAll(CloseOptions options, CountDownLatch ended) throws InterruptedException {
        server.admission().endIfDrained();
        reason = options.reason();
        if (!options.spread().isZero()) {
            closeSome(options, ended);
        }
        closeRest(options);
        Duration grace = options.grace().orElse(server.configuration().shutdownGrace());
        clock.await(ended, clock.nanoTime() + grace.toNanos());
    }

    /** Closes the connections that are open now, spread over time. */
    private void closeSome(CloseOptions options, CountDownLatch ended) throws InterruptedException {
        ClosingPlan plan = ClosingPlan.of(sessions.stream().filter(session -> session.connection() != null), options,
                new SecureRandom());
        long begin = clock.nanoTime();
        for (int i = 0; i < plan.order().size(); i++) {
            clock.await(ended, begin + plan.offsets()[i]);
            tell(plan.order().get(i));
        }
        clock.await(ended, begin + options.spread().toNanos());
    }

    /** Closes every connection, and ends handshakes. */
    private void closeRest(CloseOptions options) {
        reason = options.reason();
        // Either this thread sees a connection that opens, or that connection's thread sees this.
        closesAll = true;
        sessions.forEach(this::tell);
    }

    private void tell(ServerSession session) {
        if (!session.isOver() && (session.isServed() || isStopping())) {
            server.startThread(session::goAway);
        }
    }
}
