package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * A listening socket whose connections are accepted in turns of a loop. A connection that stays on this loop then needs no
 * wake-up of another thread. A loop must not pause, so if a turn fails, for example because no descriptor is left, a helper
 * thread accepts instead, with pauses, until it succeeds.
 * <pre>
 *               engine: connections have arrived             turn: has accepted some
 *   WATCHED ────────────────────────────────────▶ ACCEPTING ─────────────────────────▶ WATCHED
 *      ▲                                              │
 *      │ helper: has accepted one, or none is left    │ turn: failed
 *      └─────────────────── FAILED ◀──────────────────┘
 * </pre>
 * Readiness is level-triggered: what the engine sees while a turn runs, it sees again on its next look. If it sees this often
 * before the state is WATCHED again, it stops watching the socket. Afterwards it reads the state once more, and the thread that
 * changes the state to WATCHED then reads whether the socket is watched; so one of them finds that it must be watched again.
 */
public final class AcceptingSocket implements WatchedSocket {
    private enum State {
        WATCHED, ACCEPTING, FAILED
    }

    /** The number of times that the engine sees the socket ready in vain before it stops watching it. */
    private static final int PATIENCE = 8;
    /** The maximum number of connections that one turn accepts. */
    private static final int MOST_PER_TURN = 16;

    private static final AtomicReferenceFieldUpdater<AcceptingSocket, State> STATE = AtomicReferenceFieldUpdater
            .newUpdater(AcceptingSocket.class, State.class, "state");

    private final ServerSocketChannel channel;
    private final SelectorEngine engine;
    private final ConnectionScheduler scheduler;
    private final Consumer<SocketChannel> admission;
    private final Runnable turn = this::takeTurn;
    private final Runnable watchAgain = this::watchAgain;
    private Runnable wakeHelper;

    private volatile State state = State.WATCHED;
    /** Written before the step to FAILED; then for the helper. */
    private Throwable failure;
    /** Waits for the end of a turn; written before it reads the state, and read after a turn has changed that. */
    private volatile Thread waiter;
    /** For the turns. */
    private int mostNow = 1;

    private volatile SelectionKey key;
    /** Changed by the engine's thread alone. */
    private volatile boolean watched = true;
    private int inVain;

    AcceptingSocket(ServerSocketChannel channel, SelectorEngine engine, ConnectionScheduler scheduler,
            Consumer<SocketChannel> admission) {
        this.channel = channel;
        this.engine = engine;
        this.scheduler = scheduler;
        this.admission = admission;
    }

    /**
     * Starts to accept.
     *
     * @param wakeHelper makes the helper call {@link #help}; must not wait, allocate, or throw
     */
    public void start(Runnable wakeHelper) throws IOException {
        this.wakeHelper = wakeHelper;
        channel.configureBlocking(false);
        key = engine.register(channel, this);
    }

    // The engine's thread.

    @Override
    public void ready(SelectionKey ready, int operations) {
        if (STATE.compareAndSet(this, State.WATCHED, State.ACCEPTING)) {
            inVain = 0;
            scheduler.execute(turn);
        } else if (++inVain >= PATIENCE) {
            stopWatching(ready);
        }
    }

    private void stopWatching(SelectionKey ready) {
        watched = false;
        try {
            ready.interestOps(0);
        } catch (Throwable e) {
            // Closed meanwhile; or there is no memory, and the next look tries again.
            watched = true;
            return;
        }
        if (state == State.WATCHED) {
            watchAgain();
        }
    }

    private void watchAgain() {
        try {
            key.interestOps(SelectionKey.OP_ACCEPT);
            watched = true;
            inVain = 0;
        } catch (CancelledKeyException e) {
            // Closed meanwhile.
        } catch (Throwable e) {
            fail(e);
        }
    }

    private void fail(Throwable thrown) {
        failure = thrown;
        state = State.FAILED;
        wakeHelper.run();
    }

    /** The loop ends, which loops with listening sockets do not. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is released either way.
        }
    }

    // The loop.

    private void takeTurn() {
        try {
            acceptSome();
            watch();
        } catch (Throwable e) {
            // Errors too: all new connections depend on this socket.
            fail(e);
        }
        LockSupport.unpark(waiter);
    }

    /** Accepts twice as many as in the last turn if there are as many: an attempt that finds none is a system call too. */
    private void acceptSome() throws IOException {
        int most = mostNow;
        mostNow = 1;
        for (int i = 0; i < most; i++) {
            if (!acceptOne()) {
                return;
            }
        }
        mostNow = Math.min(2 * most, MOST_PER_TURN);
    }

    private boolean acceptOne() throws IOException {
        SocketChannel accepted = channel.accept();
        if (accepted != null) {
            admission.accept(accepted);
        }
        return accepted != null;
    }

    private void watch() {
        state = State.WATCHED;
        if (!watched) {
            try {
                engine.request(watchAgain);
            } catch (Throwable e) {
                state = State.FAILED;
                throw e;
            }
        }
    }

    // The helper.

    /**
     * If a turn has failed, accepts a connection if there is one, and returns the socket to the loop. Does not wait.
     *
     * @return false if no turn has failed
     * @throws Exception what the turn threw, once; then the reason why this call failed too
     */
    public boolean help() throws Exception {
        if (state != State.FAILED) {
            return false;
        }
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            AcceptingSocket.<Exception>sneakyThrow(thrown);
        }
        acceptOne();
        watch();
        return true;
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneakyThrow(Throwable thrown) throws T {
        throw (T) thrown;
    }

    /** Whether the engine watches for connections. */
    boolean isWatched() {
        return watched;
    }

    /** Makes the loop release the descriptor of the channel, which has been closed, soon. Does not wait. */
    public void release() {
        engine.wakeUp();
    }

    /**
     * Waits, after the channel was closed, until its descriptor has been released and no turn accepts.
     *
     * @return whether that was in time
     */
    public boolean awaitRelease(Duration longest) throws InterruptedException {
        long until = System.nanoTime() + longest.toNanos();
        long left = longest.toNanos();
        Thread thread = Thread.currentThread();
        waiter = thread;
        engine.requestRelease(() -> LockSupport.unpark(thread));
        while ((channel.isRegistered() || state == State.ACCEPTING) && left > 0) {
            LockSupport.parkNanos(this, left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            left = until - System.nanoTime();
        }
        return left > 0;
    }
}
