package dev.weft.internal.transport;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * Watches a listening socket with a selector. Readiness is level-triggered: what the engine sees while a turn accepts, it sees
 * again on its next look. If it sees this often before the turn is over, it stops watching the socket. Afterwards it reads the
 * socket's state once more, and the thread that changes that state then reads whether the socket is watched; so one of them
 * finds that it must be watched again.
 */
final class SelectorListenerWatch implements WatchedSocket, SocketEngine.ListenerWatch {
    /** The number of times that the engine sees the socket ready in vain before it stops watching it. */
    private static final int PATIENCE = 8;

    private final ServerSocketChannel channel;
    private final AcceptingSocket socket;
    private final SelectorEngine engine;
    private final Runnable arm = this::arm;
    private volatile SelectionKey key;
    /** Changed by the engine's thread alone. */
    private volatile boolean watched = true;
    private int inVain;

    SelectorListenerWatch(ServerSocketChannel channel, AcceptingSocket socket, SelectorEngine engine) {
        this.channel = channel;
        this.socket = socket;
        this.engine = engine;
    }

    // Any thread.

    @Override
    public void start() throws IOException {
        key = engine.register(channel, this);
    }

    @Override
    public SocketChannel accept() throws IOException {
        return channel.accept();
    }

    @Override
    public void watchAgain() {
        if (!watched) {
            engine.request(arm);
        }
    }

    @Override
    public boolean isWatched() {
        return watched;
    }

    @Override
    public void release(Runnable released) {
        engine.requestRelease(released);
    }

    @Override
    public boolean isReleased() {
        return !channel.isRegistered();
    }

    // The engine's thread.

    @Override
    public void ready(SelectionKey ready, int operations) {
        if (socket.arrived()) {
            inVain = 0;
        } else if (++inVain >= PATIENCE) {
            disarm(ready);
        }
    }

    private void disarm(SelectionKey ready) {
        watched = false;
        try {
            ready.interestOps(0);
        } catch (Throwable e) {
            // Closed meanwhile; or there is no memory, and the next look tries again.
            watched = true;
            return;
        }
        if (socket.awaitsArrivals()) {
            arm();
        }
    }

    private void arm() {
        try {
            key.interestOps(SelectionKey.OP_ACCEPT);
            watched = true;
            inVain = 0;
        } catch (CancelledKeyException e) {
            // Closed meanwhile.
        } catch (Throwable e) {
            socket.fail(e);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
