package dev.weft.internal.transport;

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
 * Only the poller's thread, or the one in its place, changes what a key is interested in, and so no two such changes can
 * overtake each other; others ask for it by {@link #request}.
 */
final class Poller {
    /** Between a turn that failed and the next, so that a failure that lasts does not take a core. */
    private static final long RECOVERY_NANOS = 10_000_000;

    private final Selector selector = Selector.open();
    private final Consumer<SelectionKey> dispatch = this::dispatch;
    private final ConcurrentLinkedQueue<Runnable> requests = new ConcurrentLinkedQueue<>();
    /** Blocks in the selector while the poller waits for it; {@code null} if the poller does it itself. */
    private final Lookout lookout;

    /** Whether the thread blocks in the selector, or is about to: what is asked of it then needs a wake-up. */
    private volatile boolean blocking;
    private volatile boolean stopped;

    /**
     * A poller that runs.
     *
     * @param pinned whether a virtual thread that blocks in a selector holds its carrier: before Java 24
     */
    Poller(String name, boolean pinned) throws IOException {
        lookout = pinned ? new Lookout(name, selector, dispatch) : null;
        Thread.ofVirtual().name(name).inheritInheritableThreadLocals(false).start(this::run);
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

    private void run() {
        try (selector; lookout) {
            while (!stopped) {
                try {
                    takeTurn();
                } catch (Throwable e) {
                    // All connections hang on this thread, so not even a lack of memory may end it.
                    report(e);
                    LockSupport.parkNanos(RECOVERY_NANOS);
                }
            }
            selector.keys().forEach(key -> ((ParkingTransport) key.attachment()).close());
            serveRequests();
        } catch (IOException e) {
            report(e);
        }
    }

    private void takeTurn() throws IOException {
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
                report(e);
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
            // One connection's misfortune, such as no memory to unpark its thread with, is not the others'.
            ((ParkingTransport) key.attachment()).close();
            report(e);
        }
    }

    private static void report(Throwable e) {
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
}
