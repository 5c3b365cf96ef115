package dev.weft.parser.deflate;

import java.util.ArrayDeque;
import java.util.zip.Inflater;

/** Lends decompressors, without any context, for the duration of a message. For any thread. */
final class InflaterPool extends CodecPool {
    private final int maxIdle;
    private final ArrayDeque<Inflater> idle = new ArrayDeque<>();

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

    @Override
    int idleCount() {
        return idle.size();
    }

    @Override
    void endIdle() {
        idle.forEach(Inflater::end);
        idle.clear();
    }
}
