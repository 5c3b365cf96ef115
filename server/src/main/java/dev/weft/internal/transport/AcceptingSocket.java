package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.transport.SocketEngine.ListenerWatch;
import java.io.IOException;
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
 * The thread that changes the state to WATCHED afterwards asks the engine to watch the socket again, if it does not.
 */
public final class AcceptingSocket {
    private enum State {
        WATCHED, ACCEPTING, FAILED
    }

    /** The maximum number of connections that one turn accepts. */
    private static final int MOST_PER_TURN = 16;

    private static final AtomicReferenceFieldUpdater<AcceptingSocket, State> STATE = AtomicReferenceFieldUpdater
            .newUpdater(AcceptingSocket.class, State.class, "state");

    private final ServerSocketChannel channel;
    private final ConnectionScheduler scheduler;
    private final Consumer<SocketChannel> admission;
    private final Runnable turn = this::takeTurn;
    private Runnable wakeHelper;

    private volatile State state = State.WATCHED;
    /** Written before the step to FAILED; then for the helper. */
    private Throwable failure;
    /** Waits for the end of a turn; written before it reads the state, and read after a turn has changed that. */
    private volatile Thread waiter;
    /** For the turns. */
    private int mostNow = 1;

    private final ListenerWatch watch;

    AcceptingSocket(ServerSocketChannel channel, SocketEngine engine, ConnectionScheduler scheduler,
            Consumer<SocketChannel> admission) {
        this.channel = channel;
        this.scheduler = scheduler;
        this.admission = admission;
        this.watch = engine.watch(channel, this);
    }

    /**
     * Starts to accept.
     *
     * @param wakeHelper makes the helper call {@link #help}; must not wait, allocate, or throw
     */
    public void start(Runnable wakeHelper) throws IOException {
        this.wakeHelper = wakeHelper;
        channel.configureBlocking(false);
        watch.start();
    }

    // The engine's thread.

    /**
     * Connections have arrived.
     *
     * @return false if a turn that accepts is already due or in progress
     */
    boolean arrived() {
        boolean due = STATE.compareAndSet(this, State.WATCHED, State.ACCEPTING);
        if (due) {
            scheduler.execute(turn);
        }
        return due;
    }

    /** Whether a turn accepts when connections arrive. */
    boolean awaitsArrivals() {
        return state == State.WATCHED;
    }

    /** The descriptor of the socket, which was closed, has been released. */
    void released() {
        LockSupport.unpark(waiter);
    }

    /** The engine cannot watch for connections. */
    void fail(Throwable thrown) {
        failure = thrown;
        state = State.FAILED;
        wakeHelper.run();
    }

    /** The loop ends, which loops with listening sockets do not. */
    void close() {
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
        SocketChannel accepted = watch.accept();
        if (accepted != null) {
            admission.accept(accepted);
        }
        return accepted != null;
    }

    private void watch() {
        state = State.WATCHED;
        try {
            watch.watchAgain();
        } catch (Throwable e) {
            if (STATE.compareAndSet(this, State.WATCHED, State.FAILED)) {
                throw e;
            }
            // Connections have arrived meanwhile, and the turn that is due tries it again.
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
        return watch.isWatched();
    }

    /** Makes the loop release the descriptor of the channel, which has been closed, soon. Does not wait. */
    public void release() {
        watch.release(() -> {});
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
        watch.release(() -> LockSupport.unpark(thread));
        while ((!watch.isReleased() || state == State.ACCEPTING) && left > 0) {
            LockSupport.parkNanos(this, left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            left = until - System.nanoTime();
        }
        return left > 0;
    }
}
