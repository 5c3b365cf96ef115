package dev.weft.internal.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Accepts the connections of a TCP socket by the ring of an {@link IoUringEngine}: the system accepts all that arrive, and they are
 * queued here until a turn takes them. If too many are queued, the request to the system is cancelled until the turns have
 * taken some. If the system cannot accept, for example because no descriptor is left, a turn tries it, and finds the reason.
 * <p>
 * Of connections to a Unix domain socket, the ring only reports that they have arrived, and a turn accepts them. The same holds for
 * TCP on a Linux that does not wait for connections to a socket in non-blocking mode.
 * <p>
 * No connection stays in the queue without a turn: the engine adds it before it looks whether a turn is due, and a turn looks
 * at the queue after it has said that none is due any more. A cancelled request is made again: the engine first says that it has
 * ended, and then looks at the queue; if that is long, a turn takes from it, and then looks whether there is a request.
 */
final class IoUringListenerWatch implements IoUringSocket, SocketEngine.ListenerWatch {
    private static final int REQUEST = 1;
    /** The number of queued connections at which the request is cancelled. Those that have been accepted by then still follow. */
    private static final int MOST_QUEUED = 256;

    private final AcceptingSocket socket;
    private final IoUringEngine engine;
    private final ServerSocketChannel channel;
    private final Runnable watch = this::watch;
    /**
     * Of the same socket as the channel's descriptor, whose number may belong to another socket as soon as the channel is closed,
     * while requests are still made; -1 before the start.
     */
    private int descriptor = -1;
    /** Where the socket listens; {@code null} if the ring only reports what has arrived. Set to that by the engine's thread. */
    private volatile InetSocketAddress address;

    private final ConcurrentLinkedQueue<SocketChannel> queue = new ConcurrentLinkedQueue<>();
    /** The number of connections that were taken from the queue; it wraps around. Changed by one thread at a time. */
    private volatile int taken;
    /** Whether a turn must try to accept, because the system could not. */
    private volatile boolean failed;
    private volatile boolean watched;
    private volatile boolean released;

    // For the engine's thread.

    private int slot = -1;
    /** The number of connections that were queued; it wraps around. */
    private int added;
    /** The thread that has made the request: the system accepts on that thread, and would wake it after a takeover. */
    private Thread requester;
    private boolean cancelled;

    IoUringListenerWatch(ServerSocketChannel channel, AcceptingSocket socket, IoUringEngine engine) {
        this.socket = socket;
        this.engine = engine;
        this.channel = channel;
    }

    // Any thread.

    @Override
    public void start() throws IOException {
        descriptor = engine.ring().duplicate(Descriptors.of(channel));
        address = channel.getLocalAddress() instanceof InetSocketAddress tcp ? tcp : null;
        watchAgain();
    }

    @Override
    public SocketChannel accept() throws IOException {
        SocketChannel accepted = queue.poll();
        if (accepted != null) {
            taken++;
        } else if (failed || address == null) {
            accepted = channel.accept();
            failed = false;
        }
        return accepted;
    }

    @Override
    public void watchAgain() {
        if (!queue.isEmpty()) {
            socket.arrived();
        }
        if (!watched) {
            engine.request(watch);
        }
    }

    @Override
    public boolean isWatched() {
        return watched;
    }

    @Override
    public void release(Runnable done) {
        engine.request(() -> {
            cancel();
            done.run();
        });
    }

    @Override
    public boolean isReleased() {
        return released;
    }

    // The engine's thread.

    private void watch() {
        if (watched || cancelled || isLong()) {
            return;
        }
        try {
            if (slot < 0) {
                slot = engine.addSocket(this);
                engine.adopt();
            }
            if (address == null) {
                engine.ring().pollReadable(descriptor, key());
            } else {
                engine.ring().accept(descriptor, key());
            }
            requester = Thread.currentThread();
            watched = true;
        } catch (Throwable e) {
            socket.fail(e);
        }
    }

    private long key() {
        return IoUringSockets.key(slot, REQUEST);
    }

    /** Whether too many connections are queued. */
    private boolean isLong() {
        return added - taken >= MOST_QUEUED;
    }

    @Override
    public void completed(Ring ring, int kind, int result) throws IOException {
        boolean last = ring.isLast();
        if (last) {
            watched = false;
        }
        boolean accepted = result >= 0 && address != null;
        try {
            if (accepted) {
                add(ring, result);
            }
        } finally {
            if (cancelled) {
                if (last) {
                    end();
                    socket.released();
                }
            } else if (accepted) {
                goOn(ring);
            } else {
                acceptedNone(result);
            }
        }
    }

    private void add(Ring ring, int connection) {
        SocketChannel channel;
        try {
            channel = ring.channel(connection, address);
        } catch (IOException e) {
            // The peer has reset the connection already.
            return;
        }
        boolean kept = false;
        try {
            queue.add(channel);
            added++;
            kept = true;
        } finally {
            if (!kept) {
                close(channel);
            }
        }
    }

    private void goOn(Ring ring) throws IOException {
        socket.arrived();
        if (!watched) {
            watch();
        } else if (isLong() || requester != Thread.currentThread()) {
            // If a thread has taken the loop over, it makes the request again.
            ring.cancel(key());
        }
    }

    private void acceptedNone(int result) {
        if (result == SocketErrors.EAGAIN) {
            address = null;
        }
        if (Ring.hadNoEffect(result)) {
            watch();
        } else {
            failed = true;
            socket.arrived();
        }
    }

    private void cancel() {
        if (cancelled) {
            return;
        }
        cancelled = true;
        if (!watched) {
            end();
            return;
        }
        try {
            engine.ring().cancel(key());
        } catch (IOException e) {
            cancelled = false;
            socket.fail(e);
        }
    }

    private void end() {
        if (slot >= 0) {
            engine.removeSocket(slot);
        }
        if (descriptor >= 0) {
            engine.ring().closeDuplicate(descriptor);
        }
        SocketChannel left;
        while ((left = queue.poll()) != null) {
            close(left);
        }
        released = true;
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is released either way.
        }
    }

    @Override
    public void close() {
        socket.close();
        cancel();
    }

    /** A connection was lost, perhaps for lack of memory. The next ones can be accepted. */
    @Override
    public void fail() {}
}
