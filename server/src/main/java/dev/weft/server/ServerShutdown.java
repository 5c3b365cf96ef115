package dev.weft.server;

import dev.weft.CloseReason;
import dev.weft.internal.time.Interrupts;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The end of a server. For any thread.
 * <pre>
 *   OPEN ── drain ──▶ DRAINING ── close ──▶ STOPPING ──▶ terminated
 *   OPEN ── close ──────────────────────▶ STOPPING
 * </pre>
 */
final class ServerShutdown {
    private static final int OPEN = 0;
    private static final int DRAINING = 1;
    private static final int STOPPING = 2;

    /** The time to wait for the acceptors, which never block once the listeners are closed. */
    private static final Duration LAST_ADMISSION = Duration.ofSeconds(1);

    private final WebSocketServer server;
    private final Listeners listeners;
    private final Sessions sessions;
    private final Runnable release;
    private final AtomicInteger state = new AtomicInteger(OPEN);
    private final CountDownLatch terminated = new CountDownLatch(1);
    /** {@code null} if there is none. */
    private final Thread hook;
    /** Set when no further connection can be admitted. */
    private volatile boolean admitsNone;
    private volatile CloseReason reason = CloseOptions.DEFAULT.reason();

    /**
     * Creates the shutdown of a server that is not started yet.
     *
     * @param release ends the server's threads and frees its resources; called when no connection is left
     */
    ServerShutdown(WebSocketServer server, Listeners listeners, Sessions sessions, Runnable release) {
        this.server = server;
        this.listeners = listeners;
        this.sessions = sessions;
        this.release = release;
        this.hook = server.configuration().shutdownHook()
                ? Thread.ofPlatform().name("weft-shutdown-hook-" + listeners.label()).unstarted(server::close)
                : null;
    }

    /**
     * Makes the JVM close the server when it shuts down, if the settings say so.
     *
     * @throws IllegalStateException if the JVM is shutting down
     */
    void addHook() {
        if (hook != null) {
            Runtime.getRuntime().addShutdownHook(hook);
        }
    }

    private void removeHook() {
        if (hook == null || Thread.currentThread() == hook) {
            return;
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is shutting down: then the hook waits for this shutdown.
        }
    }

    /** Whether the server is closing its connections. */
    boolean isStopping() {
        return state.get() == STOPPING;
    }

    /** Whether the server stops listening; a connection that has been accepted before is still served. */
    boolean isDraining() {
        return state.get() != OPEN;
    }

    /** Whether no further connection can be admitted. */
    boolean admitsNone() {
        return admitsNone;
    }

    /** The code and the reason of the Close frames. */
    CloseReason reason() {
        return reason;
    }

    CountDownLatch terminated() {
        return terminated;
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
        server.logger().log(Level.WARNING, "cannot stop listening", failure);
    }

    void drain() {
        if (state.get() != OPEN) {
            return;
        }
        // Until now the acceptors have kept the JVM alive; from now on this thread does.
        Thread keeper = Thread.ofPlatform().name("weft-drain-" + listeners.label()).unstarted(this::awaitTermination);
        if (!state.compareAndSet(OPEN, DRAINING)) {
            return;
        }
        keeper.start();
        stopListening();
        try {
            listeners.awaitEnd(LAST_ADMISSION);
        } catch (InterruptedException e) {
            Interrupts.restoreInterrupt(true);
        }
        admitsNone = true;
        server.admission().endIfDrained();
        sessions.forEach(session -> server.startThread(session::closeIdle));
        server.logger().log(Level.INFO, "stopped listening on {0}; {1} connections stay open", listeners.description(),
                server.connectionCount());
    }

    private void awaitTermination() {
        boolean ended = false;
        while (!ended) {
            try {
                terminated.await();
                ended = true;
            } catch (InterruptedException e) {
                // There is no reason to interrupt this thread; the server continues anyway.
            }
        }
    }

    /** {@code null} if there is none. */
    Thread hook() {
        return hook;
    }

    boolean awaitDrained(Duration timeout) throws InterruptedException {
        if (!isDraining()) {
            throw new IllegalStateException("the server still accepts connections: call drain() first");
        }
        return server.admission().awaitEnd(timeout);
    }

    /** Only the options of the first call are used; later calls wait for its end. */
    void close(CloseOptions options) {
        boolean interrupted = false;
        // Must be read before another thread can see that the server is stopping and close one of them.
        int open = server.connectionCount();
        if (state.getAndSet(STOPPING) != STOPPING) {
            reason = options.reason();
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

    /**
     * Takes the steps of a shutdown.
     *
     * @param open the number of connections before the shutdown
     * @return whether the thread was interrupted, which ends the spread and the grace period
     */
    private boolean shutDown(int open, CloseOptions options) {
        stopListening();
        // An interrupt shortens the wait; an earlier interrupt must not prevent the peers from being notified.
        boolean interrupted = Thread.interrupted();
        int atFirst = open;
        Admission admission = server.admission();
        try {
            listeners.awaitEnd(LAST_ADMISSION);
            admitsNone = true;
            atFirst = Math.max(open, admission.connectionCount());
            boolean healthy = server.health().status() != ServerHealth.Status.FAILED;
            tellPeers(healthy ? options.spread() : Duration.ZERO);
            if (healthy) {
                admission.awaitEnd(options.grace().orElse(server.configuration().shutdownGrace()));
            }
        } catch (InterruptedException e) {
            interrupted = true;
            admitsNone = true;
        }
        long aborted = admission.abort();
        release.run();
        removeHook();
        server.logger().log(Level.INFO, "stopped listening on {0}; of {1} connections {2} were aborted",
                listeners.description(), atFirst, aborted);
        closeInherited();
        terminated.countDown();
        return interrupted;
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
     * Closes every connection, spread over this time, and ends handshakes at once.
     *
     * @throws InterruptedException if this thread was interrupted; then all remaining connections are closed at once
     */
    private void tellPeers(Duration spread) throws InterruptedException {
        if (spread.isZero()) {
            sessions.forEach(this::tell);
            return;
        }
        sessions.stream().filter(session -> session.connection() == null).forEach(this::tell);
        List<ServerSession> others = sessions.stream().filter(session -> session.connection() != null).toList();
        long begin = System.nanoTime();
        long step = spread.toNanos() / Math.max(others.size(), 1);
        try {
            for (int i = 0; i < others.size(); i++) {
                server.admission().awaitEnd(Duration.ofNanos(Math.max(begin + i * step - System.nanoTime(), 0)));
                tell(others.get(i));
            }
        } catch (InterruptedException e) {
            sessions.forEach(this::tell);
            throw e;
        }
    }

    private void tell(ServerSession session) {
        server.startThread(session::goAway);
    }
}
