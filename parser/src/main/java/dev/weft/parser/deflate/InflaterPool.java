package dev.weft.parser.deflate;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.Inflater;

/** Lends decompressors, without any context, for the duration of a message. For any thread. */
final class InflaterPool implements AutoCloseable {
    private final ReentrantLock lock = new ReentrantLock();
    private final int maxIdle;
    private final ArrayDeque<Inflater> idle = new ArrayDeque<>();
    private int lent;
    private boolean closed;

    InflaterPool(int maxIdle) {
        this.maxIdle = maxIdle;
    }

    /** Lends one; creates one if need be: as many are lent as there are messages being inflated. */
    Inflater borrow() {
        Inflater found;
        lock.lock();
        try {
            lent++;
            found = idle.pollFirst();
        } finally {
            lock.unlock();
        }
        return found != null ? found : new Inflater(true);
    }

    /** Takes one back, in whatever state it is. */
    void giveBack(Inflater inflater) {
        // Forgets the context, the error, and the caller's array.
        inflater.reset();
        lock.lock();
        try {
            lent--;
            if (closed || idle.size() >= maxIdle) {
                inflater.end();
            } else {
                idle.addFirst(inflater);
            }
        } finally {
            lock.unlock();
        }
    }

    int idle() {
        lock.lock();
        try {
            return idle.size();
        } finally {
            lock.unlock();
        }
    }

    int lent() {
        lock.lock();
        try {
            return lent;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the idle ones now, and the lent ones when they are returned. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            idle.forEach(Inflater::end);
            idle.clear();
        } finally {
            lock.unlock();
        }
    }
}
