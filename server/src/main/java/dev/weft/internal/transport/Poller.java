package dev.weft.internal.transport;

import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Watches the sockets of many {@link ParkingTransport}s, and unparks whoever waits for one that is ready.
 * <p>
 * Every channel stays registered from its beginning to its end, so a message costs no {@code epoll_ctl}, and readiness is
 * level-triggered, so a connection that has done its work waits without a probing read. As a virtual thread the poller
 * takes turns with the threads it unparks: it looks, lets them run by yielding, and blocks only when nothing was ready. If
 * blocking in a selector would hold its carrier, a platform thread blocks there in its place.
 * <p>
 * No failure ends the poller, a lack of memory included. Since a virtual thread can still be lost in the JDK's hands, which
 * may need memory to wake it, {@link #beat} lets another thread see whether the poller goes on.
 * <p>
 * Only the poller's thread, or the one in its place, changes what a key is interested in, and so no two such changes can
 * overtake each other; others ask for it by {@link #request}.
 */
final class Poller {
    /** Between a turn that failed and the next, so that a failure that lasts does not take a core. */
    private static final long RECOVERY_NANOS = 10_000_000;

    private final Selector selector = Selector.open();
    private final Consumer<SelectionKey> dispatch = this::dispatch;
    private final ConcurrentLinkedQueue<Runnable> requests = new ConcurrentLinkedQueue<>();
    /** Blocks in the selector while the poller waits for it; {@code null} if the poller does it itself. Its thread's own. */
    private Lookout lookout;
    /** The JDK may have lost what wakes a virtual thread that blocks in a selector. */
    private volatile boolean lookoutNeeded;

    /** Whether the thread blocks in the selector, or is about to: what is asked of it then needs a wake-up. */
    private volatile boolean blocking;
    private volatile boolean stopped;
    private final Failures failures;
    private final Thread thread;
    /** The number of turns, which wraps around; and the caller's of {@link #beat}, what it was at the last call. */
    private volatile int turns;
    private int turnsSeen;
    private boolean asked;

    /**
     * A poller that runs, and reports its failures as uncaught exceptions.
     *
     * @param pinned whether a virtual thread that blocks in a selector holds its carrier: before Java 24
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
        lookoutNeeded = pinned;
        thread = Thread.ofVirtual().name(failures.what()).inheritInheritableThreadLocals(false).start(this::run);
    }

    /**
     * A transport over this connected channel.
     *
     * @throws ClosedSelectorException if the poller has been stopped
     */
    ParkingTransport register(SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        ParkingTransport transport = new ParkingTransport(channel, this);
        transport.registered(channel.register(selector, SelectionKey.OP_READ, transport));
        wakeUp();
        // The poller raises its flag before it looks for transports that are left: it saw this one, or we see the flag.
        if (stopped) {
            transport.close();
            throw new ClosedSelectorException();
        }
        return transport;
    }

    /** Has the poller's thread look at what a transport is interested in. Does not block. */
    void request(ParkingTransport transport) {
        requests.add(() -> serve(transport));
        wakeUp();
    }

    /**
     * Has the poller's thread start another, which then gets its turn between those that the poller unparks. A carrier
     * that is busy with these looks at no other queue: what is started by other threads may wait there for seconds. Does
     * not block.
     *
     * @param start must not block
     */
    void start(Runnable start) {
        requests.add(start);
        wakeUp();
        // As in register(): it is not left undone, and not done twice.
        if (stopped && requests.remove(start)) {
            start.run();
        }
    }

    /** Has the selector take note of a registration or a closed channel. Does not block. */
    void wakeUp() {
        // The poller raises its flag before it looks for requests the last time, and we make ours before we look at the
        // flag: one of us sees the other.
        if (blocking) {
            selector.wakeup();
        }
    }

    /** Ends the poller. Transports that are left are closed, so that nobody waits in one for good. Does not block. */
    void stop() {
        stopped = true;
        selector.wakeup();
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
            lookoutNeeded = true;
            LockSupport.unpark(thread);
        }
        asked = true;
        wakeUp();
        return false;
    }

    /** Whether the poller's thread has ended without having been told to, which leaves its transports to wait for good. */
    boolean isDead() {
        return !stopped && !thread.isAlive();
    }

    private void run() {
        try (selector) {
            while (!stopped) {
                try {
                    takeTurnAndRecover();
                } catch (Throwable e) {
                    // Even to recover can fail: code that runs for the first time may have to load a class.
                }
            }
            if (lookout != null) {
                lookout.close();
            }
            selector.keys().forEach(key -> ((ParkingTransport) key.attachment()).close());
            serveRequests();
        } catch (IOException e) {
            failures.note(e);
        }
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
        boolean ready = selector.selectNow(dispatch) > 0;
        boolean asked = serveRequests();
        if (ready || asked || block()) {
            Thread.yield();
        }
        if (asked) {
            // A thread that is started waits in a queue that no carrier looks at before its own is empty. Now it is, and
            // this yield goes to the back of that same queue.
            Thread.yield();
        }
    }

    private boolean block() throws IOException {
        if (lookoutNeeded && lookout == null) {
            lookout = new Lookout(failures.what(), selector, dispatch);
        }
        blocking = true;
        try {
            return requests.isEmpty() && !stopped
                    && (lookout == null ? selector.select(dispatch) : lookout.select()) > 0;
        } finally {
            blocking = false;
        }
    }

    private boolean serveRequests() {
        boolean found = false;
        Runnable request;
        while ((request = requests.poll()) != null) {
            try {
                request.run();
            } catch (Throwable e) {
                failures.note(e);
            }
            found = true;
        }
        return found;
    }

    private static void serve(ParkingTransport transport) {
        try {
            transport.serveRequest();
        } catch (Throwable e) {
            transport.close();
            throw e;
        }
    }

    private void dispatch(SelectionKey key) {
        try {
            int ready = key.readyOps();
            ParkingTransport transport = (ParkingTransport) key.attachment();
            if ((ready & SelectionKey.OP_READ) != 0) {
                transport.readable(key);
            }
            if ((ready & SelectionKey.OP_WRITE) != 0) {
                transport.writable(key);
            }
        } catch (CancelledKeyException e) {
            // Closed meanwhile, which freed whoever waited.
        } catch (Throwable e) {
            // A failure on one connection, such as no memory to unpark its thread with, must not affect the others.
            failures.note(e);
            ((ParkingTransport) key.attachment()).close();
        }
    }
}
