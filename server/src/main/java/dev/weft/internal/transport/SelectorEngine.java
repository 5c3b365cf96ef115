package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Watches the sockets of many {@link ParkingTransport}s with a selector, and unparks the threads that wait for those that are
 * ready. Also watches listening sockets ({@link AcceptingSocket}). It is driven by a {@code Loop} or by a {@link Poller}.
 * <p>
 * Every channel stays registered from its beginning to its end, so a message costs no {@code epoll_ctl}, and readiness is
 * level-triggered, so a connection that has done its work waits without an extra read.
 * <p>
 * Only the driving thread changes a key's interest set, so no two changes can overtake each other; other threads ask for a
 * change with {@link #request}.
 */
final class SelectorEngine implements SocketEngine {
    /** The number of ready sockets that the JDK takes from epoll at a time; the array grows if it takes more. */
    private static final int MOST_PER_LOOK = 1024;
    /**
     * The number of sockets served at a time: small, so that what serving them read is still in the processor's cache for their
     * threads.
     */
    private static final int SLICE = 32;

    private static final AtomicIntegerFieldUpdater<SelectorEngine> WAITING = AtomicIntegerFieldUpdater
            .newUpdater(SelectorEngine.class, "waiting");

    private final Selector selector = Selector.open();
    private final Consumer<SelectionKey> found = this::found;
    private final ConcurrentLinkedQueue<Runnable> requests = new ConcurrentLinkedQueue<>();
    private final Failures failures;
    private final int place;

    /** 1 while the thread waits in the selector, or is about to: a request then needs a wake-up. */
    private volatile int waiting;
    private volatile boolean closed;

    /** The keys that the last select found ready, from the next one to serve to the end. For the driving thread. */
    private SelectionKey[] ready = new SelectionKey[MOST_PER_LOOK];
    private int nextReady;
    private int endOfReady;

    /** An engine that no thread drives yet. The threads of its sockets may run anywhere. */
    SelectorEngine(Failures failures) throws IOException {
        this(failures, -1);
    }

    /**
     * An engine that no thread drives yet.
     *
     * @param place see {@link Transport#place}
     */
    SelectorEngine(Failures failures, int place) throws IOException {
        this.failures = failures;
        this.place = place;
    }

    // Any thread.

    @Override
    public ParkingTransport register(SocketChannel channel, ConnectionScheduler scheduler) throws IOException {
        channel.configureBlocking(false);
        ParkingTransport transport = new ParkingTransport(channel, this, scheduler);
        transport.registered(register(channel, SelectionKey.OP_READ, transport));
        wakeUp();
        // The engine raises its flag before it looks for transports that are left: it saw this one, or we see the flag.
        if (closed) {
            transport.close();
            throw new ClosedSelectorException();
        }
        return transport;
    }

    /** Makes the driving thread update what is watched for a transport. Does not block. */
    void request(ParkingTransport transport) {
        request(() -> serve(transport));
    }

    /** Makes the driving thread run this task. Does not block. */
    void request(Runnable request) {
        requests.add(request);
        wakeUp();
        // As in register(): the request is neither lost nor served twice.
        if (closed && requests.remove(request)) {
            request.run();
        }
    }

    /** Makes the driving thread release the descriptors of channels that were closed, then run this task. Does not block. */
    void requestRelease(Runnable released) {
        request(() -> {
            try {
                // What is ready is seen again by the next select.
                selector.selectNow(key -> {});
            } catch (IOException e) {
                failures.note(e);
            }
            released.run();
        });
    }

    @Override
    public void move(int count, SocketEngine other, ConnectionScheduler example, Runnable done) {
        request(() -> {
            try {
                moveNow(count, (SelectorEngine) other, example);
            } finally {
                done.run();
            }
        });
    }

    @Override
    public void wakeUp() {
        // The driving thread raises its flag before it looks for requests for the last time, and this thread adds its request
        // before it looks at the flag, so one of the two sees the other. If several threads see the flag, only one wakes the
        // selector.
        if (waiting == 1 && WAITING.compareAndSet(this, 1, 0)) {
            boolean woken = false;
            try {
                selector.wakeup();
                woken = true;
            } finally {
                if (!woken) {
                    // No stack was left for the call: the next request must try again.
                    waiting = 1;
                }
            }
        }
    }

    @Override
    public boolean isWaiting() {
        return waiting == 1;
    }

    /** The place where the threads of its sockets run. */
    int place() {
        return place;
    }

    @Override
    public int size() {
        return selector.keys().size();
    }

    @Override
    public ListenerWatch watch(ServerSocketChannel channel, AcceptingSocket socket) {
        return new SelectorListenerWatch(channel, socket, this);
    }

    SelectionKey register(ServerSocketChannel channel, SelectorListenerWatch watch) throws IOException {
        SelectionKey key = channel.register(selector, SelectionKey.OP_ACCEPT, watch);
        wakeUp();
        return key;
    }

    SelectionKey register(SocketChannel channel, int interest, ParkingTransport transport) throws IOException {
        return channel.register(selector, interest, transport);
    }

    // The driving thread.

    @Override
    public void poll(BooleanSupplier mayWait) throws IOException {
        if (!hasReady()) {
            serveRequests();
            if (!await(mayWait)) {
                look();
            }
        }
        serveSome();
    }

    /** Finds what is ready, without waiting; returns whether anything is. */
    boolean look() throws IOException {
        return selector.selectNow(found) > 0;
    }

    private void found(SelectionKey key) {
        if (endOfReady == ready.length) {
            ready = Arrays.copyOf(ready, 2 * endOfReady);
        }
        ready[endOfReady++] = key;
    }

    /** Whether there are keys that were found ready and have not been served. */
    boolean hasReady() {
        return nextReady < endOfReady;
    }

    /** Serves the next few keys that were found ready: unparks the threads that wait for them. */
    void serveSome() {
        int end = Math.min(endOfReady, nextReady + SLICE);
        while (nextReady < end) {
            SelectionKey key = ready[nextReady];
            ready[nextReady++] = null;
            dispatch(key);
        }
        if (nextReady == endOfReady) {
            nextReady = 0;
            endOfReady = 0;
        }
    }

    /**
     * Waits, if necessary, until a socket is ready or there is a request, and finds what is ready.
     *
     * @return whether it waited
     */
    boolean await(BooleanSupplier mayWait) throws IOException {
        waiting = 1;
        try {
            if (!requests.isEmpty() || closed || !mayWait.getAsBoolean()) {
                return false;
            }
            selector.select(found);
            return true;
        } finally {
            waiting = 0;
        }
    }

    /** Runs the requests; returns whether there were any. */
    boolean serveRequests() {
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

    private void serve(ParkingTransport transport) {
        try {
            if (transport.engine() == this) {
                transport.serveRequest();
            } else {
                // The transport was moved after this request was made.
                transport.engine().request(transport);
            }
        } catch (Throwable e) {
            transport.close();
            throw e;
        }
    }

    private void moveNow(int count, SelectorEngine other, ConnectionScheduler example) {
        int left = count;
        for (SelectionKey key : selector.keys()) {
            if (left == 0) {
                return;
            }
            if (!(key.attachment() instanceof ParkingTransport transport)) {
                continue;
            }
            try {
                if (key.isValid()) {
                    transport.moveTo(other, example);
                    left--;
                }
            } catch (CancelledKeyException | ClosedChannelException e) {
                // Closed meanwhile; or moved here from there so recently that it has to stay for now.
            } catch (Throwable e) {
                failures.note(e);
                transport.close();
            }
        }
    }

    private void dispatch(SelectionKey key) {
        try {
            ((WatchedSocket) key.attachment()).ready(key, key.readyOps());
        } catch (CancelledKeyException e) {
            // Closed meanwhile; the close released the waiting threads.
        } catch (Throwable e) {
            // A failure on one connection, such as no memory to unpark its thread with, must not affect the others.
            failures.note(e);
            ((WatchedSocket) key.attachment()).close();
        }
    }

    /** Closes the remaining transports, so that no thread waits in one forever. */
    @Override
    public void close() {
        closed = true;
        try (selector) {
            selector.keys().forEach(key -> ((WatchedSocket) key.attachment()).close());
            serveRequests();
        } catch (IOException e) {
            failures.note(e);
        }
    }
}
