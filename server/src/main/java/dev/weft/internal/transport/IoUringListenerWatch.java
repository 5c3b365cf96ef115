package dev.weft.internal.transport;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;

/**
 * Watches a listening socket by the ring of an {@link IoUringEngine}: each request to the system reports once, and the next one is
 * made when the turn that accepts is over.
 */
final class IoUringListenerWatch implements IoUringSocket, SocketEngine.ListenerWatch {
    private static final int WATCH = 1;

    private final AcceptingSocket socket;
    private final IoUringEngine engine;
    private final ServerSocketChannel channel;
    private final Runnable watch = this::watch;
    private int descriptor;

    private volatile boolean watched;
    private volatile boolean released;
    /** For the engine's thread. */
    private int slot = -1;
    private boolean cancelled;

    IoUringListenerWatch(ServerSocketChannel channel, AcceptingSocket socket, IoUringEngine engine) {
        this.socket = socket;
        this.engine = engine;
        this.channel = channel;
    }

    // Any thread.

    @Override
    public void start() throws IOException {
        descriptor = Descriptors.of(channel);
        watchAgain();
    }

    @Override
    public void watchAgain() {
        engine.request(watch);
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
        if (watched || cancelled) {
            return;
        }
        try {
            if (slot < 0) {
                slot = engine.addSocket(this);
                engine.adopt();
            }
            engine.ring().pollReadable(descriptor, IoUringSockets.key(slot, WATCH));
            watched = true;
        } catch (Throwable e) {
            socket.fail(e);
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
            engine.ring().cancel(IoUringSockets.key(slot, WATCH));
        } catch (IOException e) {
            cancelled = false;
            socket.fail(e);
        }
    }

    private void end() {
        if (slot >= 0) {
            engine.removeSocket(slot);
        }
        released = true;
    }

    @Override
    public void completed(Ring ring, int kind, int result) {
        watched = false;
        if (cancelled) {
            end();
            socket.released();
        } else if (Ring.hadNoEffect(result)) {
            watch();
        } else {
            socket.arrived();
        }
    }

    @Override
    public void close() {
        socket.close();
        cancel();
    }

    @Override
    public void fail() {
        socket.close();
    }
}
