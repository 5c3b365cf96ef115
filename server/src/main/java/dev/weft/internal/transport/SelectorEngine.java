package dev.weft.internal.transport;

import dev.weft.internal.loop.Engine;
import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Watches the sockets of many {@link ParkingTransport}s by a selector, and unparks the thread that waits for one that is ready.
 * It is driven by a {@link dev.weft.internal.loop.Loop} or by a {@link Poller}.
 * <p>
 * Every channel stays registered from its beginning to its end, so a message costs no {@code epoll_ctl}, and readiness is
 * level-triggered, so a connection that has done its work waits without a probing read.
 * <p>
 * Only the driving thread changes what a key is interested in, and so no two such changes can overtake each other; others ask
 * for it by {@link #request}.
 */
final class SelectorEngine implements Engine {
    /** As many as the JDK takes from epoll at a time; the array grows where it takes more. */
    private static final int MOST_PER_LOOK = 1024;
    /** The sockets served at a time: so few that their threads still find in the processor's cache what serving them read. */
    private static final int SLICE = 32;

    private static final AtomicIntegerFieldUpdater<SelectorEngine> WAITING = AtomicIntegerFieldUpdater
            .newUpdater(SelectorEngine.class, "waiting");

    private final Selector selector = Selector.open();
    private final Consumer<SelectionKey> found = this::found;
    private final ConcurrentLinkedQueue<Runnable> requests = new ConcurrentLinkedQueue<>();
    private final Failures failures;
    private final int place;

    /** 1 while the thread waits in the selector, or is about to: what is asked of it then needs a wake-up. */
    private volatile int waiting;
    private volatile boolean closed;

    /** What the last look found ready; from the next that is to be served to the end. The driving thread's. */
    private SelectionKey[] ready = new SelectionKey[MOST_PER_LOOK];
    private int nextReady;
    private int endOfReady;

    /** An engine that nobody drives yet, and whose sockets' threads run anywhere. */
    SelectorEngine(Failures failures) throws IOException {
        this(failures, -1);
    }

    /**
     * An engine that nobody drives yet.
     *
     * @param place as {@link Transport#place}
     */
    SelectorEngine(Failures failures, int place) throws IOException {
        this.failures = failures;
        this.place = place;
    }

    // Any thread.

    /**
     * A transport over this connected channel.
     *
     * @param scheduler schedules the connection's threads, or {@code null} if the JDK does
     * @throws ClosedSelectorException if the engine has been closed
     */
    ParkingTransport register(SocketChannel channel, ConnectionScheduler scheduler) throws IOException {
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

    /** Has the driving thread look at what a transport is interested in. Does not block. */
    void request(ParkingTransport transport) {
        request(() -> serve(transport));
    }

    /** Has the driving thread do this. Does not block. */
    void request(Runnable request) {
        requests.add(request);
        wakeUp();
        // As in register(): it is not left undone, and not done twice.
        if (closed && requests.remove(request)) {
            request.run();
        }
    }

    @Override
    public void wakeUp() {
        // The driving thread raises its flag before it looks for requests the last time, and we make ours before we look at
        // the flag: one of us sees the other. Of several that see it, one wakes.
        if (waiting == 1 && WAITING.compareAndSet(this, 1, 0)) {
            selector.wakeup();
        }
    }

    @Override
    public boolean isWaiting() {
        return waiting == 1;
    }

    /** Where the threads of its sockets run. */
    int place() {
        return place;
    }

    /** The number of sockets that are watched. */
    int size() {
        return selector.keys().size();
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

    /** Whether something that was found ready is left. */
    boolean hasReady() {
        return nextReady < endOfReady;
    }

    /** Unparks the threads that wait for the first of what was found ready and is left. */
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
     * Waits until a socket is ready or something is asked for, and finds what is ready; but for a wait that is not needed.
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

    /** Does what was asked for; returns whether anything was. */
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
                // It was moved after this was asked for.
                transport.engine().request(transport);
            }
        } catch (Throwable e) {
            transport.close();
            throw e;
        }
    }

    /** Has another engine watch a number of the sockets, and its loop, which the scheduler has, run their threads. */
    void move(int count, SelectorEngine other, ConnectionScheduler example) {
        int left = count;
        for (SelectionKey key : selector.keys()) {
            if (left == 0) {
                return;
            }
            ParkingTransport transport = (ParkingTransport) key.attachment();
            try {
                if (key.isValid()) {
                    transport.moveTo(other, example);
                    left--;
                }
            } catch (CancelledKeyException | ClosedChannelException e) {
                // Closed meanwhile.
            } catch (Throwable e) {
                failures.note(e);
                transport.close();
            }
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
            // Closed meanwhile, which freed the threads that waited.
        } catch (Throwable e) {
            // A failure on one connection, such as no memory to unpark its thread with, must not affect the others.
            failures.note(e);
            ((ParkingTransport) key.attachment()).close();
        }
    }

    /** Closes the transports that are left, so that no thread waits in one for good. */
    @Override
    public void close() {
        closed = true;
        try (selector) {
            selector.keys().forEach(key -> ((ParkingTransport) key.attachment()).close());
            serveRequests();
        } catch (IOException e) {
            failures.note(e);
        }
    }
}
