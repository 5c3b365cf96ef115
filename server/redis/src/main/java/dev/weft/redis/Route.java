package dev.weft.redis;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * That a connection serves a group of topics. For any thread. {@link Routes} changes its state:
 * <pre>
 * DROPPING ──▶ HOLDING ──▶ PASSING
 * </pre>
 */
final class Route {
    private enum State {
        /** Its subscriptions are not confirmed. What arrives is before the notice of a loss. */
        DROPPING,
        /** The node is being told. What arrives waits until it is. */
        HOLDING, PASSING
    }

    private static final int MOST_HELD = 10_000;

    private final Link link;
    private final int group;
    private final byte[] term;

    private final ReentrantLock lock = new ReentrantLock();
    /** Changed with the lock. */
    private volatile State state = State.DROPPING;
    // Guarded by the lock.
    private final Queue<Runnable> held = new ArrayDeque<>();

    Route(Link link, int group, byte[] term) {
        this.link = link;
        this.group = group;
        this.term = term;
    }

    Link link() {
        return link;
    }

    int group() {
        return group;
    }

    /** What the server has said: see {@link Script#BEAT}. */
    byte[] term() {
        return term;
    }

    boolean isPassing() {
        return state == State.PASSING;
    }

    /** Something has arrived. Does not wait. */
    void receive(Runnable delivery) {
        if (isPassing() || !isKept(delivery)) {
            delivery.run();
        }
    }

    /** Returns false if it is to be delivered now. */
    private boolean isKept(Runnable delivery) {
        lock.lock();
        try {
            if (state == State.HOLDING) {
                held.add(delivery);
                if (held.size() > MOST_HELD) {
                    link.close();
                }
            }
            return state != State.PASSING;
        } finally {
            lock.unlock();
        }
    }

    /** The node is going to be told. */
    void hold() {
        lock.lock();
        try {
            state = State.HOLDING;
        } finally {
            lock.unlock();
        }
    }

    /** The node was told. */
    void pass() {
        for (Runnable next = nextHeld(); next != null; next = nextHeld()) {
            next.run();
        }
    }

    private @Nullable Runnable nextHeld() {
        lock.lock();
        try {
            Runnable next = held.poll();
            if (next == null) {
                state = State.PASSING;
            }
            return next;
        } finally {
            lock.unlock();
        }
    }
}
