package dev.weft.internal.transport;

import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Drives a {@link SelectorEngine} where the JDK schedules the connections' threads. As a virtual thread it takes turns with the
 * threads that the engine unparks: it looks, lets them run by yielding, and waits only when nothing was ready. If waiting in
 * a selector would hold its carrier, a platform thread waits there in its place.
 * <p>
 * No failure ends the poller, a lack of memory included. Since a virtual thread can still be lost in the JDK's hands, which
 * may need memory to wake it, {@link #beat} lets another thread see whether the poller goes on.
 */
final class Poller {
    /** Between a turn that failed and the next, so that a failure that lasts does not take a core. */
    private static final long RECOVERY_NANOS = 10_000_000;

    private final SelectorEngine engine;
    private final BooleanSupplier mayWait = () -> !isStopped();
    private final Failures failures;
    private final Thread thread;
    /** Waits in the selector while the poller waits for it; {@code null} if the poller does it itself. Its thread's own. */
    private SelectorThread selectorThread;
    /** The JDK may have lost what wakes a virtual thread that waits in a selector. */
    private volatile boolean selectorThreadNeeded;
    private volatile boolean stopped;

    /** The number of turns, which wraps around; and the caller's of {@link #beat}, what it was at the last call. */
    private volatile int turns;
    private int turnsSeen;
    private boolean asked;

    /**
     * A poller that runs, and reports its failures as uncaught exceptions.
     *
     * @param pinned whether a virtual thread that waits in a selector holds its carrier: before Java 24
     */
    Poller(String name, boolean pinned) throws IOException {
        this(pinned, Failures.toHandler(name));
    }

    /**
     * A poller that runs.
     *
     * @param failures has the name of the threads
     */
    Poller(boolean pinned, Failures failures) throws IOException {
        this.failures = failures;
        engine = new SelectorEngine(failures);
        selectorThreadNeeded = pinned;
        thread = Thread.ofVirtual().name(failures.what()).inheritInheritableThreadLocals(false).start(this::run);
    }

    /** A transport over this connected channel, as {@link SelectorEngine#register} makes it. */
    ParkingTransport register(SocketChannel channel) throws IOException {
        return engine.register(channel, null);
    }

    /**
     * Has the poller's thread start another, which then gets its turn between those that the poller unparks. A carrier
     * that is busy with these looks at no other queue: what is started by other threads may wait there for seconds. Does
     * not block.
     *
     * @param start must not block
     */
    void start(Runnable start) {
        engine.request(start);
    }

    /** The number of sockets that are watched. */
    int size() {
        return engine.size();
    }

    /** Ends the poller. Transports that are left are closed, so that no thread waits in one for good. Does not block. */
    void stop() {
        stopped = true;
        engine.wakeUp();
    }

    private boolean isStopped() {
        return stopped;
    }

    /**
     * Whether the poller has taken a turn since the last call; if not, it is woken to take one. If that was in vain, the
     * JDK's own poller may have died for lack of memory, and ours is woken without its help and no longer relies on it. For
     * one thread. Does not block.
     */
    boolean beat() {
        int now = turns;
        if (now != turnsSeen) {
            turnsSeen = now;
            asked = false;
            return true;
        }
        if (asked) {
            selectorThreadNeeded = true;
            LockSupport.unpark(thread);
        }
        asked = true;
        engine.wakeUp();
        return false;
    }

    /** Whether the poller's thread has ended without having been told to, which leaves its transports to wait for good. */
    boolean isDead() {
        return !stopped && !thread.isAlive();
    }

    private void run() {
        while (!stopped) {
            try {
                takeTurnAndRecover();
            } catch (Throwable e) {
                // Even to recover can fail: code that runs for the first time may have to load a class.
            }
        }
        if (selectorThread != null) {
            selectorThread.close();
        }
        engine.close();
    }

    /** All connections depend on this thread, so not even a lack of memory may end it. */
    private void takeTurnAndRecover() {
        try {
            takeTurn();
        } catch (Throwable e) {
            failures.note(e);
            if (e instanceof VirtualMachineError) {
                // To park for a time needs memory, without which a virtual thread is never woken.
                Thread.yield();
            } else {
                LockSupport.parkNanos(RECOVERY_NANOS);
            }
        }
    }

    private void takeTurn() throws IOException {
        turns++;
        boolean ready = engine.look();
        boolean served = engine.serveRequests();
        if (ready || served || await()) {
            do {
                engine.serveSome();
                Thread.yield();
            } while (engine.hasReady());
        }
        if (served) {
            // A thread that is started waits in a queue that no carrier looks at before its own is empty. Now it is, and
            // this yield goes to the back of that same queue.
            Thread.yield();
        }
    }

    private boolean await() throws IOException {
        if (selectorThreadNeeded && selectorThread == null) {
            selectorThread = new SelectorThread(failures.what(), engine, mayWait);
        }
        return selectorThread == null ? engine.await(mayWait) : selectorThread.await();
    }
}
