package dev.weft.internal.transport;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** Blocks in a selector, on a platform thread, in the place of a virtual one that would hold its carrier there. */
final class Lookout implements AutoCloseable {
    private final Selector selector;
    private final Consumer<SelectionKey> dispatch;
    private final Thread thread;
    /** Whose place this thread takes; {@code null} while it rests. */
    private volatile Thread principal;
    private volatile boolean closed;

    /** How it went; written before the principal is let go. */
    private int ready;
    private Throwable failure;

    /** One that rests. */
    Lookout(String name, Selector selector, Consumer<SelectionKey> dispatch) {
        this.selector = selector;
        this.dispatch = dispatch;
        this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    /** Blocks as {@link Selector#select(Consumer)} does. For one thread at a time. */
    int select() throws IOException {
        principal = Thread.currentThread();
        LockSupport.unpark(thread);
        while (principal != null) {
            LockSupport.park(this);
        }
        if (failure != null) {
            throw new IOException("the lookout failed", failure);
        }
        return ready;
    }

    private void takeTurns() {
        while (!closed) {
            Thread waiting = principal;
            if (waiting == null) {
                LockSupport.park(this);
                continue;
            }
            failure = null;
            try {
                ready = selector.select(dispatch);
            } catch (Throwable e) {
                failure = e;
            }
            principal = null;
            LockSupport.unpark(waiting);
        }
    }

    /** Nothing may end this thread, in whose place nobody blocks; what it can throw comes of an unpark without memory. */
    private void run() {
        while (!closed) {
            try {
                takeTurns();
            } catch (Throwable e) {
                // The principal is woken by the next turn, or its silence is noticed.
            }
        }
    }

    /** Ends the thread, which rests. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
