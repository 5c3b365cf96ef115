package dev.weft.nats;

import dev.weft.topics.Backplane;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** Tells the node that the connection was lost, and that it is ready again, in their order, on any thread. */
final class Outages {
    private final Backplane.Receiver node;
    private final BooleanSupplier ready;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private boolean toldAway;

    /** Whether the connection was lost, and the node has not been told yet. */
    private volatile boolean lost;
    /** Whether messages may have been lost although the connection stands, and the node has not been told yet. */
    private volatile boolean suspect;

    Outages(Backplane.Receiver node, BooleanSupplier ready) {
        this.node = node;
        this.ready = ready;
    }

    /** The connection is lost: it is not ready any more. {@link #tell} must follow. Does not wait. */
    void lost() {
        lost = true;
    }

    /** Messages may be lost. {@link #tell} must follow. Does not wait. */
    void suspect() {
        suspect = true;
    }

    /** Tells what has not been told yet. Called after each loss and return. Waits for another thread that tells something. */
    void tell() {
        lock.lock();
        try {
            if (lost) {
                lost = false;
                tellAway();
            }
            if (ready.getAsBoolean() && (toldAway || suspect)) {
                tellBack();
            }
        } finally {
            lock.unlock();
        }
    }

    private void tellBack() {
        // First: what is lost meanwhile is told after it.
        suspect = false;
        boolean done = false;
        try {
            node.back();
            done = true;
        } finally {
            if (done) {
                toldAway = false;
            } else {
                suspect = true;
            }
        }
    }

    private void tellAway() {
        if (!toldAway) {
            toldAway = true;
            node.away();
        }
    }
}
