package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Receives and sends for the sockets of many {@link IoUringTransport}s by a ring of Linux's io_uring. All requests of a turn of
 * the loop are submitted together, by one system call.
 * <p>
 * Only the driving thread uses the ring; other threads add a transport that asks for something to a list, or a task to a queue.
 */
final class IoUringEngine implements SocketEngine {
    private static final int REQUESTS = 4096;
    private static final int COMPLETIONS = 4 * REQUESTS;
    /** The number of completions served at a time, as in {@link SelectorEngine}. */
    private static final int SLICE = 32;
    /** The user data of the request that awaits a wake-up. */
    private static final long WAKE_UP = IoUringSockets.NO_SOCKET;
    private static final int CLOSING_ROUNDS = 1000;
    private static final long CLOSING_PAUSE_NANOS = 1_000_000;

    private static final AtomicIntegerFieldUpdater<IoUringEngine> WAITING = AtomicIntegerFieldUpdater
            .newUpdater(IoUringEngine.class, "waiting");
    private static final AtomicReferenceFieldUpdater<IoUringEngine, IoUringTransport> ADDED = AtomicReferenceFieldUpdater
            .newUpdater(IoUringEngine.class, IoUringTransport.class, "added");

    private final Ring ring = IoUringBuffers.openRing(REQUESTS, COMPLETIONS);
    private final IoUringBuffers buffers = new IoUringBuffers(ring, this::wakeUp);
    private final SendBuffers sendBuffers = new SendBuffers(ring);
    private final Failures failures;
    private final int place;
    private final AtomicInteger size = new AtomicInteger();

    /** The transports that ask for something, the newest first. */
    private volatile IoUringTransport added;
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    /** 1 while the thread waits in the system, or is about to: a request then needs a wake-up. */
    private volatile int waiting;
    private volatile boolean closed;

    // For the driving thread.

    private final IoUringSockets sockets = new IoUringSockets();
    private final SendsAtOnce sends = new SendsAtOnce();
    /** The transports whose reader was woken, to be watched if it does not wait again. */
    private IoUringTransport[] woken = new IoUringTransport[2 * SLICE];
    private int wokenCount;
    /** Whether the request that awaits a wake-up is in progress; and whether another thread makes it complete. */
    private boolean wakeUpAwaited;
    private boolean wakeUpDue;

    /**
     * An engine that no thread drives yet.
     *
     * @param place see {@link Transport#place}
     */
    IoUringEngine(Failures failures, int place) throws IOException {
        this.failures = failures;
        this.place = place;
        // For what the ring does not send and receive. It has already loaded most of what they need.
        DirectCalls.prepareSoon();
    }

    // Any thread.

    @Override
    public IoUringTransport register(SocketChannel channel, ConnectionScheduler scheduler) throws IOException {
        channel.configureBlocking(false);
        IoUringTransport transport = new IoUringTransport(channel, this, scheduler);
        adopt();
        transport.open();
        if (closed) {
            transport.close();
            throw new ClosedSelectorException();
        }
        return transport;
    }

    /** Counts a socket that will be added. */
    void adopt() {
        size.incrementAndGet();
    }

    @Override
    public ListenerWatch watch(ServerSocketChannel channel, AcceptingSocket socket) {
        return new IoUringListenerWatch(channel, socket, this);
    }

    /** Adds a transport that asks for something. Does not wait. */
    void add(IoUringTransport transport) {
        push(transport);
        announceAdded();
    }

    /** Puts a transport in the list; {@link #announceAdded} must follow. */
    void push(IoUringTransport transport) {
        IoUringTransport before;
        do {
            before = added;
            transport.next = before;
        } while (!ADDED.compareAndSet(this, before, transport));
    }

    /** Has the transports in the list served soon. Does not wait. */
    void announceAdded() {
        wakeUp();
        // The engine raises its flag before it takes what is left: it saw this one, or we see the flag.
        if (closed) {
            abandonAdded();
        }
    }

    /** Makes the driving thread run this task. Does not wait. */
    void request(Runnable task) {
        tasks.add(task);
        wakeUp();
        if (closed && tasks.remove(task)) {
            task.run();
        }
    }

    @Override
    public void move(int count, SocketEngine other, ConnectionScheduler example, Runnable done) {
        request(() -> {
            try {
                moveNow(count, (IoUringEngine) other, example);
            } finally {
                done.run();
            }
        });
    }

    @Override
    public void wakeUp() {
        // The driving thread raises its flag before it looks for requests for the last time, and this thread adds its request
        // before it looks at the flag.
        if (waiting == 1 && WAITING.compareAndSet(this, 1, 0)) {
            boolean woken = false;
            try {
                ring.wakeUp();
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

    /** Whether the driving thread does not wait, and so will submit requests soon. */
    boolean isAwake() {
        return waiting == 0;
    }

    @Override
    public int size() {
        return size.get();
    }

    int place() {
        return place;
    }

    IoUringBuffers buffers() {
        return buffers;
    }

    SendBuffers sendBuffers() {
        return sendBuffers;
    }

    // The driving thread.

    Ring ring() {
        return ring;
    }

    @Override
    public void poll(BooleanSupplier mayWait) throws IOException {
        serveRequests();
        watchWoken();
        if (!sends.isEmpty() || ring.hasNext() && ring.hasRequests()) {
            ring.enter(0);
            settleSends();
        }
        if (!ring.hasNext() && !await(mayWait) && (ring.hasRequests() || ring.needsEnter())) {
            ring.enter(0);
        }
        serveSome();
    }

    /**
     * Ends the sends that were submitted: first those that have completed, because the system did not take everything. Called
     * before the engine waits, so that no connection looks as if it was sending meanwhile.
     */
    private void settleSends() {
        if (sends.isEmpty()) {
            return;
        }
        while (ring.see()) {
            if (IoUringSockets.kind(ring.userData()) == IoUringTransport.SEND) {
                ring.skip();
                complete(ring.userData());
            }
        }
        while (!sends.isEmpty() && ring.isSubmitted(sends.request())) {
            int request = sends.request();
            IoUringTransport transport = sends.remove();
            try {
                transport.sent(ring, request);
            } catch (Throwable e) {
                failed(transport, e);
            }
        }
    }

    /** A failure on one connection, such as no memory to unpark its thread with, must not affect the others. */
    private void failed(IoUringSocket socket, Throwable failure) {
        try {
            failures.note(failure);
            socket.fail();
        } catch (Throwable e) {
            // Then its deadlines end it.
        }
    }

    /** The sends that complete only if the system has not taken everything. */
    SendsAtOnce sends() {
        return sends;
    }

    private void serveRequests() throws IOException {
        buffers.returnToRing();
        IoUringTransport next;
        for (IoUringTransport transport = takeAdded(); transport != null; transport = next) {
            next = transport.next;
            transport.next = null;
            serve(transport);
        }
        Runnable task;
        while ((task = tasks.poll()) != null) {
            try {
                task.run();
            } catch (Throwable e) {
                failures.note(e);
            }
        }
    }

    /** Takes all added transports, oldest first. */
    private IoUringTransport takeAdded() {
        if (added == null) {
            return null;
        }
        IoUringTransport oldest = null;
        for (IoUringTransport transport = ADDED.getAndSet(this, null); transport != null;) {
            IoUringTransport before = transport.next;
            transport.next = oldest;
            oldest = transport;
            transport = before;
        }
        return oldest;
    }

    private void serve(IoUringTransport transport) {
        try {
            if (transport.isAt(this)) {
                transport.serve(ring);
            } else {
                transport.engine().add(transport);
            }
        } catch (Throwable e) {
            failed(transport, e);
        }
    }

    private void watchWoken() {
        while (wokenCount > 0) {
            IoUringTransport transport = woken[--wokenCount];
            woken[wokenCount] = null;
            try {
                transport.watch(this);
            } catch (Throwable e) {
                failed(transport, e);
            }
        }
    }

    /** Watches for bytes of this transport before the next wait, unless a thread waits for them by then. */
    void watchLater(IoUringTransport transport) {
        if (wokenCount == woken.length) {
            woken = Arrays.copyOf(woken, 2 * wokenCount);
        }
        woken[wokenCount++] = transport;
    }

    /**
     * Submits the requests, and waits, if necessary, until one has completed.
     *
     * @return whether it waited
     */
    private boolean await(BooleanSupplier mayWait) throws IOException {
        if (!wakeUpAwaited) {
            ring.awaitWakeUp(WAKE_UP);
            wakeUpAwaited = true;
        }
        waiting = 1;
        try {
            if (added != null || !tasks.isEmpty() || closed || buffers.mustReturn() || !mayWait.getAsBoolean()) {
                return false;
            }
            if (!sends.isEmpty()) {
                // The system has not taken all requests, perhaps for lack of memory; these would be done without a completion.
                return false;
            }
            ring.enter(1);
            return true;
        } finally {
            if (WAITING.getAndSet(this, 0) == 0) {
                wakeUpDue = true;
            }
        }
    }

    private void serveSome() {
        for (int i = 0; i < SLICE && ring.next(); i++) {
            if (ring.userData() == WAKE_UP) {
                wakeUpAwaited = false;
                // If the request was cancelled, the thread may still make its call.
                wakeUpDue &= ring.result() < 0;
            } else {
                complete(ring.userData());
            }
        }
    }

    private void complete(long key) {
        IoUringSocket socket = sockets.socket(key);
        try {
            socket.completed(ring, IoUringSockets.kind(key), ring.result());
        } catch (Throwable e) {
            failed(socket, e);
        }
    }

    /** Gives a socket a slot, which it names in its requests. */
    int addSocket(IoUringSocket socket) {
        return sockets.add(socket);
    }

    /** Removes a socket for which no request is in progress; -1 if it had no slot yet. */
    void removeSocket(int slot) {
        size.decrementAndGet();
        if (slot >= 0) {
            sockets.remove(slot);
        }
    }

    private void moveNow(int count, IoUringEngine other, ConnectionScheduler example) {
        int left = count;
        for (int i = 0; i < sockets.slots() && left > 0; i++) {
            if (sockets.at(i) instanceof IoUringTransport transport) {
                try {
                    left -= transport.moveTo(ring, other, example) ? 1 : 0;
                } catch (Throwable e) {
                    failed(transport, e);
                }
            }
        }
    }

    // The end.

    /** Closes the remaining transports, so that no thread waits in one forever. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        boolean quiet = false;
        try {
            quiet = closeSockets();
        } catch (Throwable e) {
            failures.note(e);
        }
        closed = true;
        abandonAdded();
        if (quiet && !wakeUpDue) {
            ring.close();
        } else {
            ring.abandon();
        }
    }

    /** Closes all sockets; returns whether no request is in progress any more. */
    private boolean closeSockets() throws IOException {
        for (int i = 0; i < sockets.slots(); i++) {
            IoUringSocket socket = sockets.at(i);
            if (socket != null) {
                socket.close();
            }
        }
        if (wakeUpAwaited) {
            ring.cancel(WAKE_UP);
        }
        for (int i = 0; i < CLOSING_ROUNDS; i++) {
            serveRequests();
            ring.enter(0);
            settleSends();
            while (ring.hasNext()) {
                serveSome();
            }
            if (size.get() == 0 && !wakeUpAwaited) {
                return true;
            }
            LockSupport.parkNanos(CLOSING_PAUSE_NANOS);
        }
        return false;
    }

    private void abandonAdded() {
        IoUringTransport next;
        for (IoUringTransport transport = takeAdded(); transport != null; transport = next) {
            next = transport.next;
            transport.abandon();
        }
    }
}
