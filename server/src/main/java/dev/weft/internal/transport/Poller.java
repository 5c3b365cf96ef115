package dev.weft.internal.transport;

import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Drives a {@link SelectorEngine} when the JDK schedules the connections' threads. As a virtual thread it alternates with the
 * threads that the engine unparks: it selects, lets them run by yielding, and waits only if nothing was ready. If waiting in a
 * selector would pin its carrier, a platform thread waits there in its place.
 * <p>
 * No failure ends the poller, not even an OutOfMemoryError. Because the JDK may need memory to wake a virtual thread, and may
 * lose the thread without it, {@link #beat} lets another thread check whether the poller still runs.
 */
final class Poller {
    /** The pause after a turn that failed, so that a lasting failure does not occupy a core. */
    private static final long RECOVERY_NANOS = 10_000_000;

    private final SelectorEngine engine;
    private final BooleanSupplier mayWait = () -> !isStopped();
    private final Failures failures;
    private final Thread thread;
    /** Waits in the selector in place of the poller; {@code null} if the poller does so itself. For the poller's thread. */
    private SelectorThread selectorThread;
    /** Set when the JDK may no longer wake a virtual thread that waits in a selector. */
    private volatile boolean selectorThreadNeeded;
    private volatile boolean stopped;

    /** The number of turns, which wraps around; and, for the caller of {@link #beat}, its value at the last call. */
    private volatile int turns;
    private int turnsSeen;
    private boolean asked;

    /**
     * Starts a poller that reports its failures as uncaught exceptions.
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

    /** Creates a transport over this connected channel, like {@link SelectorEngine#register}. */
    ParkingTransport register(SocketChannel channel) throws IOException {
        return engine.register(channel, null);
    }

    /**
     * Lets the poller's thread start another thread, which is then queued among those that the poller unparks. A carrier that
     * is busy with that queue checks no other: a thread that is started elsewhere may wait in another queue for seconds. Does
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

    /** Ends the poller. The remaining transports are closed, so that no thread waits in one forever. Does not block. */
    void stop() {
        stopped = true;
        engine.wakeUp();
    }

    private boolean isStopped() {
        return stopped;
    }

    /**
     * Whether the poller has taken a turn since the last call; if not, it is woken to take one. If that has no effect, the
     * JDK's own poller may have died because memory was exhausted; this poller is then woken without it and no longer relies on
     * it. For one thread. Does not block.
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

    /** Whether the poller's thread has ended although the poller was not stopped; its transports would then wait forever. */
    boolean isDead() {
        return !stopped && !thread.isAlive();
    }

    private void run() {
        while (!stopped) {
            try {
                takeTurnAndRecover();
            } catch (Throwable e) {
                // Even the recovery can fail: code that runs for the first time may have to load a class.
            }
        }
        if (selectorThread != null) {
            selectorThread.close();
        }
        engine.close();
    }

    /** All connections depend on this thread, so not even an OutOfMemoryError may end it. */
    private void takeTurnAndRecover() {
        try {
            takeTurn();
        } catch (Throwable e) {
            failures.note(e);
            if (e instanceof VirtualMachineError) {
                // Yields instead of parking: parking for a limited time needs memory, and without memory a virtual thread is
                // never woken.
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
            // A started thread waits in a queue that a carrier looks at only when its own queue is empty. Now it is empty, and
            // this yield puts the poller at the back of the started thread's queue.
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
