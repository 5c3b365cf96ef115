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

    /** Lends a decompressor; creates one if necessary. There is one loan for each message being decompressed. */
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

    /** Takes a decompressor back, in any state. */
    void giveBack(Inflater inflater) {
        // Clears the context, the error, and the reference to the caller's array.
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
